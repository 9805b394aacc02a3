//! From a cart to an order, in one transaction: all of it or nothing.

mod error;

pub use error::CheckoutError;

use super::{FulfilJob, News, PriceChange, Quote, QuoteLine, dues, quote, row_id, tell};
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    billing::{
        journal::{Account, NewEntry, Posting, available_credit, post},
        payments::{self, NewPayment, Purpose},
    },
    carriers,
    cart::REST,
};
use chrono::Datelike;
use serde_json::{Value, json};
use voxlink_types::{
    E164, Money,
    ids::{CartId, OrderId, PaymentId, UserId},
    order::Strategy,
};

/// How the person pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentChoice {
    /// From the prepaid balance.
    Credit,
    /// By card, at this processor.
    Card {
        /// The processor's key.
        processor: String,
    },
}

/// A wish to buy what is in a cart.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The cart.
    pub cart: CartId,
    /// Who buys.
    pub user: UserId,
    /// How.
    pub payment: PaymentChoice,
    /// The sum the person saw; another one is refused.
    pub expected: Option<Money>,
    /// What to do when not all can be had.
    pub strategy: Strategy,
    /// `web`, `api`, `cli`.
    pub source: &'static str,
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The order.
    pub order: OrderId,
    /// Its number for people.
    pub number: String,
    /// The card payment to open with [`payments::open`] after the commit.
    pub payment: Option<PaymentId>,
}

/// Places an order for everything in the cart. The same cart is bought once: a second call finds
/// it closed. The caller commits; a card payment is opened after that.
pub async fn checkout(
    cx: &mut Ctx,
    platform: &Platform,
    wish: &Checkout,
) -> Result<Placed, CheckoutError> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let open = sqlx::query_scalar!(
        "select id from carts where id = $1 and tenant_id = $2 and user_id = $3 and state in ('open', 'bulk') for update",
        wish.cart.uuid(),
        tenant.uuid(),
        wish.user.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    if open.is_none() {
        return Err(CheckoutError::NoCart);
    }
    let quote = quote(cx, wish.cart).await?;
    if quote.lines.is_empty() {
        return Err(CheckoutError::Empty);
    }
    if wish.strategy.minimum().is_some_and(|least| usize::from(least) > quote.lines.len()) {
        return Err(CheckoutError::Minimum { count: quote.lines.len() });
    }
    if let Some(due) = dues::blocking(cx).await? {
        return Err(CheckoutError::PaymentDue(Box::new(due)));
    }
    // What a draining carrier's numbers are held for may be paid; a disabled one sells nothing.
    let disabled = carriers::disabled_in(cx, wish.cart).await?;
    if !disabled.is_empty() {
        return Err(CheckoutError::NotSold(disabled));
    }
    let filed = carriers::filed(cx.tx()).await?;
    let lacking = quote.lines.iter().filter(|line| filed.lacks(platform, &line.offer, line.needs));
    let lacking: Vec<E164> = lacking.map(|line| line.number.clone()).collect();
    if !lacking.is_empty() {
        return Err(CheckoutError::NeedsPapers(lacking));
    }
    take_holds(cx, &quote).await?;
    let changes = quote.changes();
    if !changes.is_empty() {
        return Err(CheckoutError::PriceChanged(changes));
    }
    if let Some(was) = wish.expected.filter(|seen| *seen != quote.total) {
        return Err(CheckoutError::TotalChanged { was, now: quote.total });
    }
    let account = sqlx::query!(
        r#"select currency as "currency: voxlink_types::Currency", credit_limit_minor, billing_address
           from billing_accounts where tenant_id = $1 for update"#,
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?;
    if let Some(line) = quote.lines.iter().find(|l| l.monthly.currency != account.currency) {
        return Err(CheckoutError::OtherCurrency(line.number.clone()));
    }
    let order = OrderId::new(cx.now_millis());
    let number = next_number(cx).await?;
    // An order that costs nothing needs no card.
    let card = match &wish.payment {
        PaymentChoice::Card { processor } if quote.total.minor > 0 => Some(processor.clone()),
        _ => None,
    };
    let kind = if card.is_some() { "card" } else { "credit" };
    sqlx::query!(
        "insert into orders (id, tenant_id, user_id, cart_id, order_number, source, payment_kind, subtotal_minor,
             discount_minor, tax_minor, total_minor, currency, promotion_code, billing_address, placed_at, created_at,
             strategy, strategy_minimum)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17)",
        order.uuid(),
        tenant.uuid(),
        wish.user.uuid(),
        wish.cart.uuid(),
        number,
        wish.source,
        kind,
        quote.subtotal.minor,
        quote.discount.minor,
        quote.tax.minor,
        quote.total.minor,
        quote.currency.as_str(),
        quote.promotion,
        account.billing_address,
        now,
        wish.strategy.word(),
        wish.strategy.minimum().map(i32::from),
    )
    .execute(cx.tx())
    .await?;
    store_items(cx, order, &quote).await?;
    claim_holds(cx, wish.cart, order).await?;
    redeem(cx, &quote).await?;
    let payment = match card {
        None => {
            let limit = Money::new(account.credit_limit_minor, quote.currency);
            hold_credit(cx, order, &number, quote.total, limit).await?;
            cx.enqueue(&FulfilJob { tenant, order }).await?;
            None
        }
        Some(processor) => {
            let new = NewPayment {
                purpose: Purpose::Order,
                order: Some(order),
                invoice: None,
                processor,
                amount: quote.total,
                description: format!("Order {number}"),
            };
            Some(payments::begin(cx, new).await?)
        }
    };
    let message = match &payment {
        None => format!("Order placed; {} set aside from your balance", quote.total),
        Some(_) => format!("Order placed; waiting for your card ({})", quote.total),
    };
    tell(
        cx,
        tenant,
        order,
        News { item: None, kind: "placed", message: &message, detail: Value::Null },
    )
    .await?;
    let count = quote.lines.len();
    cx.audit(Entry {
        action: "order.place",
        resource: "order",
        resource_id: Some(order.to_string()),
        new: Some(
            json!({ "number": number, "items": count, "total": quote.total, "payment": kind }),
        ),
        ..Entry::default()
    })
    .await?;
    Ok(Placed { order, number, payment })
}

