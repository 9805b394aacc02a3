//! One account: its people, figures, notes and state; what staff may do for it and to it.

use super::accounts::badge;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Admin, Person, Support},
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Badge, Button, ButtonForm, ButtonKind, Card, Cell, Choice, Fact, Facts, Field,
        Form, Notice, Select, Stat, Table, TextArea, When,
    },
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use voxlink_domain::{
    Ctx, Installation,
    accounts::{
        AccountError,
        admin::{self, Account, Hand, Note, TenantState, WorkFilter},
    },
    billing::journal,
};
use voxlink_types::{
    Currency, Money, PageRequest, error::FieldError, ids::TenantId, role::PlatformRole,
};

/// What a form of the page sent; each has some of the fields.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    reason: String,
    message: Option<String>,
    note: String,
    hand: String,
    amount: String,
    why: String,
    /// The form's own key; see [`crate::ui::IDEMPOTENCY_FIELD`].
    #[serde(rename = "_key")]
    key: String,
}

/// What the page shows.
struct Shown {
    account: Account,
    credit: Option<Money>,
    numbers: i64,
    orders: i64,
    notes: Vec<Note>,
    typed: Typed,
    wrong: Wrong,
}

fn id_of(text: &str) -> Result<TenantId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

async fn load(cx: &mut Ctx<Installation>, id: TenantId) -> Result<Shown, PageError> {
    let account = admin::account(cx, id).await?;
    let currency = account.currency.as_deref().and_then(|c| c.parse::<Currency>().ok());
    let credit = match currency {
        Some(currency) => Some(journal::available_credit(cx, id, currency).await?),
        None => None,
    };
    let only = WorkFilter { tenant: Some(id), ..WorkFilter::default() };
    let one = PageRequest::new(1, 1);
    let numbers = admin::numbers(cx, &only, one).await?.total;
    let orders = admin::orders(cx, &only, one).await?.total;
    let notes = admin::notes(cx, id).await?;
    Ok(Shown {
        account,
        credit,
        numbers,
        orders,
        notes,
        typed: Typed::default(),
        wrong: Wrong::nothing(),
    })
}

pub(super) async fn show(
    State(app): State<App>,
    person: Support,
    Path(id): Path<String>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let shown = load(&mut cx, id_of(&id)?).await?;
    drop(cx);
    page(&app, &person, shown).await
}

pub(super) async fn suspend(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let done = admin::suspend(&mut cx, tenant, &typed.reason, typed.message.as_deref()).await;
    let said = "The account is suspended and its people are signed out.";
    let done = done.map(|()| said.to_owned());
    finish_in_service(&app, &person, cx, tenant, typed, done).await
}

pub(super) async fn restore(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let done = admin::restore(&mut cx, tenant, &typed.reason).await;
    let said = "The account is restored.";
    let done = done.map(|()| said.to_owned());
    finish_in_service(&app, &person, cx, tenant, typed, done).await
}

pub(super) async fn add_note(
    State(app): State<App>,
    person: Support,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let done = admin::add_note(&mut cx, tenant, &typed.note).await;
    finish(&app, &person, cx, tenant, typed, done.map(|()| "The note is kept.".to_owned())).await
}

pub(super) async fn adjust(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let tenant = id_of(&id)?;
    let form = typed.key.parse().ok();
    let mut cx = person.begin(&app.platform).await?;
    let Ok(hand) = typed.hand.parse::<Hand>() else {
        let (field, message) = ("hand".to_owned(), "Choose one of the list.".to_owned());
        let wrong = AccountError::Fields(vec![FieldError { field, message }]);
        return finish(&app, &person, cx, tenant, typed, Err(wrong)).await;
    };
    let done = admin::adjust(&mut cx, tenant, hand, &typed.amount, &typed.why, form).await;
    let done = done.map(|left| format!("The balance is {left} now."));
    finish(&app, &person, cx, tenant, typed, done).await
}

pub(super) async fn sign_out(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    let done = admin::sign_out_all(&mut cx, tenant).await.map(|ended| match ended {
        0 => "Nobody was signed in.".to_owned(),
        1 => "One session is ended.".to_owned(),
        n => format!("{n} sessions are ended."),
    });
    finish(&app, &person, cx, tenant, Typed::default(), done).await
}

/// The same as [`finish`] for what changes what callers hear: they hear it by the time the page
/// says so.
async fn finish_in_service(
    app: &App,
    person: &impl Person,
    cx: Ctx<Installation>,
    tenant: TenantId,
    typed: Typed,
    done: Result<String, AccountError>,
) -> Answer {
    let changes = done.is_ok();
    let answer = finish(app, person, cx, tenant, typed, done).await?;
    if changes {
        app.platform.follow_now().await;
    }
    Ok(answer)
}

