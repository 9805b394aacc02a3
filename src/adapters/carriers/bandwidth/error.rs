//! What Bandwidth's refusals mean. The numbers API says `<ErrorList><Error><Code/>…`, `<Error>` or
//! `<ResponseStatus><ErrorCode/>…` in the operation's own element; messaging and voice say
//! `{type, description}`. Codes by its own list (dev.bandwidth.com/docs/numbers/errors).

use super::xml;
use crate::wire::Answer;
use serde::Deserialize;
use voxlink_gateways::CarrierError;

/// One error of an order or answer.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Fault {
    #[serde(default, rename = "Code", alias = "ErrorCode")]
    code: Option<String>,
    #[serde(default, rename = "Description")]
    description: Option<String>,
}

/// Errors of an order.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Faults {
    #[serde(default, rename = "Error")]
    errors: Vec<Fault>,
}

#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default, rename = "ErrorList")]
    list: Option<Faults>,
    #[serde(default, rename = "Error")]
    error: Option<Fault>,
    #[serde(default, rename = "ResponseStatus")]
    status: Option<Fault>,
}

impl Refusal {
    fn first(self) -> Option<Fault> {
        let listed = self.list.and_then(|list| list.errors.into_iter().next());
        listed.or(self.error).or(self.status)
    }
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

/// The meaning of an answer that is no success.
pub(super) fn meaning(answer: &Answer) -> CarrierError {
    let status = answer.status.as_u16();
    if let Some(fault) = xml::parse::<Refusal>(&answer.body).ok().and_then(Refusal::first) {
        return fault.meaning(Some(status));
    }
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let detail = match (said.kind, said.description) {
        (Some(kind), Some(words)) => format!("{status} {kind}: {words}"),
        _ => format!("{status} {}", answer.said()),
    };
    by_status(status, detail)
}

impl Faults {
    /// What an order that came to nothing says.
    pub(super) fn meaning(&self) -> CarrierError {
        match self.errors.first() {
            Some(fault) => fault.meaning(None),
            None => {
                CarrierError::Rejected { detail: "the order failed without a reason".to_owned() }
            }
        }
    }
}

impl Fault {
    fn meaning(&self, status: Option<u16>) -> CarrierError {
        let code = self.code.as_deref().map(str::trim).unwrap_or_default();
        let detail = format!("{code} {}", self.description.as_deref().unwrap_or_default().trim());
        match code.parse::<u32>().unwrap_or(0) {
            // No numbers for this area code, rate centre, town, state, postal code or LATA; none
            // sold in this area; a tier that the account does not have. From 5005 on somebody else
            // has it; 5041 is said of reservations.
            4000
            | 4001
            | 4005..=4008
            | 4023
            | 4024
            | 5005
            | 5018
            | 5041
            | 5071
            | 13_517
            | 13_518 => CarrierError::Unavailable { detail },
            // Not in service, not ours.
            4017 | 5074 | 5076 | 13_536 => CarrierError::Gone { detail },
            // "could not be disconnected since it is not associated with your account".
            5006 if detail.contains("not associated") => CarrierError::Gone { detail },
            4009 | 5019 | 5086 => CarrierError::Transient { detail },
            // Account or site locked.
            5012 | 5094 => CarrierError::OutOfFunds { detail },
            4014 | 5000 | 5051 => CarrierError::RefusedCredentials { detail },
            // Site, location and account as they are set up.
            5016 | 5020..=5023 | 5062 | 5183 => CarrierError::NotConfigured { detail },
            _ => match status {
                Some(status) => by_status(status, detail),
                None => CarrierError::Rejected { detail },
            },
        }
    }
}

fn by_status(status: u16, detail: String) -> CarrierError {
    match status {
        401 | 403 => CarrierError::RefusedCredentials { detail },
        402 => CarrierError::OutOfFunds { detail },
        404 => CarrierError::Gone { detail },
        // "Due to the asynchronous nature of TN settings, a potential conflict": later it is none.
        409 => CarrierError::Transient { detail },
        _ => CarrierError::Rejected { detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};

    fn code(status: u16, body: &str) -> &'static str {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            repeat: Repeat::Never,
        };
        meaning(&answer).code()
    }

    #[test]
    fn every_shape_of_a_refusal_is_read() {
        let order = |code: u32| {
            format!(
                "<?xml version=\"1.0\"?><OrderResponse><ErrorList><Error><Code>{code}</Code>\
                 <Description>d</Description></Error><Error><Code>1</Code></Error></ErrorList>\
                 <Order><SiteId>1</SiteId></Order></OrderResponse>"
            )
        };
        for (number, wanted) in [
            (5005, "number_unavailable"),
            (5012, "carrier_funds"),
            (5016, "carrier_not_configured"),
            (5074, "unknown_at_carrier"),
            (5052, "carrier_rejected"),
            (5086, "carrier_failed"),
        ] {
            assert_eq!(code(400, &order(number)), wanted, "{number}");
        }
        let search = "<SearchResult><Error><Code>4023</Code><Description>no</Description></Error></SearchResult>";
        assert_eq!(code(400, search), "number_unavailable");
        let held = "<ReservationResponse>\n <ResponseStatus>\n<ErrorCode>5041</ErrorCode>\n\
                    <Description>Reservation failed</Description></ResponseStatus></ReservationResponse>";
        assert_eq!(code(400, held), "number_unavailable");
        assert_eq!(code(404, held), "number_unavailable");
        let voice = r#"{"type": "validation", "description": "Invalid to", "id": null}"#;
        assert_eq!(code(400, voice), "carrier_rejected");
        for (status, wanted) in [
            (401, "carrier_credentials"),
            (403, "carrier_credentials"),
            (404, "unknown_at_carrier"),
            (409, "carrier_failed"),
            (418, "carrier_rejected"),
        ] {
            assert_eq!(code(status, ""), wanted, "{status}");
            assert_eq!(code(status, "<html>no</html>"), wanted, "{status}");
        }
    }
}
