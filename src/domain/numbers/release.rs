//! Giving a number back: it falls silent at once, can be undone for some days, and is then given
//! back at the carrier by a job.

use super::{
    NumberError, Row,
    carrier_side::CarrierSideError,
    lifecycle::{self, Locked},
    rental, rows, suspend,
};
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    jobs::{Job, JobError},
    notifications::{self, Notice},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_gateways::CarrierError;
use voxlink_types::{
    E164,
    ids::{NumberId, TenantId},
    notice::NoticeKind,
    number::NumberState,
};

/// Days that a number of ours rests before it may be sold again (47 CFR 52.15(f)(1)(ii)).
pub const AGING_DAYS: i64 = 45;

/// The carriers whose numbers are ours to rest and sell again: the catalogue, and own trunks.
pub(crate) const OWN_CARRIERS: [&str; 2] = ["local", "clec"];

/// Until when a number rests that is given back to this carrier now. Another carrier's number is
/// that carrier's to rest; ours rest with us.
pub(crate) fn rests_until(carrier: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    OWN_CARRIERS.contains(&carrier).then(|| now + TimeDelta::days(AGING_DAYS))
}

/// What a release will do, to be read before it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Consequences {
    /// The number.
    pub row: Row,
    /// From when callers hear that it is not in service: now.
    pub silent_from: DateTime<Utc>,
    /// Until when it can be undone; then it is given back.
    pub undo_until: DateTime<Utc>,
    /// Whole days until then.
    pub undo_days: i64,
    /// Days of rental after it is given back that are paid for and not refunded.
    pub days_not_refunded: i64,
    /// True when the carrier makes us keep it longer than the installation's days of grace.
    pub kept_for_carrier: bool,
}

/// What releasing the number would do now; refuses what [`release`] would refuse.
pub async fn consequences(
    cx: &mut Ctx,
    platform: &Platform,
    id: NumberId,
) -> Result<Consequences, NumberError> {
    let row = rows(cx, &[id]).await?.pop().ok_or(NumberError::NotFound)?;
    releasable(row.state, row.release_at)?;
    let now = cx.now();
    let (undo_until, kept_for_carrier) = undo_until(cx, platform, id, now).await?;
    Ok(Consequences {
        days_not_refunded: rental::days_left(cx, id, undo_until).await?,
        silent_from: now,
        undo_days: (undo_until - now).num_days(),
        undo_until,
        kept_for_carrier,
        row,
    })
}

fn releasable(state: NumberState, release_at: Option<DateTime<Utc>>) -> Result<(), NumberError> {
    match state {
        NumberState::Active | NumberState::Suspended | NumberState::Error
            if release_at.is_some() =>
        {
            Err(NumberError::BeingReleased)
        }
        NumberState::Active | NumberState::Suspended | NumberState::Error => Ok(()),
        _ => Err(NumberError::State { state, wanted: "released" }),
    }
}

/// When the time to undo ends, and whether the carrier's own shortest time decided it.
async fn undo_until(
    cx: &mut Ctx,
    platform: &Platform,
    id: NumberId,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, bool), NumberError> {
    let row = sqlx::query!(
        "select s.started_at, i.carrier from subscriptions s join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 and s.id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let grace = now + TimeDelta::days(platform.settings().release_grace_days);
    let least = TimeDelta::days(i64::from(platform.minimum_days(&row.carrier)));
    let kept = row.started_at + least;
    Ok((grace.max(kept), kept > grace))
}

/// Gives a number back once its time to undo is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarryOutRelease {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub number: NumberId,
}

impl Job for CarryOutRelease {
    const TASK: &'static str = "number.carry_out_release";

    fn key(&self) -> Option<String> {
        Some(format!("number.carry_out_release:{}", self.number))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(carry_out(platform, self).await?)
    }
}

/// Asks for a release. `confirmation` is the number as the person typed it. Answers when it will be
/// carried out.
pub async fn release(
    cx: &mut Ctx,
    platform: &Platform,
    id: NumberId,
    confirmation: &str,
    why: &str,
) -> Result<DateTime<Utc>, NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    if !confirms(&number.number, confirmation) {
        return Err(NumberError::Confirmation);
    }
    request(cx, platform, number, why).await
}

