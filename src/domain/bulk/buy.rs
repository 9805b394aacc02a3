//! What a row would buy: which numbers, at what price; and the order for them. Carriers are asked
//! outside of any transaction.

use super::{error::RowError, task::Wanted};
use crate::{
    Ctx, Fault, Platform, carriers,
    catalog::{Price, Wish, current_prices, price_of, search},
    fault::broken_constraint,
    orders::{self, Checkout, PaymentChoice},
};
use futures::future::join_all;
use std::{collections::HashSet, sync::Arc, time::Duration};
use voxlink_gateways::{Carrier, CarrierError, carrier::Offer};
use voxlink_types::{
    E164, Money,
    ids::{CartId, CartItemId, OrderId, UserId},
    order::Strategy,
};

/// Said where numbers were passed over because their papers are not on file.
const LACK: &str = " Others need papers that are not on file here yet: ask your administrator.";

/// Numbers that can be had for a row, as many as it wants; never those that other rows want. For a
/// purchase (`anew`) the carriers themselves are asked for each number, for a rehearsal what they
/// answered to a search will do.
pub(super) async fn offers(
    platform: &Platform,
    wanted: &Wanted,
    others: &HashSet<E164>,
    anew: bool,
) -> Result<Vec<Offer>, RowError> {
    match wanted {
        Wanted::Number(number) => Ok(vec![one(platform, number).await?]),
        Wanted::Like(wish, count) => like(platform, wish, *count, others, anew).await,
    }
}

/// A number at the carrier that sells it cheapest.
async fn one(platform: &Platform, number: &E164) -> Result<Offer, RowError> {
    let mut connection = platform.db().app.acquire().await.map_err(Fault::from)?;
    let prices = current_prices(&mut connection, platform.clock().now()).await?;
    let enabled = sqlx::query_scalar!("select key from carriers where state = 'enabled'")
        .fetch_all(&mut *connection)
        .await?;
    let filed = carriers::filed(&mut connection).await?;
    drop(connection);
    let sellers: Vec<Arc<dyn Carrier>> = platform
        .carriers()
        .filter(|carrier| enabled.iter().any(|key| key == carrier.key()))
        .collect();
    let deadline = platform.settings().search_deadline;
    let asked = sellers.iter().map(|carrier| offered(carrier, number, deadline));
    let told = join_all(asked).await;
    let mut best: Option<(i64, Offer)> = None;
    let mut silent = Vec::new();
    let mut lacks_papers = false;
    for (carrier, answer) in sellers.iter().zip(told) {
        match answer {
            Err(Silent) => silent.push(carrier.name()),
            Ok(None) => {}
            Ok(Some(offer)) => {
                let Some(price) = priced(&prices, &offer) else { continue };
                if filed.lacks(platform, &offer, offer.requirement.or(price.requirement)) {
                    lacks_papers = true;
                    continue;
                }
                let cost = price.monthly.minor.saturating_add(price.setup.minor);
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, offer));
                }
            }
        }
    }
    match best {
        Some((_, offer)) => Ok(offer),
        None if lacks_papers => {
            Err(RowError::because(format!("{number} {}.", carriers::PAPERS_LACKING)))
        }
        None if silent.is_empty() => Err(RowError::because(format!("{number} is not for sale."))),
        None => Err(RowError::because(format!(
            "Nobody who answered sells {number}; {} did not answer. Try it again later.",
            silent.join(", ")
        ))),
    }
}

/// A carrier said nothing, or not in time.
struct Silent;

/// What a carrier says of a number.
async fn offered(
    carrier: &Arc<dyn Carrier>,
    number: &E164,
    deadline: Duration,
) -> Result<Option<Offer>, Silent> {
    match tokio::time::timeout(deadline, carrier.offer(number)).await {
        Ok(Ok(offer)) => Ok(offer),
        Ok(Err(
            CarrierError::Unavailable { .. }
            | CarrierError::Gone { .. }
            | CarrierError::AlreadyOurs { .. }
            | CarrierError::Unsupported { .. },
        )) => Ok(None),
        Ok(Err(error)) => {
            tracing::warn!(carrier = carrier.key(), %number, %error, "a carrier told nothing of a number");
            Err(Silent)
        }
        Err(_) => Err(Silent),
    }
}

