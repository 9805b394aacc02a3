//! Folding news into records. One transaction for a batch: first the calls that are new, in one
//! statement, then the rest, both in the order of their ids so that two servers hardly ever wait
//! for each other in a circle. Where they do, PostgreSQL stops one, and its news goes by the disk.

use super::{Heard, News, RecordingNews, StatusNews};
use crate::{
    Ctx, Fault, Installation,
    billing::usage::{self, CallDirection, CallToRate},
    routing::signalled,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use voxlink_types::{
    call::CallStatus,
    ids::{CallId, ConfigurationId, NumberId, TenantId},
};

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Written {
    /// Calls that were not known before.
    pub new_calls: usize,
    /// News of calls that are not known yet: to be tried again later.
    pub early: Vec<News>,
    /// News of numbers that are nobody's.
    pub foreign: usize,
}

/// Writes a batch.
pub async fn write(cx: &mut Ctx<Installation>, batch: &[News]) -> Result<Written, Fault> {
    let mut by_call: BTreeMap<(&str, &str), Vec<&News>> = BTreeMap::new();
    for news in batch {
        by_call.entry(news.call()).or_default().push(news);
    }
    let mut written = Written::default();
    let mut used: BTreeMap<(TenantId, NumberId), (i64, DateTime<Utc>)> = BTreeMap::new();
    for all in by_call.values_mut() {
        // Answers first: they know whose the call is.
        all.sort_by_key(|n| !matches!(n, News::Heard(_)));
    }
    let first = by_call.values().filter_map(|all| match all.first() {
        Some(News::Heard(heard)) => Some(&**heard),
        _ => None,
    });
    let new = begin_all(cx, first).await?;
    for (call, all) in &by_call {
        let begun = new.get(call);
        if let Some(&(tenant, number, at)) = begun {
            written.new_calls += 1;
            let count = used.entry((tenant, number)).or_default();
            *count = (count.0 + 1, count.1.max(at));
        }
        for news in all.iter().skip(usize::from(begun.is_some())) {
            let found = match news {
                News::Heard(heard) => heard_call(cx, heard).await?,
                News::Status(status) => status_call(cx, status).await?,
                News::Recording(recording) => known(cx, news.call(), recording).await?,
            };
            match found {
                Found::Early => written.early.push((*news).clone()),
                Found::Foreign => written.foreign += 1,
                Found::Call(call) => {
                    if call.new {
                        written.new_calls += 1;
                        let count = used.entry((call.tenant, call.number)).or_default();
                        *count = (count.0 + 1, count.1.max(call.started_at));
                    }
                    apply(cx, &call, news).await?;
                }
            }
        }
    }
    for ((tenant, number), (count, last)) in used {
        sqlx::query!(
            "update subscriptions
             set total_calls = total_calls + $3, last_used_at = greatest(last_used_at, $4)
             where tenant_id = $1 and id = $2",
            tenant.uuid(),
            number.uuid(),
            count,
            last,
        )
        .execute(cx.tx())
        .await?;
    }
    Ok(written)
}

enum Found {
    Call(Known),
    Early,
    Foreign,
}

/// A call that has its row.
struct Known {
    id: CallId,
    tenant: TenantId,
    number: NumberId,
    started_at: DateTime<Utc>,
    new: bool,
}

/// Begins the calls that are new with what was first answered, in one statement for all: the
/// usual news, and the most. Gives back which they were.
async fn begin_all<'a>(
    cx: &mut Ctx<Installation>,
    first: impl Iterator<Item = &'a Heard>,
) -> Result<BTreeMap<(&'a str, &'a str), (TenantId, NumberId, DateTime<Utc>)>, Fault> {
    let mut calls = BTreeMap::new();
    let mut rows = Vec::new();
    for heard in first {
        let id = CallId::new(u64::try_from(heard.at.timestamp_millis()).unwrap_or(0)).uuid();
        let (city, region, country) = &heard.place;
        rows.push(json!({
            "id": id, "carrier": heard.carrier, "call": heard.carrier_call_id,
            "account": heard.account, "tenant": heard.tenant.uuid(), "number": heard.number.uuid(),
            "from_number": caller(&heard.from), "from_raw": heard.from, "to_number": heard.to,
            "to_raw": heard.to_raw, "at": heard.at, "decision": [told(heard)],
            "configuration": heard.configuration.map(ConfigurationId::uuid),
            "outcome": heard.outcome, "city": city, "region": region, "country": country,
        }));
        calls.insert(id, heard);
    }
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let new = sqlx::query_scalar!(
        r#"with given as (
             select * from jsonb_to_recordset($1) as g(id uuid, carrier text, call text,
                 account text, tenant uuid, number uuid, from_number text, from_raw text,
                 to_number text, to_raw text, at timestamptz, decision jsonb, configuration uuid,
                 outcome text, city text, region text, country text)),
           new as (
             insert into call_keys (carrier, carrier_call_id, call_id, tenant_id, started_at)
             select carrier, call, id, tenant, at from given
             order by carrier collate "C", call collate "C"
             on conflict do nothing returning call_id)
           insert into call_records (id, tenant_id, subscription_id, campaign_id, carrier,
               carrier_call_id, carrier_account, from_number, from_raw, to_number, to_raw,
               direction, status, started_at, decision, configuration_id, outcome, from_city,
               from_region, from_country, updated_at)
           select g.id, g.tenant, s.id, s.campaign_id, g.carrier, g.call, g.account,
               g.from_number, g.from_raw, g.to_number, g.to_raw, 'inbound', 'ringing', g.at,
               g.decision, g.configuration, g.outcome, g.city, g.region, g.country, $2
           from new join given g on g.id = new.call_id
           join subscriptions s on s.tenant_id = g.tenant and s.id = g.number
           returning id"#,
        serde_json::Value::Array(rows),
        cx.now(),
    )
    .fetch_all(cx.tx())
    .await?;
    let begun = new.into_iter().filter_map(|id| calls.get(&id)).map(|heard| {
        let call = (heard.carrier.as_str(), heard.carrier_call_id.as_str());
        (call, (heard.tenant, heard.number, heard.at))
    });
    Ok(begun.collect())
}

