//! Drift: where a carrier's books and ours differ, as a plan. The list, with a comparison on
//! demand; one difference with both sides, and what is decided about it.

mod one;

pub(super) use one::{apply, ignore, roll_back, show};

use super::{filter::Wanted, listing::Listing, stored::stored};
use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen,
    access::{Admin, Person, Support},
    flash::Tone,
    layout::Place,
    ui::{Badge, ButtonForm, Card, Cell, Choice, Number, Select, Table, When, grouped},
};
use axum::extract::{Form as Posted, State};
use leptos::prelude::*;
use voxlink_domain::inventory::{
    self, AuditCarrier, AuditRow, Drift, DriftFilter, DriftKind, DriftState, FailedAudit,
};
use voxlink_types::{E164, role::PlatformRole};

/// What the list is asked for besides what all lists are.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
    state: Option<String>,
    kind: Option<String>,
    carrier: Option<String>,
    page: Option<u32>,
}

/// The word and colour of what became of a difference.
fn badge(state: DriftState) -> impl IntoView {
    let tone = match state {
        DriftState::Open => Some(Tone::Warning),
        DriftState::Applied => Some(Tone::Success),
        DriftState::Ignored => Some(Tone::Info),
        DriftState::Gone => None,
    };
    view! { <Badge text=state.label() tone=tone /> }
}

fn may_decide(person: &impl Person) -> bool {
    person.member().is_some_and(|m| m.platform_role >= PlatformRole::Admin)
}

/// What a difference is about: a number, or a country and kind.
fn subject(drift: &Drift, href: Option<String>) -> AnyView {
    match (drift.subject.parse::<E164>(), href) {
        (Ok(number), Some(href)) => view! { <Number number=number href=href /> }.into_any(),
        (Ok(number), None) => view! { <Number number=number /> }.into_any(),
        (Err(_), Some(href)) => {
            view! { <a class="link-quiet font-medium" href=href>{drift.subject.clone()}</a> }
                .into_any()
        }
        (Err(_), None) => {
            view! { <span class="font-medium">{drift.subject.clone()}</span> }.into_any()
        }
    }
}

pub(super) async fn list(
    State(app): State<App>,
    person: Support,
    Query(asked): Query<Asked>,
) -> Answer {
    let filter = DriftFilter {
        search: asked.q.clone().unwrap_or_default(),
        state: Wanted::parsed(asked.state.as_ref()),
        kind: Wanted::parsed(asked.kind.as_ref()),
        carrier: Wanted::word(asked.carrier.as_ref()),
    };
    let request = voxlink_types::PageRequest::new(asked.page.unwrap_or(1), 50);
    let mut cx = person.begin(&app.platform).await?;
    let found = inventory::drift(&mut cx, &filter, request).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    let made = Made {
        audits: inventory::audits(&mut cx).await?,
        failed: inventory::failed_audits(&mut cx).await?,
        clear: inventory::settleable(&mut cx).await?,
    };
    drop(cx);
    let carriers: Vec<(&'static str, &'static str)> =
        app.platform.carriers().map(|c| (c.key(), c.name())).collect();
    let decides = may_decide(&person);
    Screen::new("Drift")
        .at(Place::AdminDrift)
        .render(&app, &person, move || {
            let states = DriftState::ALL
                .iter()
                .filter(|s| **s != DriftState::Open)
                .map(|s| Choice::new(s.as_str(), s.label()))
                .collect();
            let kinds =
                DriftKind::ALL.iter().map(|k| Choice::new(k.as_str(), k.label())).collect();
            let at = carriers.iter().map(|(key, name)| Choice::new(*key, *name)).collect();
            let (state, kind, carrier) = (
                asked.state.clone().unwrap_or_default(),
                asked.kind.clone().unwrap_or_default(),
                asked.carrier.clone().unwrap_or_default(),
            );
            let filters = view! {
                <Select name="state" label="State" choices=states value=state none="Open" />
                <Select name="kind" label="Difference" choices=kinds value=kind none="Any" />
                <Select name="carrier" label="Carrier" choices=at value=carrier none="Any" />
            };
            let listing = Listing {
                action: "/admin/drift",
                search: "Number, country or company",
                caption: "Differences between the carriers' books and ours",
                headings: &[
                    ("What", false),
                    ("Difference", false),
                    ("Account", false),
                    ("Here", false),
                    ("There", false),
                    ("State", false),
                    ("Seen", false),
                ],
                empty: ("Nothing differs", "icon-[lucide--scale]"),
                advice: "Carriers are compared with our books every night. What differs then stands here until it is settled.",
                of: ("difference", "differences"),
                export: None,
            };
            view! {
                {compared(&carriers, &made, decides)}
                {listing.show(filters, found, row)}
            }
        })
        .await
}

/// What is known of the comparisons with the carriers.
struct Made {
    audits: Vec<AuditRow>,
    failed: Vec<FailedAudit>,
    /// Carriers with open differences that settle themselves, and how many.
    clear: Vec<(String, i64)>,
}

