//! The list of accounts.

use super::{
    export::{download, export_of},
    filter::Wanted,
    listing::Listing,
};
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::{Admin, Support},
    flash::Tone,
    layout::Place,
    ui::{Badge, Cell, Choice, Select, When, WhenStyle},
};
use axum::extract::State;
use leptos::prelude::*;
use voxlink_domain::accounts::admin::{self, AccountFilter, Exported, TenantState};

/// An account's state in a word.
fn word(state: TenantState) -> &'static str {
    match state {
        TenantState::Active => "Active",
        TenantState::Suspended => "Suspended",
        TenantState::Closed => "Closed",
    }
}

/// The word and colour of an account's state.
pub(super) fn badge(state: TenantState) -> impl IntoView {
    let tone = match state {
        TenantState::Active => Some(Tone::Success),
        TenantState::Suspended => Some(Tone::Warning),
        TenantState::Closed => None,
    };
    view! { <Badge text=word(state) tone=tone /> }
}

fn filter(wanted: &Wanted) -> AccountFilter {
    AccountFilter { search: wanted.search(), state: Wanted::parsed(wanted.state.as_ref()) }
}

pub(super) async fn list(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::accounts(&mut cx, &filter(&wanted), wanted.request()).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    drop(cx);
    let export = export_of(&person);
    Screen::new("Accounts")
        .at(Place::AdminAccounts)
        .render(&app, &person, move || {
            let chosen = wanted.state.clone().unwrap_or_default();
            let states = TenantState::ALL.iter().map(|s| Choice::new(s.as_str(), word(*s))).collect();
            let filters = view! {
                <Select name="state" label="State" choices=states value=chosen none="Any" />
            };
            let list = Listing {
                action: "/admin/accounts",
                search: "Company, name or address",
                caption: "Accounts",
                headings: &[
                    ("Company", false),
                    ("Owner", false),
                    ("State", false),
                    ("People", true),
                    ("Numbers", true),
                    ("Last sign-in", false),
                    ("Since", false),
                ],
                empty: ("No account fits", "icon-[lucide--users]"),
                advice: "Change the search or clear the filters.",
                of: ("account", "accounts"),
                export,
            };
            list.show(filters, found, |a| {
                let href = format!("/admin/accounts/{}", a.id);
                let last = match a.last_sign_in_at {
                    Some(at) => view! { <When at=at /> }.into_any(),
                    None => view! { "never" }.into_any(),
                };
                view! {
                    <tr>
                        <Cell label="Company"><a class="link-quiet font-medium" href=href><bdi>{a.name}</bdi></a></Cell>
                        <Cell label="Owner"><span class="min-w-0 [overflow-wrap:anywhere] md:inline-block md:min-w-52">{a.owner.unwrap_or_default()}</span></Cell>
                        <Cell label="State">{badge(a.state)}</Cell>
                        <Cell label="People" amount=true>{a.people}</Cell>
                        <Cell label="Numbers" amount=true>{a.numbers}</Cell>
                        <Cell label="Last sign-in">{last}</Cell>
                        <Cell label="Since"><When at=a.created_at style=WhenStyle::Day /></Cell>
                    </tr>
                }
            })
        })
        .await
}

pub(super) async fn export(
    State(app): State<App>,
    person: Admin,
    Query(wanted): Query<Wanted>,
) -> Answer {
    download(&app, &person, Exported::Accounts(filter(&wanted))).await
}
