//! A search in the address. What makes no sense is kept as [`Unread`], so that the search is
//! refused at its field and not made without it; names that are not the form's are left out.

use voxlink_domain::catalog::{DISTANCES_KM, Unread, Wish};
use voxlink_types::{
    Currency, Money, PageRequest,
    number::{Capability, NumberType},
};

/// Rows on a page.
const ROWS: u32 = 25;
/// The fields that may hold what cannot be read; the others take any text.
const CHECKED: [&str; 7] = ["country", "type", "km", "can", "papers", "max", "sort"];

pub(super) fn read(query: &[(String, String)]) -> Wish {
    let mut wish = Wish { page: PageRequest::new(1, ROWS), ..Wish::default() };
    for (name, value) in query {
        let text: String = value.trim().chars().take(60).collect();
        if text.is_empty() {
            continue;
        }
        let read = match name.as_str() {
            "country" => {
                let shaped = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
                put(&mut wish.country, shaped.then(|| text.to_ascii_uppercase()))
            }
            "type" => text.parse().is_ok_and(|kind: NumberType| {
                wish.types.push(kind);
                true
            }),
            "can" => text.parse().is_ok_and(|can: Capability| {
                wish.capabilities.push(can);
                true
            }),
            "km" => {
                let km = text.parse().ok().filter(|km| DISTANCES_KM.contains(km));
                put(&mut wish.within_km, km)
            }
            "max" => {
                wish.max_monthly = amount(&text);
                wish.max_monthly.is_some()
            }
            "sort" => put(&mut wish.sort, text.parse().ok()),
            "area" => put(&mut wish.area_code, Some(text.clone())),
            "digits" => put(&mut wish.contains, Some(text.clone())),
            "exclude" => put(&mut wish.exclude, Some(text.clone())),
            "locality" => put(&mut wish.locality, Some(text.clone())),
            "region" => put(&mut wish.region, Some(text.clone())),
            "postal" => put(&mut wish.postal_code, Some(text.clone())),
            "rate_centre" => put(&mut wish.rate_centre, Some(text.clone())),
            "lata" => put(&mut wish.lata, Some(text.clone())),
            "papers" => put(&mut wish.no_papers, (text == "none").then_some(true)),
            "near" => put(&mut wish.near, Some(text.clone())),
            "page" => {
                let page = text.parse().unwrap_or(1);
                put(&mut wish.page, Some(PageRequest::new(page, ROWS)))
            }
            _ => true,
        };
        if let (false, Some(field)) = (read, CHECKED.into_iter().find(|field| field == name)) {
            wish.unread.push(Unread { field, typed: text });
        }
    }
    wish
}

/// Takes over a value that could be read; false when there is none.
fn put<T>(slot: &mut T, value: Option<T>) -> bool {
    let read = value.is_some();
    if let Some(value) = value {
        *slot = value;
    }
    read
}

/// An amount in dollars; a comma before one or two last digits is a point.
fn amount(text: &str) -> Option<Money> {
    let comma = text.split_once(',').filter(|(_, cents)| (1..=2).contains(&cents.len()));
    let pointed = comma.map(|(whole, cents)| format!("{whole}.{cents}"));
    Money::parse(pointed.as_deref().unwrap_or(text), Currency::Usd).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Wish {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(address.as_bytes()).into_owned().collect();
        read(&pairs)
    }

    #[test]
    fn an_address_is_a_search() {
        let wish = of(
            "country=gb&type=mobile&can=sms&km=25&max=2.50&page=3&digits=TAXI&x=y&area=&papers=none&lata=128",
        );
        assert_eq!((wish.no_papers, wish.lata.as_str()), (true, "128"));
        assert_eq!(wish.country, "GB");
        assert_eq!(wish.types, [NumberType::Mobile]);
        assert_eq!(wish.capabilities, [Capability::Sms]);
        assert_eq!((wish.within_km, wish.page.page), (25, 3));
        assert_eq!(wish.max_monthly.map(|m| m.minor), Some(250));
        assert_eq!(wish.contains, "TAXI");
        assert_eq!(wish.unread, []);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_not_dropped() {
        for (address, field) in [
            ("max=abc", "max"),
            ("max=-5", "max"),
            ("max=1e9", "max"),
            ("max=1,500", "max"),
            ("max=%E2%82%AC2", "max"),
            ("km=abc", "km"),
            ("km=7", "km"),
            ("type=spoon", "type"),
            ("can=fly", "can"),
            ("papers=some", "papers"),
            ("sort=taste", "sort"),
            ("country=Germany", "country"),
        ] {
            let fields: Vec<_> = of(address).unread.into_iter().map(|u| u.field).collect();
            assert_eq!(fields, [field], "{address}");
        }
        for (address, minor) in [("max=1,50", 150), ("max=$2", 200), ("max=1,5", 150)] {
            assert_eq!(of(address).max_monthly.map(|m| m.minor), Some(minor), "{address}");
        }
    }
}