/// Numbers that meet the conditions, the cheapest first.
async fn like(
    platform: &Platform,
    wish: &Wish,
    count: usize,
    others: &HashSet<E164>,
    anew: bool,
) -> Result<Vec<Offer>, RowError> {
    let found = search(platform, wish).await?;
    let deadline = platform.settings().search_deadline;
    let mut silent = found.silent;
    let mut offers = Vec::with_capacity(count);
    let mut lack = "";
    for hit in found.hits {
        if offers.len() == count {
            break;
        }
        if others.contains(&hit.offer.number) {
            continue;
        }
        if hit.lacks_papers {
            lack = LACK;
            continue;
        }
        if !anew {
            offers.push(hit.offer);
            continue;
        }
        // Who said nothing once is not asked for each of the others: they are asked one by one, and
        // each would wait for its deadline.
        if silent.contains(&hit.carrier) {
            continue;
        }
        let Some(carrier) = platform.carrier(&hit.offer.carrier) else { continue };
        match offered(&carrier, &hit.offer.number, deadline).await {
            Ok(Some(offer)) => offers.push(offer),
            Ok(None) => {}
            Err(Silent) => silent.push(hit.carrier),
        }
    }
    if offers.len() == count {
        return Ok(offers);
    }
    let had = offers.len();
    let silent = if silent.is_empty() {
        String::new()
    } else {
        format!(" {} did not answer.", silent.join(", "))
    };
    Err(RowError::because(match had {
        0 => format!("No number like this is for sale now. Loosen the conditions.{lack}{silent}"),
        had => format!(
            "Only {had} like this are for sale now, not {count}. Ask for fewer, or loosen the conditions.{lack}{silent}"
        ),
    }))
}

fn priced<'a>(prices: &'a [Price], offer: &Offer) -> Option<&'a Price> {
    price_of(prices, &offer.carrier, &offer.country, offer.number_type)
        .filter(|price| price.covers(offer))
}

/// A cart of a row's own with these numbers, at the prices of now. It lives in its transaction only:
/// a rehearsal undoes it, a purchase checks it out.
async fn cart(cx: &mut Ctx, user: UserId, offers: &[Offer]) -> Result<CartId, RowError> {
    let (tenant, now, cart) = (cx.tenant(), cx.now(), CartId::new(cx.now_millis()));
    sqlx::query!(
        "insert into carts (id, tenant_id, user_id, state, created_at)
         values ($1, $2, $3, 'bulk', $4)",
        cart.uuid(),
        tenant.uuid(),
        user.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?;
    let prices = current_prices(cx.tx(), now).await?;
    for offer in offers {
        let price = priced(&prices, offer)
            .ok_or_else(|| RowError::because(format!("{} is not for sale.", offer.number)))?;
        let item = CartItemId::new(cx.now_millis());
        let shown = serde_json::to_value(offer).map_err(|e| Fault::Internal(e.to_string()))?;
        sqlx::query!(
            "insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
                 monthly_minor, setup_minor, currency, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            item.uuid(),
            tenant.uuid(),
            cart.uuid(),
            offer.carrier,
            offer.number.as_str(),
            shown,
            price.id.uuid(),
            price.monthly.minor,
            price.setup.minor,
            price.monthly.currency.as_str(),
            now,
        )
        .execute(cx.tx())
        .await
        .map_err(|error| match broken_constraint(&error) {
            Some("account_currency") => RowError::because(format!(
                "{} is priced in another currency than your account is billed in.",
                offer.number
            )),
            _ => error.into(),
        })?;
    }
    Ok(cart)
}

/// What these numbers cost now, first month, set-up and tax. The caller undoes the transaction.
pub(super) async fn cost(cx: &mut Ctx, user: UserId, offers: &[Offer]) -> Result<Money, RowError> {
    let (tenant, now) = (cx.tenant(), cx.now());
    if let Some(due) = orders::dues(cx).await?.into_iter().find(|due| due.stops_orders_at() <= now)
    {
        return Err(RowError::because(format!(
            "Order {} is unpaid, and no new ones are taken until it is paid.",
            due.number
        )));
    }
    let cart = cart(cx, user, offers).await?;
    for offer in offers {
        let taken = sqlx::query_scalar!(
            r#"select held_by_another($1, $2, $3) or exists (
                   select from inventory where e164 = $1 and state in ('sold', 'reserved')
               ) as "taken!""#,
            offer.number.as_str(),
            cart.uuid(),
            now,
        )
        .fetch_one(cx.tx())
        .await?;
        if taken {
            return Err(RowError::because(format!(
                "{} is in somebody's cart or has been sold.",
                offer.number
            )));
        }
    }
    let quote = orders::quote(cx, cart).await?;
    if quote.lines.len() < offers.len() {
        tracing::warn!(%tenant, "an offer without a price in force");
        return Err(RowError::because("One of the numbers has no price now. Try it again later."));
    }
    Ok(quote.total)
}

/// Places the row's order, for what was agreed or less.
pub(super) async fn order(
    cx: &mut Ctx,
    platform: &Platform,
    user: UserId,
    offers: &[Offer],
    agreed: Money,
) -> Result<OrderId, RowError> {
    let cart = cart(cx, user, offers).await?;
    let now = orders::quote(cx, cart).await?.total;
    if now.currency != agreed.currency || now.minor > agreed.minor {
        return Err(RowError::because(format!(
            "It costs {now} now, and you agreed to {agreed}. Nothing was charged; send the row again to see today's price."
        )));
    }
    let wish = Checkout {
        cart,
        user,
        payment: PaymentChoice::Credit,
        expected: Some(now),
        strategy: Strategy::BestEffort,
        source: "bulk",
    };
    Ok(orders::checkout(cx, platform, &wish).await?.order)
}
