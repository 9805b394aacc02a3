//! What the local carrier sells: its price list, what each kind of number can do, and the papers
//! each country wants. Prices are what it charges us, in US dollars.

use rust_decimal::Decimal;
use voxlink_gateways::carrier::{Coverage, PriceRow};
use voxlink_types::{
    Currency,
    number::{Capability, NumberType, Requirement},
};

/// One country and kind.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// The kind.
    pub number_type: NumberType,
    /// What its numbers can do.
    pub capabilities: &'static [Capability],
    /// What must be shown first.
    pub requirement: Requirement,
    /// IANA zone where the number itself has no place.
    pub time_zone: &'static str,
    /// How many of a thousand catalogue numbers are of it.
    pub share: u64,
    /// Cents a month, cents once, hundredths of a cent a minute.
    prices: (i64, i64, i64),
}

impl Product {
    /// The carrier's price for it.
    pub fn price(&self) -> PriceRow {
        let (monthly, setup, minute) = self.prices;
        PriceRow {
            country: self.country.to_owned(),
            number_type: self.number_type,
            currency: Currency::Usd,
            monthly: Decimal::new(monthly, 2),
            setup: Decimal::new(setup, 2),
            inbound_minute: Decimal::new(minute, 4),
            requirement: self.requirement,
        }
    }

    /// It as coverage.
    pub fn coverage(&self) -> Coverage {
        Coverage { country: self.country.to_owned(), number_type: self.number_type }
    }

    /// The product of a country and kind.
    pub fn of(country: &str, number_type: NumberType) -> Option<&'static Self> {
        PRODUCTS.iter().find(|p| p.country == country && p.number_type == number_type)
    }
}

use Capability::{Fax, Mms, Sms, Voice};
use NumberType::{Local, Mobile, TollFree};

macro_rules! products {
    ($($country:literal $kind:ident [$($can:ident),+] $papers:ident $zone:literal share $share:literal,
       month $month:literal setup $setup:literal minute $minute:literal;)+) => {
        &[$(Product {
            country: $country, number_type: $kind, capabilities: &[$($can),+],
            requirement: Requirement::$papers, time_zone: $zone, share: $share,
            prices: ($month, $setup, $minute),
        }),+]
    };
}

/// The whole range.
pub const PRODUCTS: &[Product] = products! {
    "US" Local    [Voice, Sms, Mms] None "America/New_York" share 560, month 75 setup 0 minute 55;
    "US" TollFree [Voice, Sms, Mms] None "America/New_York" share 100, month 140 setup 0 minute 140;
    "CA" Local    [Voice, Sms, Mms] None "America/Toronto" share 80, month 75 setup 0 minute 60;
    "CA" TollFree [Voice, Sms] None "America/Toronto" share 20, month 140 setup 0 minute 160;
    "GB" Local    [Voice, Fax] AnyAddress "Europe/London" share 50, month 80 setup 0 minute 45;
    "GB" Mobile   [Voice, Sms] AnyAddress "Europe/London" share 30, month 110 setup 100 minute 50;
    "DE" Local    [Voice, Fax] LocalAddress "Europe/Berlin" share 70, month 90 setup 200 minute 40;
    "DE" Mobile   [Voice, Sms] Documents "Europe/Berlin" share 20, month 450 setup 500 minute 90;
    "IE" Local    [Voice] LocalAddress "Europe/Dublin" share 10, month 95 setup 100 minute 45;
    "IE" Mobile   [Voice, Sms] AnyAddress "Europe/Dublin" share 10, month 220 setup 100 minute 60;
    "NL" Local    [Voice, Fax] LocalAddress "Europe/Amsterdam" share 15, month 100 setup 100 minute 45;
    "NL" Mobile   [Voice, Sms] Documents "Europe/Amsterdam" share 10, month 380 setup 300 minute 70;
    "SE" Local    [Voice, Fax] AnyAddress "Europe/Stockholm" share 15, month 85 setup 0 minute 40;
    "SE" Mobile   [Voice, Sms, Mms] None "Europe/Stockholm" share 10, month 260 setup 0 minute 60;
};

#[cfg(test)]
mod tests {
    use super::PRODUCTS;

    #[test]
    fn the_shares_make_a_thousand() {
        assert_eq!(PRODUCTS.iter().map(|p| p.share).sum::<u64>(), 1000);
    }
}
