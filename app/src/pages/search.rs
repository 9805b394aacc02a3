//! Finding numbers: a shop window whose filters stand in the address.

mod conditions;
mod filters;
mod query;
mod results;

use crate::{
    Answer, App, Flash, Route, Screen, Wrong,
    access::{Manager, Person, Viewer},
    layout::Place,
    route::{Access, get, post},
};
use axum::extract::State;
use axum_extra::extract::Form;
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    cart::{self, Buyer},
    catalog,
};
use voxlink_types::{E164, role::TenantRole};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![get("/search", Access::Viewer, show), post("/search/hold", Access::Manager, hold)]
}

async fn show(State(app): State<App>, viewer: Viewer) -> Answer {
    let coverage = catalog::coverage(&app.platform).await?;
    let wish = query::read(&viewer.look().query);
    let (found, wrong) = match catalog::search(&app.platform, &wish).await {
        Ok(found) => (Some(found), Wrong::nothing()),
        Err(error) => (None, Wrong::of(error)?),
    };
    let wider = match &found {
        Some(found) if found.hits.is_empty() && wish.page.page == 1 => {
            catalog::wider(&app.platform, &wish, found).await
        }
        _ => Vec::new(),
    };
    let may_hold =
        viewer.member.tenant_role >= TenantRole::Manager && viewer.member.suspended.is_none();
    let (status, look) = (wrong.status(), viewer.look().clone());
    Screen::new("Search numbers")
        .at(Place::Search)
        .status(status)
        .render(&app, &viewer, move || {
            // On a phone the form with its filters fills the first screen.
            let below = found.as_ref().is_some_and(|found| !found.hits.is_empty());
            let below = below.then(|| {
                view! { <a class="link mb-3 inline-block py-1 md:hidden" href="#results">"See the results"</a> }
            });
            let list = found.map(|found| results::list(&found, &wider, &wish, &look, may_hold));
            view! {
                {below}
                {filters::form(wish, &coverage, wrong)}
                <div id="results" class="scroll-mt-20">{list}</div>
            }
        })
        .await
}

/// What to hold: one row's button, or the rows that are ticked, as `carrier:+number`.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    one: Option<String>,
    #[serde(default)]
    pick: Vec<String>,
    /// The search, or the page of the number or the order, to come back to.
    #[serde(default)]
    back: String,
}

async fn hold(State(app): State<App>, manager: Manager, Form(wanted): Form<Wanted>) -> Answer {
    let chosen = wanted.one.map_or(wanted.pick, |one| vec![one]);
    let pages = ["/search", "/numbers/", "/orders/"];
    let back = crate::back::ours(&wanted.back)
        .filter(|path| pages.iter().any(|page| path.starts_with(*page)));
    let back = back.unwrap_or("/search");
    let buyer = Buyer { member: &manager.member, request: &manager.request };
    let (mut held, mut refused) = (Vec::new(), Vec::new());
    for choice in chosen.iter().take(50) {
        let Some((carrier, number)) = choice.split_once(':') else { continue };
        let Ok(number) = number.parse::<E164>() else { continue };
        match cart::hold(&app.platform, buyer, carrier, &number).await {
            Ok(_) => held.push(number.international()),
            Err(cart::CartError::Fault(fault)) => return Err(fault.into()),
            Err(error) => {
                // A full cart refuses every number with the same sentence.
                let told = error.to_string();
                if !refused.contains(&told) {
                    refused.push(told);
                }
            }
        }
    }
    let minutes = app.platform.settings().hold_minutes;
    Ok(match (held.as_slice(), refused.as_slice()) {
        ([], []) => Flash::info("Choose at least one number to hold.").then(back),
        (_, []) => {
            Flash::success(format!("{} held for you for {minutes} minutes.", held.join(", ")))
                .then("/cart")
        }
        ([], _) => Flash::warning(format!("{}.", refused.join(". "))).then(back),
        _ => {
            let text = format!("{} held. {}.", held.join(", "), refused.join(". "));
            Flash::warning(text).then("/cart")
        }
    })
}
