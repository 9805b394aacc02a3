//! Taking, renewing and letting go of holds.

use super::{
    CartError, LetGo, LetGoLost, MOST_ITEMS, REST,
    line::{Line, Wanted, forget, free, line, lines, look, price_in_force, take},
};
use crate::{
    Ctx, Fault, Platform, RequestInfo,
    accounts::Member,
    audit::Entry,
    carriers,
    catalog::{Price, current_prices, price_of},
};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde_json::json;
use std::sync::Arc;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{CarrierHold, Offer},
};
use voxlink_types::{
    E164,
    ids::{CartId, CartItemId, PriceId},
};

/// Who fills a cart. Its verbs begin and end their own transactions, because the carrier is
/// asked between them.
#[derive(Debug, Clone, Copy)]
pub struct Buyer<'a> {
    /// The person.
    pub member: &'a Member,
    /// Where the request came from.
    pub request: &'a RequestInfo,
}

impl Buyer<'_> {
    async fn begin(&self, platform: &Platform) -> Result<Ctx, Fault> {
        self.member.begin(platform, self.request.clone()).await
    }
}

/// Holds a number for the person's cart, until the returned instant. What is in the cart already
/// is renewed. Numbers of a carrier that is draining or disabled are neither held nor held longer.
pub async fn hold(
    platform: &Platform,
    buyer: Buyer<'_>,
    carrier: &str,
    number: &E164,
) -> Result<DateTime<Utc>, CartError> {
    let seller = platform.carrier(carrier).ok_or(CartError::NoCarrier)?;
    let mut cx = buyer.begin(platform).await?;
    let wanted = look(&mut cx, buyer, number).await?;
    // Before the carrier is asked: it may be disabled because it answers badly.
    let sold = carriers::sells(cx.tx(), carrier).await?;
    drop(cx);
    match wanted {
        Wanted::InCart(line) => return renew(platform, buyer, seller, line).await,
        Wanted::Taken => return Err(CartError::Taken(number.clone())),
        Wanted::Free if !sold => return Err(CartError::NotForSale(number.clone())),
        Wanted::Free => {}
    }
    let offer = match seller.offer(number).await {
        Ok(Some(offer)) => offer,
        Ok(None) => {
            platform.kept_answers().refused(carrier, number, platform.clock().now()).await;
            return Err(CartError::Taken(number.clone()));
        }
        Err(error) => return Err(refused(error, number)),
    };
    let (line, until, new) = add(platform, buyer, &offer).await?;
    confirm(platform, buyer, &seller, &line, until, new).await
}

/// Renews the hold of a number in the cart, also one that has lapsed while nobody took it.
pub async fn hold_again(
    platform: &Platform,
    buyer: Buyer<'_>,
    item: CartItemId,
) -> Result<DateTime<Utc>, CartError> {
    let mut cx = buyer.begin(platform).await?;
    let line = line(&mut cx, buyer, item).await?.ok_or(CartError::NotInCart)?;
    drop(cx);
    let seller = platform.carrier(&line.carrier).ok_or(CartError::NoCarrier)?;
    renew(platform, buyer, seller, line).await
}

/// Takes a number out of the cart and lets its hold go.
pub async fn remove(
    platform: &Platform,
    buyer: Buyer<'_>,
    item: CartItemId,
) -> Result<E164, CartError> {
    let mut cx = buyer.begin(platform).await?;
    let line = line(&mut cx, buyer, item).await?.ok_or(CartError::NotInCart)?;
    let job = forget(&mut cx, &line).await?;
    cx.commit().await?;
    if let Some(job) = job {
        job.at_once(platform).await;
    }
    Ok(line.number)
}

/// Empties the cart; returns how many numbers it had.
pub async fn clear(platform: &Platform, buyer: Buyer<'_>) -> Result<usize, CartError> {
    let mut cx = buyer.begin(platform).await?;
    let lines = lines(&mut cx, buyer, None).await?;
    let mut jobs = Vec::with_capacity(lines.len());
    for line in &lines {
        jobs.extend(forget(&mut cx, line).await?);
    }
    cx.commit().await?;
    for job in jobs {
        job.at_once(platform).await;
    }
    Ok(lines.len())
}

