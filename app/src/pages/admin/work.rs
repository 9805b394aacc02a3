//! Staff's overview, and the orders and numbers of all tenants.

use super::filter::Wanted;
use crate::{
    Answer, App, Screen,
    access::Support,
    layout::Place,
    ui::{
        Amount, Badge, Cell, Choice, EmptyState, FilterBar, Number, Pager, Select, Stat, Stateful,
        Table, When,
    },
};
use axum::extract::{Query, State};
use leptos::prelude::*;
use voxlink_domain::accounts::admin::{self, WorkFilter};
use voxlink_types::{number::NumberState, order::OrderState};

pub(super) async fn overview(State(app): State<App>, person: Support) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let o = admin::overview(&mut cx).await?;
    drop(cx);
    Screen::new("Administration")
        .at(Place::AdminAccounts)
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
                </div>
            }
        })
        .await
}

fn filter<S: std::str::FromStr>(wanted: &Wanted) -> WorkFilter {
    let state = Wanted::word(wanted.state.as_ref()).filter(|s| s.parse::<S>().is_ok());
    WorkFilter { search: wanted.search(), state, tenant: Wanted::parsed(wanted.tenant.as_ref()) }
}

/// The account's filter stays when the others are changed.
fn kept(wanted: &Wanted) -> Option<impl IntoView + use<>> {
    let tenant = Wanted::word(wanted.tenant.as_ref())?;
    Some(view! { <input type="hidden" name="tenant" value=tenant /> })
}

pub(super) async fn orders(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::orders(&mut cx, &filter::<OrderState>(&wanted), wanted.request()).await?;
    drop(cx);
    Screen::new("All orders")
        .at(Place::AdminOrders)
        .render(&app, &person, move || {
            let chosen = wanted.state.clone().unwrap_or_default();
            let account = kept(&wanted);
            let states = OrderState::ALL.iter().map(|s| Choice::new(s.as_str(), s.badge().0)).collect();
            let rows = found
                .rows
                .clone()
                .into_iter()
                .map(|o| {
                    let (text, tone) = o.state.badge();
                    let href = format!("/admin/accounts/{}", o.tenant);
                    view! {
                        <tr>
                            <Cell label="Order">{o.number}</Cell>
                            <Cell label="Account"><a class="link-quiet" href=href>{o.company}</a></Cell>
                            <Cell label="State"><Badge text=text tone=tone /></Cell>
                            <Cell label="Total" amount=true><Amount money=o.total /></Cell>
                            <Cell label="Placed"><When at=o.placed_at /></Cell>
                        </tr>
                    }
                })
                .collect_view();
            let table = if found.rows.is_empty() {
                view! { <EmptyState title="No order fits" text="Change the search or clear the filters." icon="icon-[lucide--package]" /> }.into_any()
            } else {
                view! {
                    <Table caption="Orders of all accounts">
                        <thead>
                            <tr>
                                <th scope="col">"Order"</th>
                                <th scope="col">"Account"</th>
                                <th scope="col">"State"</th>
                                <th scope="col" class="amount">"Total"</th>
                                <th scope="col">"Placed"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </Table>
                }
                .into_any()
            };
            view! {
                <FilterBar action="/admin/orders" search="Order or company">
                    {account}
                    <Select name="state" label="State" choices=states value=chosen none="Any" />
                </FilterBar>
                {table}
                <Pager page=found of=("order", "orders") />
            }
        })
        .await
}

pub(super) async fn numbers(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::numbers(&mut cx, &filter::<NumberState>(&wanted), wanted.request()).await?;
    drop(cx);
    Screen::new("All numbers")
        .at(Place::AdminNumbers)
        .render(&app, &person, move || {
            let chosen = wanted.state.clone().unwrap_or_default();
            let account = kept(&wanted);
            let states = NumberState::ALL.iter().map(|s| Choice::new(s.as_str(), s.badge().0)).collect();
            let rows = found
                .rows
                .clone()
                .into_iter()
                .map(|n| {
                    let (text, tone) = n.state.badge();
                    let href = format!("/admin/accounts/{}", n.tenant);
                    view! {
                        <tr>
                            <Cell label="Number"><Number number=n.e164 /></Cell>
                            <Cell label="Account"><a class="link-quiet" href=href>{n.company}</a></Cell>
                            <Cell label="State"><Badge text=text tone=tone /></Cell>
                            <Cell label="Carrier">{n.carrier}</Cell>
                            <Cell label="Since"><When at=n.started_at /></Cell>
                        </tr>
                    }
                })
                .collect_view();
            let table = if found.rows.is_empty() {
                view! { <EmptyState title="No number fits" text="Change the search or clear the filters." icon="icon-[lucide--hash]" /> }.into_any()
            } else {
                view! {
                    <Table caption="Numbers of all accounts">
                        <thead>
                            <tr>
                                <th scope="col">"Number"</th>
                                <th scope="col">"Account"</th>
                                <th scope="col">"State"</th>
                                <th scope="col">"Carrier"</th>
                                <th scope="col">"Since"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </Table>
                }
                .into_any()
            };
            view! {
                <FilterBar action="/admin/numbers" search="Digits or company">
                    {account}
                    <Select name="state" label="State" choices=states value=chosen none="Any" />
                </FilterBar>
                {table}
                <Pager page=found of=("number", "numbers") />
            }
        })
        .await
}
