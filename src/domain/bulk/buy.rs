//! What a row would buy: which numbers, at what price; and the order for them. Carriers are asked
//! outside of any transaction.

use super::{
    error::RowError,
    task::Wanted,
    work::{Others, Work},
};
use crate::{
    Ctx, Fault, Platform, carriers,
    catalog::{Hit, Price, SearchError, Wish, current_prices, price_of, search_without},
    fault::broken_constraint,
    orders::{self, Checkout, PaymentChoice},
};
use futures::future::join_all;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
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
/// answered to a search will do. Carriers that were `quiet` are not asked, by name; who keeps silent
/// is one of them afterwards.
pub(super) async fn offers(
    platform: &Platform,
    work: &Work,
    wanted: &Wanted,
    others: &Others,
    quiet: &mut BTreeSet<String>,
    anew: bool,
) -> Result<Vec<Offer>, RowError> {
    match wanted {
        Wanted::Number(number) => {
            if ours(platform, work, number).await? {
                return Err(RowError::because(format!("{number} is yours already.")));
            }
            Ok(vec![one(platform, number, quiet).await?])
        }
        Wanted::Like(wish, count) => like(platform, wish, *count, others, quiet, anew).await,
    }
}

/// True for a number that the tenant has: no carrier sells it, so none needs to be asked.
async fn ours(platform: &Platform, work: &Work, number: &E164) -> Result<bool, Fault> {
    let mut cx = work.begin(platform).await?;
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from subscriptions
               where tenant_id = $1 and e164 = $2 and state <> 'released') as "ours!""#,
        cx.tenant().uuid(),
        number.as_str(),
    )
    .fetch_one(cx.tx())
    .await?)
}

/// A number at the carrier that sells it cheapest.
async fn one(
    platform: &Platform,
    number: &E164,
    quiet: &mut BTreeSet<String>,
) -> Result<Offer, RowError> {
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
        .filter(|carrier| !quiet.contains(carrier.name()))
        .collect();
    let deadline = platform.settings().search_deadline;
    let asked = sellers.iter().map(|carrier| offered(carrier, number, deadline));
    let told = join_all(asked).await;
    let mut best: Option<(i64, Offer)> = None;
    let mut lacks_papers = false;
    for (carrier, answer) in sellers.iter().zip(told) {
        match answer {
            Err(Silent) => {
                quiet.insert(carrier.name().to_owned());
            }
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
        None if quiet.is_empty() => Err(RowError::because(format!("{number} is not for sale."))),
        None => Err(RowError::because(format!(
            "Nobody who answered sells {number}; {} did not answer. Try it again later.",
            named(quiet)
        ))),
    }
}

fn named(carriers: &BTreeSet<String>) -> String {
    carriers.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
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
    others: &Others,
    quiet: &mut BTreeSet<String>,
    anew: bool,
) -> Result<Vec<Offer>, RowError> {
    let sellers = sellers(platform, wish).await?;
    let mut found = match search_without(platform, wish, quiet).await {
        Ok(found) => found,
        Err(SearchError::Silent) => {
            quiet.extend(sellers);
            return Err(RowError::because(none_answered(wish, quiet)));
        }
        Err(error) => return Err(error.into()),
    };
    // Where one carrier did not sell, another one at the same price comes first.
    let refused = |hit: &Hit| others.carriers.contains(&hit.offer.carrier);
    found.hits.sort_by_key(|hit| (hit.price.monthly.minor, refused(hit)));
    let deadline = platform.settings().search_deadline;
    let mut offers = Vec::with_capacity(count);
    let mut lack = "";
    for hit in found.hits {
        if offers.len() == count {
            break;
        }
        if others.numbers.contains(&hit.offer.number) {
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
        if quiet.contains(&hit.carrier) {
            continue;
        }
        let Some(carrier) = platform.carrier(&hit.offer.carrier) else { continue };
        match offered(&carrier, &hit.offer.number, deadline).await {
            Ok(Some(offer)) => offers.push(offer),
            Ok(None) => {}
            Err(Silent) => {
                quiet.insert(hit.carrier);
            }
        }
    }
    if offers.len() == count {
        return Ok(offers);
    }
    let had = offers.len();
    if had == 0 && !sellers.is_empty() && sellers.is_subset(quiet) {
        return Err(RowError::because(none_answered(wish, quiet)));
    }
    let silent =
        if quiet.is_empty() { String::new() } else { format!(" {} did not answer.", named(quiet)) };
    Err(RowError::because(match had {
        0 => format!("No number like this is for sale now. Loosen the conditions.{lack}{silent}"),
        had => format!(
            "Only {had} like this are for sale now, not {count}. Ask for fewer, or loosen the conditions.{lack}{silent}"
        ),
    }))
}

/// Said where nobody who sells it at that price says anything.
fn none_answered(wish: &Wish, quiet: &BTreeSet<String>) -> String {
    let (capped, silent) = (wish.max_monthly.is_some(), named(quiet));
    let remedy =
        if capped { "Raise max_monthly, or try it again later." } else { "Try it again later." };
    format!(
        "Nobody who sells numbers like this is answering now. {remedy} {silent} did not answer."
    )
}

/// The names of the carriers that sell what is like this at that price. That it is too low is said
/// with the price that would do.
async fn sellers(platform: &Platform, wish: &Wish) -> Result<BTreeSet<String>, RowError> {
    let mut connection = platform.db().app.acquire().await.map_err(Fault::from)?;
    let prices = current_prices(&mut connection, platform.clock().now()).await?;
    let enabled = sqlx::query_scalar!("select key from carriers where state = 'enabled'")
        .fetch_all(&mut *connection)
        .await?;
    drop(connection);
    let (mut sellers, mut cheapest) = (BTreeSet::new(), None::<Money>);
    for price in &prices {
        let alike = price.country == wish.country
            && (wish.types.is_empty() || wish.types.contains(&price.number_type))
            && wish.max_monthly.is_none_or(|most| most.currency == price.monthly.currency)
            && enabled.contains(&price.carrier);
        let carrier = platform.carrier(&price.carrier).filter(|c| alike && c.abilities().search);
        let Some(carrier) = carrier else { continue };
        if wish.max_monthly.is_none_or(|most| price.monthly.minor <= most.minor) {
            sellers.insert(carrier.name().to_owned());
        }
        if cheapest.is_none_or(|least| price.monthly.minor < least.minor) {
            cheapest = Some(price.monthly);
        }
    }
    match cheapest {
        Some(least) if sellers.is_empty() => Err(RowError::because(format!(
            "Nothing like it costs so little: the cheapest is {least} a month. Raise max_monthly."
        ))),
        _ => Ok(sellers),
    }
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