/// The first transaction: the cart, the line, the hold. Whoever commits it has the number. Says
/// also whether the line is new: the person's other window may have added it a moment before, and
/// then the line that stands is held on.
async fn add(
    platform: &Platform,
    buyer: Buyer<'_>,
    offer: &Offer,
) -> Result<(Line, DateTime<Utc>, bool), CartError> {
    let mut cx = buyer.begin(platform).await?;
    let (tenant, now) = (cx.tenant(), cx.now());
    let until = now + Duration::minutes(platform.settings().hold_minutes);
    let cart = open_cart(&mut cx, buyer).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "n!" from cart_items where cart_id = $1 and tenant_id = $2"#,
        cart.uuid(),
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?;
    if count >= MOST_ITEMS {
        return Err(CartError::Full);
    }
    let price = price_now(&mut cx, offer).await?;
    let needs = offer.requirement.or(price.requirement);
    if carriers::filed(cx.tx()).await?.lacks(platform, offer, needs) {
        return Err(CartError::NeedsPapers(offer.number.clone()));
    }
    let fresh = CartItemId::new(cx.now_millis());
    let mut line = Line {
        item: fresh,
        cart,
        carrier: offer.carrier.clone(),
        number: offer.number.clone(),
        until: None,
    };
    let until = taken(&mut cx, buyer, &line, until, Some(price.id)).await?;
    let shown = serde_json::to_value(offer).map_err(|e| Fault::Internal(e.to_string()))?;
    // The update that changes nothing returns the row also when it was there.
    line.item = sqlx::query_scalar!(
        r#"insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
               monthly_minor, setup_minor, currency, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict on constraint cart_items_once do update set e164 = excluded.e164
           returning id as "id: CartItemId""#,
        line.item.uuid(),
        tenant.uuid(),
        cart.uuid(),
        line.carrier,
        line.number.as_str(),
        shown,
        price.id.uuid(),
        price.monthly.minor,
        price.setup.minor,
        price.monthly.currency.as_str(),
        now,
    )
    .fetch_one(cx.tx())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("account_currency") => CartError::OtherCurrency(offer.number.clone()),
        _ => error.into(),
    })?;
    cx.audit(Entry {
        action: "cart.hold",
        resource: "cart",
        resource_id: Some(cart.to_string()),
        new: Some(json!({ "number": line.number, "until": until })),
        ..Entry::default()
    })
    .await?;
    cx.commit().await?;
    let new = line.item == fresh;
    Ok((line, until, new))
}

/// Takes the hold, or says why not. A hold that would end no later than it does anyhow is refused,
/// so that nobody believes to have extended it.
async fn taken(
    cx: &mut Ctx,
    buyer: Buyer<'_>,
    line: &Line,
    until: DateTime<Utc>,
    price: Option<PriceId>,
) -> Result<DateTime<Utc>, CartError> {
    let zone: Tz = buyer.member.time_zone.parse().unwrap_or(Tz::UTC);
    let number = line.number.clone();
    let Some(ends) = take(cx, line, until, price).await? else {
        return Err(CartError::Taken(number));
    };
    if ends <= cx.now() {
        let again = (ends + REST).with_timezone(&zone);
        return Err(CartError::Rests { number, again });
    }
    if line.until.is_some_and(|before| ends <= before && ends < until) {
        return Err(CartError::Longest { number, until: ends.with_timezone(&zone) });
    }
    Ok(ends)
}

/// Renews a hold here and at the carrier. When somebody else has it, the line stays in the cart
/// and shows so. One that had lapsed begins anew at the price of now, which the cart tells.
async fn renew(
    platform: &Platform,
    buyer: Buyer<'_>,
    seller: Arc<dyn Carrier>,
    line: Line,
) -> Result<DateTime<Utc>, CartError> {
    let mut cx = buyer.begin(platform).await?;
    if !carriers::sells(cx.tx(), &line.carrier).await? {
        return Err(CartError::NoLonger(line.number));
    }
    let until = cx.now() + Duration::minutes(platform.settings().hold_minutes);
    let price = price_in_force(&mut cx, &line).await?;
    let until = taken(&mut cx, buyer, &line, until, price).await?;
    cx.audit(Entry {
        action: "cart.extend",
        resource: "cart",
        resource_id: Some(line.cart.to_string()),
        old: Some(json!({ "number": line.number, "until": line.until })),
        new: Some(json!({ "number": line.number, "until": until })),
        ..Entry::default()
    })
    .await?;
    cx.commit().await?;
    confirm(platform, buyer, &seller, &line, until, false).await
}