/// Writes the prices of now into the cart's lines: the person has been shown them.
pub async fn accept_prices(cx: &mut Ctx, cart: CartId) -> Result<(), Fault> {
    let tenant = cx.tenant();
    let quote = quote(cx, cart).await?;
    let changes = quote.changes();
    if changes.is_empty() {
        return Ok(());
    }
    for line in quote.lines.iter().filter(|l| l.was.is_some()) {
        sqlx::query!(
            "update cart_items set price_book_id = $3, monthly_minor = $4, setup_minor = $5, currency = $6
             where id = $1 and tenant_id = $2",
            line.item.uuid(),
            tenant.uuid(),
            line.price.uuid(),
            line.monthly.minor,
            line.setup.minor,
            line.monthly.currency.as_str(),
        )
        .execute(cx.tx())
        .await?;
    }
    let told = |amounts: fn(&PriceChange) -> (Money, Money)| {
        let line = |change: &PriceChange| {
            let (monthly, setup) = amounts(change);
            json!({ "number": change.number, "monthly": monthly, "setup": setup })
        };
        Some(changes.iter().map(line).collect::<Value>())
    };
    cx.audit(Entry {
        action: "cart.accept_prices",
        resource: "cart",
        resource_id: Some(cart.to_string()),
        old: told(|change| change.was),
        new: told(|change| change.now),
        ..Entry::default()
    })
    .await
}

