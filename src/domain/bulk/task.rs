//! What a row's cells mean. Pure.

use super::{Action, MOST_OF_A_ROW};
use crate::{
    catalog::{Sort, Wish, digits_of},
    numbers::Tags,
};
use voxlink_types::{
    Currency, E164, Money, PageRequest,
    country::is_country,
    number::{Capability, NumberType},
};

/// Numbers that are looked at for a row: more than it buys, because others of the sheet want the
/// same ones.
const LOOKED_AT: u32 = 200;

/// A row as something to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Task {
    /// Buy.
    Buy(Wanted),
    /// Release, and why.
    Release(E164, String),
    /// Publish what it does.
    Configure(E164, Does),
    /// Put tags on and take tags off.
    Tag(E164, Tags, Tags),
    /// Assign to a campaign, by id or name, or to none.
    Assign(E164, Option<String>),
}

/// What a row wants to buy.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// This number.
    Number(E164),
    /// So many like this, the cheapest first.
    Like(Box<Wish>, usize),
}

/// What a number shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    /// What another number of the tenant does.
    AsNumber(E164),
    /// It rings there.
    Forwards(E164),
}

impl Task {
    /// Reads a row's cells; amounts are in the account's currency. A row that makes no sense says
    /// why.
    pub(super) fn of(action: Action, cells: &[String], currency: Currency) -> Result<Self, String> {
        let cell = |name: &str| {
            let at = action.columns().iter().position(|column| *column == name);
            at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
        };
        if action == Action::Buy {
            return buy(&cell, currency).map(Self::Buy);
        }
        let own = number(cell("number"))?;
        Ok(match action {
            Action::Release => {
                if cell("reason").chars().count() > 300 {
                    return Err("A reason has at most 300 characters.".to_owned());
                }
                Self::Release(own, cell("reason").to_owned())
            }
            Action::Configure => match (cell("copy_from"), cell("forward_to")) {
                ("", "") => {
                    return Err("Say in copy_from which number's plan it takes over, or in forward_to where it rings.".to_owned());
                }
                (from, "") => Self::Configure(own, Does::AsNumber(number(from)?)),
                ("", to) => Self::Configure(own, Does::Forwards(number(to)?)),
                _ => return Err("Fill in copy_from or forward_to, not both.".to_owned()),
            },
            Action::Tag => {
                let tags = |name| Tags::parse(cell(name)).map_err(|error| error.to_string());
                let (add, remove) = (tags("add")?, tags("remove")?);
                if add.as_slice().is_empty() && remove.as_slice().is_empty() {
                    return Err("Write tags into add or remove.".to_owned());
                }
                let off = remove.as_slice();
                if let Some(both) = add.as_slice().iter().find(|tag| off.contains(tag)) {
                    return Err(format!(
                        "The tag “{both}” stands in add and in remove. Take it out of one of them."
                    ));
                }
                Self::Tag(own, add, remove)
            }
            Action::Assign | Action::Buy => {
                let campaign = cell("campaign");
                Self::Assign(own, (!campaign.is_empty()).then(|| campaign.to_owned()))
            }
        })
    }

    /// The number that the row names: it stands in a sheet once.
    pub(super) const fn number(&self) -> Option<&E164> {
        match self {
            Self::Buy(Wanted::Like(..)) => None,
            Self::Buy(Wanted::Number(number))
            | Self::Release(number, _)
            | Self::Configure(number, _)
            | Self::Tag(number, ..)
            | Self::Assign(number, _) => Some(number),
        }
    }
}

/// A number as it stands in a sheet: with + and country code, or national for the United States.
fn number(text: &str) -> Result<E164, String> {
    if text.is_empty() {
        return Err("The number is missing.".to_owned());
    }
    if text.contains(['e', 'E']) && text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!(
            "“{text}” is no number: a spreadsheet has rounded it. Format the column as text and write +12025550123."
        ));
    }
    text.parse::<E164>().or_else(|_| E164::from_typed(text, Some("US"))).map_err(|_| {
        format!("“{text}” is no number: write it with + and country code, such as +12025550123.")
    })
}

fn buy<'a>(cell: &impl Fn(&str) -> &'a str, currency: Currency) -> Result<Wanted, String> {
    let conditions =
        ["country", "type", "area_code", "digits", "town", "region", "can", "max_monthly"];
    let described = conditions.iter().any(|name| !cell(name).is_empty());
    let count = match cell("count") {
        "" => 1,
        text => text
            .parse::<u32>()
            .ok()
            .filter(|count| (1..=MOST_OF_A_ROW).contains(count))
            .ok_or_else(|| format!("“{text}” is no count: write 1 to {MOST_OF_A_ROW}."))?,
    };
    if !cell("number").is_empty() {
        if described || count != 1 {
            return Err(
                "Write a number, or what it shall be like and how many; not both.".to_owned()
            );
        }
        return number(cell("number")).map(Wanted::Number);
    }
    if !described {
        return Err("Write a number, or what it shall be like: at least a country.".to_owned());
    }
    let area_code = cell("area_code");
    if area_code.len() > 7 || !area_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("An area code is up to 7 digits, such as 617.".to_owned());
    }
    let digits = cell("digits");
    if !digits.is_empty() {
        digits_of(digits).map_err(|bad| bad.to_string())?;
    }
    let country = match cell("country") {
        "" => "US".to_owned(),
        code if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let code = code.to_ascii_uppercase();
            if !is_country(&code) {
                return Err(format!("There is no country {code}."));
            }
            code
        }
        text => return Err(format!("“{text}” is no country: write its two letters, such as US.")),
    };
    let max_monthly = match cell("max_monthly") {
        "" => None,
        text => {
            Some(Money::parse(text, currency).map_err(|error| format!("max_monthly: {error}."))?)
        }
    };
    let wish = Wish {
        country,
        types: words::<NumberType>(
            cell("type"),
            "type",
            NumberType::ALL.iter().map(|t| t.as_str()),
        )?,
        area_code: area_code.to_owned(),
        contains: digits.to_owned(),
        locality: cell("town").to_owned(),
        region: cell("region").to_owned(),
        capabilities: words::<Capability>(
            cell("can"),
            "can",
            Capability::ALL.iter().map(|c| c.as_str()),
        )?,
        max_monthly,
        sort: Sort::Price,
        page: PageRequest::new(1, LOOKED_AT),
        ..Wish::default()
    };
    Ok(Wanted::Like(Box::new(wish), count as usize))
}

