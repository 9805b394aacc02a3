//! A tenant at a glance: the counts in the frame of every page, and the first page after sign-in.

use crate::{Ctx, Fault, Platform, accounts::Member, billing::journal::available_credit};
use chrono::NaiveDate;
use chrono_tz::Tz;
use voxlink_types::{Currency, Money};

/// The counts beside the frame's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Numbers in the person's cart.
    pub cart: i64,
    /// Notices not yet read.
    pub unread: i64,
}

/// Counts for a person's frame, in one statement, like their session: every page pays for it.
pub async fn frame_counts(platform: &Platform, member: &Member) -> Result<FrameCounts, Fault> {
    let now = platform.clock().now();
    let row = sqlx::query!(
        r#"select
            (select count(*) from carts c join cart_items i on i.cart_id = c.id
             where c.tenant_id = $1 and i.tenant_id = $1 and c.user_id = $2 and c.state = 'open') as "cart!",
            (select count(*) from notifications n
             where n.tenant_id = $1 and n.user_id = $2 and n.read_at is null
               and 'in_app' = any(n.channels)
               and (n.expires_at is null or n.expires_at > $3)
               and (n.scheduled_for is null or n.scheduled_for <= $3)) as "unread!""#,
        member.tenant.uuid(),
        member.user.uuid(),
        now,
    )
    .fetch_one(&platform.db().platform)
    .await?;
    Ok(FrameCounts { cart: row.cart, unread: row.unread })
}

/// A tenant at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Numbers in service.
    pub active: i64,
    /// Numbers in service without a published plan: they ring nowhere.
    pub unrouted: i64,
    /// Numbers that need a person.
    pub troubled: i64,
    /// Orders that are not finished.
    pub open_orders: i64,
    /// What may be spent.
    pub balance: Money,
    /// What calls have cost since the month began.
    pub call_cost: Money,
    /// Numbers ever had.
    pub ever_had: i64,
    /// Calls by day, oldest first, in the person's zone; days without calls are there with 0.
    pub days: Vec<DayOfCalls>,
}

/// The calls of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfCalls {
    /// The day.
    pub day: NaiveDate,
    /// All calls that began on it.
    pub calls: i64,
    /// Those that somebody or something answered.
    pub answered: i64,
}

/// How many days of calls the overview shows, today among them.
pub const DAYS: i32 = 14;

/// Reads the overview. Days and months are those of `zone`.
pub async fn overview(cx: &mut Ctx, zone: Tz) -> Result<Overview, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let row = sqlx::query!(
        r#"select
            (select coalesce(max(currency), 'USD') from billing_accounts where tenant_id = $1) as "currency!: Currency",
            count(*) filter (where state = 'active') as "active!",
            count(*) filter (where state = 'active' and published_configuration_id is null) as "unrouted!",
            count(*) filter (where state = 'error') as "troubled!",
            count(*) as "ever_had!",
            (select count(*) from orders where tenant_id = $1 and state in ('pending', 'processing')) as "open_orders!"
           from subscriptions where tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let cost = sqlx::query_scalar!(
        r#"select coalesce(sum(cost), 0) as "cost!" from usage_records
           where tenant_id = $1 and currency = $2 and kind = 'voice_minutes' and occurred_at <= $3
             and occurred_at >= date_trunc('month', $3::timestamptz at time zone $4) at time zone $4"#,
        tenant.uuid(),
        row.currency.as_str(),
        now,
        zone.name(),
    )
    .fetch_one(cx.tx())
    .await?;
    let days = sqlx::query_as!(
        DayOfCalls,
        r#"with days as (
               select (($2::timestamptz at time zone $3)::date - n) as day from generate_series(0, $4::integer - 1) n
           ), counted as (
               select (started_at at time zone $3)::date as day, count(*) as calls,
                      count(*) filter (where answered_at is not null) as answered
               from call_records
               where tenant_id = $1
                 and started_at >= ((($2::timestamptz at time zone $3)::date - ($4::integer - 1))::timestamp at time zone $3)
                 and started_at <= $2
               group by 1
           )
           select d.day as "day!", coalesce(c.calls, 0) as "calls!", coalesce(c.answered, 0) as "answered!"
           from days d left join counted c using (day) order by d.day"#,
        tenant.uuid(),
        now,
        zone.name(),
        DAYS,
    )
    .fetch_all(cx.tx())
    .await?;
    let balance = available_credit(cx, tenant, row.currency).await?;
    let call_cost = Money::round(cost, row.currency)
        .map_err(|error| Fault::inconsistent("usage_records.cost", error))?;
    Ok(Overview {
        active: row.active,
        unrouted: row.unrouted,
        troubled: row.troubled,
        open_orders: row.open_orders,
        balance,
        call_cost,
        ever_had: row.ever_had,
        days,
    })
}
