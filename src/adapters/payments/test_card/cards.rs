//! The cards it knows.

/// What a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    /// Pays.
    Good,
    /// Is refused by its bank.
    Declined,
    /// Has too little money.
    Poor,
    /// Is accepted, and refused when it is charged.
    Fickle,
    /// Pays after a confirmation.
    Challenged,
}

/// Why a form is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    Number,
    Expiry,
    Cvc,
}

impl Mistake {
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Number => {
                "This page takes only the test cards listed below. Never type a real card number here."
            }
            Self::Expiry => "Write the expiry as MM/YY; it must not lie in the past.",
            Self::Cvc => "Write the three digits of the security code.",
        }
    }
}

/// Reads a card's number. Only the published test numbers are known; nothing else is even kept in
/// memory longer than this call.
pub(super) fn read(number: &str) -> Result<(Card, &'static str), Mistake> {
    let digits: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match digits.as_str() {
        "4242424242424242" => Ok((Card::Good, "4242")),
        "4000000000000002" => Ok((Card::Declined, "0002")),
        "4000000000009995" => Ok((Card::Poor, "9995")),
        "4000000000000341" => Ok((Card::Fickle, "0341")),
        "4000002760003184" => Ok((Card::Challenged, "3184")),
        _ => Err(Mistake::Number),
    }
}

/// Checks `MM/YY` against the month it is.
pub(super) fn check_expiry(typed: &str, year: i32, month: u32) -> Result<(), Mistake> {
    let (m, y) = typed.trim().split_once('/').ok_or(Mistake::Expiry)?;
    let m: u32 = m.trim().parse().map_err(|_| Mistake::Expiry)?;
    let y: i32 = y.trim().parse().map_err(|_| Mistake::Expiry)?;
    let y = if y < 100 { 2000 + y } else { y };
    let valid = (1..=12).contains(&m) && (y, m) >= (year, month) && y < year + 50;
    if valid { Ok(()) } else { Err(Mistake::Expiry) }
}

/// Checks the security code's shape.
pub(super) fn check_cvc(typed: &str) -> Result<(), Mistake> {
    let typed = typed.trim();
    let shaped = (3..=4).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_digit());
    if shaped { Ok(()) } else { Err(Mistake::Cvc) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_published_cards_are_read() {
        assert_eq!(read("4242 4242 4242 4242"), Ok((Card::Good, "4242")));
        assert_eq!(read("4000-0027-6000-3184"), Ok((Card::Challenged, "3184")));
        for other in ["", "4111111111111111", "5555555555554444", "42424242424242421"] {
            assert_eq!(read(other), Err(Mistake::Number), "{other}");
        }
    }

    #[test]
    fn a_card_is_good_through_its_month() {
        for (typed, good) in
            [("11/26", true), ("10/26", false), ("1/27", true), ("13/27", false), ("1127", false)]
        {
            assert_eq!(check_expiry(typed, 2026, 11).is_ok(), good, "{typed}");
        }
        assert!(check_cvc("123").is_ok() && check_cvc("12a").is_err() && check_cvc("").is_err());
    }
}
