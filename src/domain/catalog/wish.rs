//! What a customer looks for.

use voxlink_types::{
    Money, PageRequest,
    number::{Capability, NumberType},
    text_enum,
};

/// The distances that can be chosen around a place.
pub const DISTANCES_KM: [u32; 5] = [10, 25, 50, 100, 250];

text_enum! {
    /// In which order numbers come.
    Sort {
        /// Nearest first where a place is given, else as the carrier recommends: easy to remember
        /// first; of several carriers local before toll-free before mobile.
        Best = "best",
        /// Cheapest first.
        Price = "price",
        /// By number.
        Number = "number",
        /// Nearest first.
        Distance = "distance",
    }
}

/// A search as it was typed. All given conditions hold at once; nothing typed is nothing asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Any of these kinds; none means every kind.
    pub types: Vec<NumberType>,
    /// National destination code.
    pub area_code: String,
    /// Digits, letters, `?`.
    pub contains: String,
    /// Patterns that must not occur, separated by commas.
    pub exclude: String,
    /// Town.
    pub locality: String,
    /// State or province.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// Rate centre, as the carriers of North America abbreviate it.
    pub rate_centre: String,
    /// LATA.
    pub lata: String,
    /// A place's name or a number.
    pub near: String,
    /// How far from there.
    pub within_km: u32,
    /// All of these.
    pub capabilities: Vec<Capability>,
    /// Only what wants neither an address nor documents.
    pub no_papers: bool,
    /// At most this much a month.
    pub max_monthly: Option<Money>,
    /// What was typed and could not be read: the search is refused, not made without it.
    pub unread: Vec<Unread>,
    /// The order.
    pub sort: Sort,
    /// Which page.
    pub page: PageRequest,
}

/// A filter that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The form field's name.
    pub field: &'static str,
    /// As typed.
    pub typed: String,
}

impl Unread {
    /// The field, and what to write in it instead.
    pub fn remedy(&self) -> (&'static str, &'static str) {
        let remedy = match self.field {
            "max" => "Write an amount of dollars such as 2.50, or leave it empty",
            "km" => "Choose one of the distances",
            "country" => "Choose one of the countries",
            "type" => "Choose one of the types",
            "can" => "Choose one of the abilities",
            "papers" => "Choose whether papers matter",
            "sort" => "Choose one of the orders",
            _ => "Choose one of the list, or leave it empty",
        };
        (self.field, remedy)
    }
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            country: "US".to_owned(),
            types: Vec::new(),
            area_code: String::new(),
            contains: String::new(),
            exclude: String::new(),
            locality: String::new(),
            region: String::new(),
            postal_code: String::new(),
            rate_centre: String::new(),
            lata: String::new(),
            near: String::new(),
            within_km: 50,
            capabilities: Vec::new(),
            no_papers: false,
            max_monthly: None,
            unread: Vec::new(),
            sort: Sort::Best,
            page: PageRequest::default(),
        }
    }
}
