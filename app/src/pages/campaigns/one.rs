//! One campaign: its figures, numbers and calls; its name, its end.

use super::may_change;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Manager, Person, Viewer},
    layout::Place,
    pages::calls::spoken,
    ui::{
        Badge, Button, ButtonForm, ButtonKind, Card, Cell, EmptyState, Field, Form, LinkButton,
        Number, Rate, Stat, Stateful, Table, TextArea, When,
    },
};
use axum::{
    extract::{Form as Posted, Path, State},
    http::StatusCode,
    response::Response,
};
use leptos::prelude::*;
use voxlink_domain::{
    Ctx,
    calls::{self, CallFilter, CallRow},
    campaigns::{self, Campaign, CampaignError, CampaignNumber},
};
use voxlink_types::{PageRequest, ids::CampaignId, money::show_rate};

/// What a form of the page sent; each has one of the fields.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: Option<String>,
    numbers: Option<String>,
    id: Option<String>,
}

fn id_of(text: &str) -> Result<CampaignId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

pub(super) async fn show(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> Answer {
    page(&app, &viewer, id_of(&id)?, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn rename(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = campaigns::rename(&mut cx, id, typed.name.as_deref().unwrap_or_default()).await;
    finish(&app, &manager, cx, id, typed, done.map(|()| "The name is saved.".to_owned())).await
}

pub(super) async fn add(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let text = typed.numbers.as_deref().unwrap_or_default();
    let done = campaigns::assign_typed(&mut cx, id, text).await.map(|changed| match changed {
        0 => "They were assigned to it already.".to_owned(),
        1 => "1 number is assigned to it now.".to_owned(),
        n => format!("{n} numbers are assigned to it now."),
    });
    finish(&app, &manager, cx, id, typed, done).await
}

pub(super) async fn remove(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let number = typed.id.as_deref().and_then(|id| id.parse().ok());
    let number = number.ok_or_else(PageError::not_found)?;
    let mut cx = manager.begin(&app.platform).await?;
    campaigns::get(&mut cx, id).await?;
    let done = match campaigns::of_number(&mut cx, number).await {
        // Somebody else moved it: it is not taken from where it is now.
        Ok(now) if now != Some(id) => Ok(0),
        Ok(_) => campaigns::assign(&mut cx, None, &[number]).await,
        Err(error) => Err(error),
    };
    let done = done.map(|_| "The number is no longer assigned to it.".to_owned());
    finish(&app, &manager, cx, id, typed, done).await
}

pub(super) async fn archive(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = campaigns::archive(&mut cx, id).await;
    let done =
        done.map(|()| "The campaign is archived; its numbers are assigned to none.".to_owned());
    finish(&app, &manager, cx, id, Typed::default(), done).await
}

pub(super) async fn restore(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = campaigns::restore(&mut cx, id).await;
    let done = done.map(|()| "The campaign is in use again.".to_owned());
    finish(&app, &manager, cx, id, Typed::default(), done).await
}

/// Keeps what was done, or shows the page again with what is wrong.
async fn finish(
    app: &App,
    manager: &Manager,
    cx: Ctx,
    id: CampaignId,
    typed: Typed,
    done: Result<String, CampaignError>,
) -> Answer {
    match done {
        Ok(said) => {
            cx.commit().await?;
            Ok(answer(id, said))
        }
        Err(error) => {
            drop(cx);
            page(app, manager, id, typed, Wrong::of(error)?).await
        }
    }
}

fn answer(id: CampaignId, said: String) -> Response {
    Flash::success(said).then(&format!("/campaigns/{id}"))
}

async fn page(
    app: &App,
    person: &impl Person,
    id: CampaignId,
    typed: Typed,
    wrong: Wrong,
) -> Answer {
    let Some(member) = person.member() else { return Err(PageError::not_found()) };
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let campaign = campaigns::get(&mut cx, id).await?;
    let numbers = campaigns::numbers(&mut cx, id).await?;
    let filter = CallFilter { campaign: Some(id), ..CallFilter::default() };
    let last = calls::calls(&mut cx, &filter, PageRequest::new(1, 10)).await?.rows;
    drop(cx);
    let change = may_change(person);
    let status = wrong.status();
    Screen::new(campaign.name.clone())
        .at(Place::Campaigns)
        .under("Campaigns", "/campaigns")
        .status(if status == StatusCode::default() { StatusCode::OK } else { status })
        .render(app, person, move || {
            let open = campaign.archived_at.is_none();
            let forms = change.then(|| forms(&campaign, &typed, wrong));
            view! {
                <div class="flex flex-col gap-6">
                    {ended(&campaign)}
                    {figures(&campaign)}
                    {assigned(id, numbers, open, change && open)}
                    {told(id, last)}
                    {forms}
                </div>
            }
        })
        .await
}

fn ended(campaign: &Campaign) -> Option<impl IntoView + use<>> {
    campaign.archived_at.map(|at| {
        view! { <crate::ui::Notice>"This campaign is in the archive since " <When at=at /> "."</crate::ui::Notice> }
    })
}

fn figures(campaign: &Campaign) -> impl IntoView + use<> {
    let rate = |amount| show_rate(amount, campaign.currency);
    // Rounded up: a begun minute is one.
    let minutes = format!("{} minutes billed", (campaign.billed_seconds + 59) / 60);
    let (rental, cost) = (rate(campaign.rental), rate(campaign.cost));
    let recent = rate(campaign.recent_cost);
    let (numbers, calls, recent_calls) = (campaign.numbers, campaign.calls, campaign.recent_calls);
    view! {
        <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <Stat label="Numbers" note=format!("{rental} a month")>{numbers}</Stat>
            <Stat label="Calls" note=minutes>{calls}</Stat>
            <Stat label="Cost of calls" note="rental apart">{cost}</Stat>
            <Stat label="Calls, 30 days" note=recent>{recent_calls}</Stat>
        </div>
    }
}

fn assigned(id: CampaignId, numbers: Vec<CampaignNumber>, open: bool, change: bool) -> AnyView {
    if numbers.is_empty() {
        let text = if open {
            "Assign numbers, and their calls and cost are added up here from then on."
        } else {
            "They were taken off it when it went into the archive."
        };
        return view! {
            <EmptyState title="No numbers are assigned" text=text icon="icon-[lucide--hash]" />
        }
        .into_any();
    }
    let rows = numbers
        .into_iter()
        .map(|number| {
            let (text, tone) = number.state.badge();
            let shown = number.number.international();
            let away = change.then(|| {
                view! {
                    <ButtonForm action=format!("/campaigns/{id}/remove") fields=vec![("id", number.id.to_string())]>
                        "Remove" <span class="sr-only">{format!(" {shown}")}</span>
                    </ButtonForm>
                }
            });
            view! {
                <tr>
                    <Cell label="Number"><Number number=number.number href=format!("/numbers/{}", number.id) /></Cell>
                    <Cell label="Name"><bdi class="[overflow-wrap:anywhere]">{number.name.unwrap_or_else(|| "–".to_owned())}</bdi></Cell>
                    <Cell label="State"><Badge text tone=tone /></Cell>
                    <Cell label="Monthly" amount=true><Rate rate=number.monthly currency=number.currency /></Cell>
                    <Cell label="Calls" amount=true>{number.calls}</Cell>
                    <Cell label="Their cost" amount=true><Rate rate=number.cost currency=number.currency /></Cell>
                    <Cell label="">{away}</Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2 class="mb-3 text-lg font-semibold">"Numbers"</h2>
            <Table caption="Numbers of this campaign">
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="amount">"Monthly"</th>
                        <th scope="col" class="amount">"Calls"</th>
                        <th scope="col" class="amount">"Their cost"</th>
                        <th scope="col"><span class="sr-only">"Action"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
    .into_any()
}

fn told(id: CampaignId, last: Vec<CallRow>) -> Option<AnyView> {
    if last.is_empty() {
        return None;
    }
    let rows = last
        .into_iter()
        .map(|call| {
            let price = call.price.zip(call.currency).map_or_else(
                || view! { "–" }.into_any(),
                |(rate, currency)| view! { <Rate rate currency /> }.into_any(),
            );
            view! {
                <tr>
                    <Cell label="When"><a class="link-quiet" href=format!("/calls/{}", call.id)><When at=call.started_at /></a></Cell>
                    <Cell label="From"><bdi>{call.from}</bdi></Cell>
                    <Cell label="To"><bdi>{call.to}</bdi></Cell>
                    <Cell label="State">{call.status.label()}</Cell>
                    <Cell label="Spoken" amount=true>{spoken(call.duration_seconds)}</Cell>
                    <Cell label="Price" amount=true>{price}</Cell>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <section>
                <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                    <h2 class="text-lg font-semibold">"Last calls"</h2>
                    <LinkButton href=format!("/calls?campaign={id}") kind=ButtonKind::Quiet>"All its calls"</LinkButton>
                </div>
                <Table caption="The last calls of this campaign">
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col">"From"</th>
                            <th scope="col">"To"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="amount">"Spoken"</th>
                            <th scope="col" class="amount">"Price"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
            </section>
        }
        .into_any(),
    )
}

fn forms(campaign: &Campaign, typed: &Typed, wrong: Wrong) -> AnyView {
    let id = campaign.id;
    if campaign.archived_at.is_some() {
        return view! {
            <div>
                <ButtonForm action=format!("/campaigns/{id}/restore") kind=ButtonKind::Secondary>"Take it out of the archive"</ButtonForm>
            </div>
        }
        .into_any();
    }
    // What is wrong is said at the form it is about; what is about neither stands at the first.
    let (at_numbers, at_name) = if wrong.about("name").is_some() {
        (Wrong::nothing(), wrong)
    } else {
        (wrong, Wrong::nothing())
    };
    let numbers = typed.numbers.clone().unwrap_or_default();
    let name = typed.name.clone().unwrap_or_else(|| campaign.name.clone());
    let archive = archive_form(campaign);
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card title="Assign numbers">
                <Form action=format!("/campaigns/{id}/numbers") wrong=at_numbers>
                    <TextArea name="numbers" label="Numbers" value=numbers rows=4 hint="One to a line, or separated by commas. A number belongs to one campaign: it leaves the one it is in." />
                    <div><Button>"Assign"</Button></div>
                </Form>
            </Card>
            <Card title="Name">
                <Form action=format!("/campaigns/{id}/name") wrong=at_name>
                    <Field name="name" label="Name" value=name maxlength=120u32 />
                    <div><Button kind=ButtonKind::Secondary>"Save name"</Button></div>
                </Form>
            </Card>
            <Card title="Archive">
                <p class="mb-4 text-muted">"Its calls and what they cost stay to be seen. Its numbers are assigned to none from then on, also when it is taken out of the archive."</p>
                {archive}
            </Card>
        </div>
    }
    .into_any()
}

/// Archiving is one button where nothing is lost, else a second one that says what is.
fn archive_form(campaign: &Campaign) -> AnyView {
    let action = format!("/campaigns/{}/archive", campaign.id);
    let label = match campaign.numbers {
        0 => {
            return view! {
                <ButtonForm action=action kind=ButtonKind::Secondary>"Archive this campaign"</ButtonForm>
            }
            .into_any();
        }
        1 => "Archive, and take 1 number off it".to_owned(),
        n => format!("Archive, and take {n} numbers off it"),
    };
    view! {
        <details>
            <summary class="btn btn-outline border-line w-fit">
                <span class="icon-[lucide--archive]" aria-hidden="true"></span>
                "Archive this campaign"
            </summary>
            <div class="mt-3">
                <ButtonForm action=action kind=ButtonKind::Danger>{label}</ButtonForm>
            </div>
        </details>
    }
    .into_any()
}
