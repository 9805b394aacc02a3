//! Holding a number: a reservation of half an hour, which extensions prolong by as much
//! (developers.telnyx.com/docs/numbers/phone-numbers/number-reservations). It belongs to the
//! account; whose it is among us stands in its `customer_reference`. The API cannot give one back:
//! a hold let go lapses by itself, and until then this process remembers that others may have it.
//! Where that is not known — on another server, after a restart — the number is simply taken until
//! the reservation lapses.

use super::{Telnyx, envelope, search};
use crate::wire::Body;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;
use voxlink_gateways::{CarrierError, carrier::CarrierHold};
use voxlink_types::E164;

/// Rounds of looking and asking before we give up.
const ROUNDS: u8 = 6;
/// Between two looks at a reservation that Telnyx works on.
const PAUSE: Duration = Duration::from_millis(200);
/// Extensions keep a reservation alive for longer than its half hour, but not for longer than this.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// When a reservation was let go, and who has taken it over since.
type Freed = (DateTime<Utc>, Option<Uuid>);

/// Reservations that were let go, by their id.
#[derive(Debug, Default)]
pub(super) struct LetGo(Mutex<BTreeMap<String, Freed>>);

impl LetGo {
    /// From now on anybody may take it over.
    pub(super) fn let_go(&self, id: &str, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| now - *since < REMEMBERED);
        known.insert(id.to_owned(), (now, None));
    }

    /// Whether a reservation is `key`'s: made for it, taken over by it, or free to be.
    fn claim(&self, reservation: &Reservation, key: Uuid, now: DateTime<Utc>) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = known.get(&reservation.id).map(|(_, owner)| *owner);
        match owner {
            None => reservation.customer_reference.as_deref() == Some(key.to_string().as_str()),
            Some(Some(owner)) => owner == key,
            Some(None) => {
                known.insert(reservation.id.clone(), (now, Some(key)));
                true
            }
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Reservation {
    id: String,
    customer_reference: Option<String>,
    phone_numbers: Option<Vec<Reserved>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Reserved {
    phone_number: String,
    status: Option<String>,
    expired_at: Option<String>,
    errors: Option<Value>,
}

/// Where a number's reservation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// Ours until then.
    Held(DateTime<Utc>),
    /// Telnyx works on it, or says what nobody knows.
    Pending,
    /// Telnyx would not, with its words.
    Refused(String),
    /// It is over.
    Lapsed,
}

impl Reservation {
    fn standing(&self, number: &E164, now: DateTime<Utc>) -> Standing {
        let mut all = self.phone_numbers.iter().flatten();
        let Some(this) = all.find(|n| n.phone_number == number.as_str()) else {
            return Standing::Lapsed;
        };
        let ends = this.expired_at.as_deref().and_then(|t| DateTime::parse_from_rfc3339(t).ok());
        let ends = ends.map(|ends| ends.with_timezone(&Utc));
        match (this.status.as_deref(), ends) {
            // The page says `failed`, the schema `failure`.
            (Some("failure" | "failed"), _) => {
                let words = match &this.errors {
                    Some(Value::String(words)) => words.clone(),
                    Some(Value::Null) | None => String::new(),
                    Some(other) => other.to_string(),
                };
                Standing::Refused(format!("reservation {}: {words}", self.id))
            }
            (_, Some(ends)) if ends <= now => Standing::Lapsed,
            (Some("success"), Some(ends)) => Standing::Held(ends),
            _ => Standing::Pending,
        }
    }
}

/// Sets a number aside, or prolongs the hold that the key has already.
pub(super) async fn hold(
    telnyx: &Telnyx,
    number: &E164,
    key: Uuid,
    until: DateTime<Utc>,
) -> Result<CarrierHold, CarrierError> {
    for round in 0..ROUNDS {
        let now = telnyx.clock.now();
        match live(telnyx, number, now).await? {
            Some((there, _)) if !telnyx.let_go.claim(&there, key, now) => {
                let detail = format!("{number} is held by reservation {}", there.id);
                return Err(CarrierError::Unavailable { detail });
            }
            Some((there, Some(ends))) => {
                let ends =
                    if ends < until { extend(telnyx, &there, number, ends).await? } else { ends };
                return Ok(CarrierHold { id: there.id, expires_at: ends.min(until) });
            }
            Some((_, None)) => tokio::time::sleep(PAUSE * u32::from(round + 1)).await,
            None => match reserve(telnyx, number, key).await {
                Ok(made) => match made.standing(number, now) {
                    Standing::Held(ends) => {
                        return Ok(CarrierHold { id: made.id, expires_at: ends.min(until) });
                    }
                    Standing::Refused(words) => return Err(refusal(telnyx, number, words).await),
                    Standing::Pending | Standing::Lapsed => {}
                },
                // It may have been done: the next round looks before it asks again.
                Err(CarrierError::UnknownOutcome { .. }) => {}
                Err(CarrierError::Unavailable { detail } | CarrierError::Rejected { detail }) => {
                    return Err(refusal(telnyx, number, detail).await);
                }
                Err(error) => return Err(error),
            },
        }
    }
    let detail = format!("Telnyx does not tell yet whether {number} is held");
    Err(CarrierError::Transient { detail })
}

/// The account's reservation of a number that holds, with its end, or is worked on.
async fn live(
    telnyx: &Telnyx,
    number: &E164,
    now: DateTime<Utc>,
) -> Result<Option<(Reservation, Option<DateTime<Utc>>)>, CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["number_reservations"]), None)?;
    url.query_pairs_mut().append_pair("filter[phone_numbers.phone_number]", number.as_str());
    let page: envelope::Many<Reservation> = telnyx.many(telnyx.get("hold", url)).await?;
    let live = page.data.into_iter().filter_map(|there| match there.standing(number, now) {
        Standing::Held(ends) => Some((there, Some(ends))),
        Standing::Pending => Some((there, None)),
        Standing::Refused(_) | Standing::Lapsed => None,
    });
    // Of several, the one that holds longest; one that is worked on only where none holds.
    Ok(live.max_by_key(|(_, ends)| *ends))
}

