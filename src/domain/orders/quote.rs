//! What a cart costs now: prices, promotion, tax, every share exact. A number that is held costs
//! what it did when its hold began, for as long as the hold lasts; any other what is in force.

use crate::{
    Ctx, Fault,
    billing::tax::{self, Base, TaxedKind},
    cart::{Promotion, PromotionRefusal, standing},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use voxlink_gateways::carrier::Offer;
use voxlink_types::{
    Currency, E164, Money,
    ids::{CartId, CartItemId, PriceId, TenantId, UserId},
    money::MoneyError,
    number::Requirement,
};

/// A number in the cart, priced.
#[derive(Debug, Clone, PartialEq)]
pub struct QuoteLine {
    /// The cart's line.
    pub item: CartItemId,
    /// The carrier that has it.
    pub carrier: String,
    /// The number.
    pub number: E164,
    /// As it was offered.
    pub offer: Offer,
    /// What must be shown before it may be used.
    pub needs: Requirement,
    /// The price it is held at, else the one in force now.
    pub price: PriceId,
    /// Until when the price is kept: as long as the number is held.
    pub kept_until: Option<DateTime<Utc>>,
    /// A month, now.
    pub monthly: Money,
    /// Once, now.
    pub setup: Money,
    /// A minute of an incoming call, at that price.
    pub inbound_minute: Decimal,
    /// Its share of the promotion.
    pub discount: Money,
    /// Its share of the taxes.
    pub tax: Money,
    /// What is due for it now: first month and set-up, less discount, with tax.
    pub total: Money,
    /// What the cart said, when that was something else.
    pub was: Option<(Money, Money)>,
}

/// A price that is no longer what the person saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// The number.
    pub number: E164,
    /// Month and set-up as seen.
    pub was: (Money, Money),
    /// Month and set-up now.
    pub now: (Money, Money),
}

/// A cart, priced.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The cart.
    pub cart: CartId,
    /// The currency of all of it.
    pub currency: Currency,
    /// The numbers, in the order they were added.
    pub lines: Vec<QuoteLine>,
    /// The promotion's code, when one is in the cart and in force.
    pub promotion: Option<String>,
    /// A code that is in the cart and gives nothing now, and why.
    pub refused_promotion: Option<(String, PromotionRefusal)>,
    /// First months and set-ups.
    pub subtotal: Money,
    /// The promotion.
    pub discount: Money,
    /// The taxes: label and amount.
    pub taxes: Vec<(String, Money)>,
    /// Their sum.
    pub tax: Money,
    /// Due now.
    pub total: Money,
    /// Every month from the second on, before tax.
    pub monthly: Money,
}

impl Quote {
    /// The prices that changed since the person saw them.
    pub fn changes(&self) -> Vec<PriceChange> {
        let changed = |l: &QuoteLine| {
            l.was.map(|was| PriceChange {
                number: l.number.clone(),
                was,
                now: (l.monthly, l.setup),
            })
        };
        self.lines.iter().filter_map(changed).collect()
    }
}

/// The open cart of a person, if there is one.
pub async fn open_cart(cx: &mut Ctx, user: UserId) -> Result<Option<CartId>, Fault> {
    let tenant = cx.tenant();
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CartId" from carts where tenant_id = $1 and user_id = $2 and state = 'open'"#,
        tenant.uuid(),
        user.uuid()
    )
    .fetch_optional(cx.tx())
    .await?)
}