/// Asks for the release of one of many numbers that were confirmed together.
pub(super) async fn release_confirmed(
    cx: &mut Ctx,
    platform: &Platform,
    id: NumberId,
    why: &str,
) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    request(cx, platform, number, why).await.map(drop)
}

/// True when the text is the number, whatever its punctuation, national or international.
fn confirms(number: &E164, typed: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let typed = digits(typed);
    typed == number.digits() || typed == digits(&number.national())
}

async fn request(
    cx: &mut Ctx,
    platform: &Platform,
    number: Locked,
    why: &str,
) -> Result<DateTime<Utc>, NumberError> {
    let why = match why.trim() {
        "" => "Released by its owner",
        typed => suspend::reason(typed)?,
    };
    releasable(number.state, number.release_at)?;
    let silent = match number.state {
        NumberState::Active => NumberState::Suspended,
        state => state,
    };
    let (tenant, now) = (cx.tenant(), cx.now());
    let (until, _) = undo_until(cx, platform, number.id, now).await?;
    sqlx::query!(
        "update subscriptions
         set state = $3, release_requested_at = $4, release_at = $5, release_reason = $6,
             state_before_release = $7,
             suspended_at = coalesce(suspended_at, $4),
             suspension_reason = coalesce(suspension_reason, 'Being released')
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        number.id.uuid(),
        silent.as_str(),
        now,
        until,
        why,
        number.state.as_str(),
    )
    .execute(cx.tx())
    .await?;
    // A minute past the end of the time to undo, so that two servers' clocks may differ a little.
    let job = CarryOutRelease { tenant, number: number.id };
    cx.enqueue_at(&job, Some(until + TimeDelta::minutes(1))).await?;
    lifecycle::told(cx, &number, silent, &format!("Release asked for: {why}")).await?;
    let entry = Entry {
        action: "number.release",
        resource: "number",
        resource_id: Some(number.id.to_string()),
        old: Some(json!({"state": number.state})),
        new: Some(json!({"state": silent, "release_at": until})),
        reason: Some(why),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    Ok(until)
}

/// Takes a release back while there is time: the number answers as before.
pub async fn undo(cx: &mut Ctx, id: NumberId) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    let until = match (number.state, number.release_at) {
        (NumberState::Released, _) => return Err(NumberError::TooLateToUndo),
        (_, None) => return Err(NumberError::NotBeingReleased),
        (_, Some(until)) => until,
    };
    if cx.now() >= until {
        return Err(NumberError::TooLateToUndo);
    }
    let back = number.before_release.unwrap_or(number.state);
    if back != number.state {
        lifecycle::check(&number, back, "restored")?;
    }
    sqlx::query!(
        "update subscriptions
         set state = $3, release_requested_at = null, release_at = null, release_reason = null,
             state_before_release = null,
             suspended_at = case when $3 = 'suspended' then suspended_at end,
             suspension_reason = case when $3 = 'suspended' then suspension_reason end,
             suspension_message = case when $3 = 'suspended' then suspension_message end
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        back.as_str(),
    )
    .execute(cx.tx())
    .await?;
    lifecycle::told(cx, &number, back, "Release undone").await?;
    let entry = Entry {
        action: "number.undo_release",
        resource: "number",
        resource_id: Some(id.to_string()),
        old: Some(json!({"state": number.state, "release_at": until})),
        new: Some(json!({"state": back})),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}

/// Carries out [`CarryOutRelease`]: an undone or carried out release is done already, and a number
/// that the carrier no longer knows is as good as given back.
pub async fn carry_out(platform: &Platform, job: &CarryOutRelease) -> Result<(), CarrierSideError> {
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let row = sqlx::query!(
        "select i.carrier, i.carrier_number_id, i.carrier_account from subscriptions s
         join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 and s.id = $2 and s.state <> 'released' and s.release_at <= $3",
        job.tenant.uuid(),
        job.number.uuid(),
        cx.now(),
    )
    .fetch_optional(cx.tx())
    .await?;
    drop(cx);
    let Some(row) = row else { return Ok(()) };
    if let Some(at_carrier) = &row.carrier_number_id {
        let carrier = platform
            .carrier(&row.carrier)
            .ok_or_else(|| CarrierSideError::NoCarrier(row.carrier.clone()))?;
        // Another account knows nothing of the number, which would pass for "already gone".
        let (ours, its) = (carrier.account(), row.carrier_account.unwrap_or_default());
        if !ours.is_empty() && !its.is_empty() && ours != its {
            return Err(CarrierSideError::OtherAccount { carrier: row.carrier, account: its });
        }
        match carrier.release(at_carrier).await {
            Ok(()) | Err(CarrierError::Gone { .. }) => {}
            Err(CarrierError::TooEarly { until, .. }) => {
                let mut cx = platform.work_for(job.tenant, "worker").await?;
                let outcome = postponed(&mut cx, job, until).await;
                return finish(cx, outcome).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let outcome = given_back(&mut cx, job.number, &row.carrier, row.carrier_number_id).await;
    finish(cx, outcome).await
}

/// Commits what was written about a release.
async fn finish(cx: Ctx, outcome: Result<(), NumberError>) -> Result<(), CarrierSideError> {
    match outcome {
        Ok(()) => Ok(cx.commit().await?),
        Err(NumberError::Fault(fault)) => Err(fault.into()),
        Err(other) => Err(Fault::Internal(other.to_string()).into()),
    }
}

/// When a number is given back again that its carrier wants to keep longer: when the carrier says,
/// else a day later.
pub(crate) fn next_try(now: DateTime<Utc>, until: Option<DateTime<Utc>>) -> DateTime<Utc> {
    until.filter(|until| *until > now).unwrap_or(now + TimeDelta::days(1))
}

/// Records that the carrier keeps the number for longer than was told: its release goes on, and can
/// be undone until then.
async fn postponed(
    cx: &mut Ctx,
    job: &CarryOutRelease,
    until: Option<DateTime<Utc>>,
) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, job.number).await?;
    let Some(was) = number.release_at.filter(|_| number.state != NumberState::Released) else {
        return Ok(());
    };
    let next = next_try(cx.now(), until);
    sqlx::query!(
        "update subscriptions set release_at = $3 where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        job.number.uuid(),
        next,
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue_at(job, Some(next + TimeDelta::minutes(1))).await?;
    let day = next.format("%-d %B %Y");
    let why = format!("The carrier makes us keep it until {day} at least");
    lifecycle::told(cx, &number, number.state, &why).await?;
    let entry = Entry {
        action: "number.postpone_release",
        resource: "number",
        resource_id: Some(job.number.to_string()),
        old: Some(json!({"release_at": was})),
        new: Some(json!({"release_at": next})),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}

/// Records that the carrier has the number back.
async fn given_back(
    cx: &mut Ctx,
    id: NumberId,
    carrier: &str,
    carrier_number_id: Option<String>,
) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    if number.state == NumberState::Released {
        return Ok(());
    }
    lifecycle::check(&number, NumberState::Released, "released")?;
    let now = cx.now();
    sqlx::query!(
        "update subscriptions set state = 'released', released_at = $3
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?;
    let aging_until = rests_until(carrier, now);
    sqlx::query!(
        "update inventory
         set state = case when $2::timestamptz is null then 'available' else 'aging' end,
             aging_until = $2, carrier_number_id = null
         where id = $1 and state = 'sold'",
        number.inventory.uuid(),
        aging_until,
    )
    .execute(cx.tx())
    .await?;
    lifecycle::told(cx, &number, NumberState::Released, "Given back to the carrier").await?;
    let shown = number.number.international();
    let notice = Notice {
        kind: NoticeKind::System,
        title: format!("{shown} is released"),
        message: format!("{shown} was given back and costs nothing from now on."),
        action: Some(("See your numbers".to_owned(), "/numbers".to_owned())),
        dedupe_key: Some(format!("number:{id}:released")),
    };
    notifications::notify_managers(cx, &notice).await?;
    let entry = Entry {
        action: "number.released",
        resource: "number",
        resource_id: Some(id.to_string()),
        old: Some(json!({"state": number.state, "carrier_number_id": carrier_number_id})),
        new: Some(json!({"state": "released", "aging_until": aging_until})),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}
