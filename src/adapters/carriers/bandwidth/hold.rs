//! Reservations: a number is kept off sale for four hours, for one account
//! (dev.bandwidth.com/docs/numbers/guides/searchingForNumbers). A reservation has no text of ours
//! and cannot be prolonged, so whose it is this process remembers: the same key gets the same
//! reservation back, another key is refused by Bandwidth itself.

use super::{Bandwidth, xml};
use crate::wire::{Answer, Expect};
use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, header};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;
use voxlink_gateways::{CarrierError, carrier::CarrierHold};
use voxlink_types::E164;

/// How long a reservation lasts.
pub(super) const MINUTES: u32 = 240;

#[derive(Serialize)]
#[serde(rename = "Reservation", rename_all = "PascalCase")]
struct Reservation {
    reserved_tn: String,
}

#[derive(Debug, Clone)]
struct Held {
    key: Uuid,
    id: String,
    lapses_at: DateTime<Utc>,
}

/// The reservations that this process made.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<BTreeMap<E164, Held>>);

impl Holds {
    fn all(&self) -> MutexGuard<'_, BTreeMap<E164, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, number: &E164, key: Uuid, now: DateTime<Utc>) -> Option<Held> {
        self.all().get(number).filter(|held| held.key == key && held.lapses_at > now).cloned()
    }

    fn keep(&self, number: &E164, held: Held, now: DateTime<Utc>) {
        let mut all = self.all();
        all.retain(|_, held| held.lapses_at > now);
        all.insert(number.clone(), held);
    }

    /// Forgets the hold of a number that was bought or whose reservation is gone.
    pub(super) fn forget(&self, number: &E164) {
        self.all().remove(number);
    }

    /// Forgets one reservation, and not another of the same number.
    fn drop_id(&self, number: &E164, id: &str) {
        self.all().retain(|there, held| there != number || held.id != id);
    }
}

/// Reserves a number. Not repeatable: after a lost answer the number stays off sale, for us too,
/// until the reservation lapses.
pub(super) async fn hold(
    bandwidth: &Bandwidth,
    number: &E164,
    key: Uuid,
    until: DateTime<Utc>,
) -> Result<CarrierHold, CarrierError> {
    let now = bandwidth.clock.now();
    if let Some(held) = bandwidth.holds.of(number, key, now) {
        let url = bandwidth.own(&["tnreservation", &held.id]);
        match bandwidth.ask(bandwidth.get("hold", url).expecting(Expect::Anything)).await {
            Ok(_) => return Ok(CarrierHold { expires_at: until.min(held.lapses_at), id: held.id }),
            Err(CarrierError::Gone { .. }) => bandwidth.holds.forget(number),
            Err(error) => return Err(error),
        }
    }
    let body = xml::write(&Reservation { reserved_tn: xml::written(number) })?;
    let url = bandwidth.own(&["tnreservation"]);
    let ask = bandwidth.post("hold", url, body).expecting(Expect::Anything);
    let answer = bandwidth.ask(ask).await?;
    let id =
        id_in(&answer).ok_or_else(|| answer.unreadable(&"a reservation without a Location"))?;
    let lapses_at = now + TimeDelta::minutes(i64::from(MINUTES));
    bandwidth.holds.keep(number, Held { key, id: id.clone(), lapses_at }, now);
    Ok(CarrierHold { id, expires_at: until.min(lapses_at) })
}

/// Gives a reservation back.
pub(super) async fn let_go(
    bandwidth: &Bandwidth,
    number: &E164,
    id: &str,
) -> Result<(), CarrierError> {
    let url = bandwidth.own(&["tnreservation", id]);
    let ask = bandwidth.get("let_go", url).by(Method::DELETE).expecting(Expect::Anything);
    match bandwidth.ask(ask).await {
        Ok(_) | Err(CarrierError::Gone { .. }) => {
            bandwidth.holds.drop_id(number, id);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The id comes at the end of the `Location`, and nowhere else.
fn id_in(answer: &Answer) -> Option<String> {
    let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    let id = location.trim().trim_end_matches(['/', '.']).rsplit('/').next()?;
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};

    #[test]
    fn the_id_is_in_the_location() {
        let answer = |location: Option<&str>| Answer {
            status: StatusCode::CREATED,
            headers: location
                .map(|at| HeaderMap::from_iter([(header::LOCATION, at.parse().unwrap())]))
                .unwrap_or_default(),
            body: Vec::new(),
            repeat: Repeat::Never,
        };
        let at = "https://dashboard.bandwidth.com/api/accounts/1/TnReservation/8da0f39c-043c.";
        assert_eq!(id_in(&answer(Some(at))).as_deref(), Some("8da0f39c-043c"));
        assert_eq!(id_in(&answer(None)), None);
    }
}