/// Keeps what a verb did and says so, or undoes it and shows the page again with what was typed.
async fn finish(
    app: &App,
    person: &impl Person,
    mut cx: Ctx<Installation>,
    tenant: TenantId,
    typed: Typed,
    done: Result<String, AccountError>,
) -> Answer {
    match done {
        Ok(said) => {
            cx.commit().await?;
            Ok(Flash::success(said).then(&format!("/admin/accounts/{tenant}")))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            // A refusal comes before anything was written.
            let shown = Shown { typed, wrong, ..load(&mut cx, tenant).await? };
            drop(cx);
            page(app, person, shown).await
        }
    }
}

async fn page(app: &App, person: &impl Person, shown: Shown) -> Answer {
    let may_change = person.member().is_some_and(|m| m.platform_role >= PlatformRole::Admin);
    let own = person.member().is_some_and(|m| m.tenant == shown.account.id);
    Screen::new(shown.account.name.clone())
        .at(Place::AdminAccounts)
        .under("Accounts", "/admin/accounts")
        .status(shown.wrong.status())
        .render(app, person, move || body(shown, may_change && !own))
        .await
}

fn body(shown: Shown, may_change: bool) -> impl IntoView {
    let Shown { account, credit, numbers, orders, notes, typed, wrong } = shown;
    let id = account.id;
    let here = format!("/admin/accounts/{id}");
    // A refusal that is about no field, such as a state that forbids it, stands above all forms.
    let whole = ["reason", "message", "note", "amount", "why"]
        .iter()
        .all(|field| wrong.about(field).is_none())
        .then(|| wrong.summary())
        .flatten()
        .map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    let facts = account.suspended_at.map(|at| {
        let reason = account.suspension_reason.clone().unwrap_or_default();
        let message = account
            .suspension_message
            .clone()
            .unwrap_or_else(|| "the installation's usual message".to_owned());
        view! {
            <Fact name="Suspended since"><When at=at /></Fact>
            <Fact name="Reason">{reason}</Fact>
            <Fact name="Callers hear">{message}</Fact>
        }
    });
    let signed_in = account.people.iter().any(|p| p.sessions > 0);
    let out = (may_change && signed_in).then(|| {
        view! {
            <div class="mt-4">
                <ButtonForm action=format!("{here}/sign-out") kind=ButtonKind::Secondary>"Sign everybody out"</ButtonForm>
            </div>
        }
    });
    let balance = credit.map(|money| view! { <Stat label="Credit"><Amount money=money /></Stat> });
    let change = may_change.then(|| {
        view! {
            {money(&here, &typed, &wrong)}
            {state_form(&here, account.state, &typed, &wrong)}
        }
    });
    view! {
        {whole}
        <div class="mb-6 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <Stat label="Numbers" href=format!("/admin/numbers?tenant={id}")>{numbers}</Stat>
            <Stat label="Orders" href=format!("/admin/orders?tenant={id}")>{orders}</Stat>
            {balance}
            <Stat label="Audit log" href=format!("/admin/audit?tenant={id}")>"Open"</Stat>
        </div>
        <div class="flex flex-col gap-6">
            <Card title="Account">
                <Facts>
                    <Fact name="State">{badge(account.state)}</Fact>
                    <Fact name="Id"><code class="[overflow-wrap:anywhere]">{id.to_string()}</code></Fact>
                    <Fact name="Time zone">{account.time_zone}</Fact>
                    <Fact name="Since"><When at=account.created_at /></Fact>
                    {facts}
                </Facts>
            </Card>
            <div>{people(account.people)} {out}</div>
            <div class="grid items-start gap-6 lg:grid-cols-2">{kept_notes(&here, notes, &typed, &wrong)} {change}</div>
        </div>
    }
}

/// The part of what is wrong that is about one form.
fn about(wrong: &Wrong, fields: &[&str]) -> Wrong {
    if fields.iter().any(|field| wrong.about(field).is_some()) {
        wrong.clone()
    } else {
        Wrong::nothing()
    }
}

