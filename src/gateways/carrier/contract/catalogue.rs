//! What a carrier says it sells: countries and kinds, prices, and searches for them.

use super::answered;
use crate::carrier::{
    Carrier, CarrierError, Coverage, Filter, Findings, Near, Offer, PriceRow, SearchQuery,
};
use rust_decimal::Decimal;

/// What a search finds, if all that it says of it is true.
pub(super) async fn searched(carrier: &dyn Carrier, query: &SearchQuery) -> Vec<Offer> {
    let found = answered("it can be searched", async || carrier.search(query).await).await;
    truthful(carrier, query, &found);
    found.offers
}

fn truthful(carrier: &dyn Carrier, query: &SearchQuery, found: &Findings) {
    assert!(found.applied.is_subset(&query.given()), "it applies what was asked, nothing else");
    assert!(found.checked.is_subset(&found.applied), "what is checked is applied");
    assert!(found.offers.len() <= query.limit as usize, "a search keeps its limit");
    for offer in &found.offers {
        assert_eq!(offer.carrier, carrier.key(), "an offer names its carrier");
        assert_eq!(offer.country, query.country, "an offer is of the country asked for");
        let wanted = query.types.is_empty() || query.types.contains(&offer.number_type);
        assert!(wanted, "an offer is of a kind asked for: {offer:?}");
        for filter in &found.applied {
            let met = query.met_by(*filter, offer);
            assert_ne!(met, Some(false), "{filter} is said to be applied: {}", offer.number);
        }
        // Of an empty answer every condition holds.
        for filter in found.applied.difference(&found.checked) {
            let able = carrier.abilities().searches_by.contains(filter);
            assert!(able, "{filter} is said to be searched by, and not among the abilities");
        }
    }
}

/// Each condition alone, as a number for sale meets it.
pub(super) async fn filtered(carrier: &dyn Carrier, of: &Offer) {
    for filter in Filter::ALL {
        if let Some(query) = asking(*filter, of) {
            searched(carrier, &query).await;
        }
    }
}

/// A query that asks for one condition; none where the offer does not tell.
fn asking(filter: Filter, of: &Offer) -> Option<SearchQuery> {
    let mut query = SearchQuery {
        country: of.country.clone(),
        types: vec![of.number_type],
        limit: 10,
        ..SearchQuery::default()
    };
    let national = of.national();
    match filter {
        Filter::AreaCode => query.area_code = Some(of.area_code.clone()?),
        Filter::Contains => {
            query.contains = Some(national.get(national.len().checked_sub(4)?..)?.to_owned());
        }
        Filter::Exclude => query.exclude = vec![national.to_owned()],
        Filter::Locality => query.locality = Some(of.locality.clone()?),
        Filter::Region => query.region = Some(of.region.clone()?),
        Filter::PostalCode => query.postal_code = Some(of.postal_code.clone()?),
        Filter::RateCentre => query.rate_centre = Some(of.rate_centre.clone()?),
        Filter::Lata => query.lata = Some(of.lata.clone()?),
        Filter::Near => {
            let (latitude, longitude) = of.position?;
            query.near = Some(Near { latitude, longitude, within_km: 50.0 });
        }
        Filter::Capabilities => query.capabilities.clone_from(&of.capabilities),
        Filter::NoPapers => query.no_papers = true,
    }
    Some(query)
}

/// What is offered is covered, what is covered can be searched, and it has a price where the
/// carrier tells prices.
pub(super) async fn covered(carrier: &dyn Carrier, query: &SearchQuery, offers: &[Offer]) {
    let coverage = answered("it tells what it sells", async || carrier.coverage().await).await;
    assert!(!coverage.is_empty(), "it sells something");
    for kind in &coverage {
        let query = SearchQuery {
            country: kind.country.clone(),
            types: vec![kind.number_type],
            ..query.clone()
        };
        searched(carrier, &query).await;
    }
    let prices = prices(carrier).await;
    for offer in offers {
        let kind = Coverage { country: offer.country.clone(), number_type: offer.number_type };
        assert!(coverage.contains(&kind), "what is offered is covered: {kind:?}");
        let priced = prices.as_ref().is_none_or(|all| all.iter().any(|row| is_of(row, &kind)));
        assert!(priced, "what is offered has a price: {kind:?}");
    }
    for row in prices.iter().flatten() {
        assert!(
            coverage.iter().any(|kind| is_of(row, kind)),
            "a price is of what it sells: {row:?}"
        );
        let least = row.monthly.min(row.setup).min(row.inbound_minute);
        assert!(least >= Decimal::ZERO, "nobody is paid for taking a number: {row:?}");
    }
}

fn is_of(row: &PriceRow, kind: &Coverage) -> bool {
    row.country == kind.country && row.number_type == kind.number_type
}

/// Its prices; `None` where it tells none.
async fn prices(carrier: &dyn Carrier) -> Option<Vec<PriceRow>> {
    let ask = async || {
        let told = carrier.prices().await;
        if matches!(told, Err(CarrierError::Unsupported { .. })) {
            Ok(None)
        } else {
            told.map(Some)
        }
    };
    let told = answered("it tells its prices or that it has none to tell", ask).await;
    if let Some(rows) = &told {
        assert!(!rows.is_empty(), "a carrier that tells prices has some");
    }
    told
}
