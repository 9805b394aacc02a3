//! One number: everything its page shows.

use super::{NumberError, Row, carrier_side::outstanding, rows};
use crate::Ctx;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use voxlink_types::{
    Currency,
    ids::{CallId, ConfigurationId, NumberId, OrderId},
    number::NumberState,
};

/// A number with all that its owner may know.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// What a list shows of it.
    pub row: Row,
    /// IANA zone of the number.
    pub time_zone: String,
    /// What it cost once.
    pub setup: Decimal,
    /// A minute of an incoming call.
    pub inbound_minute: Decimal,
    /// Billing increments in seconds: first and next.
    pub increments: (i32, i32),
    /// The published version of its plan.
    pub version: Option<i32>,
    /// When that was published.
    pub published_at: Option<DateTime<Utc>>,
    /// The draft that waits beside it.
    pub draft: Option<ConfigurationId>,
    /// Since when and why it is suspended.
    pub suspension: Option<(DateTime<Utc>, String)>,
    /// What callers hear while suspended, where the owner wrote something.
    pub suspension_message: Option<String>,
    /// When and why its release was asked for.
    pub release: Option<(DateTime<Utc>, String)>,
    /// When it was given back.
    pub released_at: Option<DateTime<Utc>>,
    /// The order it came with.
    pub order: Option<(OrderId, String)>,
    /// True while the carrier has not confirmed what is wished of it.
    pub pending_at_carrier: bool,
}

/// Loads one number of the tenant.
pub async fn detail(cx: &mut Ctx, id: NumberId) -> Result<Detail, NumberError> {
    let row = rows(cx, &[id]).await?.pop().ok_or(NumberError::NotFound)?;
    let more = sqlx::query!(
        // With outer joins sqlx guesses from the plan of the day what may be null: say it.
        r#"select s.time_zone as "time_zone!", s.setup as "setup!", s.inbound_minute as "inbound_minute!",
                s.increment_initial as "increment_initial!", s.increment_next as "increment_next!",
                s.suspended_at as "suspended_at?", s.suspension_reason as "suspension_reason?",
                s.suspension_message as "suspension_message?",
                s.release_requested_at as "release_requested_at?", s.release_reason as "release_reason?",
                s.released_at as "released_at?", s.desired as "desired!", s.confirmed as "confirmed!",
                p.version as "version?", p.published_at as "published_at?",
                (select d.id from number_configurations d
                 where d.tenant_id = s.tenant_id and d.subscription_id = s.id and d.state = 'draft')
                    as "draft: ConfigurationId",
                o.id as "order_id?: OrderId", o.order_number as "order_number?"
         from subscriptions s
         left join number_configurations p on p.id = s.published_configuration_id
         left join order_items oi on oi.id = s.order_item_id
         left join orders o on o.id = oi.order_id
         where s.tenant_id = $1 and s.id = $2"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let suspended = row.state == NumberState::Suspended;
    Ok(Detail {
        time_zone: more.time_zone,
        setup: more.setup,
        inbound_minute: more.inbound_minute,
        increments: (more.increment_initial, more.increment_next),
        version: more.version,
        published_at: more.published_at,
        draft: more.draft,
        suspension: more.suspended_at.zip(more.suspension_reason).filter(|_| suspended),
        suspension_message: more.suspension_message,
        release: more.release_requested_at.zip(more.release_reason),
        released_at: more.released_at,
        order: more.order_id.zip(more.order_number),
        pending_at_carrier: row.state != NumberState::Released
            && label(&more.desired) != label(&more.confirmed),
        row,
    })
}

fn label(settings: &Value) -> Option<&str> {
    settings.get("label").and_then(Value::as_str)
}

/// What a number did in the last 30 days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// Calls.
    pub calls: i64,
    /// Of them, answered.
    pub answered: i64,
    /// Billed seconds of all calls.
    pub billed_seconds: i64,
    /// Messages.
    pub messages: i64,
    /// What calls and messages cost, rental apart.
    pub cost: Decimal,
}

