//! One difference: both sides beside each other, what can be done about it, and the way back.

use super::{badge, may_decide, subject};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Admin, Person, Support},
    flash::Tone,
    layout::Place,
    pages::admin::stored::stored,
    ui::{Button, ButtonForm, ButtonKind, Card, Fact, Facts, Field, Form, Notice, TextArea, When},
};
use axum::{
    extract::{Form as Posted, Path, State},
    http::StatusCode,
};
use leptos::prelude::*;
use voxlink_domain::{
    Ctx, Installation,
    inventory::{self, Drift, DriftKind, DriftState, InventoryError, Remedy},
};
use voxlink_types::{
    E164,
    ids::{DriftId, TenantId},
};

/// What a form of the page sent.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::pages::admin) struct Typed {
    remedy: String,
    account: String,
    reason: String,
}

fn id_of(text: &str) -> Result<DriftId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

pub(in crate::pages::admin) async fn show(
    State(app): State<App>,
    person: Support,
    Path(id): Path<String>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let drift = inventory::drift_of(&mut cx, id_of(&id)?).await?;
    drop(cx);
    page(&app, &person, drift, Typed::default(), Wrong::nothing()).await
}

pub(in crate::pages::admin) async fn apply(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    // A difference that nobody has is told before anything else.
    let drift = inventory::drift_of(&mut cx, id).await?;
    let Ok(remedy) = typed.remedy.parse::<Remedy>() else {
        drop(cx);
        let wrong = Wrong::whole("Choose what is to be done.");
        return page(&app, &person, drift, typed, wrong).await;
    };
    let account = typed.account.trim();
    let holder = match (remedy, account.parse::<TenantId>()) {
        (Remedy::Adopt, Err(_)) => {
            drop(cx);
            let wrong = Wrong::of(InventoryError::Account)?;
            return page(&app, &person, drift, typed, wrong).await;
        }
        (_, holder) => holder.ok(),
    };
    if remedy == Remedy::Adopt {
        // No transaction waits for a carrier.
        drop(cx);
        if let Err(error) = inventory::still_ours(&app.platform, &drift).await {
            return page(&app, &person, drift, typed, Wrong::of(error)?).await;
        }
        cx = person.begin(&app.platform).await?;
    }
    let done = inventory::apply(&mut cx, &app.platform, id, remedy, holder).await;
    // A carrier may not answer, so a price is not said to be settled before it is.
    let said = if drift.kind == DriftKind::Price {
        "The carriers are asked for their prices, and the price book follows. If it does not, the difference comes up again."
    } else {
        "The difference is settled."
    };
    finish(&app, &person, cx, drift, typed, done, said).await
}

pub(in crate::pages::admin) async fn ignore(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let drift = inventory::drift_of(&mut cx, id).await?;
    let done = inventory::ignore(&mut cx, id, &typed.reason).await;
    let said = "The difference is left as it is. It comes up again when either side changes.";
    finish(&app, &person, cx, drift, typed, done, said).await
}

pub(in crate::pages::admin) async fn roll_back(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let drift = inventory::drift_of(&mut cx, id).await?;
    let done = inventory::roll_back(&mut cx, id).await;
    let said = if drift.remedy == Some(Remedy::Adopt) {
        "The number is the account's no more. At the carrier it stays ours."
    } else {
        "It is as it was before."
    };
    finish(&app, &person, cx, drift, Typed::default(), done, said).await
}

/// Keeps what was decided, or shows the page again with what is wrong. What callers hear follows at
/// once.
async fn finish(
    app: &App,
    person: &Admin,
    cx: Ctx<Installation>,
    drift: Drift,
    typed: Typed,
    done: Result<(), InventoryError>,
    said: &str,
) -> Answer {
    match done {
        Ok(()) => {
            cx.commit().await?;
            app.platform.follow_now().await;
            Ok(Flash::success(said).then(&format!("/admin/drift/{}", drift.id)))
        }
        Err(error) => {
            drop(cx);
            page(app, person, drift, typed, Wrong::of(error)?).await
        }
    }
}

