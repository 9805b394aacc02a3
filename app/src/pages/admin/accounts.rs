//! The list of accounts.

use super::filter::{Wanted, csv};
use crate::{
    Answer, App, Screen,
    access::{Admin, Support},
    flash::Tone,
    layout::Place,
    ui::{
        Badge, ButtonKind, Cell, Choice, EmptyState, FilterBar, LinkButton, Pager, Select, Table,
        When,
    },
};
use axum::extract::{Query, State};
use leptos::prelude::*;
use voxlink_domain::accounts::admin::{self, AccountFilter, TenantState};
use voxlink_types::{PageRequest, role::PlatformRole};

/// The word and colour of an account's state.
pub(super) fn badge(state: TenantState) -> impl IntoView {
    let (text, tone) = match state {
        TenantState::Active => ("Active", Some(Tone::Success)),
        TenantState::Suspended => ("Suspended", Some(Tone::Warning)),
        TenantState::Closed => ("Closed", None),
    };
    view! { <Badge text=text tone=tone /> }
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
    drop(cx);
    let export = person.look.address().replacen("/admin/accounts", "/admin/accounts/export", 1);
    let may_export = person.member.platform_role >= PlatformRole::Admin;
    Screen::new("Accounts")
        .at(Place::AdminAccounts)
        .render(&app, &person, move || {
            let chosen = wanted.state.clone().unwrap_or_default();
            let states = TenantState::ALL.iter().map(|s| Choice::new(s.as_str(), s.as_str())).collect();
            let rows = found
                .rows
                .clone()
                .into_iter()
                .map(|a| {
                    let href = format!("/admin/accounts/{}", a.id);
                    let last = match a.last_sign_in_at {
                        Some(at) => view! { <When at=at /> }.into_any(),
                        None => view! { "never" }.into_any(),
                    };
                    view! {
                        <tr>
                            <Cell label="Company"><a class="link-quiet font-medium" href=href>{a.name}</a></Cell>
                            <Cell label="Owner">{a.owner.unwrap_or_default()}</Cell>
                            <Cell label="State">{badge(a.state)}</Cell>
                            <Cell label="People" amount=true>{a.people}</Cell>
                            <Cell label="Numbers" amount=true>{a.numbers}</Cell>
                            <Cell label="Last sign-in">{last}</Cell>
                            <Cell label="Since"><When at=a.created_at /></Cell>
                        </tr>
                    }
                })
                .collect_view();
            let table = if found.rows.is_empty() {
                view! { <EmptyState title="No account fits" text="Change the search or clear the filters." icon="icon-[lucide--users]" /> }.into_any()
            } else {
                view! {
                    <Table caption="Accounts">
                        <thead>
                            <tr>
                                <th scope="col">"Company"</th>
                                <th scope="col">"Owner"</th>
                                <th scope="col">"State"</th>
                                <th scope="col" class="amount">"People"</th>
                                <th scope="col" class="amount">"Numbers"</th>
                                <th scope="col">"Last sign-in"</th>
                                <th scope="col">"Since"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </Table>
                }
                .into_any()
            };
            view! {
                <FilterBar action="/admin/accounts" search="Company, name or address">
                    <Select name="state" label="State" choices=states value=chosen none="Any" />
                </FilterBar>
                {table}
                <Pager page=found of=("account", "accounts") />
                {may_export.then(|| view! { <div class="mt-4"><LinkButton href=export kind=ButtonKind::Secondary>"Export as CSV"</LinkButton></div> })}
            }
        })
        .await
}

/// At most 100 pages of 200: larger lists belong to the database.
const EXPORT_PAGES: u32 = 100;

pub(super) async fn export(
    State(app): State<App>,
    person: Admin,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let mut rows = Vec::new();
    for page in 1..=EXPORT_PAGES {
        let found = admin::accounts(&mut cx, &filter(&wanted), PageRequest::new(page, 200)).await?;
        let more = found.has_next();
        rows.extend(found.rows.into_iter().map(|a| {
            vec![
                a.id.to_string(),
                a.name,
                a.owner.unwrap_or_default(),
                a.state.to_string(),
                a.people.to_string(),
                a.numbers.to_string(),
                a.created_at.to_rfc3339(),
            ]
        }));
        if !more {
            break;
        }
    }
    let heading = ["id", "company", "owner", "state", "people", "numbers", "created_at"];
    Ok(csv("accounts", &heading, rows))
}
