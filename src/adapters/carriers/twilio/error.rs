//! What Twilio's refusals mean. Codes by its own dictionary (twilio.com/docs/api/errors), which
//! is not what its numbers suggest: 21450 to 21454 have nothing to do with funds or ownership.

use super::absent;
use crate::wire::Answer;
use serde::Deserialize;
use voxlink_gateways::CarrierError;

#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: Option<String>,
}

/// The meaning of an answer that is no success.
pub(super) fn meaning(answer: &Answer) -> CarrierError {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = refusal.code.unwrap_or(0);
    let words = refusal.message.unwrap_or_else(|| answer.said());
    let detail = if code == 0 {
        format!("{} {words}", answer.status.as_u16())
    } else {
        format!("{code} {words}")
    };
    match code {
        // 21422: not Twilio's, or somebody else's; 21452: none in that area.
        21_422 | 21_452 => CarrierError::Unavailable { detail },
        20_404 => CarrierError::Gone { detail },
        // Local address, address, certification, bundle.
        21_613 | 21_615 | 21_631 | 21_649 => CarrierError::NeedsPapers { detail },
        20_003 | 20_403 => CarrierError::RefusedCredentials { detail },
        // Account not active, most often for want of funds; trial limit reached.
        10_001 | 20_005 | 21_404 | 90_010 => CarrierError::OutOfFunds { detail },
        20_429 => CarrierError::RateLimited { until: None, detail },
        // An update of the same resource is under way.
        20_162 => CarrierError::Transient { detail },
        _ if absent(answer.status) => CarrierError::Gone { detail },
        _ if matches!(answer.status.as_u16(), 401 | 403) => {
            CarrierError::RefusedCredentials { detail }
        }
        _ => CarrierError::Rejected { detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};

    #[test]
    fn codes_mean_what_the_dictionary_says() {
        for (status, code, meaning_code) in [
            (400, 21_422, "number_unavailable"),
            (400, 21_452, "number_unavailable"),
            (400, 21_450, "carrier_rejected"),
            (400, 21_631, "papers_required"),
            (400, 21_649, "papers_required"),
            (401, 20_003, "carrier_credentials"),
            (403, 20_005, "carrier_funds"),
            (404, 20_404, "unknown_at_carrier"),
            (404, 0, "unknown_at_carrier"),
            (401, 0, "carrier_credentials"),
            (400, 20_007, "carrier_rejected"),
        ] {
            let body = serde_json::json!({"code": code, "message": "words", "status": status});
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.to_string().into_bytes(),
                repeat: Repeat::Never,
            };
            let error = meaning(&answer);
            assert_eq!(error.code(), meaning_code, "{status} {code}");
            assert!(error.detail().contains("words"));
        }
    }
}
