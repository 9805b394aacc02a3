//! What is asked of a carrier's catalogue and what it offers.

use super::Filter;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use voxlink_types::{
    Currency, E164,
    number::{Capability, NumberType, Requirement},
    paper::Paper,
};

/// What a carrier can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, not a state")]
pub struct Abilities {
    /// It sets numbers aside for us.
    pub holds: bool,
    /// It can be searched at all (an operator's own trunks may not).
    pub search: bool,
    /// The conditions of a search that it can be asked for, in some country at least. The others
    /// are checked on what it offers, or nobody can check them.
    pub searches_by: &'static [Filter],
    /// It takes numbers from other carriers.
    pub ports: bool,
    /// It carries text messages.
    pub messages: bool,
    /// It places calls.
    pub calls: bool,
    /// It has accounts within the account.
    pub subaccounts: bool,
    /// The longest hold it gives, in minutes; 0 where it holds nothing or does not say.
    pub hold_minutes: u32,
    /// Days a number must be kept before it may be released.
    pub minimum_days: u16,
    /// Days within which a number that we gave back is offered to us, held and sold again; 0 where
    /// it is gone at once. All tenants are one account there: whose it was is for us to know.
    pub undo_days: u16,
    /// The papers that it takes with a purchase, by its own ids of them. Where it takes some, a
    /// number that needs papers is not bought without: it would refuse, or wait for them for ever.
    /// Empty where nothing is sent, whatever a number needs.
    pub papers: &'static [Paper],
}

/// A country and kind that a carrier sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
}

/// A point to search around.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Degrees north, WGS84.
    pub latitude: f64,
    /// Degrees east, WGS84.
    pub longitude: f64,
    /// How far, in kilometres.
    pub within_km: f64,
}

/// In which order offers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchSort {
    /// By distance where a point is given, else as the carrier recommends: the local one those that
    /// are easy to remember first, by the digits they end in, then by number.
    #[default]
    Best,
    /// By number.
    Number,
    /// By place name.
    Locality,
}

/// What is searched. All given conditions hold at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchQuery {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Any of these kinds; empty means every kind.
    pub types: Vec<NumberType>,
    /// National destination code: `617`, `20`.
    pub area_code: Option<String>,
    /// Digits somewhere in the national number, `?` for any one digit; letters are already digits.
    pub contains: Option<String>,
    /// Digit patterns that must not occur, in the same form.
    pub exclude: Vec<String>,
    /// Town, case-insensitive, from its beginning.
    pub locality: Option<String>,
    /// State or province code.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Rate centre, as the carriers of North America abbreviate it.
    pub rate_centre: Option<String>,
    /// LATA, three digits.
    pub lata: Option<String>,
    /// Around a point.
    pub near: Option<Near>,
    /// All of these.
    pub capabilities: Vec<Capability>,
    /// Only what can be used without an address or documents.
    pub no_papers: bool,
    /// The order.
    pub sort: SearchSort,
    /// Offers to pass over.
    pub offset: u32,
    /// Offers to return, at most 200.
    pub limit: u32,
}

/// A number for sale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Whose it is.
    pub carrier: String,
    /// The number.
    pub number: E164,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// National destination code.
    pub area_code: Option<String>,
    /// Town.
    pub locality: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// Postal code.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// Rate centre.
    #[serde(default)]
    pub rate_centre: Option<String>,
    /// LATA.
    #[serde(default)]
    pub lata: Option<String>,
    /// Where it is, degrees north and east.
    pub position: Option<(f64, f64)>,
    /// IANA zone of the place.
    pub time_zone: Option<String>,
    /// Kilometres from the point searched.
    pub distance_km: Option<f64>,
    /// What must be shown before it may be used.
    pub requirement: Requirement,
    /// What the carrier wants for this very number, where its answer says so.
    #[serde(default)]
    pub cost: Option<OfferCost>,
}

/// What a carrier charges us for one number, as its search says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferCost {
    /// A month.
    pub monthly: Decimal,
    /// Once.
    pub setup: Decimal,
    /// The currency of both.
    pub currency: Currency,
}

impl Offer {
    /// The digits after the country code: what people search in.
    pub fn national(&self) -> &str {
        let digits = self.number.digits();
        digits.get(self.number.calling_code().len()..).unwrap_or(digits)
    }
}

/// What a carrier charges us for a country and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// The currency of the amounts.
    pub currency: Currency,
    /// A month.
    pub monthly: Decimal,
    /// Once.
    pub setup: Decimal,
    /// A minute of an incoming call.
    pub inbound_minute: Decimal,
    /// What it wants to see first.
    pub requirement: Requirement,
}

/// A number set aside for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierHold {
    /// The carrier's id of it.
    pub id: String,
    /// When it lapses.
    pub expires_at: DateTime<Utc>,
}

/// A number of ours at a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedNumber {
    /// The carrier's id of it.
    pub id: String,
    /// The number.
    pub number: E164,
    /// The carrier's account it is in.
    pub account: String,
    /// True when it rings.
    pub active: bool,
    /// What it calls back now; `None` only where the carrier does not say. A number that calls
    /// somebody else, or nobody, has settings with empty addresses: the audit tells of it.
    pub settings: Option<super::NumberSettings>,
}