/// Adds up the last 30 days of a number.
pub async fn totals(cx: &mut Ctx, id: NumberId) -> Result<Totals, NumberError> {
    let (tenant, since) = (cx.tenant().uuid(), cx.now() - TimeDelta::days(30));
    let row = sqlx::query!(
        r#"select c.calls as "calls!", c.answered as "answered!", c.billed as "billed!",
                m.messages as "messages!", u.cost as "cost!"
         from (select count(*) as calls, count(*) filter (where answered_at is not null) as answered,
                      coalesce(sum(billable_seconds), 0)::bigint as billed
               from call_records
               where tenant_id = $1 and subscription_id = $2 and started_at >= $3) c,
              (select count(*) as messages from message_records
               where tenant_id = $1 and subscription_id = $2 and sent_at >= $3) m,
              (select coalesce(sum(cost), 0) as cost from usage_records
               where tenant_id = $1 and subscription_id = $2 and occurred_at >= $3
                 and kind <> 'phone_number') u"#,
        tenant,
        id.uuid(),
        since,
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(Totals {
        calls: row.calls,
        answered: row.answered,
        billed_seconds: row.billed,
        messages: row.messages,
        cost: row.cost,
    })
}

/// A call as a number's page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentCall {
    /// Its id.
    pub id: CallId,
    /// Who called, or was called: as signalled.
    pub other: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// The stored state.
    pub status: String,
    /// How it ended, in a word of the plan's: `voicemail`, `forwarded`.
    pub outcome: Option<String>,
    /// When.
    pub started_at: DateTime<Utc>,
    /// How long it was answered.
    pub seconds: Option<i32>,
    /// What it cost.
    pub price: Option<Decimal>,
    /// The currency of the price.
    pub currency: Option<Currency>,
}

/// The last calls of a number, newest first.
pub async fn recent_calls(
    cx: &mut Ctx,
    id: NumberId,
    most: i64,
) -> Result<Vec<RecentCall>, NumberError> {
    let rows = sqlx::query!(
        r#"select id as "id: CallId", case when direction = 'inbound' then from_number else to_number end as "other!",
                direction, status, outcome, started_at, duration_seconds, price, currency as "currency: Currency"
         from call_records where tenant_id = $1 and subscription_id = $2
         order by started_at desc limit $3"#,
        cx.tenant().uuid(),
        id.uuid(),
        most,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| RecentCall {
            id: r.id,
            other: r.other,
            direction: r.direction,
            status: r.status,
            outcome: r.outcome,
            started_at: r.started_at,
            seconds: r.duration_seconds,
            price: r.price,
            currency: r.currency,
        })
        .collect())
}

/// Something in a number's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it went.
    pub to: NumberState,
    /// Why, as a sentence.
    pub reason: String,
    /// Who: a person's name, or `VoxLink`.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The life of a number, newest first.
pub async fn events(cx: &mut Ctx, id: NumberId, most: i64) -> Result<Vec<Event>, NumberError> {
    let rows = sqlx::query!(
        r#"select e.to_state as "to!: NumberState", e.reason as "reason!", e.occurred_at as "occurred_at!", u.full_name as "name?"
         from number_events e
         left join users u on u.tenant_id = e.tenant_id
             and e.actor = 'user:usr_' || replace(u.id::text, '-', '')
         where e.tenant_id = $1 and e.subscription_id = $2
         order by e.occurred_at desc, e.id desc limit $3"#,
        cx.tenant().uuid(),
        id.uuid(),
        most,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Event {
            to: r.to,
            reason: r.reason,
            by: r.name.unwrap_or_else(|| "VoxLink".to_owned()),
            at: r.occurred_at,
        })
        .collect())
}

/// Where a number is at its carrier: for staff only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierFacts {
    /// The carrier's key.
    pub carrier: String,
    /// The carrier's id of the number.
    pub number_id: Option<String>,
    /// The carrier's account it is in.
    pub account: Option<String>,
    /// What is wished there.
    pub desired: Value,
    /// What was confirmed there.
    pub confirmed: Value,
    /// True while the carrier has not confirmed what is wished and it has a place for.
    pub pending: bool,
}

/// Loads where a number is at its carrier. The caller must have found its person to be staff.
pub async fn carrier_facts(cx: &mut Ctx, id: NumberId) -> Result<CarrierFacts, NumberError> {
    let row = sqlx::query!(
        "select i.carrier, i.carrier_number_id, i.carrier_account, s.desired, s.confirmed
         from subscriptions s join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 and s.id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(NumberError::NotFound)?;
    Ok(CarrierFacts {
        carrier: row.carrier,
        number_id: row.carrier_number_id,
        account: row.carrier_account,
        pending: outstanding(&row.desired, &row.confirmed),
        desired: row.desired,
        confirmed: row.confirmed,
    })
}