async fn page(app: &App, person: &impl Person, drift: Drift, typed: Typed, wrong: Wrong) -> Answer {
    let decides = may_decide(person);
    let status = wrong.status();
    let title = drift
        .subject
        .parse::<E164>()
        .map_or_else(|_| drift.subject.clone(), |number| number.international());
    Screen::new(title)
        .at(Place::AdminDrift)
        .under("Drift", "/admin/drift")
        .status(if status == StatusCode::default() { StatusCode::OK } else { status })
        .render(app, person, move || {
            let decisions = decides.then(|| decisions(&drift, &typed, wrong));
            view! {
                <div class="flex flex-col gap-6">
                    {facts(&drift)}
                    {sides(&drift)}
                    {decisions}
                </div>
            }
        })
        .await
}

fn facts(drift: &Drift) -> impl IntoView + use<> {
    let account = drift.holder.clone().map(|(id, name)| {
        let href = format!("/admin/accounts/{id}");
        view! { <Fact name="Account"><a class="link" href=href><bdi>{name}</bdi></a></Fact> }
    });
    let decided = drift.decided_at.map(|at| {
        let who = drift.decided_by.clone().unwrap_or_default();
        // A person goes by their name, what is none by its own.
        let sort = drift
            .decided_name
            .is_some()
            .then(|| format!(" ({})", who.split(':').next().unwrap_or_default()));
        let by = drift.decided_name.clone().unwrap_or(who);
        view! { <Fact name="Decided"><When at=at /> " by " <bdi>{by}</bdi> {sort}</Fact> }
    });
    let done = drift.remedy.map(|r| view! { <Fact name="What was done">{r.label()}</Fact> });
    let reason = drift
        .reason
        .clone()
        .map(|why| view! { <Fact name="Why" wide=true><bdi>{why}</bdi></Fact> });
    let (what, carrier, kind) = (subject(drift, None), drift.carrier.clone(), drift.kind.label());
    let (state, first, last) = (drift.state, drift.first_seen_at, drift.last_seen_at);
    view! {
        <Card>
            <Facts>
                <Fact name="What">{what}</Fact>
                <Fact name="Carrier">{carrier}</Fact>
                <Fact name="Difference">{kind}</Fact>
                <Fact name="State">{badge(state)}</Fact>
                {account}
                <Fact name="First seen"><When at=first /></Fact>
                <Fact name="Last seen"><When at=last /></Fact>
                {done}
                {decided}
                {reason}
            </Facts>
        </Card>
    }
}

fn sides(drift: &Drift) -> impl IntoView + use<> {
    let (here, there) = (stored(&drift.here), stored(&drift.there));
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card title="Here"><div class="[overflow-wrap:anywhere]">{here}</div></Card>
            <Card title="At the carrier"><div class="[overflow-wrap:anywhere]">{there}</div></Card>
        </div>
    }
}

/// What applying does, in a sentence.
const fn consequence(kind: DriftKind, remedy: Remedy) -> &'static str {
    match (kind, remedy) {
        (DriftKind::MissingThere, _) => {
            "The number is marked as missing at the carrier and needs attention. It stays the account's."
        }
        (DriftKind::Price, _) => {
            "The carrier's prices are fetched, and the price book follows. What was sold keeps its price."
        }
        (_, Remedy::TakeOver) => {
            "What the carrier shows is written down here. A number that does not ring needs attention; one that rings again is in service."
        }
        (_, Remedy::SetAgain) => "The carrier is told our addresses again.",
        (_, Remedy::Adopt) => {
            "The number becomes the account's, at the present price of its kind without set-up. Its rental begins now. One that does not ring at the carrier yet has to wait until it does."
        }
        (_, Remedy::GiveBack) => "The carrier gets the number back. That cannot be taken back.",
    }
}

/// What rolling back does, in a sentence, and whether there is a way back at all. Without a remedy the
/// difference was ignored.
const fn way_back(kind: DriftKind, remedy: Option<Remedy>) -> (&'static str, bool) {
    match (kind, remedy) {
        (_, None) => {
            ("The difference waits for a decision again. Nothing was changed by leaving it.", true)
        }
        (DriftKind::Price, Some(_)) => {
            ("A price that took effect is not undone: the carrier's next one follows it.", false)
        }
        (_, Some(Remedy::TakeOver)) => {
            ("What was written here becomes as it was. Nothing was set at the carrier.", true)
        }
        (_, Some(Remedy::SetAgain)) => {
            ("The addresses that were found at the carrier are set there again.", true)
        }
        (_, Some(Remedy::Adopt)) => (
            "The number is the account's no more, and its rental ends. At the carrier it stays ours and keeps the addresses that were set; the next comparison finds it there again.",
            true,
        ),
        (_, Some(Remedy::GiveBack)) => (
            "The number was given back to the carrier. Buy it again if it is still for sale.",
            false,
        ),
    }
}

