//! Staff's overview, and the orders and numbers of all tenants.

use super::{
    export::{download, export_of},
    filter::Wanted,
    listing::Listing,
};
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::{Admin, Support},
    layout::Place,
    ui::{Amount, Badge, Cell, Choice, Number, Select, Stat, Stateful, When},
};
use axum::extract::State;
use leptos::prelude::*;
use voxlink_domain::accounts::admin::{self, Exported, WorkFilter};
use voxlink_types::{number::NumberState, order::OrderState};

pub(super) async fn overview(State(app): State<App>, person: Support) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let o = admin::overview(&mut cx).await?;
    drop(cx);
    Screen::new("Administration")
        .at(Place::Admin)
        .render(&app, &person, move || {
            view! {
                <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
                    <Stat label="Accounts in use" href="/admin/accounts?state=active">{o.active_accounts}</Stat>
                    <Stat label="Suspended accounts" href="/admin/accounts?state=suspended">{o.suspended_accounts}</Stat>
                    <Stat label="New accounts" note="within 30 days">{o.new_accounts}</Stat>
                    <Stat label="Numbers" href="/admin/numbers">{o.numbers}</Stat>
                    <Stat label="Orders in progress" href="/admin/orders?state=processing">{o.open_orders}</Stat>
                    <Stat label="Orders" note="within 30 days" href="/admin/orders">{o.recent_orders}</Stat>
                    <Stat label="Calls" note="within 24 hours">{o.recent_calls}</Stat>
                    <Stat label="Refused sign-ins" note="within 24 hours" href="/admin/audit?action=session.refuse">{o.refused_sign_ins}</Stat>
                    <Stat label="Differences at carriers" note="not settled" href="/admin/drift">{o.open_drift}</Stat>
                </div>
            }
        })
        .await
}

fn filter<S: std::str::FromStr>(wanted: &Wanted) -> WorkFilter {
    let state = Wanted::word(wanted.state.as_ref()).filter(|s| s.parse::<S>().is_ok());
    WorkFilter { search: wanted.search(), state, tenant: Wanted::parsed(wanted.tenant.as_ref()) }
}

pub(super) async fn orders(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::orders(&mut cx, &filter::<OrderState>(&wanted), wanted.request()).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    drop(cx);
    let export = export_of(&person);
    Screen::new("All orders")
        .at(Place::AdminOrders)
        .render(&app, &person, move || {
            let states = OrderState::ALL.iter().map(|s| Choice::new(s.as_str(), s.badge().0));
            let filters = filters(&wanted, states.collect());
            let list = Listing {
                action: "/admin/orders",
                search: "Order or company",
                caption: "Orders of all accounts",
                headings: &[
                    ("Order", false),
                    ("Account", false),
                    ("State", false),
                    ("Total", true),
                    ("Placed", false),
                ],
                empty: ("No order fits", "icon-[lucide--package]"),
                advice: "Change the search or clear the filters.",
                of: ("order", "orders"),
                export,
            };
            list.show(filters, found, |o| {
                let (text, tone) = o.state.badge();
                let href = format!("/admin/accounts/{}", o.tenant);
                view! {
                    <tr>
                        <Cell label="Order"><span class="font-medium whitespace-nowrap">{o.number}</span></Cell>
                        <Cell label="Account"><a class="link-quiet" href=href><bdi>{o.company}</bdi></a></Cell>
                        <Cell label="State"><Badge text=text tone=tone /></Cell>
                        <Cell label="Total" amount=true><Amount money=o.total /></Cell>
                        <Cell label="Placed"><When at=o.placed_at /></Cell>
                    </tr>
                }
            })
        })
        .await
}

pub(super) async fn export_orders(
    State(app): State<App>,
    person: Admin,
    Query(wanted): Query<Wanted>,
) -> Answer {
    download(&app, &person, Exported::Orders(filter::<OrderState>(&wanted))).await
}

pub(super) async fn numbers(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::numbers(&mut cx, &filter::<NumberState>(&wanted), wanted.request()).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    drop(cx);
    let export = export_of(&person);
    Screen::new("All numbers")
        .at(Place::AdminNumbers)
        .render(&app, &person, move || {
            let states = NumberState::ALL.iter().map(|s| Choice::new(s.as_str(), s.badge().0));
            let filters = filters(&wanted, states.collect());
            let list = Listing {
                action: "/admin/numbers",
                search: "Digits or company",
                caption: "Numbers of all accounts",
                headings: &[
                    ("Number", false),
                    ("Account", false),
                    ("State", false),
                    ("Carrier", false),
                    ("Since", false),
                ],
                empty: ("No number fits", "icon-[lucide--hash]"),
                advice: "Change the search or clear the filters.",
                of: ("number", "numbers"),
                export,
            };
            list.show(filters, found, |n| {
                let (text, tone) = n.state.badge();
                let href = format!("/admin/accounts/{}", n.tenant);
                view! {
                    <tr>
                        <Cell label="Number"><Number number=n.e164 /></Cell>
                        <Cell label="Account"><a class="link-quiet" href=href><bdi>{n.company}</bdi></a></Cell>
                        <Cell label="State"><Badge text=text tone=tone /></Cell>
                        <Cell label="Carrier">{n.carrier}</Cell>
                        <Cell label="Since"><When at=n.started_at /></Cell>
                    </tr>
                }
            })
        })
        .await
}

pub(super) async fn export_numbers(
    State(app): State<App>,
    person: Admin,
    Query(wanted): Query<Wanted>,
) -> Answer {
    download(&app, &person, Exported::Numbers(filter::<NumberState>(&wanted))).await
}

/// The state, and the account when the list is of one: it stays when the rest is changed.
fn filters(wanted: &Wanted, states: Vec<Choice>) -> impl IntoView + use<> {
    let account = Wanted::word(wanted.tenant.as_ref())
        .map(|tenant| view! { <input type="hidden" name="tenant" value=tenant /> });
    let chosen = wanted.state.clone().unwrap_or_default();
    view! {
        {account}
        <Select name="state" label="State" choices=states value=chosen none="Any" />
    }
}
