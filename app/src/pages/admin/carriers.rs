//! The carriers: which are sold, how they are, what they came to over all servers. Administrators
//! alone: what a carrier costs stands here.

mod credentials;
mod figures;
mod one;
pub(super) mod papers;

pub(super) use credentials::store;
pub(super) use one::{change, show, test};

use crate::{
    Answer, App, Screen,
    access::Admin,
    flash::Tone,
    layout::Place,
    ui::{Badge, Cell, Notice, Table, grouped},
};
use axum::extract::State;
use leptos::prelude::*;
use std::collections::BTreeMap;
use voxlink_domain::carriers::{self, Breakers, CarrierRow, CarrierState, DAYS};

const HERE: &str = "/admin/carriers";

pub(super) async fn list(State(app): State<App>, admin: Admin) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let all = carriers::all(&app.platform, &mut cx).await?;
    let numbers = carriers::active(&mut cx).await?;
    drop(cx);
    Screen::new("Carriers")
        .at(Place::AdminCarriers)
        .render(&app, &admin, move || table(all, &numbers))
        .await
}

/// Whether its numbers are sold.
fn sold(state: CarrierState) -> impl IntoView {
    let tone = match state {
        CarrierState::Enabled => Tone::Success,
        CarrierState::Draining => Tone::Warning,
        CarrierState::Disabled => Tone::Danger,
    };
    view! { <Badge text=state.label() tone=Some(tone) /> }
}

/// Whether it answered when it was asked last.
fn connection(row: &CarrierRow) -> impl IntoView + use<> {
    let (text, tone) = match &row.health {
        _ if !row.configured => ("Not configured", None),
        None => ("Not asked yet", None),
        Some(health) if health.is_good() => ("Answers", Some(Tone::Success)),
        Some(_) => ("In trouble", Some(Tone::Danger)),
    };
    view! { <Badge text=text tone=tone /> }
}

/// Where its credentials come from, or that those that are stored are of no use.
fn origin(row: &CarrierRow) -> impl IntoView + use<> {
    let (text, tone) = match row.trouble {
        Some(_) => ("Stored, not in use", Some(Tone::Danger)),
        None => (row.origin.label(), None),
    };
    view! { <Badge text=text tone=tone /> }
}

/// Whether it is left alone because it fails.
fn breaker(at: Breakers) -> impl IntoView {
    let (text, tone) = match (at.servers, at.open) {
        (0, _) => ("None".to_owned(), None),
        (_, 0) => ("Closed".to_owned(), Some(Tone::Success)),
        (servers, open) => (format!("Open at {open} of {servers}"), Some(Tone::Danger)),
    };
    view! { <Badge text=text tone=tone /> }
}

fn table(all: Vec<CarrierRow>, numbers: &BTreeMap<String, i64>) -> impl IntoView + use<> {
    let rows = all
        .into_iter()
        .map(|row| {
            let active = numbers.get(&row.key).copied().unwrap_or_default();
            line(&row, active)
        })
        .collect_view();
    view! {
        <Notice>
            {format!("Requests are those of all servers within {DAYS} days. Draining and disabled carriers keep what is owned in service.")}
        </Notice>
        <Table caption="Carriers in the order in which they are preferred">
            <thead>
                <tr>
                    <th scope="col">"Carrier"</th>
                    <th scope="col">"Sold"</th>
                    <th scope="col">"Connection"</th>
                    <th scope="col">"Credentials"</th>
                    <th scope="col">"Breaker"</th>
                    <th scope="col" class="amount">"Requests"</th>
                    <th scope="col" class="amount">"Not done"</th>
                    <th scope="col" class="amount">"Numbers"</th>
                    <th scope="col" class="amount">"Priority"</th>
                    <th scope="col" class="amount">"Mark-up"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}

fn line(row: &CarrierRow, active: i64) -> impl IntoView + use<> {
    let href = format!("{HERE}/{}", row.key);
    let (state, health, breaker) = (sold(row.state), connection(row), breaker(row.breakers));
    let origin = origin(row);
    let (name, key, priority) = (row.name.clone(), row.key.clone(), row.priority);
    let (requests, failed) = (grouped(row.requests), grouped(row.failed));
    let mark_up = row.mark_up.normalize().to_string();
    view! {
        <tr>
            <Cell label="Carrier">
                <div class="flex flex-col gap-0.5">
                    <a class="link-quiet font-medium" href=href>{name}</a>
                    <code class="text-sm text-muted">{key}</code>
                </div>
            </Cell>
            <Cell label="Sold">{state}</Cell>
            <Cell label="Connection">{health}</Cell>
            <Cell label="Credentials">{origin}</Cell>
            <Cell label="Breaker">{breaker}</Cell>
            <Cell label="Requests" amount=true>{requests}</Cell>
            <Cell label="Not done" amount=true>{failed}</Cell>
            <Cell label="Numbers" amount=true>{grouped(active)}</Cell>
            <Cell label="Priority" amount=true>{priority}</Cell>
            <Cell label="Mark-up" amount=true>{mark_up}</Cell>
        </tr>
    }
}
