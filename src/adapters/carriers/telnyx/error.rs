//! What Telnyx's refusals mean: `{"errors":[{"code","title","detail"}]}`, the code a text of
//! digits (developers.telnyx.com/development/api-fundamentals/api-errors). The list has no codes of
//! its own for numbers that are gone or papers that are missing: there the words decide.

use crate::wire::Answer;
use serde_json::Value;
use voxlink_gateways::CarrierError;

/// The meaning of an answer that is no success.
pub(super) fn meaning(answer: &Answer) -> CarrierError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let first = &body["errors"][0];
    let text = |name: &str| match &first[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let (code, title, told) = (text("code"), text("title"), text("detail"));
    let words = [title, told].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(": ");
    let words = if words.is_empty() { answer.said() } else { words };
    let code = if code.is_empty() { answer.status.as_u16().to_string() } else { code };
    let detail = format!("{code} {words}");
    match code.as_str() {
        // Authentication failed, authorization failed.
        "10009" | "10010" => CarrierError::RefusedCredentials { detail },
        "10005" => CarrierError::Gone { detail },
        "10011" => CarrierError::RateLimited { until: None, detail },
        // Account inactive, insufficient funds.
        "20012" | "20100" => CarrierError::OutOfFunds { detail },
        _ => match answer.status.as_u16() {
            401 => CarrierError::RefusedCredentials { detail },
            402 => CarrierError::OutOfFunds { detail },
            404 => CarrierError::Gone { detail },
            status => by_words(&words, detail, status),
        },
    }
}

/// Words for a number that somebody else has.
const TAKEN: [&str; 6] = [
    "not available",
    "no longer available",
    "unavailable",
    "already on hold",
    "already reserved",
    "already purchased",
];

/// The meaning of words without a code that says more.
fn by_words(words: &str, detail: String, status: u16) -> CarrierError {
    let words = words.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| words.contains(*part));
    if says(&["insufficient fund", "insufficient balance", "insufficient credit"]) {
        CarrierError::OutOfFunds { detail }
    } else if says(&TAKEN) {
        CarrierError::Unavailable { detail }
    } else if says(&["regulatory", "requirement group", "requirements"]) {
        CarrierError::NeedsPapers { detail }
    } else if status == 403 {
        CarrierError::RefusedCredentials { detail }
    } else {
        CarrierError::Rejected { detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
            repeat: Repeat::Never,
        }
    }

    #[test]
    fn refusals_mean_what_they_say_and_keep_code_and_words() {
        for (status, code, title, told, wanted) in [
            (401, "10009", "Authentication failed", "bad credentials", "carrier_credentials"),
            (403, "10010", "Not authorized", "You are not authorized", "carrier_credentials"),
            (404, "10005", "Resource not found", "could not be found", "unknown_at_carrier"),
            (403, "20100", "Insufficient Funds", "add funds", "carrier_funds"),
            (400, "90000", "Bad Request", "Insufficient balance", "carrier_funds"),
            (422, "90001", "Number not available", "it is gone", "number_unavailable"),
            (422, "90002", "Invalid", "regulatory requirements not met", "papers_required"),
            (422, "10015", "Bad Request", "was not well-formed", "carrier_rejected"),
        ] {
            let page = format!("https://developers.telnyx.com/docs/overview/errors/{code}");
            let body = json!({"errors": [{"code": code, "title": title, "detail": told,
                "meta": {"url": page}}]});
            let error = meaning(&answer(status, &body));
            assert_eq!(error.code(), wanted, "{code} {title}");
            assert_eq!(error.detail(), format!("{code} {title}: {told}"));
        }
    }

    #[test]
    fn what_is_no_list_of_errors_goes_by_its_status() {
        let error = meaning(&answer(404, &json!("nothing here")));
        assert_eq!((error.code(), error.detail()), ("unknown_at_carrier", "404 \"nothing here\""));
    }
}