/// Has the carrier set the number aside, after the commit. When it does not, a new line is taken
/// out again; one that stood stays, and loses its hold when somebody else has the number. Where the
/// answer was lost the carrier may have done it for the line that is gone, so a job lets that go.
async fn confirm(
    platform: &Platform,
    buyer: Buyer<'_>,
    seller: &Arc<dyn Carrier>,
    line: &Line,
    until: DateTime<Utc>,
    new: bool,
) -> Result<DateTime<Utc>, CartError> {
    let error = match reserve(seller, line, until).await {
        Ok(held) => {
            record(platform, buyer, line, held).await?;
            return Ok(until);
        }
        Err(error) => error,
    };
    let gone = matches!(error, CarrierError::Unavailable { .. } | CarrierError::Gone { .. });
    if gone {
        let now = platform.clock().now();
        platform.kept_answers().refused(&line.carrier, &line.number, now).await;
    }
    if new || gone {
        let mut cx = buyer.begin(platform).await?;
        if new {
            forget(&mut cx, line).await?;
            if matches!(error, CarrierError::UnknownOutcome { .. }) {
                let job = LetGoLost::of(&line.carrier, &line.number, line.item.uuid());
                let due = cx.now() + LetGoLost::PAUSE;
                cx.enqueue_at(&job, Some(due)).await?;
            }
        } else {
            free(&mut cx, line).await?;
        }
        cx.commit().await?;
    }
    Err(refused(error, &line.number))
}

/// The person's open cart, made when there is none.
async fn open_cart(cx: &mut Ctx, buyer: Buyer<'_>) -> Result<CartId, Fault> {
    let (tenant, now, fresh) = (cx.tenant(), cx.now(), CartId::new(cx.now_millis()));
    // The update that changes nothing returns the row also when it was there.
    Ok(sqlx::query_scalar!(
        r#"insert into carts (id, tenant_id, user_id, created_at) values ($1, $2, $3, $4)
           on conflict (user_id) where state = 'open' do update set state = 'open'
           returning id as "id: CartId""#,
        fresh.uuid(),
        tenant.uuid(),
        buyer.member.user.uuid(),
        now
    )
    .fetch_one(cx.tx())
    .await?)
}

async fn price_now(cx: &mut Ctx, offer: &Offer) -> Result<Price, CartError> {
    let now = cx.now();
    let prices = current_prices(cx.tx(), now).await?;
    price_of(&prices, &offer.carrier, &offer.country, offer.number_type)
        .filter(|price| price.covers(offer))
        .cloned()
        .ok_or_else(|| CartError::NotForSale(offer.number.clone()))
}

/// Asks the carrier to set the number aside, where it can. The line's id is the key, so asking
/// again extends. A carrier that says it cannot, for this number or at all, leaves it at our own
/// hold: nobody else here gets the number, and the purchase tells whether it is still there.
async fn reserve(
    seller: &Arc<dyn Carrier>,
    line: &Line,
    until: DateTime<Utc>,
) -> Result<Option<CarrierHold>, CarrierError> {
    if !seller.abilities().holds {
        return Ok(None);
    }
    match seller.hold(&line.number, line.item.uuid(), until).await {
        Ok(held) => Ok(Some(held)),
        Err(CarrierError::Unsupported { detail }) => {
            tracing::debug!(carrier = seller.key(), %detail, "held here only");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Writes down what the carrier set aside. When the line has left the cart meanwhile, by the
/// person's other window, nobody wants it any more: it is let go at once.
async fn record(
    platform: &Platform,
    buyer: Buyer<'_>,
    line: &Line,
    held: Option<CarrierHold>,
) -> Result<(), CartError> {
    let Some(held) = held else { return Ok(()) };
    let mut cx = buyer.begin(platform).await?;
    let (tenant, now) = (cx.tenant(), cx.now());
    // The row of a hold that was let go stays a while; what an order took over needs no cart.
    let kept = sqlx::query!(
        "update holds set carrier_hold_id = $4, carrier_hold_expires_at = $5
         where e164 = $1 and tenant_id = $2 and cart_id = $3
           and (order_id is not null or (expires_at > $6
               and exists (select from cart_items where id = $7 and tenant_id = $2)))",
        line.number.as_str(),
        tenant.uuid(),
        line.cart.uuid(),
        held.id,
        held.expires_at,
        now,
        line.item.uuid()
    )
    .execute(cx.tx())
    .await?;
    if kept.rows_affected() > 0 {
        return Ok(cx.commit().await?);
    }
    let job = LetGo::of(&line.carrier, &line.number, held.id);
    cx.enqueue(&job).await?;
    cx.commit().await?;
    job.at_once(platform).await;
    Err(CartError::NotInCart)
}

fn refused(error: CarrierError, number: &E164) -> CartError {
    match error {
        CarrierError::Unavailable { .. }
        | CarrierError::Gone { .. }
        | CarrierError::AlreadyOurs { .. } => CartError::Taken(number.clone()),
        other => {
            tracing::warn!(%number, error = %other, "a carrier did not hold a number");
            CartError::Carrier(other.for_customer())
        }
    }
}
