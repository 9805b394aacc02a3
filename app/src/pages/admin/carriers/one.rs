//! One carrier: how it is, what is decided about it, its figures.

use super::{
    HERE, breaker, connection,
    credentials::{self, Entered},
    figures, origin, papers, sold,
};
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{
        Button, ButtonForm, ButtonKind, Card, Choice, Fact, Facts, Field, Form, Select, TextArea,
        When,
    },
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::carriers::{self, CarrierRow, CarrierState, CarriersError, Wish};

/// What the form sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages::admin) struct Typed {
    state: String,
    priority: String,
    mark_up: String,
    reason: String,
}

impl Typed {
    fn of(carrier: &CarrierRow) -> Self {
        Self {
            state: carrier.state.to_string(),
            priority: carrier.priority.to_string(),
            mark_up: carrier.mark_up.normalize().to_string(),
            reason: String::new(),
        }
    }
}

impl From<&Typed> for Wish {
    fn from(t: &Typed) -> Self {
        Self {
            state: t.state.clone(),
            priority: t.priority.clone(),
            mark_up: t.mark_up.clone(),
            reason: t.reason.clone(),
        }
    }
}

/// The form that was tried, what was typed into it and what is wrong with it.
pub(super) enum Tried {
    /// None.
    Nothing,
    /// How it is sold.
    Shop(Typed, Wrong),
    /// Its credentials.
    Credentials(Entered, Wrong),
}

pub(in crate::pages::admin) async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
) -> Answer {
    page(&app, &admin, &key, Tried::Nothing).await
}

pub(in crate::pages::admin) async fn change(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let flash = match carriers::change(&app.platform, &mut cx, &key, &Wish::from(&typed)).await {
        Ok(true) => {
            cx.commit().await?;
            Flash::success("Saved. It holds on all servers from now on.")
        }
        Ok(false) => Flash::info("Nothing was different."),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            return page(&app, &admin, &key, Tried::Shop(typed, wrong)).await;
        }
    };
    Ok(flash.then(&format!("{HERE}/{key}")))
}

