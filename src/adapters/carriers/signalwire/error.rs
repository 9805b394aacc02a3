//! What SignalWire's refusals mean. The REST API says `{"errors":[{detail,status,title,code}]}`
//! for 422 and `{"error":"Unauthorized"}` otherwise; the compatibility API `{code,message}`.

use crate::wire::Answer;
use serde_json::Value;
use voxlink_gateways::CarrierError;

/// The meaning of an answer that is no success.
pub(super) fn meaning(answer: &Answer) -> CarrierError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let first = &body["errors"][0];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let code = [&first["code"], &body["code"]].into_iter().map(text).find(|c| !c.is_empty());
    let words = [&first["detail"], &first["message"], &body["message"], &body["error"]];
    let words =
        words.into_iter().map(text).find(|w| !w.is_empty()).unwrap_or_else(|| answer.said());
    let code = code.unwrap_or_else(|| answer.status.as_u16().to_string());
    let detail = format!("{code} {words}");
    match code.as_str() {
        "purchased_too_recently" => CarrierError::TooEarly { until: None, detail },
        // The balance does not cover the fee.
        "4001" | "insufficient_balance" | "insufficient_funds" => {
            CarrierError::OutOfFunds { detail }
        }
        "number_not_available" | "phone_number_not_available" | "not_available" | "21422" => {
            CarrierError::Unavailable { detail }
        }
        _ => match answer.status.as_u16() {
            401 | 403 => CarrierError::RefusedCredentials { detail },
            402 => CarrierError::OutOfFunds { detail },
            404 => CarrierError::Gone { detail },
            _ if words.to_lowercase().contains("not available") => {
                CarrierError::Unavailable { detail }
            }
            _ => CarrierError::Rejected { detail },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    #[test]
    fn refusals_mean_what_they_say() {
        let rest = |code: &str, detail: &str| json!({"errors": [{"detail": detail, "status": "422", "title": "t", "code": code}]});
        for (status, body, wanted) in [
            (422, rest("purchased_too_recently", "wait"), "kept_too_short"),
            (422, rest("invalid", "number is not available"), "number_unavailable"),
            (422, rest("invalid_parameter", "bad"), "carrier_rejected"),
            (401, json!({"error": "Unauthorized"}), "carrier_credentials"),
            (404, json!({"error": "Not Found"}), "unknown_at_carrier"),
            (400, json!({"code": 4001, "message": "balance", "status": 400}), "carrier_funds"),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.to_string().into_bytes(),
                repeat: Repeat::Never,
            };
            assert_eq!(meaning(&answer).code(), wanted, "{body}");
        }
    }
}