/// Prices a cart of the tenant as of now.
pub async fn quote(cx: &mut Ctx, cart: CartId) -> Result<Quote, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let rows = sqlx::query!(
        r#"select i.id as "id!: CartItemId", i.carrier as "carrier!", i.e164 as "number!: E164",
                  i.offer as "offer!: sqlx::types::Json<Offer>", i.monthly_minor as "monthly_minor!",
                  i.setup_minor as "setup_minor!", i.currency as "seen_currency!: Currency",
                  p.id as "price!: PriceId", p.monthly as "monthly!", p.setup as "setup!",
                  p.inbound_minute as "inbound_minute!", p.requirement as "requirement!: Requirement",
                  p.currency as "currency!: Currency", h.expires_at as "kept_until?: DateTime<Utc>"
           from cart_items i
           left join holds h on h.e164 = i.e164 and h.cart_id = i.cart_id and h.tenant_id = $2
             and h.expires_at > $3 and h.price_book_id is not null
           join price_books p on p.id = coalesce(h.price_book_id, (
               select b.id from price_books b
               where b.carrier = i.carrier and b.country = i.offer->>'country'
                 and b.number_type = i.offer->>'number_type' and b.effective_from <= $3
                 and (b.effective_to is null or b.effective_to > $3)
               order by b.effective_from desc limit 1))
           where i.cart_id = $1 and i.tenant_id = $2
           order by i.created_at, i.e164"#,
        cart.uuid(),
        tenant.uuid(),
        now,
    )
    .fetch_all(cx.tx())
    .await?;
    let currency = match rows.first() {
        Some(row) => row.currency,
        None => account_currency(cx, tenant).await?,
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let rounded = |exact: Decimal| Money::round(exact, row.currency).map_err(amounts);
        let (monthly, setup) = (rounded(row.monthly)?, rounded(row.setup)?);
        let seen = |minor| Money::new(minor, row.seen_currency);
        let was = (seen(row.monthly_minor), seen(row.setup_minor));
        lines.push(QuoteLine {
            item: row.id,
            carrier: row.carrier,
            number: row.number,
            needs: row.offer.requirement.or(row.requirement),
            offer: row.offer.0,
            price: row.price,
            kept_until: row.kept_until,
            monthly,
            setup,
            inbound_minute: row.inbound_minute,
            discount: Money::zero(currency),
            tax: Money::zero(currency),
            total: Money::zero(currency),
            was: (was != (monthly, setup)).then_some(was),
        });
    }
    let (promotion, refused_promotion) = promotion(cx, cart).await?;
    let place = tax::place_of(cx, tenant).await?;
    let (subtotal, discount) =
        discounts(&mut lines, promotion.as_ref(), currency).map_err(amounts)?;
    let bases = bases(&lines);
    let taxes = tax::for_amounts(cx, &place, now.date_naive(), currency, &bases).await?;
    let mut total = Money::zero(currency);
    let mut months = Money::zero(currency);
    for (line, shares) in lines.iter_mut().zip(taxes.by_item.chunks(2)) {
        line.tax = Money::sum(currency, shares.iter().copied()).map_err(amounts)?;
        line.total = line
            .setup
            .plus(line.monthly)
            .and_then(|s| s.minus(line.discount))
            .and_then(|s| s.plus(line.tax))
            .map_err(amounts)?;
        total = total.plus(line.total).map_err(amounts)?;
        months = months.plus(line.monthly).map_err(amounts)?;
    }
    Ok(Quote {
        cart,
        currency,
        refused_promotion,
        promotion: promotion.filter(|_| discount.minor > 0).map(|p| p.code),
        subtotal,
        discount,
        taxes: taxes.lines.iter().map(|l| (l.label(), l.amount)).collect(),
        tax: taxes.total,
        total,
        monthly: months,
        lines,
    })
}

fn amounts(error: MoneyError) -> Fault {
    Fault::Internal(format!("pricing a cart: {error}"))
}

async fn account_currency(cx: &mut Ctx, tenant: TenantId) -> Result<Currency, Fault> {
    Ok(sqlx::query_scalar!(
        r#"select currency as "currency: Currency" from billing_accounts where tenant_id = $1"#,
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?)
}

/// The cart's code and what it is good for now.
async fn promotion(
    cx: &mut Ctx,
    cart: CartId,
) -> Result<(Option<Promotion>, Option<(String, PromotionRefusal)>), Fault> {
    let tenant = cx.tenant();
    let code = sqlx::query_scalar!(
        "select promotion_code from carts where id = $1 and tenant_id = $2",
        cart.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?
    .flatten();
    let Some(code) = code else { return Ok((None, None)) };
    Ok(match standing(cx, &code).await? {
        Ok(good) => (Some(good), None),
        Err(refusal) => (None, Some((code, refusal))),
    })
}

/// Computes subtotal and promotion and shares the promotion among the lines, to the unit.
fn discounts(
    lines: &mut [QuoteLine],
    promotion: Option<&Promotion>,
    currency: Currency,
) -> Result<(Money, Money), MoneyError> {
    let gross: Vec<Money> =
        lines.iter().map(|l| l.monthly.plus(l.setup)).collect::<Result<_, _>>()?;
    let subtotal = Money::sum(currency, gross.iter().copied())?;
    let wanted = match promotion {
        Some(Promotion { percent: Some(percent), .. }) => {
            Money::round(subtotal.exact() * percent / Decimal::from(100), currency)?
        }
        Some(Promotion { amount_minor: Some(minor), .. }) => Money::new(*minor, currency),
        _ => Money::zero(currency),
    };
    let discount = Money::new(wanted.minor.min(subtotal.minor), currency);
    if discount.minor > 0 {
        let exact: Vec<Decimal> =
            gross.iter().map(|g| discount.exact() * g.exact() / subtotal.exact()).collect();
        let shares = tax::by_largest_remainder(discount, &exact)?;
        for (line, share) in lines.iter_mut().zip(shares) {
            line.discount = share;
        }
    }
    Ok((subtotal, discount))
}

/// Two taxable amounts a line, rental and set-up, each less its part of the line's discount.
fn bases(lines: &[QuoteLine]) -> Vec<Base> {
    let mut bases = Vec::with_capacity(lines.len() * 2);
    for line in lines {
        let (monthly, setup, off) =
            (line.monthly.exact(), line.setup.exact(), line.discount.exact());
        let gross = monthly + setup;
        let kept = if gross.is_zero() { Decimal::ZERO } else { (gross - off) / gross };
        bases.push(Base { kind: TaxedKind::Rental, exact: monthly * kept });
        bases.push(Base { kind: TaxedKind::Setup, exact: setup * kept });
    }
    bases
}
