//! The cart as its owner sees it.

use super::LONGEST_HOLD;
use crate::{
    Ctx, Fault,
    orders::{Quote, QuoteLine, open_cart, quote},
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use voxlink_types::ids::{CartItemId, UserId};

/// How a number in a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Held until then.
    Held(DateTime<Utc>),
    /// The hold has lapsed; it may still be had.
    Lapsed,
}

/// A number in a cart.
#[derive(Debug, Clone, PartialEq)]
pub struct CartItem {
    /// Its price, tax and share of the promotion.
    pub line: QuoteLine,
    /// How it stands.
    pub standing: Standing,
    /// Whether holding it again would give more time (see [`LONGEST_HOLD`]).
    pub extends: bool,
}

/// A person's cart.
#[derive(Debug, Clone, PartialEq)]
pub struct CartView {
    /// What it costs.
    pub quote: Quote,
    /// The numbers, in the order they were added.
    pub items: Vec<CartItem>,
    /// When this was so.
    pub now: DateTime<Utc>,
}

/// The person's open cart; none when nothing was ever put into one.
pub async fn view(cx: &mut Ctx, user: UserId) -> Result<Option<CartView>, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let Some(cart) = open_cart(cx, user).await? else { return Ok(None) };
    let quote = quote(cx, cart).await?;
    let rows = sqlx::query!(
        r#"select i.id as "item!: CartItemId",
                  h.expires_at as "until?: DateTime<Utc>", h.held_at as "since?: DateTime<Utc>"
           from cart_items i
           left join holds h on h.e164 = i.e164 and h.cart_id = i.cart_id and h.tenant_id = $2 and h.expires_at > $3
           where i.cart_id = $1 and i.tenant_id = $2"#,
        cart.uuid(),
        tenant.uuid(),
        now
    )
    .fetch_all(cx.tx())
    .await?;
    let facts: HashMap<CartItemId, (Option<DateTime<Utc>>, bool)> = rows
        .into_iter()
        .map(|r| {
            let over =
                r.since.zip(r.until).is_some_and(|(since, until)| until >= since + LONGEST_HOLD);
            (r.item, (r.until, !over))
        })
        .collect();
    let items = quote
        .lines
        .iter()
        .map(|line| {
            let (until, extends) = facts.get(&line.item).copied().unwrap_or_default();
            let standing = until.map_or(Standing::Lapsed, Standing::Held);
            CartItem { line: line.clone(), standing, extends }
        })
        .collect();
    Ok(Some(CartView { quote, items, now }))
}
