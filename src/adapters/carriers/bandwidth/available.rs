//! The answer of `availableNumbers`: numbers with their places where details were asked for, else
//! digits alone. It tells no price and no capabilities.

use super::{Bandwidth, xml};
use serde::Deserialize;
use voxlink_gateways::carrier::Offer;
use voxlink_types::{
    E164,
    number::{Capability, NumberType, Requirement},
};

/// Provinces and territories of Canada; every other state here is of the United States.
const PROVINCES: [&str; 13] =
    ["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"];

/// What was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Found {
    telephone_number_list: Option<xml::Numbers>,
    telephone_number_detail_list: Option<Detailed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Detailed {
    telephone_number_detail: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Detail {
    full_number: String,
    city: Option<String>,
    state: Option<String>,
    rate_center: Option<String>,
    #[serde(rename = "LATA", alias = "Lata")]
    lata: Option<String>,
}

impl Found {
    /// As offers. A number that we cannot read is left out, not the answer.
    pub(super) fn offers(self, kind: NumberType, messages: bool) -> Vec<Offer> {
        let bare = self.telephone_number_list.unwrap_or_default().numbers.into_iter();
        let bare = bare.map(|full_number| Detail { full_number, ..Detail::default() });
        let detailed = self.telephone_number_detail_list.unwrap_or_default();
        let all = bare.chain(detailed.telephone_number_detail);
        all.filter_map(|detail| detail.offer(kind, messages)).collect()
    }
}

impl Detail {
    fn offer(self, kind: NumberType, messages: bool) -> Option<Offer> {
        let number: E164 = xml::number(&self.full_number)?;
        let text = |t: Option<String>| t.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let region = text(self.state);
        let canadian = region.as_deref().is_some_and(|state| PROVINCES.contains(&state));
        // Voice comes with every number; messages come with a location that has them.
        let mut capabilities = vec![Capability::Voice];
        if messages {
            capabilities.extend([Capability::Sms, Capability::Mms]);
        }
        Some(Offer {
            carrier: Bandwidth::KEY.to_owned(),
            country: if canadian { "CA" } else { "US" }.to_owned(),
            number_type: kind,
            capabilities,
            area_code: None,
            locality: text(self.city).map(|city| titled(&city)),
            region,
            postal_code: None,
            rate_centre: text(self.rate_center),
            lata: text(self.lata),
            position: None,
            time_zone: None,
            distance_km: None,
            requirement: Requirement::None,
            cost: None,
            number,
        })
    }
}

/// `JERSEY CITY` as people write it.
fn titled(city: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + &letters.as_str().to_lowercase()
    };
    city.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_with_details_or_without() {
        let text = "<?xml version=\"1.0\"?><SearchResult><ResultCount>2</ResultCount>\
            <TelephoneNumberDetailList><TelephoneNumberDetail><City>JERSEY CITY</City>\
            <FullNumber>2018981023</FullNumber><LATA>224</LATA><RateCenter>JERSEYCITY</RateCenter>\
            <State>NJ</State><Tier>0</Tier><VendorId>49</VendorId></TelephoneNumberDetail>\
            <TelephoneNumberDetail><City/><FullNumber>4165550100</FullNumber><State>ON</State>\
            </TelephoneNumberDetail><TelephoneNumberDetail><FullNumber>x</FullNumber>\
            </TelephoneNumberDetail></TelephoneNumberDetailList></SearchResult>";
        let found: Found = xml::parse(text.as_bytes()).unwrap();
        let offers = found.offers(NumberType::Local, false);
        assert_eq!(offers.len(), 2);
        assert_eq!(offers[0].number.as_str(), "+12018981023");
        assert_eq!(offers[0].locality.as_deref(), Some("Jersey City"));
        assert_eq!(offers[0].rate_centre.as_deref(), Some("JERSEYCITY"));
        assert_eq!(offers[0].lata.as_deref(), Some("224"));
        assert_eq!(offers[0].capabilities, [Capability::Voice]);
        assert_eq!((offers[1].country.as_str(), &offers[1].locality), ("CA", &None));
        let text = "<SearchResult><ResultCount>1</ResultCount><TelephoneNumberList>\
            <TelephoneNumber>8005550100</TelephoneNumber><!-- SNIP --></TelephoneNumberList>\
            </SearchResult>";
        let found: Found = xml::parse(text.as_bytes()).unwrap();
        assert_eq!(found.offers(NumberType::TollFree, true)[0].capabilities.len(), 3);
        let none: Found = xml::parse(b"<SearchResult/>").unwrap();
        assert!(none.offers(NumberType::Local, false).is_empty());
    }
}
