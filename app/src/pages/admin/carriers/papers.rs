//! The papers that were left with a carrier: which are on file, by country and kind, and the form that
//! puts some there. Only for carriers that take papers with a purchase.

use super::HERE;
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{
        Button, ButtonForm, ButtonKind, Card, Cell, Choice, EmptyState, Field, Form, LinkButton,
        Notice, Select, Table, country_name,
    },
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    Platform,
    carriers::{self, CarriersError, NewPapers, OnFile},
};
use voxlink_types::{number::NumberType, paper::Paper};

/// What the form sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages::admin) struct Typed {
    country: String,
    number_type: String,
    address: String,
    bundle: String,
    identity: String,
    emergency_address: String,
}

impl Typed {
    fn id(&self, paper: Paper) -> &str {
        match paper {
            Paper::Address => &self.address,
            Paper::Bundle => &self.bundle,
            Paper::Identity => &self.identity,
            Paper::EmergencyAddress => &self.emergency_address,
        }
    }
}

impl From<&Typed> for NewPapers {
    fn from(t: &Typed) -> Self {
        Self {
            country: t.country.clone(),
            number_type: t.number_type.clone(),
            ids: Paper::ALL.iter().map(|paper| (*paper, t.id(*paper).to_owned())).collect(),
        }
    }
}

/// Which papers to take off the file.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::pages::admin) struct Which {
    country: String,
    number_type: String,
}

fn here(key: &str) -> String {
    format!("{HERE}/{key}/papers")
}

/// The way here from the carrier's page; nothing where the carrier takes no papers.
pub(super) fn way(platform: &Platform, key: &str) -> impl IntoView + use<> {
    let takes = !carriers::papers_taken(platform, key).is_empty();
    let href = here(key);
    takes.then(|| {
        view! {
            <Card title="Papers">
                <p class="mb-4 max-w-prose">
                    "Numbers that need an address or documents are sold once you have left those with the carrier and entered their ids here."
                </p>
                <LinkButton href=href kind=ButtonKind::Secondary>"Papers on file"</LinkButton>
            </Card>
        }
    })
}

pub(in crate::pages::admin) async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
) -> Answer {
    page(&app, &admin, &key, Typed::default(), Wrong::nothing()).await
}

pub(in crate::pages::admin) async fn file(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let new = NewPapers::from(&typed);
    let flash = match carriers::file_papers(&app.platform, &mut cx, &key, &new).await {
        Ok(true) => {
            cx.commit().await?;
            Flash::success("On file. They go with every purchase of this kind from now on.")
        }
        Ok(false) => Flash::info("Nothing was different."),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            return page(&app, &admin, &key, typed, wrong).await;
        }
    };
    Ok(flash.then(&here(&key)))
}

pub(in crate::pages::admin) async fn remove(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
    Posted(which): Posted<Which>,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    // Pressed twice: they are gone, which is what was wanted.
    carriers::remove_papers(&mut cx, &key, &which.country, &which.number_type).await?;
    cx.commit().await?;
    let said = "Taken off the file. Numbers of this kind that need papers are not sold any more.";
    Ok(Flash::success(said).then(&here(&key)))
}

async fn page(app: &App, admin: &Admin, key: &str, typed: Typed, wrong: Wrong) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let carrier = carriers::one(&app.platform, &mut cx, key).await?;
    let taken = carriers::papers_taken(&app.platform, key);
    if taken.is_empty() {
        return Err(CarriersError::TakesNoPapers.into());
    }
    let on_file = carriers::papers(&mut cx, key).await?;
    drop(cx);
    let action = here(key);
    Screen::new(format!("Papers at {}", carrier.name))
        .at(Place::AdminCarriers)
        .under(carrier.name, format!("{HERE}/{key}"))
        .status(wrong.status())
        .render(app, admin, move || {
            view! { {list(on_file, taken, &action)} {form(taken, action, typed, wrong)} }
        })
        .await
}

fn list(on_file: Vec<OnFile>, taken: &'static [Paper], at: &str) -> AnyView {
    if on_file.is_empty() {
        return view! {
            <div class="mb-6">
                <EmptyState
                    title="No papers on file"
                    text="Numbers of this carrier that need an address or documents are not sold yet."
                    icon="icon-[lucide--file-text]"
                />
            </div>
        }
        .into_any();
    }
    let headings =
        taken.iter().map(|paper| view! { <th scope="col">{paper.label()}</th> }).collect_view();
    let rows = on_file.into_iter().map(|kind| row(kind, taken, at)).collect_view();
    view! {
        <Notice>
            "The carrier's ids. They go with every purchase of such a number; whether they will do is the carrier's to say."
        </Notice>
        <div class="mb-6">
            <Table caption="Papers on file by country and kind">
                <thead>
                    <tr>
                        <th scope="col">"Numbers"</th>
                        {headings}
                        <th scope="col"><span class="sr-only">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </div>
    }
    .into_any()
}

fn row(kind: OnFile, taken: &'static [Paper], at: &str) -> impl IntoView + use<> {
    let name = format!("{}, {}", country_name(&kind.country), kind.number_type.label());
    let ids = taken
        .iter()
        .map(|paper| {
            let id = kind.papers.get(*paper).unwrap_or("–").to_owned();
            view! { <Cell label=paper.label()><code class="[overflow-wrap:anywhere]">{id}</code></Cell> }
        })
        .collect_view();
    let away = format!("{at}/remove");
    let which =
        vec![("country", kind.country), ("number_type", kind.number_type.as_str().to_owned())];
    view! {
        <tr>
            <Cell label="Numbers"><span class="font-medium">{name}</span></Cell>
            {ids}
            <Cell label=""><ButtonForm action=away fields=which>"Remove"</ButtonForm></Cell>
        </tr>
    }
}

/// Made within the form, where each finds what is wrong with it.
fn fields(ids: Vec<(Paper, String)>) -> impl IntoView {
    ids.into_iter()
        .map(|(paper, id)| {
            view! { <Field name=paper.as_str() label=paper.label() value=id optional=true maxlength=64u32 autocomplete="off" hint=hint(paper) /> }
        })
        .collect_view()
}

/// How each paper is filled in.
const fn hint(paper: Paper) -> &'static str {
    match paper {
        Paper::Address => "The id of an address that the carrier has, such as AD….",
        Paper::Bundle => "The id of an approved bundle or requirement group.",
        Paper::Identity => "The id of the end user's identity, where the carrier wants one.",
        Paper::EmergencyAddress => "The id of the address for emergency calls; it costs extra.",
    }
}

fn form(taken: &'static [Paper], action: String, t: Typed, wrong: Wrong) -> impl IntoView {
    let kinds = NumberType::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label()));
    let kinds: Vec<Choice> = kinds.collect();
    let ids: Vec<(Paper, String)> =
        taken.iter().map(|&paper| (paper, t.id(paper).to_owned())).collect();
    view! {
        <Card title="Put papers on file">
            <Form action=action wrong=wrong>
                <Field name="country" label="Country" value=t.country maxlength=2u32 autocomplete="off" hint="Its two letters, such as GB. What is on file for this country and kind is replaced." />
                <Select name="number_type" label="Kind" choices=kinds value=t.number_type />
                {fields(ids)}
                <div><Button kind=ButtonKind::Primary>"Put on file"</Button></div>
            </Form>
        </Card>
    }
}
