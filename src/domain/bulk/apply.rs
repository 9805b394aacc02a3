//! What a row does to a number that the tenant has: the verbs that pages use, one by one. A rehearsal
//! does the same and undoes it, so what it says is what would happen.

use super::{
    error::RowError,
    task::{Does, Task},
};
use crate::{Ctx, Platform, campaigns, numbers, routing};
use voxlink_types::{
    E164,
    ids::NumberId,
    routing::{Address, Forward, Kind, Next, Plan, Ring, describe},
};

/// Seconds that a forwarded call rings.
const RINGS: u16 = 30;

/// Does a row and says what it does, for a rehearsal and for afterwards. Purchases are
/// [`super::buy`]'s.
pub(super) async fn apply(
    cx: &mut Ctx,
    platform: &Platform,
    task: &Task,
) -> Result<String, RowError> {
    match task {
        Task::Buy(_) => Err(RowError::because("A purchase is an order.")),
        Task::Release(number, why) => {
            let id = owned(cx, number).await?;
            let until = numbers::release(cx, platform, id, number.as_str(), why).await?;
            Ok(format!("Silent at once; given back after {}", until.format("%-d %B %Y")))
        }
        Task::Configure(number, does) => configure(cx, number, does).await,
        Task::Tag(number, add, remove) => {
            let id = owned(cx, number).await?;
            numbers::change_tags(cx, id, add, remove).await?;
            let put = (!add.as_slice().is_empty())
                .then(|| format!("Tags put on: {}", add.as_slice().join(", ")));
            let taken = (!remove.as_slice().is_empty())
                .then(|| format!("Tags taken off: {}", remove.as_slice().join(", ")));
            Ok([put, taken].into_iter().flatten().collect::<Vec<_>>().join(". "))
        }
        Task::Assign(number, campaign) => {
            let id = owned(cx, number).await?;
            match campaign {
                None => {
                    campaigns::assign(cx, None, &[id]).await?;
                    Ok("Assigned to no campaign".to_owned())
                }
                Some(typed) => {
                    let to = campaigns::find(cx, typed).await?;
                    campaigns::assign(cx, Some(to), &[id]).await?;
                    Ok(format!("Assigned to “{typed}”"))
                }
            }
        }
    }
}

/// Publishes what a number shall do. A draft that somebody is writing is never thrown away.
async fn configure(cx: &mut Ctx, number: &E164, does: &Does) -> Result<String, RowError> {
    let id = owned(cx, number).await?;
    if routing::editing(cx, id).await?.draft.is_some() {
        return Err(RowError::because(
            "A plan for this number is being written. Publish that draft or discard it first.",
        ));
    }
    let plan = match does {
        Does::Forwards(to) => forward(to),
        Does::AsNumber(from) => {
            let source = owned(cx, from).await.map_err(|error| match error {
                RowError::Refused(_) => {
                    RowError::because(format!("copy_from: {from} is no number in your account."))
                }
                fault @ RowError::Fault(_) => fault,
            })?;
            let published = routing::editing(cx, source).await?.published;
            published.map(|version| version.plan).ok_or_else(|| {
                RowError::because(format!("copy_from: {from} has no published plan."))
            })?
        }
    };
    let does = describe(&plan);
    if routing::save_draft(cx, id, plan, None).await?.is_none() {
        return Ok(format!("Does so already: {does}"));
    }
    routing::publish(cx, id, Some("By a sheet")).await?;
    Ok(format!("Publishes: {does}"))
}

/// Rings a number, and hangs up when nobody answers.
fn forward(to: &E164) -> Plan {
    let forward = Forward {
        targets: vec![Address(to.to_string())],
        ring: Ring::AllAtOnce,
        timeout_seconds: RINGS.into(),
        no_answer: Some(Next::HangUp),
        busy: None,
    };
    Plan::of_one("Forward", Kind::Forward(forward))
}

/// A number that the tenant has now.
async fn owned(cx: &mut Ctx, number: &E164) -> Result<NumberId, RowError> {
    sqlx::query_scalar!(
        r#"select id as "id: NumberId" from subscriptions
           where tenant_id = $1 and e164 = $2 and state <> 'released'"#,
        cx.tenant().uuid(),
        number.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or_else(|| RowError::because(format!("{number} is no number in your account.")))
}
