//! Calls as their owner reads them.

use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::types::Json;
use voxlink_types::{
    Currency, Page, PageRequest,
    call::CallStatus,
    ids::{CallId, CampaignId, ConfigurationId, NumberId},
    routing::Visit,
};

/// Which calls are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Digits that either number holds.
    pub digits: Option<String>,
    /// Of one number.
    pub number: Option<NumberId>,
    /// For a campaign.
    pub campaign: Option<CampaignId>,
    /// In a state.
    pub status: Option<CallStatus>,
    /// `inbound` or `outbound`.
    pub direction: Option<String>,
    /// Begun then or later.
    pub from: Option<DateTime<Utc>>,
    /// Begun before.
    pub until: Option<DateTime<Utc>>,
}

/// A call in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// Its id.
    pub id: CallId,
    /// The number's id.
    pub number: Option<NumberId>,
    /// Who called.
    pub from: String,
    /// Who was called.
    pub to: String,
    /// The number's name.
    pub name: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Where it stands.
    pub status: CallStatus,
    /// What it came to.
    pub outcome: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Seconds spoken.
    pub duration_seconds: Option<i32>,
    /// What it costs.
    pub price: Option<Decimal>,
    /// In which currency.
    pub currency: Option<Currency>,
}

/// One question of the carrier and what was decided, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asked {
    /// When.
    pub at: DateTime<Utc>,
    /// What came back from the step before.
    pub input: Option<String>,
    /// The way through the plan.
    pub path: Vec<Visit>,
}

/// A call with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As in lists.
    pub row: CallRow,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Seconds that are billed.
    pub billable_seconds: Option<i32>,
    /// Where the caller was, as the carrier believes.
    pub place: Option<String>,
    /// The carrier's key.
    pub carrier: String,
    /// The carrier's id.
    pub carrier_call_id: String,
    /// The version that decided first, and its count.
    pub configuration: Option<(ConfigurationId, i32)>,
    /// The decisions, earliest first.
    pub asked: Vec<Asked>,
    /// The recording: its address and seconds.
    pub recording: Option<(String, Option<i32>)>,
    /// How the price was made.
    pub derivation: Option<serde_json::Value>,
}

/// A page of calls, newest first.
pub async fn calls(
    cx: &mut Ctx,
    filter: &CallFilter,
    request: PageRequest,
) -> Result<Page<CallRow>, Fault> {
    let tenant = cx.tenant();
    let digits = filter.digits.as_ref().map(|d| {
        let digits: String = d.chars().filter(char::is_ascii_digit).take(15).collect();
        format!("%{digits}%")
    });
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from call_records
           where tenant_id = $1
             and ($2::uuid is null or subscription_id = $2)
             and ($3::text is null or status = $3)
             and ($4::text is null or direction = $4)
             and ($5::timestamptz is null or started_at >= $5)
             and ($6::timestamptz is null or started_at < $6)
             and ($7::text is null or from_number like $7 or to_number like $7)
             and ($8::uuid is null or campaign_id = $8)"#,
        tenant.uuid(),
        filter.number.map(NumberId::uuid),
        filter.status.map(CallStatus::as_str),
        filter.direction.as_deref(),
        filter.from,
        filter.until,
        digits,
        filter.campaign.map(CampaignId::uuid),
    )
    .fetch_one(cx.tx())
    .await?;
    let rows = sqlx::query_as!(
        CallRow,
        r#"select r.id as "id: CallId", r.subscription_id as "number: NumberId",
                  r.from_number as "from", r.to_number as "to", s.friendly_name as "name?",
                  r.direction, r.status as "status: CallStatus", r.outcome, r.started_at,
                  r.duration_seconds, r.price, r.currency as "currency: Currency"
           from call_records r
           left join subscriptions s on s.id = r.subscription_id and s.tenant_id = r.tenant_id
           where r.tenant_id = $1
             and ($2::uuid is null or r.subscription_id = $2)
             and ($3::text is null or r.status = $3)
             and ($4::text is null or r.direction = $4)
             and ($5::timestamptz is null or r.started_at >= $5)
             and ($6::timestamptz is null or r.started_at < $6)
             and ($7::text is null or r.from_number like $7 or r.to_number like $7)
             and ($10::uuid is null or r.campaign_id = $10)
           order by r.started_at desc, r.id desc limit $8 offset $9"#,
        tenant.uuid(),
        filter.number.map(NumberId::uuid),
        filter.status.map(CallStatus::as_str),
        filter.direction.as_deref(),
        filter.from,
        filter.until,
        digits,
        request.limit(),
        request.offset(),
        filter.campaign.map(CampaignId::uuid),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(Page { rows, request, total })
}

/// The newest calls of a number, for its page.
pub async fn last_calls(cx: &mut Ctx, number: NumberId, limit: u32) -> Result<Vec<CallRow>, Fault> {
    let filter = CallFilter { number: Some(number), ..CallFilter::default() };
    Ok(calls(cx, &filter, PageRequest::new(1, limit)).await?.rows)
}

/// One call; none when it is absent or somebody else's.
pub async fn call(cx: &mut Ctx, id: CallId) -> Result<Option<Call>, Fault> {
    let tenant = cx.tenant();
    let row = sqlx::query!(
        r#"select r.subscription_id as "number: NumberId", r.from_number, r.to_number,
                  s.friendly_name as "name?", r.direction, r.status as "status: CallStatus", r.outcome,
                  r.started_at, r.answered_at, r.ended_at, r.duration_seconds, r.billable_seconds,
                  r.price, r.currency as "currency: Currency", r.carrier, r.carrier_call_id,
                  r.from_city, r.from_region, r.from_country, r.recording_url, r.recording_seconds,
                  r.decision as "decision: Json<Vec<Asked>>",
                  c.id as "configuration?: ConfigurationId", c.version as "version?",
                  u.derivation as "derivation?"
           from call_keys k
           join call_records r on r.id = k.call_id and r.started_at = k.started_at
           left join subscriptions s on s.id = r.subscription_id and s.tenant_id = r.tenant_id
           left join number_configurations c on c.id = r.configuration_id and c.tenant_id = r.tenant_id
           left join usage_keys uk on uk.source = 'call:' || r.id::text and uk.tenant_id = r.tenant_id
           left join usage_records u on u.id = uk.usage_id and u.occurred_at = uk.occurred_at
           where k.call_id = $2 and k.tenant_id = $1 and r.tenant_id = $1"#,
        tenant.uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(r) = row else { return Ok(None) };
    let place: Vec<String> =
        [r.from_city, r.from_region, r.from_country].into_iter().flatten().collect();
    let mut asked = r.decision.map(|d| d.0).unwrap_or_default();
    asked.sort_by_key(|a| a.at);
    Ok(Some(Call {
        row: CallRow {
            id,
            number: r.number,
            from: r.from_number,
            to: r.to_number,
            name: r.name,
            direction: r.direction,
            status: r.status,
            outcome: r.outcome,
            started_at: r.started_at,
            duration_seconds: r.duration_seconds,
            price: r.price,
            currency: r.currency,
        },
        answered_at: r.answered_at,
        ended_at: r.ended_at,
        billable_seconds: r.billable_seconds,
        place: (!place.is_empty()).then(|| place.join(", ")),
        carrier: r.carrier,
        carrier_call_id: r.carrier_call_id,
        configuration: r.configuration.zip(r.version),
        asked,
        recording: r.recording_url.map(|url| (url, r.recording_seconds)),
        derivation: r.derivation,
    }))
}
