//! One account: its people, figures and state; suspension and its end.

use super::accounts::badge;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Admin, Person, Support},
    layout::Place,
    ui::{
        Amount, Badge, Button, ButtonKind, Card, Cell, Fact, Facts, Form, Stat, Table, TextArea,
        When,
    },
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use voxlink_domain::{
    Ctx, Installation,
    accounts::admin::{self, Account, TenantState, WorkFilter},
    billing::journal,
};
use voxlink_types::{Currency, Money, PageRequest, ids::TenantId, role::PlatformRole};

/// The form of suspension and of its end, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct StateForm {
    #[serde(default)]
    reason: String,
    message: Option<String>,
}

/// What the page shows.
struct Shown {
    account: Account,
    credit: Option<Money>,
    numbers: i64,
    orders: i64,
    typed: StateForm,
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
    Ok(Shown {
        account,
        credit,
        numbers,
        orders,
        typed: StateForm::default(),
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
    Posted(form): Posted<StateForm>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    match admin::suspend(&mut cx, tenant, &form.reason, form.message.as_deref()).await {
        Ok(()) => {
            cx.commit().await?;
            let said = "The account is suspended and its people are signed out.";
            Ok(Flash::success(said).then(&format!("/admin/accounts/{tenant}")))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shown = Shown { typed: form, wrong, ..load(&mut cx, tenant).await? };
            drop(cx);
            page(&app, &person, shown).await
        }
    }
}

pub(super) async fn restore(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
    Posted(form): Posted<StateForm>,
) -> Answer {
    let tenant = id_of(&id)?;
    let mut cx = person.begin(&app.platform).await?;
    match admin::restore(&mut cx, tenant, &form.reason).await {
        Ok(()) => {
            cx.commit().await?;
            Ok(Flash::success("The account is restored.")
                .then(&format!("/admin/accounts/{tenant}")))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shown = Shown { typed: form, wrong, ..load(&mut cx, tenant).await? };
            drop(cx);
            page(&app, &person, shown).await
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
    let Shown { account, credit, numbers, orders, typed, wrong } = shown;
    let id = account.id;
    let here = format!("/admin/accounts/{id}");
    let state = account.state;
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
    let change = may_change.then(|| match state {
        TenantState::Active => view! {
            <Card title="Suspend this account">
                <Form action=format!("{here}/suspend") wrong=wrong>
                    <p class="text-muted">
                        "Its people are signed out at once and may only look. Its numbers go on answering with the message below."
                    </p>
                    <TextArea name="reason" label="Reason" value=typed.reason hint="Shown to the account, and kept in the audit log." maxlength=500u32 rows=2 />
                    <TextArea name="message" label="What callers hear" value=typed.message.unwrap_or_default() optional=true hint="Left empty, callers hear the installation's usual message." maxlength=500u32 rows=2 />
                    <div><Button kind=ButtonKind::Danger>"Suspend the account"</Button></div>
                </Form>
            </Card>
        }
        .into_any(),
        TenantState::Suspended => view! {
            <Card title="Restore this account">
                <Form action=format!("{here}/restore") wrong=wrong>
                    <TextArea name="reason" label="Reason" value=typed.reason hint="Kept in the audit log." maxlength=500u32 rows=2 />
                    <div><Button>"Restore the account"</Button></div>
                </Form>
            </Card>
        }
        .into_any(),
        TenantState::Closed => ().into_any(),
    });
    let people = account
        .people
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
                    <Cell label="Name">{p.name} " " {staff}</Cell>
                    <Cell label="Address">{p.email}</Cell>
                    <Cell label="Confirmed">{confirmed}</Cell>
                    <Cell label="Role">{p.tenant_role.as_str()}</Cell>
                    <Cell label="Last sign-in">{last}</Cell>
                    <Cell label="Sessions" amount=true>{p.sessions}</Cell>
                </tr>
            }
        })
        .collect_view();
    let balance = credit.map(|money| view! { <Stat label="Credit"><Amount money=money /></Stat> });
    view! {
        <div class="mb-6 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <Stat label="Numbers" href=format!("/admin/numbers?tenant={id}")>{numbers}</Stat>
            <Stat label="Orders" href=format!("/admin/orders?tenant={id}")>{orders}</Stat>
            {balance}
            <Stat label="Audit log" href=format!("/admin/audit?tenant={id}")>"Open"</Stat>
        </div>
        <div class="flex flex-col gap-6">
            <Card title="Account">
                <Facts>
                    <Fact name="State">{badge(state)}</Fact>
                    <Fact name="Id"><code>{id.to_string()}</code></Fact>
                    <Fact name="Time zone">{account.time_zone}</Fact>
                    <Fact name="Since"><When at=account.created_at /></Fact>
                    {facts}
                </Facts>
            </Card>
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
                <tbody>{people}</tbody>
            </Table>
            {change}
        </div>
    }
}