async fn reserve(telnyx: &Telnyx, number: &E164, key: Uuid) -> Result<Reservation, CarrierError> {
    let body = json!({
        "phone_numbers": [{ "phone_number": number.as_str() }],
        "customer_reference": key.to_string(),
    });
    telnyx.one(telnyx.post("hold", telnyx.at(&["number_reservations"]), Body::Json(body))).await
}

/// Prolongs a reservation; where Telnyx does not want to, it ends when it would have. Repeating it
/// prolongs it further, which harms nobody.
async fn extend(
    telnyx: &Telnyx,
    there: &Reservation,
    number: &E164,
    ends: DateTime<Utc>,
) -> Result<DateTime<Utc>, CarrierError> {
    let url = telnyx.at(&["number_reservations", &there.id, "actions", "extend"]);
    match telnyx.one::<Reservation>(telnyx.post("hold", url, Body::None).safely()).await {
        Ok(extended) => match extended.standing(number, telnyx.clock.now()) {
            Standing::Held(later) => Ok(later),
            _ => Ok(ends),
        },
        Err(CarrierError::Rejected { .. } | CarrierError::Unavailable { .. }) => Ok(ends),
        Err(error) => Err(error),
    }
}

/// What a refused reservation means: not every number for sale can be reserved.
async fn refusal(telnyx: &Telnyx, number: &E164, words: String) -> CarrierError {
    match search::reservable(telnyx, number).await {
        Ok(Some(false)) => {
            let detail = format!("{number} is for sale and cannot be reserved: {words}");
            CarrierError::Unsupported { detail }
        }
        _ => CarrierError::Unavailable { detail: words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reservation(status: &str, expired_at: &str) -> Reservation {
        serde_json::from_value(json!({
            "id": "12ade33a-21c0-473b-b055-b3c836e1c292", "record_type": "number_reservation",
            "phone_numbers": [{"id": "12ade33a-21c0-473b-b055-b3c836e1c293",
                "record_type": "reserved_phone_number", "phone_number": "+19705555098",
                "status": status, "created_at": "2018-01-01T00:00:00.000000Z",
                "updated_at": "2018-01-01T00:00:00.000000Z", "expired_at": expired_at,
                "errors": "Number is already on hold"}],
            "status": status, "customer_reference": Uuid::from_u128(1).to_string(),
            "created_at": "2018-01-01T00:00:00.000000Z", "updated_at": "2018-01-01T00:00:00.000000Z"
        }))
        .unwrap()
    }

    fn noon() -> DateTime<Utc> {
        "2018-01-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_state_that_nobody_knows_holds_nothing_yet() {
        let number = "+19705555098".parse().unwrap();
        let told = |status, ends| reservation(status, ends).standing(&number, noon());
        let later = "2018-01-01T12:30:00.000000Z";
        assert_eq!(told("success", later), Standing::Held("2018-01-01T12:30:00Z".parse().unwrap()));
        assert_eq!(told("beamed", later), Standing::Pending);
        assert_eq!(told("pending", later), Standing::Pending);
        assert_eq!(told("success", "soon"), Standing::Pending);
        assert_eq!(told("success", "2018-01-01T12:00:00.000000Z"), Standing::Lapsed);
        assert!(matches!(told("failure", later), Standing::Refused(w) if w.contains("on hold")));
        let other = "+19705555099".parse().unwrap();
        assert_eq!(reservation("success", later).standing(&other, noon()), Standing::Lapsed);
    }

    #[test]
    fn what_was_let_go_is_taken_over_once() {
        let there = reservation("success", "2018-01-01T12:30:00.000000Z");
        let (first, second, third) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let books = LetGo::default();
        assert!(books.claim(&there, first, noon()) && !books.claim(&there, second, noon()));
        books.let_go(&there.id, noon());
        assert!(books.claim(&there, second, noon()) && books.claim(&there, second, noon()));
        assert!(!books.claim(&there, first, noon()) && !books.claim(&there, third, noon()));
    }
}
