//! What Twilio charges: numbers a month and minutes that come in, by country, from its pricing API.

use super::{Twilio, search};
use crate::carriers::page;
use futures::{StreamExt, TryStreamExt};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeSet;
use voxlink_gateways::{CarrierError, carrier::PriceRow};
use voxlink_types::{
    Currency,
    number::{NumberType, Requirement},
};

/// Countries asked about at a time.
const AT_A_TIME: usize = 4;

#[derive(Debug, Deserialize)]
struct Priced {
    number_type: String,
    /// A text in its examples, a number in its schema.
    current_price: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct NumberPrices {
    price_unit: String,
    phone_number_prices: Vec<Priced>,
}

#[derive(Debug, Deserialize)]
struct VoicePrices {
    #[serde(default)]
    inbound_call_prices: Vec<Priced>,
}

/// Every country that Twilio sells numbers of.
pub(super) async fn prices(twilio: &Twilio) -> Result<Vec<PriceRow>, CarrierError> {
    let covered = search::coverage(twilio).await?;
    let countries: BTreeSet<String> = covered.into_iter().map(|c| c.country).collect();
    let rows: Vec<Vec<PriceRow>> = futures::stream::iter(countries)
        .map(|country| async move { of_country(twilio, &country).await })
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

async fn of_country(twilio: &Twilio, country: &str) -> Result<Vec<PriceRow>, CarrierError> {
    let at = |what: &str| page::join(&twilio.account.pricing, &["v1", what, "Countries", country]);
    let numbers: NumberPrices = match twilio.ask(twilio.get("prices", at("PhoneNumbers"))).await {
        Ok(answer) => answer.json()?,
        Err(CarrierError::Gone { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let voice: VoicePrices = match twilio.ask(twilio.get("prices", at("Voice"))).await {
        Ok(answer) => answer.json()?,
        Err(CarrierError::Gone { .. }) => VoicePrices { inbound_call_prices: Vec::new() },
        Err(error) => return Err(error),
    };
    Ok(rows(country, &numbers, &voice))
}

/// The rows of a country. A kind whose minutes have no price is left out: what cannot be billed
/// is not sold. A currency that we do not keep books in is left out and told.
fn rows(country: &str, numbers: &NumberPrices, voice: &VoicePrices) -> Vec<PriceRow> {
    let Ok(currency) = numbers.price_unit.to_uppercase().parse::<Currency>() else {
        tracing::warn!(
            country,
            currency = numbers.price_unit,
            "prices in a currency not kept here"
        );
        return Vec::new();
    };
    let minute = |kind| {
        let row =
            voice.inbound_call_prices.iter().find(|p| kind_of(&p.number_type) == Some(kind))?;
        exact(row.current_price.as_ref()?)
    };
    let of_row = |priced: &Priced| {
        let number_type = kind_of(&priced.number_type)?;
        Some(PriceRow {
            country: country.to_owned(),
            number_type,
            currency,
            monthly: exact(priced.current_price.as_ref()?)?,
            setup: Decimal::ZERO,
            inbound_minute: minute(number_type)?,
            requirement: Requirement::None,
        })
    };
    numbers.phone_number_prices.iter().filter_map(of_row).collect()
}

/// A decimal as written, never by way of a float.
fn exact(value: &serde_json::Value) -> Option<Decimal> {
    match value {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn kind_of(word: &str) -> Option<NumberType> {
    match word.to_ascii_lowercase().replace('_', " ").as_str() {
        "local" => Some(NumberType::Local),
        "mobile" => Some(NumberType::Mobile),
        "toll free" => Some(NumberType::TollFree),
        "national" => Some(NumberType::National),
        "shared cost" => Some(NumberType::SharedCost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly_whether_text_or_number() {
        let numbers: NumberPrices = serde_json::from_value(serde_json::json!({
            "country": "United States", "iso_country": "US", "price_unit": "USD",
            "phone_number_prices": [
                {"number_type": "local", "base_price": "1.00", "current_price": "1.15"},
                {"number_type": "toll free", "base_price": 2.0, "current_price": 2.15},
                {"number_type": "mobile", "base_price": null, "current_price": null},
                {"number_type": "moon", "base_price": "9", "current_price": "9"}
            ]
        }))
        .unwrap();
        let voice: VoicePrices = serde_json::from_value(serde_json::json!({
            "inbound_call_prices": [
                {"number_type": "local", "base_price": "0.0085", "current_price": "0.0085"},
                {"number_type": "toll free", "base_price": "0.022", "current_price": "0.022"}
            ]
        }))
        .unwrap();
        let told: Vec<_> = rows("US", &numbers, &voice)
            .into_iter()
            .map(|r| (r.number_type, r.monthly.to_string(), r.inbound_minute.to_string()))
            .collect();
        let row = |kind, monthly: &str, minute: &str| (kind, monthly.to_owned(), minute.to_owned());
        assert_eq!(
            told,
            [row(NumberType::Local, "1.15", "0.0085"), row(NumberType::TollFree, "2.15", "0.022")]
        );
    }
}
