//! Edges: the operator's SIP servers that calls come in at. A password is shown once, when it is
//! made.

use super::{Confirmed, confirmed, transport, transports};
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{
        Button, ButtonForm, ButtonKind, Card, Cell, Choice, EmptyState, Field, Form, LinkButton,
        Notice, Select, Table, TypedConfirmation,
    },
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

impl Typed {
    /// As the domain takes it; a choice that the page does not offer is refused.
    fn read(&self) -> Result<NewEdge, Wrong> {
        let Ok(kind) = self.kind.parse::<EdgeKind>() else {
            return Err(Wrong::field("kind", "Choose from the list what it runs."));
        };
        Ok(NewEdge {
            name: self.name.clone(),
            kind,
            host: self.host.clone(),
            port: self.port.clone(),
            transport: transport(&self.transport)?,
        })
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
    let new = match typed.read() {
        Ok(new) => new,
        Err(wrong) => return page(&app, &admin, typed, wrong).await,
    };
    let mut cx = admin.begin(&app.platform).await?;
    match trunks::add_edge(&app.platform, &mut cx, &new).await {
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
    Sent(typed): Sent<Confirmed>,
) -> Answer {
    if let Err(wrong) = confirmed(&typed.confirm, &id) {
        return one(&app, &admin, &id, wrong).await;
    }
    let mut cx = admin.begin(&app.platform).await?;
    trunks::remove_edge(&mut cx, &id).await?;
    cx.commit().await?;
    trunks::follow(&app.platform).await?;
    Ok(Flash::success("Out of use: what it asks from now on is refused.").then(HERE))
}

pub(in crate::pages::admin) async fn show_one(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Answer {
    one(&app, &admin, &id, Wrong::nothing()).await
}

/// What cannot be taken back has a page of its own before it.
async fn one(app: &App, admin: &Admin, name: &str, wrong: Wrong) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let edge = trunks::edge(&mut cx, name).await?;
    drop(cx);
    let (again, away) =
        (format!("{HERE}/{}/renew", edge.name), format!("{HERE}/{}/remove", edge.name));
    let command = format!("voxlink edge configuration --name {} --into folder", edge.name);
    let word = edge.name.clone();
    Screen::new(format!("Edge {}", edge.name))
        .at(Place::AdminTrunks)
        .under("Edges", HERE)
        .status(wrong.status())
        .render(app, admin, move || {
            view! {
                <div class="grid items-start gap-6 lg:grid-cols-2">
                    <Card title="New password">
                        <p class="mb-4 text-muted">
                            "The old one is void at once: the edge is refused, and its calls with it, until it runs the configuration that "
                            <code class="[overflow-wrap:anywhere]">{command}</code>
                            " writes on the server."
                        </p>
                        <ButtonForm action=again kind=ButtonKind::Danger>"Give it a new password"</ButtonForm>
                    </Card>
                    <Card title="Remove the edge" danger=true>
                        <Form action=away wrong=wrong>
                            <p class="text-muted">"What it asks from then on is refused, and so are its calls."</p>
                            <TypedConfirmation word=word />
                            <div><Button kind=ButtonKind::Danger>"Remove this edge"</Button></div>
                        </Form>
                    </Card>
                </div>
            }
        })
        .await
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
    let found = if all.is_empty() {
        let text = "Nobody takes calls in for own trunks until you add a server of yours below.";
        view! { <EmptyState title="No edges yet" text=text icon="icon-[lucide--server]" /> }
            .into_any()
    } else {
        table(all).into_any()
    };
    view! {
        <Notice>
            "Your SIP servers that calls come in at, before the "
            <a class="link" href="/admin/trunks">"trunks"</a>
            ". The configuration of each is written on the server by "
            <code class="[overflow-wrap:anywhere]">"voxlink edge configuration --name edge-1 --into folder"</code>
            "; it holds passwords, so no page shows it."
        </Notice>
        <div class="mb-6">{found}</div>
    }
}

fn table(all: Vec<Edge>) -> impl IntoView {
    let rows = all.into_iter().map(row).collect_view();
    view! {
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
    }
}

fn row(edge: Edge) -> impl IntoView {
    let at = edge.at.to_string();
    let own = format!("{HERE}/{}", edge.name);
    let change = own.clone();
    let (user, kind) = (edge.user(), edge.kind.label());
    view! {
        <tr>
            <Cell label="User"><a class="link font-medium" href=own>{user}</a></Cell>
            <Cell label="Runs">{kind}</Cell>
            <Cell label="Listens at"><span class="[overflow-wrap:anywhere]">{at}</span></Cell>
            <Cell label="">
                <LinkButton href=change kind=ButtonKind::Quiet>"New password or remove"</LinkButton>
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
