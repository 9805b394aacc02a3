//! A search in the address, read leniently: what makes no sense is left out.

use voxlink_domain::catalog::{DISTANCES_KM, Sort, Wish};
use voxlink_types::{
    Currency, Money, PageRequest,
    number::{Capability, NumberType},
};

/// Rows on a page.
const ROWS: u32 = 25;

pub(super) fn read(query: &[(String, String)]) -> Wish {
    let mut wish = Wish { page: PageRequest::new(1, ROWS), ..Wish::default() };
    for (name, value) in query {
        let text: String = value.trim().chars().take(60).collect();
        if text.is_empty() {
            continue;
        }
        match name.as_str() {
            "country" if text.len() == 2 => wish.country = text.to_ascii_uppercase(),
            "type" => wish.types.extend(text.parse::<NumberType>()),
            "area" => wish.area_code = text,
            "digits" => wish.contains = text,
            "exclude" => wish.exclude = text,
            "locality" => wish.locality = text,
            "region" => wish.region = text,
            "near" => wish.near = text,
            "km" => {
                let km = text.parse().unwrap_or(wish.within_km);
                wish.within_km = if DISTANCES_KM.contains(&km) { km } else { wish.within_km };
            }
            "can" => wish.capabilities.extend(text.parse::<Capability>()),
            "max" => wish.max_monthly = Money::parse(&text, Currency::Usd).ok(),
            "sort" => wish.sort = text.parse().unwrap_or(Sort::Best),
            "page" => wish.page = PageRequest::new(text.parse().unwrap_or(1), ROWS),
            _ => {}
        }
    }
    wish
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_leniently() {
        let address =
            "country=gb&type=mobile&type=spoon&can=sms&km=7&max=2.50&page=3&digits=TAXI&x=y";
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(address.as_bytes()).into_owned().collect();
        let wish = read(&pairs);
        assert_eq!(wish.country, "GB");
        assert_eq!(wish.types, [NumberType::Mobile]);
        assert_eq!(wish.capabilities, [Capability::Sms]);
        assert_eq!((wish.within_km, wish.page.page), (50, 3));
        assert_eq!(wish.max_monthly.map(|m| m.minor), Some(250));
        assert_eq!(wish.contains, "TAXI");
    }
}