/// The caller in E.164 where the carrier signals it so.
fn caller(from: &str) -> String {
    signalled(from).map_or_else(|| from.to_owned(), |n| n.to_string())
}

/// An answer as the record's way through the plan holds it.
fn told(heard: &Heard) -> serde_json::Value {
    json!({
        "key": heard.key, "at": heard.at, "configuration": heard.configuration,
        "input": heard.input, "path": heard.path,
    })
}

/// What a new record begins with.
struct Begin<'a> {
    carrier: &'a str,
    carrier_call_id: &'a str,
    account: Option<&'a str>,
    tenant: TenantId,
    number: NumberId,
    from: &'a str,
    to: &'a str,
    to_raw: &'a str,
    at: DateTime<Utc>,
}

async fn begin(cx: &mut Ctx<Installation>, begin: &Begin<'_>) -> Result<Known, Fault> {
    let id = CallId::new(u64::try_from(begin.at.timestamp_millis()).unwrap_or(0));
    let inserted = sqlx::query!(
        "insert into call_keys (carrier, carrier_call_id, call_id, tenant_id, started_at)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        begin.carrier,
        begin.carrier_call_id,
        id.uuid(),
        begin.tenant.uuid(),
        begin.at,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    if inserted == 0 {
        return find(cx, begin.carrier, begin.carrier_call_id).await?.ok_or_else(|| {
            Fault::inconsistent(format!("call_keys {}", begin.carrier_call_id), "no call record")
        });
    }
    sqlx::query!(
        "insert into call_records (id, tenant_id, subscription_id, campaign_id, carrier, carrier_call_id,
             carrier_account, from_number, from_raw, to_number, to_raw, direction, status, started_at)
         select $1, $2, s.id, s.campaign_id, $4, $5, $6, $7, $8, $9, $10, 'inbound', 'initiated', $11
         from subscriptions s where s.tenant_id = $2 and s.id = $3",
        id.uuid(),
        begin.tenant.uuid(),
        begin.number.uuid(),
        begin.carrier,
        begin.carrier_call_id,
        begin.account,
        caller(begin.from),
        begin.from,
        begin.to,
        begin.to_raw,
        begin.at,
    )
    .execute(cx.tx())
    .await?;
    let (tenant, number, started_at) = (begin.tenant, begin.number, begin.at);
    Ok(Known { id, tenant, number, started_at, new: true })
}

