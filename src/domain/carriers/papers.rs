//! Papers at carriers: ids of addresses and approved documents that the operator left with a carrier,
//! for a kind of number of a country. They go with every purchase of such a number.
//!
//! A number that needs papers, at a carrier that takes some, is neither held nor bought while none are
//! on file here: the carrier would refuse it, or keep the order pending for papers that never come.
//! Whether those on file will do is the carrier's to say. A trunk is no paper and has no place here:
//! a number that it takes would never ring us.

use super::CarriersError;
use crate::{Ctx, Fault, Installation, Platform, audit::Entry};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashSet;
use voxlink_gateways::carrier::{Offer, Papers};
use voxlink_types::{
    error::FieldError,
    number::{NumberType, Requirement},
    paper::Paper,
};

/// What a customer is told of a number whose papers are not on file, after the number.
pub(crate) const PAPERS_LACKING: &str =
    "needs papers that are not on file here yet: ask your administrator";

/// The longest id of a carrier's that is taken.
const LONGEST: usize = 64;

/// What is on file for a kind of number of a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnFile {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// The carrier's ids.
    pub papers: Papers,
}

/// Papers as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPapers {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The word of a [`NumberType`].
    pub number_type: String,
    /// The carrier's ids; blank ones are none.
    pub ids: Vec<(Paper, String)>,
}

/// The papers that a carrier takes with a purchase; none where it takes none or is not configured.
pub fn papers_taken(platform: &Platform, carrier: &str) -> &'static [Paper] {
    platform.carrier(carrier).map(|carrier| carrier.abilities().papers).unwrap_or_default()
}

/// A row's ids.
#[derive(Debug)]
pub(crate) struct PaperIds {
    pub(crate) address: Option<String>,
    pub(crate) bundle: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) emergency_address: Option<String>,
}

impl From<PaperIds> for Papers {
    fn from(ids: PaperIds) -> Self {
        Self {
            address: ids.address,
            bundle: ids.bundle,
            identity: ids.identity,
            emergency_address: ids.emergency_address,
            trunk: None,
        }
    }
}

/// All that is on file at a carrier.
pub async fn papers(cx: &mut Ctx<Installation>, carrier: &str) -> Result<Vec<OnFile>, Fault> {
    let rows = sqlx::query!(
        r#"select country, number_type as "number_type: NumberType", address, bundle, identity,
                  emergency_address
           from carrier_papers where carrier = $1 order by country, number_type"#,
        carrier,
    )
    .fetch_all(cx.tx())
    .await?;
    let on_file = rows.into_iter().map(|row| OnFile {
        country: row.country,
        number_type: row.number_type,
        papers: Papers::from(PaperIds {
            address: row.address,
            bundle: row.bundle,
            identity: row.identity,
            emergency_address: row.emergency_address,
        }),
    });
    Ok(on_file.collect())
}

/// Puts papers on file, in place of what was there for that kind; false when all was so before.
pub async fn file_papers(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    carrier: &str,
    typed: &NewPapers,
) -> Result<bool, CarriersError> {
    let taken = papers_taken(platform, carrier);
    if taken.is_empty() {
        return Err(CarriersError::TakesNoPapers);
    }
    let (country, number_type, new) = read(typed, taken).map_err(CarriersError::Fields)?;
    let old = at(cx.tx(), carrier, &country, number_type).await?;
    if old.as_ref() == Some(&new) {
        return Ok(false);
    }
    let now = cx.now();
    sqlx::query!(
        "insert into carrier_papers (carrier, country, number_type, address, bundle, identity,
             emergency_address, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (carrier, country, number_type) do update set address = excluded.address,
             bundle = excluded.bundle, identity = excluded.identity,
             emergency_address = excluded.emergency_address",
        carrier,
        country,
        number_type.as_str(),
        new.address,
        new.bundle,
        new.identity,
        new.emergency_address,
        now,
    )
    .execute(cx.tx())
    .await?;
    let told = |papers: &Papers| told(&country, number_type, papers);
    let (old, new) = (old.as_ref().map(told), Some(told(&new)));
    audit(cx, "carrier.file_papers", carrier, old, new).await?;
    Ok(true)
}