/// `VL-2026-000123`.
async fn next_number(cx: &mut Ctx) -> Result<String, Fault> {
    let year = cx.now().year();
    let next = sqlx::query_scalar!(r#"select nextval('order_numbers') as "next!""#)
        .fetch_one(cx.tx())
        .await?;
    Ok(format!("VL-{year}-{next:06}"))
}

/// Makes sure that this cart has every number, also where its hold ran out and nobody came since.
async fn take_holds(cx: &mut Ctx, quote: &Quote) -> Result<(), CheckoutError> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let mut lines: Vec<&QuoteLine> = quote.lines.iter().collect();
    // One order of locks for everybody.
    lines.sort_by(|a, b| a.number.cmp(&b.number));
    let mut taken = Vec::new();
    for line in lines {
        let ours = sqlx::query_scalar!(
            r#"select take_hold($1, $2, $3, $4, $5, $6) as "ours!""#,
            line.number.as_str(),
            line.carrier,
            tenant.uuid(),
            quote.cart.uuid(),
            now,
            now - REST,
        )
        .fetch_one(cx.tx())
        .await?;
        // Sold since, by whatever carrier, or given back since by another tenant, who alone may
        // have it back.
        let sold = sqlx::query_scalar!(
            r#"select exists (select 1 from inventory where e164 = $1 and state = 'sold')
                   or held_by_another($1, $2, $3) as "sold!""#,
            line.number.as_str(),
            quote.cart.uuid(),
            now,
        )
        .fetch_one(cx.tx())
        .await?;
        if !ours || sold {
            taken.push(line.number.clone());
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(CheckoutError::Taken(taken)) }
}

/// The holds belong to the order now and the cart is closed.
async fn claim_holds(cx: &mut Ctx, cart: CartId, order: OrderId) -> Result<(), Fault> {
    let tenant = cx.tenant();
    sqlx::query!(
        "update holds set order_id = $3 where cart_id = $1 and tenant_id = $2",
        cart.uuid(),
        tenant.uuid(),
        order.uuid()
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update carts set state = 'checked_out' where id = $1 and tenant_id = $2",
        cart.uuid(),
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn store_items(cx: &mut Ctx, order: OrderId, quote: &Quote) -> Result<(), Fault> {
    let tenant = cx.tenant();
    for (position, line) in (1i32..).zip(&quote.lines) {
        let (id, key) = (row_id(cx), row_id(cx));
        let place = line.offer.locality.as_deref().unwrap_or(&line.offer.country);
        let description = format!("{} number, {place}", line.offer.number_type);
        let offer =
            serde_json::to_value(&line.offer).map_err(|e| Fault::Internal(e.to_string()))?;
        sqlx::query!(
            "insert into order_items (id, tenant_id, order_id, position, description, carrier, e164, offer,
                 price_book_id, monthly_minor, setup_minor, discount_minor, tax_minor, total_minor, currency, purchase_key)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            id,
            tenant.uuid(),
            order.uuid(),
            position,
            description,
            line.carrier,
            line.number.as_str(),
            offer,
            line.price.uuid(),
            line.monthly.minor,
            line.setup.minor,
            line.discount.minor,
            line.tax.minor,
            line.total.minor,
            quote.currency.as_str(),
            key,
        )
        .execute(cx.tx())
        .await?;
    }
    Ok(())
}

/// Uses up one redemption. The quote saw one left; a racing order may have taken it, then the
/// constraint refuses and the person sees the new total.
async fn redeem(cx: &mut Ctx, quote: &Quote) -> Result<(), CheckoutError> {
    let Some(code) = &quote.promotion else { return Ok(()) };
    let tenant = cx.tenant();
    // The account's row is locked, so its own orders are counted one after the other.
    let used = sqlx::query!(
        "update promotions p set redemptions = redemptions + 1
         where code = $1 and (max_redemptions is null or redemptions < max_redemptions)
           and (max_per_account is null or max_per_account >= (
               select count(*) from orders o where o.tenant_id = $2 and o.promotion_code = p.code
                   and o.state not in ('cancelled', 'failed')))",
        code,
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    if used.rows_affected() == 1 {
        return Ok(());
    }
    let now = quote.total.plus(quote.discount).unwrap_or(quote.total);
    Err(CheckoutError::TotalChanged { was: quote.total, now })
}

/// Gives an order's use of its promotion back: the order came to nothing.
pub(super) async fn unredeem(cx: &mut Ctx, order: OrderId) -> Result<(), Fault> {
    let tenant = cx.tenant();
    sqlx::query!(
        "update promotions p set redemptions = redemptions - 1
         from orders o where o.id = $1 and o.tenant_id = $2 and p.code = o.promotion_code and p.redemptions > 0",
        order.uuid(),
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Moves the order's money from the balance to what is held; the account's row is locked.
async fn hold_credit(
    cx: &mut Ctx,
    order: OrderId,
    number: &str,
    total: Money,
    limit: Money,
) -> Result<(), CheckoutError> {
    if total.minor == 0 {
        return Ok(());
    }
    let tenant = cx.tenant();
    let balance = available_credit(cx, tenant, total.currency).await?;
    let have = balance.plus(limit).unwrap_or(balance);
    if have.minor < total.minor {
        let missing = Money::new(total.minor - have.minor, total.currency);
        return Err(CheckoutError::NotEnough { have, need: total, missing });
    }
    let entry = NewEntry {
        reference: format!("order:{order}:hold"),
        kind: "order_hold",
        description: format!("Set aside for order {number}"),
        order: Some(order),
        postings: vec![
            Posting::debit(Account::Credit, total),
            Posting::credit(Account::Held, total),
        ],
        ..NewEntry::default()
    };
    post(cx, tenant, entry).await.map_err(Fault::from)?;
    Ok(())
}
