//! The whole plan at once: every difference that waits and has one way to be settled.

use super::{
    CarryOutDrift, Drift, DriftKind, InventoryError, apply, carry_out, open_at, open_of_audit,
    remedies,
};
use crate::{
    Ctx, Installation, Platform,
    audit::Entry,
    catalog,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_types::ids::InventoryAuditId;

/// What came of mending an audit's differences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fixed {
    /// Settled, here and at the carrier.
    pub done: usize,
    /// Settled here; what the carrier has to do is tried again by the server's worker: subject and
    /// reason.
    pub waiting: Vec<(String, String)>,
    /// Left for a person: subject and reason.
    pub left: Vec<(String, String)>,
}

/// Settles an audit's open differences where there is one thing to do about each, and does it at
/// once. What only the carrier has is left for a person.
pub async fn fix(
    platform: &Platform,
    audit: InventoryAuditId,
    by: &'static str,
) -> Result<Fixed, InventoryError> {
    let mut cx = platform.work(by).await?;
    let open = open_of_audit(&mut cx, audit).await?;
    drop(cx);
    all(platform, open, by).await
}

/// Settles what waits at a carrier, for the administrator who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleCarrier {
    /// The carrier's key.
    pub carrier: String,
}

impl Job for SettleCarrier {
    const TASK: &'static str = "inventory.settle";

    fn key(&self) -> Option<String> {
        Some(format!("inventory.settle:{}", self.carrier))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        let mut cx = platform.work("worker").await?;
        let open = open_at(&mut cx, &self.carrier).await?;
        drop(cx);
        all(platform, open, "worker").await?;
        Ok(())
    }
}

/// Asks for the settlement of everything at a carrier that there is one way to settle.
pub async fn settle(cx: &mut Ctx<Installation>, carrier: &str) -> Result<(), InventoryError> {
    cx.enqueue(&SettleCarrier { carrier: carrier.to_owned() }).await?;
    let entry = Entry {
        action: "inventory.settle",
        resource: "carrier",
        resource_id: Some(carrier.to_owned()),
        new: Some(json!({ "carrier": carrier })),
        ..Entry::default()
    };
    Ok(cx.audit_of(None, entry).await?)
}

async fn all(
    platform: &Platform,
    open: Vec<Drift>,
    by: &'static str,
) -> Result<Fixed, InventoryError> {
    let (mut fixed, mut prices) = (Fixed::default(), Vec::new());
    for drift in open {
        let [remedy] = remedies(drift.kind) else {
            let why =
                "say whose it is, or that it is to be given back, under Administration, Drift";
            fixed.left.push((drift.subject, why.to_owned()));
            continue;
        };
        let mut cx = platform.work(by).await?;
        match apply(&mut cx, platform, drift.id, *remedy, None).await {
            Ok(()) => cx.commit().await?,
            Err(InventoryError::Fault(fault)) => return Err(fault.into()),
            Err(error) => {
                fixed.left.push((drift.subject, error.to_string()));
                continue;
            }
        }
        if drift.kind == DriftKind::Price {
            prices.push(drift.subject);
            continue;
        }
        // The job is enqueued as well; it may run twice and does not mind.
        match carry_out(platform, &CarryOutDrift { drift: drift.id, back: false }).await {
            Ok(()) => fixed.done += 1,
            Err(error) => fixed.waiting.push((drift.subject, error.to_string())),
        }
    }
    if !prices.is_empty() {
        match catalog::refresh_prices(platform).await {
            Ok(_) => fixed.done += prices.len(),
            Err(fault) => {
                fixed.waiting.extend(prices.into_iter().map(|p| (p, fault.to_string())));
            }
        }
    }
    Ok(fixed)
}
