//! Campaigns: the list, one with its numbers, calls and cost.

mod one;

use crate::query::Query;
use crate::{
    Access, Answer, App, Flash, Route, Screen, Wrong,
    access::{Manager, Person, Viewer},
    layout::Place,
    route::{get, post},
    ui::{
        Button, ButtonKind, Card, Cell, EmptyState, Field, Form, Rate, Tab, Table, Tabs, When,
        WhenStyle,
    },
};
use axum::{
    extract::{Form as Posted, State},
    http::StatusCode,
};
use leptos::prelude::*;
use voxlink_domain::campaigns::{self, Campaign};
use voxlink_types::role::TenantRole;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/campaigns", Access::Viewer, show),
        post("/campaigns", Access::Manager, create),
        get("/campaigns/{id}", Access::Viewer, one::show),
        post("/campaigns/{id}/name", Access::Manager, one::rename),
        post("/campaigns/{id}/numbers", Access::Manager, one::add),
        post("/campaigns/{id}/remove", Access::Manager, one::remove),
        post("/campaigns/{id}/archive", Access::Manager, one::archive),
        post("/campaigns/{id}/restore", Access::Manager, one::restore),
    ]
}

/// Whether a person may change campaigns: what they may not do is not offered.
fn may_change(person: &impl Person) -> bool {
    person.member().is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none())
}

/// Which campaigns are looked at.
#[derive(Debug, Clone, Default, serde::Deserialize)]
struct Asked {
    archived: Option<String>,
}

/// A new campaign, as typed.
#[derive(Debug, Clone, Default, serde::Deserialize)]
struct New {
    #[serde(default)]
    name: String,
}

async fn show(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Answer {
    let archived = asked.archived.is_some_and(|word| !word.is_empty());
    page(&app, &viewer, archived, New::default(), Wrong::nothing()).await
}

async fn create(State(app): State<App>, manager: Manager, Posted(new): Posted<New>) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    match campaigns::create(&mut cx, &new.name).await {
        Ok(id) => {
            cx.commit().await?;
            Ok(Flash::success("The campaign is there. Assign numbers to it.")
                .then(&format!("/campaigns/{id}")))
        }
        Err(error) => {
            drop(cx);
            page(&app, &manager, false, new, Wrong::of(error)?).await
        }
    }
}

async fn page(app: &App, person: &impl Person, archived: bool, new: New, wrong: Wrong) -> Answer {
    let Some(member) = person.member() else { return Err(crate::PageError::not_found()) };
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let found = campaigns::list(&mut cx, archived).await?;
    drop(cx);
    let change = may_change(person) && !archived;
    let status = wrong.status();
    Screen::new("Campaigns")
        .at(Place::Campaigns)
        .status(if status == StatusCode::default() { StatusCode::OK } else { status })
        .render(app, person, move || {
            let tabs = vec![
                Tab::new("In use", "/campaigns", !archived),
                Tab::new("Archive", "/campaigns?archived=1", archived),
            ];
            let form = change.then(|| {
                view! {
                    <div class="mt-6">
                        <Card title="New campaign">
                            <Form action="/campaigns" wrong=wrong>
                                <Field name="name" label="Name" value=new.name maxlength=120u32 hint="What its numbers are for: Spring offer, Support in Spanish." />
                                <div><Button kind=ButtonKind::Primary>"Make the campaign"</Button></div>
                            </Form>
                        </Card>
                    </div>
                }
            });
            view! {
                <Tabs label="Campaigns" tabs />
                {list(found, archived)}
                {form}
            }
        })
        .await
}

fn list(found: Vec<Campaign>, archived: bool) -> AnyView {
    if found.is_empty() {
        let (title, text) = if archived {
            (
                "Nothing in the archive",
                "Campaigns that ended stand here with their calls and what they cost.",
            )
        } else {
            (
                "No campaigns yet",
                "A campaign says what some of your numbers are for, and adds up their calls and cost.",
            )
        };
        return view! { <EmptyState title=title text=text icon="icon-[lucide--megaphone]" /> }
            .into_any();
    }
    let rows = found.into_iter().map(row).collect_view();
    view! {
        <Table caption="Campaigns">
            <thead>
                <tr>
                    <th scope="col">"Campaign"</th>
                    <th scope="col" class="amount">"Numbers"</th>
                    <th scope="col" class="amount">"Rental a month"</th>
                    <th scope="col" class="amount">"Calls, 30 days"</th>
                    <th scope="col" class="amount">"Their cost"</th>
                    <th scope="col">"Since"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
    .into_any()
}

fn row(campaign: Campaign) -> impl IntoView {
    let href = format!("/campaigns/{}", campaign.id);
    let currency = campaign.currency;
    view! {
        <tr>
            <Cell label="Campaign"><a class="link-quiet font-medium [overflow-wrap:anywhere]" href=href><bdi>{campaign.name}</bdi></a></Cell>
            <Cell label="Numbers" amount=true>{campaign.numbers}</Cell>
            <Cell label="Rental a month" amount=true><Rate rate=campaign.rental currency /></Cell>
            <Cell label="Calls, 30 days" amount=true>{campaign.recent_calls}</Cell>
            <Cell label="Their cost" amount=true><Rate rate=campaign.recent_cost currency /></Cell>
            <Cell label="Since"><When at=campaign.created_at style=WhenStyle::Day /></Cell>
        </tr>
    }
}
