//! A number in a cart and its hold, as rows.

use super::{Buyer, LONGEST_HOLD, LetGo, REST};
use crate::{Ctx, Fault, audit::Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::postgres::types::PgInterval;
use voxlink_types::{
    E164,
    ids::{CartId, CartItemId, PriceId},
};

/// A number as it stands in a cart.
pub(super) struct Line {
    pub item: CartItemId,
    pub cart: CartId,
    pub carrier: String,
    pub number: E164,
    /// When its hold ends or ended.
    pub until: Option<DateTime<Utc>>,
}

/// What a person meets who wants a number.
pub(super) enum Wanted {
    /// It is in their cart already.
    InCart(Line),
    /// Somebody else has it.
    Taken,
    /// Nobody here has it.
    Free,
}

/// Looks, in one query and without any lock: of many who want one number most come too late, and
/// for them this is all.
pub(super) async fn look(cx: &mut Ctx, buyer: Buyer<'_>, number: &E164) -> Result<Wanted, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let row = sqlx::query!(
        r#"select i.id as "item?: CartItemId", i.cart_id as "cart?: CartId", i.carrier as "carrier?",
                  h.expires_at as "until?", held_by_another($3, c.id, $4) as "taken!"
           from (select) one
           left join carts c on c.tenant_id = $1 and c.user_id = $2 and c.state = 'open'
           left join cart_items i on i.tenant_id = $1 and i.cart_id = c.id and i.e164 = $3
           left join holds h on h.tenant_id = $1 and h.cart_id = c.id and h.e164 = i.e164"#,
        tenant.uuid(),
        buyer.member.user.uuid(),
        number.as_str(),
        now
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(match (row.item, row.cart, row.carrier) {
        (Some(item), Some(cart), Some(carrier)) => {
            Wanted::InCart(Line { item, cart, carrier, number: number.clone(), until: row.until })
        }
        _ if row.taken => Wanted::Taken,
        _ => Wanted::Free,
    })
}

/// A line of the person's open cart.
pub(super) async fn line(
    cx: &mut Ctx,
    buyer: Buyer<'_>,
    item: CartItemId,
) -> Result<Option<Line>, Fault> {
    Ok(lines(cx, buyer, Some(item)).await?.pop())
}

/// The lines of the person's open cart by number: all, or the one asked for.
pub(super) async fn lines(
    cx: &mut Ctx,
    buyer: Buyer<'_>,
    item: Option<CartItemId>,
) -> Result<Vec<Line>, Fault> {
    let tenant = cx.tenant();
    Ok(sqlx::query_as!(
        Line,
        r#"select i.id as "item: CartItemId", i.cart_id as "cart: CartId", i.carrier, i.e164 as "number: E164",
                  h.expires_at as "until?"
           from carts c join cart_items i on i.cart_id = c.id
           left join holds h on h.tenant_id = $1 and h.cart_id = c.id and h.e164 = i.e164
           where c.tenant_id = $1 and i.tenant_id = $1 and c.user_id = $2 and c.state = 'open'
             and ($3::uuid is null or i.id = $3)
           order by i.e164"#,
        tenant.uuid(),
        buyer.member.user.uuid(),
        item.map(CartItemId::uuid)
    )
    .fetch_all(cx.tx())
    .await?)
}

/// The price in force for a line of a cart: what a hold that begins now is taken at. None when its
/// kind is not sold any more.
pub(super) async fn price_in_force(cx: &mut Ctx, line: &Line) -> Result<Option<PriceId>, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    Ok(sqlx::query_scalar!(
        r#"select p.id as "id!: PriceId"
           from cart_items i
           join price_books p on p.carrier = i.carrier and p.country = i.offer->>'country'
             and p.number_type = i.offer->>'number_type'
           where i.id = $1 and i.tenant_id = $2 and p.effective_from <= $3
             and (p.effective_to is null or p.effective_to > $3)
           order by p.effective_from desc limit 1"#,
        line.item.uuid(),
        tenant.uuid(),
        now
    )
    .fetch_optional(cx.tx())
    .await?)
}

/// Takes or extends the hold: the one statement that decides who has a number. None when somebody
/// else has it, else when the hold ends: `until`, or when the longest hold is over. A hold that
/// begins keeps `price` for as long as it lasts; one that is extended keeps the price it has.
pub(super) async fn take(
    cx: &mut Ctx,
    line: &Line,
    until: DateTime<Utc>,
    price: Option<PriceId>,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let interval = |delta: chrono::TimeDelta| PgInterval {
        months: 0,
        days: 0,
        microseconds: delta.num_microseconds().unwrap_or(i64::MAX),
    };
    Ok(sqlx::query_scalar!(
        "select hold_number($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        line.number.as_str(),
        line.carrier,
        tenant.uuid(),
        line.cart.uuid(),
        now,
        until,
        interval(LONGEST_HOLD),
        interval(REST),
        price.map(PriceId::uuid)
    )
    .fetch_one(cx.tx())
    .await?)
}

/// Ends the hold, unless an order has taken it over or the line is gone (a hold of the number is
/// another line's then); a job lets the carrier's own go. Its row stays
/// a while (see [`REST`]): removing and adding a number does not begin the longest hold anew.
pub(super) async fn free(cx: &mut Ctx, line: &Line) -> Result<Option<LetGo>, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let hold = sqlx::query_scalar!(
        "with ours as (
             select e164, carrier_hold_id from holds
             where e164 = $1 and tenant_id = $2 and cart_id = $3 and order_id is null
               and exists (select from cart_items where id = $5 and tenant_id = $2)
             for update)
         update holds h
         set expires_at = least(h.expires_at, $4), carrier_hold_id = null, carrier_hold_expires_at = null
         from ours where h.e164 = ours.e164 and h.tenant_id = $2
         returning ours.carrier_hold_id",
        line.number.as_str(),
        tenant.uuid(),
        line.cart.uuid(),
        now,
        line.item.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    let job = hold.flatten().map(|hold| LetGo::of(&line.carrier, &line.number, hold));
    if let Some(job) = &job {
        cx.enqueue(job).await?;
    }
    Ok(job)
}

/// Takes the line away and ends its hold.
pub(super) async fn forget(cx: &mut Ctx, line: &Line) -> Result<Option<LetGo>, Fault> {
    let tenant = cx.tenant();
    let job = free(cx, line).await?;
    let gone = sqlx::query!(
        "delete from cart_items where id = $1 and tenant_id = $2",
        line.item.uuid(),
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    if gone.rows_affected() == 0 {
        return Ok(job);
    }
    cx.audit(Entry {
        action: "cart.remove",
        resource: "cart",
        resource_id: Some(line.cart.to_string()),
        old: Some(json!({ "number": line.number })),
        ..Entry::default()
    })
    .await?;
    Ok(job)
}
