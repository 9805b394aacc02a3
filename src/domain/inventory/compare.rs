//! The comparison: what we have written down against what a carrier lists, page by page. Pure: it
//! reads nothing and decides nothing.
//!
//! - What only one side has is missing on the other.
//! - A number that both have may differ in where it stands (active, inactive, another id), or in
//!   the addresses that it calls.
//! - A number listed twice, as happens when pages shift while they are read, is compared once.

use super::{Difference, DriftKind, Standing, Subject};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use voxlink_gateways::carrier::{NumberSettings, OwnedNumber};
use voxlink_types::{
    E164,
    ids::{NumberId, TenantId},
};

/// The addresses of ours that a number calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Callbacks {
    /// Asked when a call comes in.
    pub voice: String,
    /// Asked when that fails; empty where the carrier has no place for it.
    pub fallback: String,
    /// Told of states; empty where the carrier has no place for it.
    pub status: String,
}

impl Callbacks {
    /// What we want, less what the carrier once confirmed to have no place for.
    pub fn wanted(ours: &NumberSettings, confirmed: &Value) -> Self {
        let unless_refused = |name: &str, wanted: &str| match confirmed.get(name) {
            Some(Value::String(kept)) if kept.is_empty() => String::new(),
            _ => wanted.to_owned(),
        };
        Self {
            voice: ours.voice_url.clone(),
            fallback: unless_refused("voice_fallback_url", &ours.voice_fallback_url),
            status: unless_refused("status_url", &ours.status_url),
        }
    }

    fn of(seen: &NumberSettings) -> Self {
        Self {
            voice: seen.voice_url.clone(),
            fallback: seen.voice_fallback_url.clone(),
            status: seen.status_url.clone(),
        }
    }

    /// The addresses that differ, as both sides have them.
    fn against(&self, seen: &Self) -> Option<(Value, Value)> {
        let (mut here, mut there) = (serde_json::Map::new(), serde_json::Map::new());
        for (name, ours, theirs, must) in [
            ("voice", &self.voice, &seen.voice, true),
            ("fallback", &self.fallback, &seen.fallback, false),
            ("status", &self.status, &seen.status, false),
        ] {
            // What the carrier has no place for is not compared.
            if (must || !ours.is_empty()) && ours != theirs {
                here.insert(name.to_owned(), json!(ours));
                there.insert(name.to_owned(), json!(theirs));
            }
        }
        (!here.is_empty()).then_some((Value::Object(here), Value::Object(there)))
    }
}

/// A number as we have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The number.
    pub number: E164,
    /// Who has it.
    pub holder: TenantId,
    /// As that tenant's.
    pub subscription: NumberId,
    /// What the carrier calls it.
    pub carrier_number_id: String,
    /// How it stands at the carrier, as was agreed last.
    pub standing: Standing,
    /// What it should call.
    pub callbacks: Callbacks,
}

/// A comparison that is being made.
#[derive(Debug)]
pub struct Comparison {
    /// Not yet seen at the carrier.
    waiting: HashMap<E164, Recorded>,
    seen: HashSet<E164>,
    /// All tenants' numbers are compared: what the carrier has besides is missing here.
    whole: bool,
    found: Vec<Difference>,
}

impl Comparison {
    /// Begins with what we have. Only a `whole` one, of all tenants' numbers, can tell what is
    /// missing here: else the carrier's other numbers are somebody else's.
    pub fn of(recorded: Vec<Recorded>, whole: bool) -> Self {
        let waiting = recorded.into_iter().map(|r| (r.number.clone(), r)).collect();
        Self { waiting, seen: HashSet::new(), whole, found: Vec::new() }
    }

    /// Takes in a page of the carrier's list.
    pub fn page(&mut self, page: &[OwnedNumber]) {
        for owned in page {
            if !self.seen.insert(owned.number.clone()) {
                continue;
            }
            match self.waiting.remove(&owned.number) {
                Some(recorded) => differ(&recorded, owned, &mut self.found),
                None if self.whole => self.found.push(missing_here(owned)),
                None => {}
            }
        }
    }

    /// How many numbers the carrier listed.
    pub fn listed(&self) -> usize {
        self.seen.len()
    }

    /// What the list did not have, to be asked for one by one: a page that shifts while it is read
    /// may leave a number out. What is known to be missing is not asked for again.
    pub fn unseen(&self) -> Vec<Recorded> {
        let mut unseen: Vec<_> = self
            .waiting
            .values()
            .filter(|recorded| recorded.standing != Standing::Missing)
            .cloned()
            .collect();
        unseen.sort_by(|a, b| a.number.cmp(&b.number));
        unseen
    }

    /// The differences, by number.
    pub fn finish(mut self) -> Vec<Difference> {
        for recorded in self.waiting.values() {
            if recorded.standing != Standing::Missing {
                self.found.push(missing_there(recorded));
            }
        }
        self.found.sort_by(|a, b| (&a.subject, a.kind).cmp(&(&b.subject, b.kind)));
        self.found
    }
}

fn missing_there(recorded: &Recorded) -> Difference {
    Difference {
        kind: DriftKind::MissingThere,
        subject: Subject::Number(recorded.number.clone()),
        holder: Some(recorded.holder),
        subscription: Some(recorded.subscription),
        here: json!({ "standing": recorded.standing, "id": recorded.carrier_number_id }),
        there: json!({ "standing": Standing::Missing }),
    }
}

fn missing_here(owned: &OwnedNumber) -> Difference {
    Difference {
        kind: DriftKind::MissingHere,
        subject: Subject::Number(owned.number.clone()),
        holder: None,
        subscription: None,
        here: Value::Null,
        there: json!({ "standing": Standing::of(owned), "id": owned.id, "account": owned.account }),
    }
}

/// What differs in a number that both have.
fn differ(recorded: &Recorded, owned: &OwnedNumber, found: &mut Vec<Difference>) {
    let about = |kind, here, there| Difference {
        kind,
        subject: Subject::Number(recorded.number.clone()),
        holder: Some(recorded.holder),
        subscription: Some(recorded.subscription),
        here,
        there,
    };
    let standing = Standing::of(owned);
    if recorded.standing != standing || recorded.carrier_number_id != owned.id {
        found.push(about(
            DriftKind::Status,
            json!({ "standing": recorded.standing, "id": recorded.carrier_number_id }),
            json!({ "standing": standing, "id": owned.id }),
        ));
    }
    // A carrier that does not say what a number calls cannot be compared with.
    let seen = owned.settings.as_ref().map(Callbacks::of);
    if let Some((here, there)) = seen.and_then(|seen| recorded.callbacks.against(&seen)) {
        found.push(about(DriftKind::Callbacks, here, there));
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
