//! The whole plan at once: every difference that waits and has one way to be settled.

use super::{
    CarryOutDrift, Drift, DriftKind, InventoryError, Remedy, apply, carry_out, open_at,
    open_of_audit,
    prices::{self, Stand},
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
    /// Waits for the carrier: subject and reason. What it has to do is tried again by the server's
    /// worker; a price that it did not tell stays open, and is asked for every day.
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
    let (mut fixed, mut priced) = (Fixed::default(), Vec::new());
    for drift in open {
        let [remedy] = remedies(drift.kind) else {
            let why =
                "say whose it is, or that it is to be given back, under Administration, Drift";
            fixed.left.push((drift.subject, why.to_owned()));
            continue;
        };
        if drift.kind == DriftKind::Price {
            priced.push(drift);
            continue;
        }
        let mut cx = platform.work(by).await?;
        match apply(&mut cx, platform, drift.id, *remedy, None).await {
            Ok(()) => cx.commit().await?,
            Err(InventoryError::Fault(fault)) => return Err(fault.into()),
            Err(error) => {
                fixed.left.push((drift.subject, error.to_string()));
                continue;
            }
        }
        // The job is enqueued as well; it may run twice and does not mind.
        match carry_out(platform, &CarryOutDrift { drift: drift.id, back: false }).await {
            Ok(()) => fixed.done += 1,
            Err(error) => fixed.waiting.push((drift.subject, error.to_string())),
        }
    }
    if !priced.is_empty() {
        follow(platform, priced, by, &mut fixed).await?;
    }
    Ok(fixed)
}

/// Fetches the carriers' prices, once for all, and settles the differences that the book then shows
/// no more. A fetch that goes well proves nothing: a carrier that does not answer keeps its prices,
/// and a price by hand stays.
async fn follow(
    platform: &Platform,
    open: Vec<Drift>,
    by: &'static str,
    fixed: &mut Fixed,
) -> Result<(), InventoryError> {
    let failed = catalog::refresh_prices(platform).await.err();
    for drift in open {
        let mut cx = platform.work(by).await?;
        match prices::stand(&mut cx, &drift).await? {
            Stand::Follows => {
                match apply(&mut cx, platform, drift.id, Remedy::TakeOver, None).await {
                    Ok(()) => {
                        cx.commit().await?;
                        fixed.done += 1;
                    }
                    Err(InventoryError::Fault(fault)) => return Err(fault.into()),
                    Err(error) => fixed.left.push((drift.subject, error.to_string())),
                }
            }
            Stand::ByHand => {
                fixed.left.push((drift.subject, InventoryError::ByHand.to_string()));
            }
            Stand::Behind => {
                let why = failed
                    .as_ref()
                    .map_or_else(|| InventoryError::PriceBehind.to_string(), ToString::to_string);
                fixed.waiting.push((drift.subject, why));
            }
        }
    }
    Ok(())
}
