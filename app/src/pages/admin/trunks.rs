//! Own trunks: the ways to and from other carriers. Kept by administrators; a password that was
//! typed here is never shown again.

pub(super) mod edges;

use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{Button, ButtonForm, ButtonKind, Card, Cell, Choice, Field, Form, Notice, Select, Table},
};
use axum::extract::{Form as Sent, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::trunks::{self, NewTrunk, Trunk};
use voxlink_types::sip::{Carries, Transport, TrunkAuth};

const HERE: &str = "/admin/trunks";

/// What was typed. It holds a password, so it is never printed.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    host: String,
    port: String,
    transport: String,
    carries: String,
    username: String,
    password: String,
    priority: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: String::new(),
            port: "5060".to_owned(),
            transport: Transport::Udp.to_string(),
            carries: Carries::Both.to_string(),
            username: String::new(),
            password: String::new(),
            priority: "100".to_owned(),
        }
    }
}

impl From<&Typed> for NewTrunk {
    fn from(t: &Typed) -> Self {
        let named = !t.username.trim().is_empty() || !t.password.is_empty();
        Self {
            name: t.name.clone(),
            host: t.host.clone(),
            port: t.port.clone(),
            transport: t.transport.parse().unwrap_or(Transport::Udp),
            carries: t.carries.parse().unwrap_or(Carries::Both),
            auth: if named { TrunkAuth::Digest } else { TrunkAuth::Address },
            username: t.username.clone(),
            password: t.password.clone().into(),
            priority: t.priority.clone(),
        }
    }
}

pub(super) async fn show(State(app): State<App>, admin: Admin) -> Answer {
    page(&app, &admin, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn add(State(app): State<App>, admin: Admin, Sent(typed): Sent<Typed>) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    match trunks::add_trunk(&app.platform, &mut cx, &NewTrunk::from(&typed)).await {
        Ok(()) => {
            cx.commit().await?;
            trunks::follow(&app.platform).await?;
            let said = "Added. Calls go out over it from now on; give the edges their configuration again, so that they take calls from it.";
            Ok(Flash::success(said).then(HERE))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            page(&app, &admin, typed, wrong).await
        }
    }
}

pub(super) async fn test(State(app): State<App>, admin: Admin, Path(id): Path<String>) -> Answer {
    let cx = admin.begin(&app.platform).await?;
    Ok(match trunks::ask(&app.platform, cx, &id).await? {
        Ok(said) => Flash::success(said),
        Err(why) => Flash::warning(why),
    }
    .then(HERE))
}

pub(super) async fn remove(State(app): State<App>, admin: Admin, Path(id): Path<String>) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    trunks::remove_trunk(&mut cx, &id).await?;
    cx.commit().await?;
    trunks::follow(&app.platform).await?;
    let said = "Removed. No call goes out over it; give the edges their configuration again, so that they take none from it.";
    Ok(Flash::success(said).then(HERE))
}

async fn page(app: &App, admin: &Admin, typed: Typed, wrong: Wrong) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let all = trunks::trunks(&mut cx).await?;
    drop(cx);
    Screen::new("Own trunks")
        .at(Place::AdminTrunks)
        .status(wrong.status())
        .render(app, admin, move || view! { {list(all)} {form(typed, wrong)} })
        .await
}

/// The choices of transports: those that edges are configured for, so no TLS.
fn transports() -> Vec<Choice> {
    [(Transport::Udp, "UDP"), (Transport::Tcp, "TCP")]
        .map(|(transport, label)| Choice::new(transport.as_str(), label))
        .to_vec()
}

fn way(carries: Carries) -> &'static str {
    match carries {
        Carries::Inbound => "To us",
        Carries::Outbound => "From us",
        Carries::Both => "Both ways",
    }
}

fn list(all: Vec<Trunk>) -> impl IntoView {
    let rows = all.into_iter().map(row).collect_view();
    view! {
        <Notice>
            "The ways to and from other carriers, tried from the lowest priority on. Calls come in at "
            <a class="link" href="/admin/edges">"edges"</a>
            ", your own SIP servers, which ask VoxLink what a call shall do."
        </Notice>
        <div class="mb-6">
            <Table caption="Trunks in the order in which they are tried">
                <thead>
                    <tr>
                        <th>"Name"</th>
                        <th class="amount">"Priority"</th>
                        <th>"Other side"</th>
                        <th>"Calls"</th>
                        <th>"Knows us by"</th>
                        <th><span class="sr-only">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </div>
    }
}

fn row(trunk: Trunk) -> impl IntoView {
    let by = match trunk.auth {
        TrunkAuth::Address => "Our address".to_owned(),
        TrunkAuth::Digest => format!("The name {}", trunk.username.unwrap_or_default()),
    };
    let at = format!("{}:{} {}", trunk.at.host, trunk.at.port, trunk.at.transport);
    let ask = format!("{HERE}/{}/test", trunk.name);
    let away = format!("{HERE}/{}/remove", trunk.name);
    view! {
        <tr>
            <Cell label="Name"><span class="font-medium">{trunk.name}</span></Cell>
            <Cell label="Priority" amount=true>{trunk.priority}</Cell>
            <Cell label="Other side"><span class="[overflow-wrap:anywhere]">{at}</span></Cell>
            <Cell label="Calls">{way(trunk.carries)}</Cell>
            <Cell label="Knows us by"><span class="[overflow-wrap:anywhere]">{by}</span></Cell>
            <Cell label="">
                <div class="flex gap-2">
                    <ButtonForm action=ask>"Test"</ButtonForm>
                    <ButtonForm action=away>"Remove"</ButtonForm>
                </div>
            </Cell>
        </tr>
    }
}

fn form(t: Typed, wrong: Wrong) -> impl IntoView {
    let ways = Carries::ALL.iter().map(|c| Choice::new(c.as_str(), way(*c))).collect();
    view! {
        <Card title="Add a trunk">
            <Form action=HERE wrong=wrong>
                <Field name="name" label="Name" value=t.name maxlength=31u32 hint="Letters, digits and hyphens, such as first-carrier." />
                <Field name="host" label="Host of the other side" value=t.host maxlength=253u32 hint="An address where calls come in from it; otherwise its name will do." />
                <Field name="port" label="Port" value=t.port inputmode="numeric" maxlength=5u32 />
                <Select name="transport" label="Transport" choices=transports() value=t.transport />
                <Select name="carries" label="Calls" choices=ways value=t.carries />
                <Field name="username" label="Name that we show" value=t.username optional=true maxlength=128u32 hint="Where the other side wants one; otherwise it knows us by our address." />
                <Field name="password" label="Password that we show" kind="password" optional=true maxlength=128u32 autocomplete="off" hint="It is sealed, and no page shows it again." />
                <Field name="priority" label="Priority" value=t.priority inputmode="numeric" maxlength=4u32 hint="From 1 to 1000; the lowest is tried first." />
                <div><Button kind=ButtonKind::Primary>"Add the trunk"</Button></div>
            </Form>
        </Card>
    }
}