/// Takes papers off the file; false when there were none.
pub async fn remove_papers(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    country: &str,
    number_type: &str,
) -> Result<bool, CarriersError> {
    let Ok(number_type) = number_type.parse::<NumberType>() else { return Ok(false) };
    let gone = sqlx::query_as!(
        PaperIds,
        "delete from carrier_papers where carrier = $1 and country = $2 and number_type = $3
         returning address, bundle, identity, emergency_address",
        carrier,
        country,
        number_type.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(gone) = gone else { return Ok(false) };
    let old = told(country, number_type, &gone.into());
    audit(cx, "carrier.remove_papers", carrier, Some(old), None).await?;
    Ok(true)
}

/// For which kinds of number papers are on file, over all carriers.
#[derive(Debug)]
pub(crate) struct Filed(HashSet<(String, String, NumberType)>);

/// Reads it; a tenant's work may.
pub(crate) async fn filed(connection: &mut PgConnection) -> Result<Filed, Fault> {
    let rows = sqlx::query!(
        r#"select carrier, country, number_type as "number_type: NumberType" from carrier_papers"#
    )
    .fetch_all(connection)
    .await?;
    let kinds = rows.into_iter().map(|row| (row.carrier, row.country, row.number_type));
    Ok(Filed(kinds.collect()))
}

impl Filed {
    /// Whether a number is not to be had yet: it needs papers, its carrier takes some, and none are
    /// on file. `needs` is what offer and price say of it together ([`Requirement::or`]).
    pub(crate) fn lacks(&self, platform: &Platform, offer: &Offer, needs: Requirement) -> bool {
        let kind = || (offer.carrier.clone(), offer.country.clone(), offer.number_type);
        needs != Requirement::None
            && !papers_taken(platform, &offer.carrier).is_empty()
            && !self.0.contains(&kind())
    }
}

async fn at(
    connection: &mut PgConnection,
    carrier: &str,
    country: &str,
    number_type: NumberType,
) -> Result<Option<Papers>, Fault> {
    let ids = sqlx::query_as!(
        PaperIds,
        "select address, bundle, identity, emergency_address from carrier_papers
         where carrier = $1 and country = $2 and number_type = $3",
        carrier,
        country,
        number_type.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(ids.map(Papers::from))
}

/// What the audit log keeps: ids of papers are no secrets.
fn told(country: &str, number_type: NumberType, papers: &Papers) -> Value {
    let mut told = json!({ "country": country, "number_type": number_type });
    if let Value::Object(told) = &mut told {
        for &paper in Paper::ALL {
            let id = papers.get(paper).map(|id| (paper.to_string(), Value::from(id)));
            told.extend(id);
        }
    }
    told
}

async fn audit(
    cx: &mut Ctx<Installation>,
    action: &str,
    carrier: &str,
    old: Option<Value>,
    new: Option<Value>,
) -> Result<(), Fault> {
    let resource_id = Some(carrier.to_owned());
    let entry = Entry { action, resource: "carrier", resource_id, old, new, ..Entry::default() };
    cx.audit_of(None, entry).await
}

type Read = (String, NumberType, Papers);

fn read(typed: &NewPapers, taken: &[Paper]) -> Result<Read, Vec<FieldError>> {
    let mut all = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        all.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    let country = typed.country.trim().to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        wrong("country", "Write the two letters of the country, such as GB.");
    }
    let number_type = typed.number_type.parse::<NumberType>().ok();
    if number_type.is_none() {
        wrong("number_type", "Choose the kind of number.");
    }
    let mut papers = Papers::default();
    for (paper, id) in &typed.ids {
        let id = id.trim();
        if id.is_empty() {
            continue;
        }
        if !taken.contains(paper) {
            wrong(paper.as_str(), "This carrier does not take it.");
        } else if id.len() > LONGEST || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            wrong(
                paper.as_str(),
                "Write the carrier's id of it as its portal shows it, without blanks.",
            );
        } else {
            papers.put(*paper, Some(id.to_owned()));
        }
    }
    let shows = |paper: &&Paper| paper.shows();
    if all.is_empty() && !taken.iter().filter(shows).any(|paper| papers.get(*paper).is_some()) {
        let first = taken.iter().find(shows).copied().unwrap_or(Paper::Bundle);
        let message = "Write the id of what the carrier asks for.".to_owned();
        all.push(FieldError { field: first.to_string(), message });
    }
    match number_type {
        Some(number_type) if all.is_empty() => Ok((country, number_type, papers)),
        _ => Err(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Typed<'a> = &'a [(Paper, &'a str)];

    fn typed(country: &str, number_type: &str, ids: Typed<'_>) -> NewPapers {
        NewPapers {
            country: country.to_owned(),
            number_type: number_type.to_owned(),
            ids: ids.iter().map(|(paper, id)| (*paper, (*id).to_owned())).collect(),
        }
    }

    #[test]
    fn what_is_typed_is_checked_field_by_field() {
        let wrong = |new: &NewPapers, taken| -> Vec<String> {
            let fields = read(new, taken).err().unwrap_or_default();
            fields.into_iter().map(|error| error.field).collect()
        };
        let group = typed(" de ", "local", &[(Paper::Bundle, " 8fae0a4e "), (Paper::Address, " ")]);
        let (country, number_type, papers) = read(&group, &[Paper::Bundle]).unwrap();
        assert_eq!((country.as_str(), number_type), ("DE", NumberType::Local));
        let bundle = Some("8fae0a4e".to_owned());
        assert_eq!(papers, Papers { bundle, ..Papers::default() });
        let table: [(Typed<'_>, &[Paper], &str); 5] = [
            (&[], &[Paper::Bundle], "bundle"),
            (&[], Paper::ALL, "address"),
            (&[(Paper::EmergencyAddress, "AD1")], Paper::ALL, "address"),
            (&[(Paper::Address, "AD1")], &[Paper::Bundle], "address"),
            (&[(Paper::Address, "AD 1")], Paper::ALL, "address"),
        ];
        for (ids, taken, field) in table {
            assert_eq!(wrong(&typed("DE", "local", ids), taken), [field], "{ids:?}");
        }
        let nothing = typed("Germany", "lunar", &[(Paper::Bundle, "b")]);
        assert_eq!(wrong(&nothing, Paper::ALL), ["country", "number_type"]);
    }
}
