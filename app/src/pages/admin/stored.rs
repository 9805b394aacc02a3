//! Stored values, as the audit log and the queue keep them, in the form people read: money and
//! times written out, telephone numbers with their gaps, lists as lists. Texts are set apart, so
//! that the direction of one does not turn what stands beside it.

use crate::ui::{Amount, Number, When, WhenStyle};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use voxlink_types::{E164, Money};

/// What a stored value is.
#[derive(Debug, PartialEq)]
enum Kind<'a> {
    Nothing,
    Text(String),
    Amount(Money),
    Instant(DateTime<Utc>),
    Telephone(E164),
    List(&'a [Value]),
    Parts(&'a Map<String, Value>),
}

fn kind(value: &Value) -> Kind<'_> {
    match value {
        Value::Null => Kind::Nothing,
        Value::Bool(yes) => Kind::Text(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Kind::Text(number.to_string()),
        Value::String(text) => kind_of_text(text),
        Value::Array(all) if all.is_empty() => Kind::Nothing,
        Value::Array(all) => Kind::List(all),
        Value::Object(parts) if parts.is_empty() => Kind::Nothing,
        Value::Object(parts) => {
            let money = (parts.len() == 2).then(|| Money::deserialize(value).ok()).flatten();
            money.map_or(Kind::Parts(parts), Kind::Amount)
        }
    }
}

fn kind_of_text(text: &str) -> Kind<'static> {
    if text.is_empty() {
        return Kind::Nothing;
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Kind::Instant(at.with_timezone(&Utc));
    }
    match text.strip_prefix('+').and_then(|_| text.parse().ok()) {
        Some(number) => Kind::Telephone(number),
        None => Kind::Text(text.to_owned()),
    }
}

/// Draws a stored value.
pub(super) fn stored(value: &Value) -> AnyView {
    match kind(value) {
        Kind::Nothing => view! { <span class="text-muted">"nothing"</span> }.into_any(),
        Kind::Text(text) => view! { <bdi class="whitespace-pre-line">{text}</bdi> }.into_any(),
        Kind::Amount(money) => view! { <Amount money=money /> }.into_any(),
        Kind::Instant(at) => view! { <When at=at style=WhenStyle::Seconds /> }.into_any(),
        Kind::Telephone(number) => view! { <Number number=number plain=true /> }.into_any(),
        Kind::List(all) => {
            let items = all.iter().map(|v| view! { <li>{stored(v)}</li> }).collect_view();
            view! { <ul class="list-disc ps-5">{items}</ul> }.into_any()
        }
        Kind::Parts(parts) => {
            let rows = parts
                .iter()
                .map(|(key, value)| {
                    view! {
                        <div>
                            <dt class="inline text-muted">{label(key)} ": "</dt>
                            <dd class="inline">{stored(value)}</dd>
                        </div>
                    }
                })
                .collect_view();
            view! { <dl>{rows}</dl> }.into_any()
        }
    }
}

/// A stored name as words: `tenant_role` is read “Tenant role”.
pub(super) fn label(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use voxlink_types::Currency;

    #[test]
    fn stored_values_are_read_as_what_they_are() {
        let amount = json!({"currency": "USD", "minor": 5_000});
        assert_eq!(kind(&amount), Kind::Amount(Money::new(5_000, Currency::Usd)));
        assert!(matches!(kind(&json!("2026-11-21T18:15:28.236513Z")), Kind::Instant(_)));
        assert!(matches!(kind(&json!("+12025550123")), Kind::Telephone(_)));
        assert_eq!(kind(&json!("+ one")), Kind::Text("+ one".to_owned()));
        assert_eq!(kind(&json!(true)), Kind::Text("yes".to_owned()));
        assert!(matches!(kind(&json!(["front-desk"])), Kind::List([_])));
        assert!(matches!(kind(&json!({"do": "tag", "tags": "front desk"})), Kind::Parts(_)));
        for nothing in [json!(null), json!([]), json!({}), json!("")] {
            assert_eq!(kind(&nothing), Kind::Nothing);
        }
    }

    #[test]
    fn names_are_words() {
        assert_eq!(label("tenant_role"), "Tenant role");
        assert_eq!(label(""), "");
    }
}