fn people(people: Vec<admin::Person>) -> impl IntoView {
    let rows = people
        .into_iter()
        .map(|p| {
            let last = match p.last_sign_in_at {
                Some(at) => view! { <When at=at /> }.into_any(),
                None => view! { "never" }.into_any(),
            };
            let staff = p
                .platform_role
                .is_staff()
                .then(|| view! { <Badge text=p.platform_role.as_str() tone=None /> });
            let confirmed = if p.email_verified { "yes" } else { "no" };
            view! {
                <tr>
                    <Cell label="Name"><span class="inline-flex flex-wrap items-center gap-2"><bdi>{p.name}</bdi> {staff}</span></Cell>
                    <Cell label="Address"><span class="min-w-0 [overflow-wrap:anywhere] md:inline-block md:min-w-52">{p.email}</span></Cell>
                    <Cell label="Confirmed">{confirmed}</Cell>
                    <Cell label="Role">{p.tenant_role.as_str()}</Cell>
                    <Cell label="Last sign-in">{last}</Cell>
                    <Cell label="Sessions" amount=true>{p.sessions}</Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="People of this account">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Address"</th>
                    <th scope="col">"Confirmed"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Last sign-in"</th>
                    <th scope="col" class="amount">"Sessions"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}

fn kept_notes(here: &str, notes: Vec<Note>, typed: &Typed, wrong: &Wrong) -> impl IntoView + use<> {
    let lines = notes
        .into_iter()
        .map(|note| {
            view! {
                <li class="border-t border-base-300 py-3">
                    <p class="break-words whitespace-pre-line">{note.text}</p>
                    <p class="mt-1 text-sm text-muted">{note.author} ", " <When at=note.created_at /></p>
                </li>
            }
        })
        .collect_view();
    let (action, wrong) = (format!("{here}/notes"), about(wrong, &["note"]));
    let note = typed.note.clone();
    view! {
        <Card title="Notes">
            <Form action=action wrong=wrong>
                <TextArea name="note" label="New note" value=note hint="Only staff see notes." maxlength=4000u32 rows=2 />
                <div><Button kind=ButtonKind::Secondary>"Keep the note"</Button></div>
            </Form>
            <ul class="mt-4">{lines}</ul>
        </Card>
    }
}

fn money(here: &str, typed: &Typed, wrong: &Wrong) -> impl IntoView + use<> {
    let hands = vec![
        Choice::new(Hand::Give.as_str(), "Put onto the balance"),
        Choice::new(Hand::Take.as_str(), "Take off the balance"),
    ];
    let (action, wrong) = (format!("{here}/adjust"), about(wrong, &["amount", "why"]));
    let (hand, amount, why) = (typed.hand.clone(), typed.amount.clone(), typed.why.clone());
    view! {
        <Card title="Adjust the balance">
            <Form action=action wrong=wrong>
                <div class="grid gap-4 sm:grid-cols-2">
                    <Select name="hand" label="What" choices=hands value=hand />
                    <Field name="amount" label="Amount" value=amount inputmode="decimal" placeholder="25.00" />
                </div>
                <Field name="why" label="Reason" value=why maxlength=200u32 hint="The customer reads it on the statement." />
                <div><Button kind=ButtonKind::Secondary>"Adjust"</Button></div>
            </Form>
        </Card>
    }
}

fn state_form(here: &str, state: TenantState, typed: &Typed, wrong: &Wrong) -> AnyView {
    let wrong = about(wrong, &["reason", "message"]);
    let reason = typed.reason.clone();
    let message = typed.message.clone().unwrap_or_default();
    let (suspend, restore) = (format!("{here}/suspend"), format!("{here}/restore"));
    match state {
        TenantState::Active => view! {
            <Card title="Suspend this account">
                <Form action=suspend wrong=wrong>
                    <p class="text-muted">
                        "Its people are signed out at once and may only look. Its numbers go on answering with the message below."
                    </p>
                    <TextArea name="reason" label="Reason" value=reason hint="Shown to the account, and kept in the audit log." maxlength=500u32 rows=2 />
                    <TextArea name="message" label="What callers hear" value=message optional=true hint="Left empty, callers hear the installation's usual message." maxlength=500u32 rows=2 />
                    <div><Button kind=ButtonKind::Danger>"Suspend the account"</Button></div>
                </Form>
            </Card>
        }
        .into_any(),
        TenantState::Suspended => view! {
            <Card title="Restore this account">
                <Form action=restore wrong=wrong>
                    <TextArea name="reason" label="Reason" value=reason hint="Kept in the audit log." maxlength=500u32 rows=2 />
                    <div><Button>"Restore the account"</Button></div>
                </Form>
            </Card>
        }
        .into_any(),
        TenantState::Closed => ().into_any(),
    }
}
