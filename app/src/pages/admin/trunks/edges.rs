//! Edges: the operator's SIP servers that calls come in at. A password is shown once, when it is
//! made.

use super::transports;
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{Button, ButtonForm, ButtonKind, Card, Cell, Choice, Field, Form, Notice, Select, Table},
};
use axum::extract::{Form as Sent, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::trunks::{self, Edge, NewEdge};
use voxlink_types::sip::{EdgeKind, Transport};

const HERE: &str = "/admin/edges";

/// What was typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(in crate::pages::admin) struct Typed {
    name: String,
    kind: String,
    host: String,
    port: String,
    transport: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: EdgeKind::Kamailio.to_string(),
            host: String::new(),
            port: "5060".to_owned(),
            transport: Transport::Udp.to_string(),
        }
    }
}

impl From<&Typed> for NewEdge {
    fn from(t: &Typed) -> Self {
        Self {
            name: t.name.clone(),
            kind: t.kind.parse().unwrap_or(EdgeKind::Kamailio),
            host: t.host.clone(),
            port: t.port.clone(),
            transport: t.transport.parse().unwrap_or(Transport::Udp),
        }
    }
}

pub(in crate::pages::admin) async fn show(State(app): State<App>, admin: Admin) -> Answer {
    page(&app, &admin, Typed::default(), Wrong::nothing()).await
}

pub(in crate::pages::admin) async fn add(
    State(app): State<App>,
    admin: Admin,
    Sent(typed): Sent<Typed>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    match trunks::add_edge(&app.platform, &mut cx, &NewEdge::from(&typed)).await {
        Ok((edge, password)) => {
            cx.commit().await?;
            trunks::follow(&app.platform).await?;
            Ok(Flash::success(trunks::told_once(&edge, &password)).then(HERE))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            page(&app, &admin, typed, wrong).await
        }
    }
}

pub(in crate::pages::admin) async fn renew(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let (edge, password) = trunks::renew_edge(&app.platform, &mut cx, &id).await?;
    cx.commit().await?;
    trunks::follow(&app.platform).await?;
    Ok(Flash::success(trunks::told_once(&edge, &password)).then(HERE))
}

pub(in crate::pages::admin) async fn remove(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    trunks::remove_edge(&mut cx, &id).await?;
    cx.commit().await?;
    trunks::follow(&app.platform).await?;
    Ok(Flash::success("Out of use: what it asks from now on is refused.").then(HERE))
}

async fn page(app: &App, admin: &Admin, typed: Typed, wrong: Wrong) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let all = trunks::edges(&mut cx).await?;
    drop(cx);
    Screen::new("Edges")
        .at(Place::AdminTrunks)
        .status(wrong.status())
        .render(app, admin, move || view! { {list(all)} {form(typed, wrong)} })
        .await
}

fn list(all: Vec<Edge>) -> impl IntoView {
    let rows = all.into_iter().map(row).collect_view();
    view! {
        <Notice>
            "Your SIP servers that calls come in at, before the "
            <a class="link" href="/admin/trunks">"trunks"</a>
            ". The configuration of each is written on the server by "
            <code class="[overflow-wrap:anywhere]">"voxlink edge configuration --name edge-1 --into folder"</code>
            "; it holds passwords, so no page shows it."
        </Notice>
        <div class="mb-6">
            <Table caption="Edges">
                <thead>
                    <tr>
                        <th>"User"</th>
                        <th>"Runs"</th>
                        <th>"Listens at"</th>
                        <th><span class="sr-only">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </div>
    }
}

fn row(edge: Edge) -> impl IntoView {
    let at = format!("{}:{} {}", edge.at.host, edge.at.port, edge.at.transport);
    let again = format!("{HERE}/{}/renew", edge.name);
    let away = format!("{HERE}/{}/remove", edge.name);
    let (user, kind) = (edge.user(), edge.kind.label());
    view! {
        <tr>
            <Cell label="User"><span class="font-medium">{user}</span></Cell>
            <Cell label="Runs">{kind}</Cell>
            <Cell label="Listens at"><span class="[overflow-wrap:anywhere]">{at}</span></Cell>
            <Cell label="">
                <div class="flex gap-2">
                    <ButtonForm action=again>"New password"</ButtonForm>
                    <ButtonForm action=away>"Remove"</ButtonForm>
                </div>
            </Cell>
        </tr>
    }
}

fn form(t: Typed, wrong: Wrong) -> impl IntoView {
    let kinds = EdgeKind::ALL.iter().map(|k| Choice::new(k.as_str(), k.label())).collect();
    view! {
        <Card title="Add an edge">
            <Form action=HERE wrong=wrong>
                <Field name="name" label="Name" value=t.name maxlength=31u32 hint="Letters, digits and hyphens, such as edge-1." />
                <Select name="kind" label="Runs" choices=kinds value=t.kind hint="Kamailio puts calls through; menus, messages and voicemail need FreeSWITCH or Asterisk beside it." />
                <Field name="host" label="Host that it listens at" value=t.host maxlength=253u32 />
                <Field name="port" label="Port" value=t.port inputmode="numeric" maxlength=5u32 />
                <Select name="transport" label="Transport" choices=transports() value=t.transport />
                <div><Button kind=ButtonKind::Primary>"Add the edge"</Button></div>
            </Form>
        </Card>
    }
}