/// Each carrier's last comparison, a later one that failed, and the way to another one.
fn compared(
    carriers: &[(&'static str, &'static str)],
    made: &Made,
    decides: bool,
) -> impl IntoView + use<> {
    let lines = carriers
        .iter()
        .map(|&(key, name)| {
            let last = made.audits.iter().find(|a| a.key == key);
            let failed = made.failed.iter().find(|f| f.carrier == key).map(|f| {
                let (at, why) = (f.tried_at, f.reason.clone());
                view! {
                    <p class="text-sm text-error [overflow-wrap:anywhere]">
                        "Failed " <When at=at /> ": " <bdi>{why}</bdi>
                    </p>
                }
            });
            let figures = last.map(|a| {
                format!(
                    "{} numbers here, {} there",
                    grouped(a.here.into()),
                    grouped(a.there.into())
                )
            });
            let open = last.map_or(0, |a| a.open);
            let when = last.map_or_else(
                || view! { "Never" }.into_any(),
                |a| view! { <When at=a.finished_at /> }.into_any(),
            );
            let now = decides.then(|| {
                view! {
                    <ButtonForm action="/admin/drift" fields=vec![("carrier", key.to_owned())]>
                        "Compare now" <span class="sr-only">{format!(": {name}")}</span>
                    </ButtonForm>
                }
            });
            let clear = made.clear.iter().any(|(carrier, count)| carrier == key && *count > 0);
            let settle = (decides && clear).then(|| {
                view! {
                    <ButtonForm action="/admin/drift/settle" fields=vec![("carrier", key.to_owned())]>
                        "Settle what is clear" <span class="sr-only">{format!(": {name}")}</span>
                    </ButtonForm>
                }
            });
            view! {
                <tr>
                    <Cell label="Carrier"><span class="font-medium">{name}</span></Cell>
                    <Cell label="Last compared"><div class="flex min-w-0 flex-col gap-1"><span>{when}</span>{failed}</div></Cell>
                    <Cell label="Then">{figures.unwrap_or_else(|| "–".to_owned())}</Cell>
                    <Cell label="Open" amount=true>{open}</Cell>
                    <Cell label=""><div class="flex flex-wrap gap-2">{now} {settle}</div></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="mb-6">
            <Card title="Comparisons">
                <Table caption="The last comparison of each carrier">
                    <thead>
                        <tr>
                            <th scope="col">"Carrier"</th>
                            <th scope="col">"Last compared"</th>
                            <th scope="col">"Then"</th>
                            <th scope="col" class="amount">"Open"</th>
                            <th scope="col"><span class="sr-only">"Action"</span></th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </Table>
            </Card>
        </div>
    }
}

fn row(drift: Drift) -> impl IntoView {
    let href = format!("/admin/drift/{}", drift.id);
    let what = subject(&drift, Some(href));
    let (here, there) = (stored(&drift.here), stored(&drift.there));
    let account = drift.holder.map(|(id, name)| {
        let href = format!("/admin/accounts/{id}");
        view! { <a class="link-quiet" href=href><bdi>{name}</bdi></a> }
    });
    let account = account.map_or_else(|| view! { "–" }.into_any(), IntoAny::into_any);
    view! {
        <tr>
            <Cell label="What">
                <div class="flex flex-col gap-0.5">
                    {what}
                    <span class="text-sm text-muted">{drift.carrier}</span>
                </div>
            </Cell>
            <Cell label="Difference">{drift.kind.label()}</Cell>
            <Cell label="Account">{account}</Cell>
            <Cell label="Here"><div class="min-w-0 text-sm [overflow-wrap:anywhere]">{here}</div></Cell>
            <Cell label="There"><div class="min-w-0 text-sm [overflow-wrap:anywhere]">{there}</div></Cell>
            <Cell label="State">{badge(drift.state)}</Cell>
            <Cell label="Seen"><When at=drift.last_seen_at /></Cell>
        </tr>
    }
}

/// Which carrier is to be compared.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Compare {
    #[serde(default)]
    carrier: String,
}

pub(super) async fn compare(
    State(app): State<App>,
    person: Admin,
    Posted(wish): Posted<Compare>,
) -> Answer {
    let carrier = app.platform.carrier(&wish.carrier).ok_or_else(PageError::not_found)?;
    let mut cx = person.begin(&app.platform).await?;
    cx.enqueue(&AuditCarrier { carrier: carrier.key().to_owned(), tenant: None }).await?;
    cx.commit().await?;
    let said =
        format!("{} is being compared. What differs stands here in a moment.", carrier.name());
    Ok(Flash::success(said).then("/admin/drift"))
}

pub(super) async fn settle(
    State(app): State<App>,
    person: Admin,
    Posted(wish): Posted<Compare>,
) -> Answer {
    let carrier = app.platform.carrier(&wish.carrier).ok_or_else(PageError::not_found)?;
    let mut cx = person.begin(&app.platform).await?;
    inventory::settle(&mut cx, carrier.key()).await?;
    cx.commit().await?;
    let said = "What there is one way to settle is being settled. Numbers that only the carrier has, and prices that were entered by hand, are left for you.";
    Ok(Flash::success(said).then("/admin/drift"))
}