/// Words of a list, separated by blanks, commas or semicolons.
fn words<T: std::str::FromStr>(
    text: &str,
    column: &str,
    known: impl Iterator<Item = &'static str>,
) -> Result<Vec<T>, String> {
    let split = text.split([' ', ',', ';', '/']).filter(|word| !word.is_empty());
    let read: Option<Vec<T>> =
        split.map(|word| word.to_lowercase().replace('-', "_").parse().ok()).collect();
    read.ok_or_else(|| {
        let known: Vec<&str> = known.collect();
        format!("“{text}” is not known in {column}: write one of {}.", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells by their column's name.
    type Cells<'a> = &'a [(&'a str, &'a str)];

    fn task(action: Action, cells: Cells<'_>) -> Result<Task, String> {
        let mut row = vec![String::new(); action.columns().len()];
        for (name, text) in cells {
            let at = action.columns().iter().position(|column| column == name).unwrap();
            row[at] = (*text).to_owned();
        }
        Task::of(action, &row, Currency::Usd)
    }

    #[test]
    fn a_row_is_read_as_it_is_meant() {
        let boston: E164 = "+16175550123".parse().unwrap();
        let table: [(Action, Cells<'_>, Task); 4] = [
            (
                Action::Buy,
                &[("number", "(617) 555-0123")],
                Task::Buy(Wanted::Number(boston.clone())),
            ),
            (
                Action::Release,
                &[("number", "16175550123"), ("reason", "closed")],
                Task::Release(boston.clone(), "closed".to_owned()),
            ),
            (
                Action::Configure,
                &[("number", "+16175550123"), ("forward_to", "+12025550100")],
                Task::Configure(boston.clone(), Does::Forwards("+12025550100".parse().unwrap())),
            ),
            (Action::Assign, &[("number", "+16175550123")], Task::Assign(boston.clone(), None)),
        ];
        for (action, cells, meant) in table {
            assert_eq!(task(action, cells), Ok(meant.clone()), "{action} {cells:?}");
            assert_eq!(meant.number(), Some(&boston));
        }
    }

    #[test]
    fn what_is_described_is_searched_for() {
        let cells =
            [("country", "us"), ("type", "Toll-free"), ("can", "voice, SMS"), ("count", "3")];
        let Ok(Task::Buy(Wanted::Like(wish, 3))) = task(Action::Buy, &cells) else {
            panic!("three like this")
        };
        assert_eq!(wish.country, "US");
        assert_eq!(wish.types, [NumberType::TollFree]);
        assert_eq!(wish.capabilities, [Capability::Voice, Capability::Sms]);
    }

    #[test]
    fn a_row_that_makes_no_sense_says_why() {
        let table: [(Action, Cells<'_>, &str); 15] = [
            (Action::Release, &[("reason", "closed")], "missing"),
            (Action::Release, &[("number", "1.61756E+10")], "rounded"),
            (Action::Release, &[("number", "desk")], "is no number"),
            (Action::Release, &[("number", "12345")], "is no number"),
            (Action::Configure, &[("number", "+16175550123")], "copy_from"),
            (Action::Tag, &[("number", "+16175550123")], "add or remove"),
            (Action::Tag, &[("number", "+16175550123"), ("add", "a<b")], "a<b"),
            (
                Action::Tag,
                &[("number", "+16175550123"), ("add", "new, Sales"), ("remove", "sales")],
                "“sales” stands in add and in remove",
            ),
            (Action::Buy, &[("country", "ZZ")], "There is no country ZZ."),
            (Action::Buy, &[("count", "2")], "at least a country"),
            (Action::Buy, &[("country", "US"), ("count", "51")], "1 to 50"),
            (Action::Buy, &[("number", "+16175550123"), ("count", "2")], "not both"),
            (Action::Buy, &[("country", "America")], "two letters"),
            (Action::Buy, &[("type", "lunar")], "toll_free"),
            (Action::Buy, &[("country", "US"), ("max_monthly", "cheap")], "max_monthly"),
        ];
        for (action, cells, said) in table {
            let why = task(action, cells).unwrap_err();
            assert!(why.contains(said), "{action} {cells:?}: {why}");
        }
    }
}
