//! Promotion codes in a cart. What they are worth is the quote's business.

use super::CartError;
use crate::{Ctx, audit::Entry, orders::open_cart};
use serde_json::json;
use voxlink_types::ids::UserId;

/// Puts a code into the person's cart, if it is in force and not used up.
pub async fn apply_promotion(cx: &mut Ctx, user: UserId, typed: &str) -> Result<String, CartError> {
    let code = typed.trim().to_uppercase();
    let (tenant, now) = (cx.tenant(), cx.now());
    let valid = sqlx::query_scalar!(
        "select code from promotions
         where code = $1 and starts_at <= $2 and (ends_at is null or ends_at > $2)
           and (max_redemptions is null or redemptions < max_redemptions)",
        code,
        now
    )
    .fetch_optional(cx.tx())
    .await?;
    if valid.is_none() {
        return Err(CartError::Promotion);
    }
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
