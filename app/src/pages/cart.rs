//! The cart: what is held, for how long, and what it costs.

mod show;

use crate::{
    Answer, App, Flash, Route, Wrong,
    access::{Manager, Viewer},
    errors::PageError,
    route::{Access, get, post},
};
use axum::{
    Form,
    extract::{Path, State},
};
use serde::Deserialize;
use voxlink_domain::cart::{self, Buyer, CartError};
use voxlink_types::ids::CartItemId;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/cart", Access::Viewer, look),
        post("/cart/clear", Access::Manager, clear),
        post("/cart/promotion", Access::Manager, promote),
        post("/cart/promotion/remove", Access::Manager, unpromote),
        post("/cart/{item}/extend", Access::Manager, extend),
        post("/cart/{item}/remove", Access::Manager, remove),
    ]
}

async fn look(State(app): State<App>, viewer: Viewer) -> Answer {
    show::show(&app, &viewer, Wrong::nothing(), String::new()).await
}

fn buyer(manager: &Manager) -> Buyer<'_> {
    Buyer { member: &manager.member, request: &manager.request }
}

fn item(id: &str) -> Result<CartItemId, PageError> {
    id.parse().map_err(|_| PageError::not_found())
}

/// Refusals that the cart itself can show.
fn told(error: CartError) -> Answer {
    match error {
        CartError::Taken(_)
        | CartError::Longest { .. }
        | CartError::Rests { .. }
        | CartError::NoLonger(_)
        | CartError::Carrier(_)
        | CartError::NoCarrier => Ok(Flash::warning(format!("{error}.")).then("/cart")),
        other => Err(other.into()),
    }
}

async fn extend(State(app): State<App>, manager: Manager, Path(id): Path<String>) -> Answer {
    match cart::hold_again(&app.platform, buyer(&manager), item(&id)?).await {
        Ok(until) => {
            let left = until - app.platform.clock().now();
            let minutes = (left.num_seconds() + 30) / 60;
            let longest = if minutes < app.platform.settings().hold_minutes {
                " A cart can hold a number for an hour in all."
            } else {
                ""
            };
            Ok(Flash::success(format!("Held for {minutes} minutes from now.{longest}"))
                .then("/cart"))
        }
        Err(error) => told(error),
    }
}

async fn remove(State(app): State<App>, manager: Manager, Path(id): Path<String>) -> Answer {
    match cart::remove(&app.platform, buyer(&manager), item(&id)?).await {
        Ok(number) => {
            let text = format!("{} is out of your cart.", number.international());
            Ok(Flash::success(text).then("/cart"))
        }
        // Pressed twice: it is gone, which is what was wanted.
        Err(CartError::NotInCart) => Ok(Flash::info("It was out already.").then("/cart")),
        Err(error) => told(error),
    }
}

async fn clear(State(app): State<App>, manager: Manager) -> Answer {
    match cart::clear(&app.platform, buyer(&manager)).await {
        Ok(_) => Ok(Flash::success("Your cart is empty.").then("/cart")),
        Err(error) => told(error),
    }
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

async fn promote(State(app): State<App>, manager: Manager, Form(form): Form<Code>) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    match cart::apply_promotion(&mut cx, manager.member.user, &form.code).await {
        Ok(code) => {
            cx.commit().await?;
            Ok(Flash::success(format!("{code} is in your cart.")).then("/cart"))
        }
        Err(error) => {
            drop(cx);
            show::show(&app, &manager, Wrong::of(error)?, form.code).await
        }
    }
}

async fn unpromote(State(app): State<App>, manager: Manager) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    cart::drop_promotion(&mut cx, manager.member.user).await?;
    cx.commit().await?;
    Ok(Flash::success("The code is out of your cart.").then("/cart"))
}