fn decisions(drift: &Drift, typed: &Typed, wrong: Wrong) -> AnyView {
    let id = drift.id;
    match drift.state {
        DriftState::Open => {
            let about_ignoring = wrong.about("reason").is_some();
            let (at_apply, at_ignore) =
                if about_ignoring { (Wrong::nothing(), wrong) } else { (wrong, Wrong::nothing()) };
            // What would be refused is not offered.
            let left = drift.by_hand().then(|| by_hand(&at_apply));
            let offered: &[Remedy] =
                if drift.by_hand() { &[] } else { inventory::remedies(drift.kind) };
            let remedies = offered
                .iter()
                .enumerate()
                .map(|(place, &remedy)| {
                    // What is wrong is said at the form that asks for an account, else at the first.
                    let wrong = if place == 0 { at_apply.clone() } else { Wrong::nothing() };
                    applying(drift, remedy, typed, wrong)
                })
                .collect_view();
            let reason = typed.reason.clone();
            view! {
                <div class="grid items-start gap-6 lg:grid-cols-2">
                    {left}
                    {remedies}
                    <Card title="Leave it">
                        <Form action=format!("/admin/drift/{id}/ignore") wrong=at_ignore>
                            <TextArea name="reason" label="Why" value=reason maxlength=300u32 rows=2 hint="It comes up again when either side changes." />
                            <div><Button kind=ButtonKind::Secondary>"Ignore this difference"</Button></div>
                        </Form>
                    </Card>
                </div>
            }
            .into_any()
        }
        DriftState::Applied | DriftState::Ignored => {
            let said = wrong
                .summary()
                .map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
            let (words, back) = way_back(drift.kind, drift.remedy);
            // What would be refused is not offered.
            let button = back.then(|| {
                view! {
                    <div class="mt-4">
                        <ButtonForm action=format!("/admin/drift/{id}/roll-back") kind=ButtonKind::Secondary>"Roll back"</ButtonForm>
                    </div>
                }
            });
            view! {
                <Card title="Roll back">
                    {said}
                    <p class="text-muted">{words}</p>
                    {button}
                </Card>
            }
            .into_any()
        }
        DriftState::Gone => view! {
            <p class="text-muted">"The last comparison no longer saw this difference: there is nothing to decide."</p>
        }
        .into_any(),
    }
}

/// What can be done about a price that an administrator entered.
fn by_hand(wrong: &Wrong) -> impl IntoView + use<> {
    let said = wrong.summary().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    view! {
        <Card title="Entered by hand">
            {said}
            <p class="text-muted">
                "An administrator entered this price, and what the carrier tells does not replace it. Enter the carrier's price with " <code>"voxlink prices import"</code>
                ", which holds from an instant on, or leave the difference as it is."
            </p>
        </Card>
    }
}

fn applying(drift: &Drift, remedy: Remedy, typed: &Typed, wrong: Wrong) -> impl IntoView + use<> {
    let kind = if remedy == Remedy::GiveBack { ButtonKind::Danger } else { ButtonKind::Primary };
    let account = (remedy == Remedy::Adopt).then(|| {
        let typed = typed.account.clone();
        view! { <Field name="account" label="Account" value=typed placeholder="ten_…" hint="Its id, as its page in the administration shows it in the address." /> }
    });
    let action = format!("/admin/drift/{}/apply", drift.id);
    let consequence = consequence(drift.kind, remedy);
    view! {
        <Card title=remedy.label()>
            <Form action=action wrong=wrong>
                <input type="hidden" name="remedy" value=remedy.as_str() />
                <p class="text-muted">{consequence}</p>
                {account}
                <div><Button kind=kind>{remedy.label()}</Button></div>
            </Form>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_back_is_described_by_what_was_done() {
        let (ignored, back) = way_back(DriftKind::Callbacks, None);
        assert!(back && !ignored.contains("set there"), "nothing was set: {ignored}");
        assert!(
            way_back(DriftKind::Callbacks, Some(Remedy::SetAgain)).0.contains("set there again")
        );
        assert!(!way_back(DriftKind::MissingHere, Some(Remedy::GiveBack)).1);
        assert!(!way_back(DriftKind::Price, Some(Remedy::TakeOver)).1);
        assert!(way_back(DriftKind::Status, Some(Remedy::TakeOver)).1);
    }
}
