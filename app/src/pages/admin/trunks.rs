//! Own trunks: the ways to and from other carriers. Kept by administrators; a password that was
//! typed here is never shown again.

pub(super) mod edges;
pub(super) mod one;

use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{
        Button, ButtonForm, ButtonKind, Card, Cell, Choice, EmptyState, Field, Form, LinkButton,
        Notice, Select, Table,
    },
};
use axum::extract::{Form as Sent, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::trunks::{self, Heard, NewTrunk, Trunk};
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

impl Typed {
    /// What a trunk is now; its password stays where it is.
    fn of(trunk: &Trunk) -> Self {
        Self {
            name: trunk.name.clone(),
            host: trunk.at.host.clone(),
            port: trunk.at.port.to_string(),
            transport: trunk.at.transport.to_string(),
            carries: trunk.carries.to_string(),
            username: trunk.username.clone().unwrap_or_default(),
            password: String::new(),
            priority: trunk.priority.to_string(),
        }
    }

    /// As the domain takes it; a choice that the page does not offer is refused.
    fn read(&self) -> Result<NewTrunk, Wrong> {
        let Ok(carries) = self.carries.parse::<Carries>() else {
            return Err(Wrong::field("carries", "Choose from the list which way calls go."));
        };
        let named = !self.username.trim().is_empty() || !self.password.is_empty();
        Ok(NewTrunk {
            name: self.name.clone(),
            host: self.host.clone(),
            port: self.port.clone(),
            transport: transport(&self.transport)?,
            carries,
            auth: if named { TrunkAuth::Digest } else { TrunkAuth::Address },
            username: self.username.clone(),
            password: self.password.clone().into(),
            priority: self.priority.clone(),
        })
    }
}

/// A transport as chosen.
fn transport(chosen: &str) -> Result<Transport, Wrong> {
    chosen
        .parse()
        .map_err(|_| Wrong::field("transport", "Choose a transport from the list: UDP or TCP."))
}

pub(super) async fn show(State(app): State<App>, admin: Admin) -> Answer {
    page(&app, &admin, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn add(State(app): State<App>, admin: Admin, Sent(typed): Sent<Typed>) -> Answer {
    let new = match typed.read() {
        Ok(new) => new,
        Err(wrong) => return page(&app, &admin, typed, wrong).await,
    };
    let mut cx = admin.begin(&app.platform).await?;
    match trunks::add_trunk(&app.platform, &mut cx, &new).await {
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
        Heard::Well(said) => Flash::success(said),
        Heard::Doubtful(said) => Flash::warning(said),
        Heard::Bad(why) => Flash::danger(why),
    }
    .then(HERE))
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
    let found = if all.is_empty() {
        let text = "Calls neither come in nor go out by own trunks until you add one below.";
        view! { <EmptyState title="No trunks yet" text=text icon="icon-[lucide--cable]" /> }
            .into_any()
    } else {
        table(all).into_any()
    };
    view! {
        <Notice>
            "The ways to and from other carriers, tried from the lowest priority on. Calls come in at "
            <a class="link" href="/admin/edges">"edges"</a>
            ", your own SIP servers, which ask VoxLink what a call shall do."
        </Notice>
        <div class="mb-6">{found}</div>
    }
}

fn table(all: Vec<Trunk>) -> impl IntoView {
    let rows = all.into_iter().map(row).collect_view();
    view! {
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
    }
}

fn row(trunk: Trunk) -> impl IntoView {
    let by = match trunk.auth {
        TrunkAuth::Address => "Our address".to_owned(),
        TrunkAuth::Digest => format!("The name {}", trunk.username.unwrap_or_default()),
    };
    let at = trunk.at.to_string();
    let ask = format!("{HERE}/{}/test", trunk.name);
    let own = format!("{HERE}/{}", trunk.name);
    let change = own.clone();
    view! {
        <tr>
            <Cell label="Name"><a class="link font-medium" href=own>{trunk.name}</a></Cell>
            <Cell label="Priority" amount=true>{trunk.priority}</Cell>
            <Cell label="Other side"><span class="[overflow-wrap:anywhere]">{at}</span></Cell>
            <Cell label="Calls">{way(trunk.carries)}</Cell>
            <Cell label="Knows us by"><span class="[overflow-wrap:anywhere]">{by}</span></Cell>
            <Cell label="">
                <div class="flex gap-2">
                    <ButtonForm action=ask>"Test"</ButtonForm>
                    <LinkButton href=change kind=ButtonKind::Quiet>"Change or remove"</LinkButton>
                </div>
            </Cell>
        </tr>
    }
}

fn form(t: Typed, wrong: Wrong) -> impl IntoView {
    let name = t.name.clone();
    view! {
        <Card title="Add a trunk">
            <Form action=HERE wrong=wrong>
                <Field name="name" label="Name" value=name maxlength=31u32 hint="Letters, digits and hyphens, such as first-carrier." />
                {fields(t, "It is sealed, and no page shows it again.")}
                <div><Button kind=ButtonKind::Primary>"Add the trunk"</Button></div>
            </Form>
        </Card>
    }
}

/// Everything but the name.
fn fields(t: Typed, about_password: &'static str) -> impl IntoView {
    let ways = Carries::ALL.iter().map(|c| Choice::new(c.as_str(), way(*c))).collect::<Vec<_>>();
    view! {
        <Field name="host" label="Host of the other side" value=t.host maxlength=253u32 hint="An address where calls come in from it; otherwise its name will do." />
        <Field name="port" label="Port" value=t.port inputmode="numeric" maxlength=5u32 />
        <Select name="transport" label="Transport" choices=transports() value=t.transport />
        <Select name="carries" label="Calls" choices=ways value=t.carries />
        <Field name="username" label="Name that we show" value=t.username optional=true maxlength=128u32 hint="Where the other side wants one; otherwise it knows us by our address." />
        <Field name="password" label="Password that we show" kind="password" optional=true maxlength=128u32 autocomplete="off" hint=about_password />
        <Field name="priority" label="Priority" value=t.priority inputmode="numeric" maxlength=4u32 hint="From 1 to 1000; the lowest is tried first." />
    }
}

/// Whether the name was typed that a removal asks for.
fn confirmed(typed: &str, name: &str) -> Result<(), Wrong> {
    if typed.trim().eq_ignore_ascii_case(name) {
        Ok(())
    } else {
        Err(Wrong::field("confirm", "Type the name as shown to confirm."))
    }
}

/// What was typed to confirm a removal.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages::admin) struct Confirmed {
    confirm: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_the_page_does_not_offer_is_refused_by_its_field() {
        assert!(Typed::default().read().is_ok());
        let forged = Typed { transport: "sctp".to_owned(), ..Typed::default() };
        let wrong = forged.read().unwrap_err();
        assert!(wrong.about("transport").is_some());
        assert_eq!(wrong.status(), http::StatusCode::UNPROCESSABLE_ENTITY);
        let forged = Typed { carries: "zzz".to_owned(), ..Typed::default() };
        assert!(forged.read().unwrap_err().about("carries").is_some());
    }
}
