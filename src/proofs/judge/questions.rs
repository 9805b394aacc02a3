//! What is searched: every condition alone, as far as it means something alone, and all together.

use voxlink_gateways::carrier::{Near, SearchQuery, SearchSort};
use voxlink_types::number::{Capability, NumberType};

/// A number in Hilo, Hawaii.
pub const LOCAL: &str = "+18089251571";
/// A toll-free number.
pub const TOLL_FREE: &str = "+18889251571";

fn plain() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
}

/// All questions, with a name each.
pub fn all(abroad: &[(&str, NumberType)]) -> Vec<(String, SearchQuery)> {
    let text = |text: &str| Some(text.to_owned());
    let near = Some(Near { latitude: 19.72, longitude: -155.09, within_km: 40.0 });
    let named = [
        ("anything", plain()),
        ("local", SearchQuery { types: vec![NumberType::Local], ..plain() }),
        ("toll-free", SearchQuery { types: vec![NumberType::TollFree], ..plain() }),
        ("an area code", SearchQuery { area_code: text("808"), ..plain() }),
        ("digits", SearchQuery { contains: text("9251"), ..plain() }),
        ("digits with gaps", SearchQuery { contains: text("92?1"), ..plain() }),
        (
            "an area code and digits",
            SearchQuery { area_code: text("808"), contains: text("9251"), ..plain() },
        ),
        (
            "without digits",
            SearchQuery { exclude: vec!["4".to_owned(), "13".to_owned()], ..plain() },
        ),
        ("a town", SearchQuery { locality: text("Hilo"), ..plain() }),
        ("a state", SearchQuery { region: text("HI"), ..plain() }),
        (
            "a town and its state",
            SearchQuery { locality: text("Hilo"), region: text("HI"), ..plain() },
        ),
        ("a postal code", SearchQuery { postal_code: text("96720"), ..plain() }),
        ("a rate centre", SearchQuery { rate_centre: text("HILO"), ..plain() }),
        ("a LATA", SearchQuery { lata: text("834"), ..plain() }),
        (
            "a rate centre, its LATA and state",
            SearchQuery {
                rate_centre: text("HILO"),
                lata: text("834"),
                region: text("HI"),
                ..plain()
            },
        ),
        ("around a point", SearchQuery { near, ..plain() }),
        ("no papers", SearchQuery { no_papers: true, ..plain() }),
        ("the third page", SearchQuery { offset: 20, sort: SearchSort::Locality, ..plain() }),
        ("a long page", SearchQuery { limit: 200, sort: SearchSort::Number, ..plain() }),
        (
            "all at once",
            SearchQuery {
                types: vec![NumberType::Local],
                area_code: text("808"),
                contains: text("9251"),
                exclude: vec!["4".to_owned()],
                locality: text("Hilo"),
                region: text("HI"),
                postal_code: text("96720"),
                rate_centre: text("HILO"),
                lata: text("834"),
                near,
                capabilities: Capability::ALL.to_vec(),
                no_papers: true,
                ..plain()
            },
        ),
    ];
    let mut all: Vec<_> = named.into_iter().map(|(name, query)| (name.to_owned(), query)).collect();
    all.extend(Capability::ALL.iter().map(|capability| {
        let query = SearchQuery { capabilities: vec![*capability], ..plain() };
        (format!("what can do {capability}"), query)
    }));
    all.extend(abroad.iter().map(|(country, kind)| {
        let country = (*country).to_owned();
        let name = format!("{kind} in {country}");
        (name, SearchQuery { country, types: vec![*kind], ..plain() })
    }));
    all
}
