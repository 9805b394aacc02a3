//! Campaigns with what came of them.

use super::CampaignError;
use crate::Ctx;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use voxlink_types::{
    Currency, E164,
    ids::{CampaignId, NumberId},
    number::NumberState,
};

/// A campaign and its figures. Calls and what they cost are those that came in while their number
/// was assigned to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Which.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Since when it is archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// Numbers assigned to it now.
    pub numbers: i64,
    /// What they are rented for a month.
    pub rental: Decimal,
    /// Calls within 30 days.
    pub recent_calls: i64,
    /// What those cost.
    pub recent_cost: Decimal,
    /// All calls.
    pub calls: i64,
    /// Seconds billed.
    pub billed_seconds: i64,
    /// What all calls cost.
    pub cost: Decimal,
    /// The account's currency.
    pub currency: Currency,
}

/// The campaigns by name; the archived ones where they are asked for.
pub async fn list(cx: &mut Ctx, archived: bool) -> Result<Vec<Campaign>, CampaignError> {
    rows(cx, None, Some(archived)).await
}

/// One campaign.
pub async fn get(cx: &mut Ctx, id: CampaignId) -> Result<Campaign, CampaignError> {
    rows(cx, Some(id), None).await?.pop().ok_or(CampaignError::NotFound)
}

/// A campaign in use by its id or name, as typed in a shell.
pub async fn find(cx: &mut Ctx, typed: &str) -> Result<CampaignId, CampaignError> {
    if let Ok(id) = typed.parse::<CampaignId>() {
        return Ok(get(cx, id).await?.id);
    }
    sqlx::query_scalar!(
        r#"select id as "id: CampaignId" from campaigns
           where tenant_id = $1 and lower(name) = lower($2) and archived_at is null"#,
        cx.tenant().uuid(),
        typed.trim(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(CampaignError::NotFound)
}

async fn rows(
    cx: &mut Ctx,
    id: Option<CampaignId>,
    archived: Option<bool>,
) -> Result<Vec<Campaign>, CampaignError> {
    let since = cx.now() - TimeDelta::days(30);
    let rows = sqlx::query_as!(
        Campaign,
        r#"select c.id as "id!: CampaignId", c.name as "name!", c.archived_at as "archived_at?",
                c.created_at as "created_at!", n.numbers as "numbers!", n.rental as "rental!",
                r.recent_calls as "recent_calls!", r.recent_cost as "recent_cost!", r.calls as "calls!",
                r.billed_seconds as "billed_seconds!", r.cost as "cost!",
                b.currency as "currency!: Currency"
         from campaigns c
         join billing_accounts b on b.tenant_id = c.tenant_id
         cross join lateral (
             select count(*) as numbers, coalesce(sum(s.monthly), 0) as rental from subscriptions s
             where s.tenant_id = c.tenant_id and s.campaign_id = c.id and s.state <> 'released') n
         cross join lateral (
             select count(*) as calls, count(*) filter (where k.started_at >= $4) as recent_calls,
                    coalesce(sum(k.billable_seconds), 0)::bigint as billed_seconds,
                    coalesce(sum(k.price), 0) as cost,
                    coalesce(sum(k.price) filter (where k.started_at >= $4), 0) as recent_cost
             from call_records k where k.tenant_id = c.tenant_id and k.campaign_id = c.id) r
         where c.tenant_id = $1 and ($2::uuid is null or c.id = $2)
           and ($3::boolean is null or (c.archived_at is not null) = $3)
         order by lower(c.name), c.id"#,
        cx.tenant().uuid(),
        id.map(CampaignId::uuid),
        archived,
        since,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// A number of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignNumber {
    /// Which.
    pub id: NumberId,
    /// The number.
    pub number: E164,
    /// Its name.
    pub name: Option<String>,
    /// Where it stands.
    pub state: NumberState,
    /// A month.
    pub monthly: Decimal,
    /// In which currency.
    pub currency: Currency,
    /// Its calls for this campaign.
    pub calls: i64,
    /// What they cost.
    pub cost: Decimal,
}

/// The numbers that are assigned to a campaign now.
pub async fn numbers(cx: &mut Ctx, id: CampaignId) -> Result<Vec<CampaignNumber>, CampaignError> {
    let rows = sqlx::query_as!(
        CampaignNumber,
        r#"select s.id as "id!: NumberId", s.e164 as "number!: E164", s.friendly_name as "name?",
                s.state as "state!: NumberState", s.monthly as "monthly!",
                s.currency as "currency!: Currency", r.calls as "calls!", r.cost as "cost!"
         from subscriptions s
         cross join lateral (
             select count(*) as calls, coalesce(sum(k.price), 0) as cost from call_records k
             where k.tenant_id = s.tenant_id and k.subscription_id = s.id and k.campaign_id = $2) r
         where s.tenant_id = $1 and s.campaign_id = $2 and s.state <> 'released'
         order by s.e164"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// The campaign of a number.
pub async fn of_number(
    cx: &mut Ctx,
    number: NumberId,
) -> Result<Option<CampaignId>, CampaignError> {
    let found = sqlx::query_scalar!(
        r#"select campaign_id as "id: CampaignId" from subscriptions where tenant_id = $1 and id = $2"#,
        cx.tenant().uuid(),
        number.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(found.flatten())
}
