//! Promotion codes: whether one is good for an account now, and putting one into a cart. What it
//! takes off is the quote's business.

use super::CartError;
use crate::{Ctx, Fault, audit::Entry, orders::open_cart};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use voxlink_types::{Currency, ids::UserId};

/// Most letters of a code.
const LONGEST: usize = 40;

/// A code that is good for this account now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The code.
    pub code: String,
    /// Percent off, …
    pub percent: Option<Decimal>,
    /// … or so many minor units.
    pub amount_minor: Option<i64>,
}

/// Why a code gives nothing. The sentences say what the person can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromotionRefusal {
    /// Nothing was typed.
    #[error("Write a promotion code first.")]
    Missing,
    /// Nobody ever made it.
    #[error("There is no code {0}. Check its spelling.")]
    Unknown(String),
    /// It begins later.
    #[error("This code is good from {} on.", .0.format("%-d %B %Y"))]
    NotYet(DateTime<Utc>),
    /// It is over.
    #[error("This code ended on {}.", .0.format("%-d %B %Y"))]
    Ended(DateTime<Utc>),
    /// Others were faster.
    #[error("This code has been used as often as it may be.")]
    UsedUp,
    /// This account has had its share.
    #[error("Your account has used this code already; it is good {} per account.", times(*.0))]
    UsedByAccount(i32),
    /// An amount in another currency than the account's.
    #[error("This code is for accounts in {0}.")]
    OtherCurrency(String),
}

fn times(most: i32) -> String {
    if most == 1 { "once".to_owned() } else { format!("{most} times") }
}

/// Whether a code is good for this account now.
pub async fn standing(
    cx: &mut Ctx,
    code: &str,
) -> Result<Result<Promotion, PromotionRefusal>, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let row = sqlx::query!(
        r#"select p.code, p.percent, p.amount_minor, p.currency, p.starts_at, p.ends_at, p.max_per_account,
                  coalesce(p.redemptions >= p.max_redemptions, false) as "used_up!",
                  a.currency as "account_currency: Currency",
                  (select count(*) from orders o where o.tenant_id = $2 and o.promotion_code = p.code
                       and o.state not in ('cancelled', 'failed')) as "used!"
           from promotions p join billing_accounts a on a.tenant_id = $2 where p.code = $1"#,
        code,
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(Err(PromotionRefusal::Unknown(code.to_owned()))) };
    let foreign =
        row.currency.filter(|of| row.amount_minor.is_some() && of != row.account_currency.as_str());
    let refusal = match (row.ends_at, row.max_per_account, foreign) {
        _ if row.starts_at > now => PromotionRefusal::NotYet(row.starts_at),
        (Some(end), ..) if end <= now => PromotionRefusal::Ended(end),
        _ if row.used_up => PromotionRefusal::UsedUp,
        (_, Some(most), _) if row.used >= i64::from(most) => PromotionRefusal::UsedByAccount(most),
        (.., Some(currency)) => PromotionRefusal::OtherCurrency(currency),
        _ => {
            let good =
                Promotion { code: row.code, percent: row.percent, amount_minor: row.amount_minor };
            return Ok(Ok(good));
        }
    };
    Ok(Err(refusal))
}

/// Puts a code into the person's cart, if it is good for them now.
pub async fn apply_promotion(cx: &mut Ctx, user: UserId, typed: &str) -> Result<String, CartError> {
    let code = typed.trim().to_uppercase();
    if code.is_empty() {
        return Err(CartError::Promotion(PromotionRefusal::Missing));
    }
    if code.chars().count() > LONGEST {
        let begin = code.chars().take(LONGEST).collect::<String>();
        return Err(CartError::Promotion(PromotionRefusal::Unknown(format!("{begin}…"))));
    }
    let tenant = cx.tenant();
    standing(cx, &code).await?.map_err(CartError::Promotion)?;
    let cart = open_cart(cx, user).await?.ok_or(CartError::NotInCart)?;
    sqlx::query!(
        "update carts set promotion_code = $3 where id = $1 and tenant_id = $2",
        cart.uuid(),
        tenant.uuid(),
        code
    )
    .execute(cx.tx())
    .await?;
    cx.audit(Entry {
        action: "cart.promote",
        resource: "cart",
        resource_id: Some(cart.to_string()),
        new: Some(json!({ "promotion": code })),
        ..Entry::default()
    })
    .await?;
    Ok(code)
}

/// Takes the code out again; without one it does nothing.
pub async fn drop_promotion(cx: &mut Ctx, user: UserId) -> Result<(), CartError> {
    let tenant = cx.tenant();
    sqlx::query!(
        "update carts set promotion_code = null
         where tenant_id = $1 and user_id = $2 and state = 'open' and promotion_code is not null",
        tenant.uuid(),
        user.uuid()
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