pub(in crate::pages::admin) async fn test(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let name = carriers::one(&app.platform, &mut cx, &key).await?.name;
    // Own trunks and the local carrier need no account.
    let known = !carriers::credentials(&app.platform, &mut cx, &key).await?.is_empty();
    // The carrier may think about it for seconds.
    drop(cx);
    let flash = match carriers::ask(&app.platform, &key).await {
        Ok(health) if health.is_good() => {
            let ms = health.took_ms;
            let taken = if known { " and takes our credentials" } else { "" };
            Flash::success(format!("{name} answers{taken}, after {ms} ms."))
        }
        Ok(health) if health.is_unasked() => Flash::warning(format!(
            "{name} was {}. What it answered last stands here.",
            health.detail
        )),
        Ok(health) => Flash::danger(format!("{name}: {}.", health.detail)),
        Err(error @ CarriersError::NotConfigured(_)) => Flash::warning(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    Ok(flash.then(&format!("{HERE}/{key}")))
}

pub(super) async fn page(app: &App, admin: &Admin, key: &str, tried: Tried) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let carrier = carriers::one(&app.platform, &mut cx, key).await?;
    let operations = carriers::operations(&mut cx, key).await?;
    let callbacks = carriers::callbacks(&mut cx, key).await?;
    let holdings = carriers::holdings(&mut cx, key).await?;
    let stored = carriers::credentials(&app.platform, &mut cx, key).await?;
    let today = cx.now().date_naive();
    drop(cx);
    let platform = app.platform.clone();
    let (mut shop, mut account) = (Wrong::nothing(), Wrong::nothing());
    let (mut typed, mut entered) = (Typed::of(&carrier), Entered::default());
    let status = match tried {
        Tried::Nothing => shop.status(),
        Tried::Shop(what, wrong) => {
            (typed, shop) = (what, wrong);
            shop.status()
        }
        Tried::Credentials(what, wrong) => {
            (entered, account) = (what, wrong);
            account.status()
        }
    };
    Screen::new(carrier.name.clone())
        .at(Place::AdminCarriers)
        .under("Carriers", HERE)
        .status(status)
        .render(app, admin, move || {
            let (condition, settings) = (condition(&carrier), settings(&carrier, typed, shop));
            let credentials = credentials::card(&carrier, stored, &entered, account);
            view! {
                <div class="flex flex-col gap-6">
                    <div class="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">{condition} {settings}</div>
                    {credentials}
                    {papers::way(&platform, &carrier.key)}
                    {figures::numbers(&holdings)}
                    {figures::requests(&operations, today)}
                    {figures::callbacks(&callbacks)}
                </div>
            }
        })
        .await
}

/// How it is, and the way to ask it now.
fn condition(carrier: &CarrierRow) -> impl IntoView + use<> {
    let account = match (&carrier.trouble, carrier.configured, &carrier.lacks[..]) {
        (Some(why), true, _) => {
            format!("Configured on this server by its environment alone: {why}.")
        }
        (Some(why), false, _) => format!("Not configured on this server: {why}."),
        (None, true, _) => "Configured on this server. No page shows its credentials.".to_owned(),
        (None, false, []) => "Not configured on this server.".to_owned(),
        (None, false, names) => {
            format!(
                "Not configured on this server. To buy there and to believe its callbacks, enter {} below, or set them in the environment and start again.",
                names.join(", ")
            )
        }
    };
    let proof = match (carrier.proved, carrier.configured, &carrier.lacks[..]) {
        (true, ..) => "Can be proved".to_owned(),
        (false, true, [_, ..]) => {
            format!(
                "Cannot be proved, so its calls are not answered: enter {}",
                carrier.lacks.join(", ")
            )
        }
        (false, ..) => "Cannot be proved, so its calls are not answered".to_owned(),
    };
    let asked = carrier.health.clone().map(|health| {
        let said = (!health.detail.is_empty()).then(|| {
            view! { <Fact name="What it said" wide=true><bdi>{health.detail}</bdi></Fact> }
        });
        let took = format!(" after {} ms", health.took_ms);
        view! {
            <Fact name="Last asked"><When at=health.asked_at /> {took}</Fact>
            {said}
        }
    });
    let since = carrier.breakers.since.map(|at| view! { " since " <When at=at /> });
    let (state, health, breaker) =
        (sold(carrier.state), connection(carrier), breaker(carrier.breakers));
    let origin = origin(carrier);
    let test = carrier.configured.then(|| {
        let action = format!("{HERE}/{}/test", carrier.key);
        view! {
            <div class="mt-5">
                <ButtonForm action=action kind=ButtonKind::Secondary>"Test the connection"</ButtonForm>
            </div>
        }
    });
    view! {
        <Card title="Condition">
            <Facts>
                <Fact name="Sold">{state}</Fact>
                <Fact name="Connection">{health}</Fact>
                <Fact name="Breaker">{breaker} {since}</Fact>
                {asked}
                <Fact name="Account" wide=true>{account}</Fact>
                <Fact name="Credentials">{origin}</Fact>
                <Fact name="Callbacks" wide=true>{proof}</Fact>
            </Facts>
            {test}
        </Card>
    }
}

/// What each choice does.
const fn meaning(state: CarrierState) -> &'static str {
    match state {
        CarrierState::Enabled => "Enabled: its numbers are sold",
        CarrierState::Draining => "Draining: nothing new; what carts hold may be paid",
        CarrierState::Disabled => "Disabled: nothing is sold, not even what carts hold",
    }
}

fn settings(carrier: &CarrierRow, t: Typed, wrong: Wrong) -> impl IntoView + use<> {
    let states =
        CarrierState::ALL.iter().map(|s| Choice::new(s.as_str(), meaning(*s))).collect::<Vec<_>>();
    let action = format!("{HERE}/{}", carrier.key);
    view! {
        <Card title="In the shop">
            <Form action=action wrong=wrong>
                <Select name="state" label="State" choices=states value=t.state hint="Orders already placed go on, and what is owned stays in service." />
                <Field name="priority" label="Priority" value=t.priority inputmode="numeric" maxlength=4u32 hint="From 1 to 1000; among equals the lowest comes first." />
                <Field name="mark_up" label="Mark-up" value=t.mark_up inputmode="decimal" maxlength=8u32 hint="What its prices are multiplied with. Another one holds from the next look at its prices on, which begins at once; prices entered by hand stay." />
                <TextArea name="reason" label="Why (needed where the state changes)" value=t.reason depends=true maxlength=500u32 rows=2 hint="It stands in the audit log." />
                <div><Button kind=ButtonKind::Primary>"Save"</Button></div>
            </Form>
        </Card>
    }
}