async fn find(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    carrier_call_id: &str,
) -> Result<Option<Known>, Fault> {
    let row = sqlx::query!(
        r#"select r.id as "id: CallId", r.tenant_id as "tenant: TenantId",
                  r.subscription_id as "number!: NumberId", r.started_at
           from call_keys k
           join call_records r on r.id = k.call_id and r.started_at = k.started_at
           where k.carrier = $1 and k.carrier_call_id = $2"#,
        carrier,
        carrier_call_id,
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(row.map(|r| Known {
        id: r.id,
        tenant: r.tenant,
        number: r.number,
        started_at: r.started_at,
        new: false,
    }))
}

async fn heard_call(cx: &mut Ctx<Installation>, heard: &Heard) -> Result<Found, Fault> {
    let known = begin(
        cx,
        &Begin {
            carrier: &heard.carrier,
            carrier_call_id: &heard.carrier_call_id,
            account: heard.account.as_deref(),
            tenant: heard.tenant,
            number: heard.number,
            from: &heard.from,
            to: heard.to.as_str(),
            to_raw: &heard.to_raw,
            at: heard.at,
        },
    )
    .await?;
    Ok(Found::Call(known))
}

async fn status_call(cx: &mut Ctx<Installation>, status: &StatusNews) -> Result<Found, Fault> {
    if let Some(known) = find(cx, &status.carrier, &status.carrier_call_id).await? {
        return Ok(Found::Call(known));
    }
    // The state overtook the question, or the question never came.
    let Some(to) = signalled(&status.to) else { return Ok(Found::Foreign) };
    let owner = sqlx::query!(
        r#"select s.id as "number: NumberId", s.tenant_id as "tenant: TenantId"
           from subscriptions s join inventory i on i.id = s.inventory_id
           where s.e164 = $1 and s.state <> 'released' and i.carrier = $2"#,
        to.as_str(),
        status.carrier,
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(owner) = owner else { return Ok(Found::Foreign) };
    let known = begin(
        cx,
        &Begin {
            carrier: &status.carrier,
            carrier_call_id: &status.carrier_call_id,
            account: None,
            tenant: owner.tenant,
            number: owner.number,
            from: &status.from,
            to: to.as_str(),
            to_raw: &status.to,
            at: status.at,
        },
    )
    .await?;
    Ok(Found::Call(known))
}

async fn known(
    cx: &mut Ctx<Installation>,
    (carrier, call): (&str, &str),
    _: &RecordingNews,
) -> Result<Found, Fault> {
    Ok(find(cx, carrier, call).await?.map_or(Found::Early, Found::Call))
}

async fn apply(cx: &mut Ctx<Installation>, call: &Known, news: &News) -> Result<(), Fault> {
    match news {
        News::Heard(heard) => apply_heard(cx, call, heard).await,
        News::Status(status) => apply_status(cx, call, status).await,
        News::Recording(recording) => {
            sqlx::query!(
                "update call_records set recording_id = $4, recording_url = $5, recording_seconds = $6,
                        updated_at = $7
                 where tenant_id = $1 and id = $2 and started_at = $3",
                call.tenant.uuid(),
                call.id.uuid(),
                call.started_at,
                recording.id,
                recording.url,
                recording.seconds,
                cx.now(),
            )
            .execute(cx.tx())
            .await?;
            Ok(())
        }
    }
}

async fn apply_heard(cx: &mut Ctx<Installation>, call: &Known, heard: &Heard) -> Result<(), Fault> {
    let told = told(heard);
    let key = json!([{ "key": heard.key }]);
    let (city, region, country) = &heard.place;
    let now = cx.now();
    sqlx::query!(
        "update call_records
         set decision = case when decision @> $5 then decision
                             else coalesce(decision, '[]') || jsonb_build_array($4::jsonb) end,
             configuration_id = coalesce(configuration_id, $6),
             outcome = coalesce($7, outcome),
             from_city = coalesce(from_city, $8), from_region = coalesce(from_region, $9),
             from_country = coalesce(from_country, $10),
             carrier_account = coalesce(carrier_account, $11),
             status = case when status = 'initiated' then 'ringing' else status end,
             updated_at = $12
         where tenant_id = $1 and id = $2 and started_at = $3",
        call.tenant.uuid(),
        call.id.uuid(),
        call.started_at,
        told,
        key,
        heard.configuration.map(ConfigurationId::uuid),
        heard.outcome,
        city.as_deref(),
        region.as_deref(),
        country.as_deref(),
        heard.account,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn apply_status(
    cx: &mut Ctx<Installation>,
    call: &Known,
    news: &StatusNews,
) -> Result<(), Fault> {
    let row = sqlx::query!(
        r#"select status as "status: CallStatus", duration_seconds, answered_at, ended_at
           from call_records where tenant_id = $1 and id = $2 and started_at = $3 for update"#,
        call.tenant.uuid(),
        call.id.uuid(),
        call.started_at,
    )
    .fetch_one(cx.tx())
    .await?;
    let status = if news.status.rank() > row.status.rank() { news.status } else { row.status };
    let earliest = |old: Option<DateTime<Utc>>, is: bool| match (old, is) {
        (Some(old), true) => Some(old.min(news.at)),
        (old, false) => old,
        (None, true) => Some(news.at),
    };
    let answered_at = earliest(row.answered_at, news.status == CallStatus::Answered);
    let completed = news.status == CallStatus::Completed;
    // The end is the one of the state that stands, told as early as it was told.
    let ended_at = match news.status.rank().cmp(&row.status.rank()) {
        std::cmp::Ordering::Less => row.ended_at,
        std::cmp::Ordering::Equal => earliest(row.ended_at, news.status.is_final()),
        std::cmp::Ordering::Greater => news.status.is_final().then_some(news.at),
    };
    // The first duration that was told is the one that was billed.
    let duration = row.duration_seconds.or(if completed { news.duration_seconds } else { None });
    let duration = duration.or_else(|| {
        let spoken = ended_at? - answered_at?;
        (status == CallStatus::Completed)
            .then(|| i32::try_from(spoken.num_seconds().max(0)).ok())
            .flatten()
    });
    let answered_at = answered_at.or_else(|| match (status, ended_at, duration) {
        (CallStatus::Completed, Some(end), Some(s)) if s > 0 => {
            Some((end - TimeDelta::seconds(s.into())).max(call.started_at))
        }
        _ => None,
    });
    let now = cx.now();
    sqlx::query!(
        "update call_records
         set status = $4, answered_at = $5, ended_at = $6, duration_seconds = $7, updated_at = $8
         where tenant_id = $1 and id = $2 and started_at = $3",
        call.tenant.uuid(),
        call.id.uuid(),
        call.started_at,
        status.as_str(),
        answered_at,
        ended_at,
        duration,
        now,
    )
    .execute(cx.tx())
    .await?;
    if !status.is_final() {
        return Ok(());
    }
    let seconds = match (status, duration) {
        (CallStatus::Completed, Some(seconds)) => u32::try_from(seconds).unwrap_or(0),
        // Completed, but nobody has told for how long: a later event will.
        (CallStatus::Completed, None) => return Ok(()),
        _ => 0,
    };
    let rated = usage::record_call(
        cx,
        &CallToRate {
            tenant: call.tenant,
            call: call.id,
            subscription: call.number,
            direction: CallDirection::Inbound,
            started_at: call.started_at,
            answered_seconds: seconds,
        },
    )
    .await;
    match rated {
        Ok(_) => Ok(()),
        Err(usage::UsageError::Fault(fault)) => Err(fault),
        Err(error) => Err(Fault::inconsistent(format!("call_records {}", call.id), error)),
    }
}
