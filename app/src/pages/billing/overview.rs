//! The balance: what is there, what is open, what the next invoice will be, and when to warn.

use super::{statement::movements, tabs};
use crate::pages::orders::owed::owed as owed_for_orders;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Manager, Person, Viewer},
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Badge, Button, ButtonKind, Card, Cell, Fact, Facts, Field, Form, LinkButton,
        Notice, Stat, Stateful, Table,
    },
};
use axum::extract::{Form as Sent, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    Ctx,
    billing::{
        account::{self, BillingAccount, PaymentMethod},
        invoices::{Draft, ListedInvoice, estimate, open_list},
        journal::{Account, StatementLine, available_credit, balance, movements_before},
        low_balance,
    },
    orders,
};
use voxlink_types::{Currency, Money, role::TenantRole};

/// How many movements the overview shows; the statement has all.
const RECENT: usize = 8;

/// What was typed as the least balance.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    amount: String,
}

struct Shown {
    account: BillingAccount,
    credit: Money,
    held: Money,
    owed: Money,
    draft: Draft,
    methods: Vec<PaymentMethod>,
    moves: Vec<StatementLine>,
    more_moves: bool,
    dues: Vec<orders::Due>,
    open: Vec<ListedInvoice>,
    least: String,
    wrong: Wrong,
    may_change: bool,
}

pub(super) async fn show(State(app): State<App>, viewer: Viewer) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let least = low_balance::threshold(&mut cx).await?;
    let least = least.map(|m| m.exact().to_string()).unwrap_or_default();
    let shown = load(&mut cx, &viewer, least, Wrong::nothing()).await?;
    drop(cx);
    render(&app, &viewer, shown).await
}

pub(super) async fn low_balance(
    State(app): State<App>,
    manager: Manager,
    Sent(typed): Sent<Typed>,
) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    let currency = account::get(&mut cx).await?.currency;
    let wished = match typed.amount.trim() {
        "" => Ok(None),
        text => Money::parse(text, currency).map(Some),
    };
    match wished {
        Ok(wished) => {
            low_balance::set_threshold(&mut cx, wished).await?;
            cx.commit().await?;
            let said = match wished.filter(|m| m.minor > 0) {
                Some(least) => format!("You are warned when the balance falls below {least}."),
                None => "There is no warning of a low balance any more.".to_owned(),
            };
            Ok(Flash::success(said).then("/billing"))
        }
        Err(error) => {
            let wrong = Wrong::field("amount", format!("This is no amount: {error}."));
            let shown = load(&mut cx, &manager, typed.amount, wrong).await?;
            drop(cx);
            render(&app, &manager, shown).await
        }
    }
}

async fn load(
    cx: &mut Ctx,
    person: &impl Person,
    least: String,
    wrong: Wrong,
) -> Result<Shown, PageError> {
    let tenant = cx.tenant();
    let account = account::get(cx).await?;
    let currency = account.currency;
    let held = balance(cx, tenant, Account::Held, currency).await?;
    let may_change = person
        .member()
        .is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none());
    let wanted = i64::try_from(RECENT + 1).unwrap_or(i64::MAX);
    let mut moves = movements_before(cx, tenant, currency, None, wanted).await?;
    let more_moves = moves.len() > RECENT;
    moves.truncate(RECENT);
    Ok(Shown {
        credit: available_credit(cx, tenant, currency).await?,
        held: Money::new(-held.minor, currency),
        owed: balance(cx, tenant, Account::Receivable, currency).await?,
        draft: estimate(cx).await?,
        methods: account::payment_methods(cx).await?,
        dues: orders::dues(cx).await?,
        moves,
        more_moves,
        open: open_list(cx).await?,
        account,
        least,
        wrong,
        may_change,
    })
}

async fn render(app: &App, person: &impl Person, shown: Shown) -> Answer {
    Screen::new("Billing")
        .at(Place::Billing)
        .status(shown.wrong.status())
        .render(app, person, move || page(shown))
        .await
}

fn page(shown: Shown) -> impl IntoView {
    let Shown {
        account,
        credit,
        held,
        owed,
        draft,
        methods,
        moves,
        more_moves,
        dues,
        open,
        least,
        wrong,
        may_change,
    } = shown;
    let due = draft.due().unwrap_or(draft.total);
    let low = (due.minor > 0 && credit.minor < due.minor).then(|| {
        let text = format!(
            "Your balance of {credit} does not cover the next invoice, which is at {due} so far. What it does not cover stays to be paid."
        );
        view! { <Notice tone=Tone::Warning>{text}</Notice> }
    });
    let last_day = draft.period.to.pred_opt().unwrap_or(draft.period.to);
    let period =
        format!("{} to {}", draft.period.from.format("%-d %b"), last_day.format("%-d %b %Y"));
    let held_note = (held.minor != 0).then(|| format!("{held} more is set aside for orders"));
    let open_note = match open.len() {
        1 => "One open invoice".to_owned(),
        n => format!("{n} open invoices"),
    };
    let owed_stat = (owed.minor > 0).then(|| {
        view! {
            <Stat label="Invoiced, not yet paid" note=open_note>
                <Amount money=owed />
            </Stat>
        }
    });
    let top_up = may_change.then(|| {
        view! {
            <p class="no-print mb-8">
                <LinkButton href="/billing/top-up" kind=ButtonKind::Primary>"Top up"</LinkButton>
            </p>
        }
    });
    let all_moves = more_moves.then(|| {
        view! { <p class="mt-3"><a class="link" href="/billing/statement">"All movements"</a></p> }
    });
    view! {
        {tabs("/billing")}
        {owed_for_orders(dues)}
        {low}
        <div class="mb-6 grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
            <Stat label="Balance" note=held_note.unwrap_or_else(|| "Available".to_owned())>
                <Amount money=credit />
            </Stat>
            <Stat label="Next invoice, so far" href="/billing/invoices/next" note=period>
                <Amount money=due />
            </Stat>
            {owed_stat}
        </div>
        {top_up}
        {open_invoices(&open)}
        <h2 class="mb-3 text-lg font-semibold">"Latest movements"</h2>
        {movements(&moves)}
        {all_moves}
        <div class="mt-8 grid grid-cols-1 gap-6 lg:grid-cols-2">
            {billed(&account, may_change)}
            <div class="flex flex-col gap-6">
                {may_change.then(|| warning(least, wrong, account.currency))}
                {ways_to_pay(methods)}
            </div>
        </div>
    }
}

/// What is issued and not paid, oldest first: that is the order in which money pays it.
fn open_invoices(open: &[ListedInvoice]) -> Option<impl IntoView + use<>> {
    if open.is_empty() {
        return None;
    }
    let rows = open
        .iter()
        .map(|i| {
            let (word, tone) = i.state.badge();
            let due = i.due_on.map(|d| d.format("%-d %b %Y").to_string()).unwrap_or_default();
            let (href, number, left) =
                (format!("/billing/invoices/{}", i.id), i.number.clone(), i.left);
            let pay = href.clone();
            view! {
                <tr>
                    <Cell label="Invoice"><a class="link-quiet font-medium" href=href>{number}</a></Cell>
                    <Cell label="State"><Badge text=word tone=tone /></Cell>
                    <Cell label="Due">{due}</Cell>
                    <Cell label="To pay" amount=true><Amount money=left /></Cell>
                    <Cell label="" amount=true><a class="link" href=pay>"Pay"</a></Cell>
                </tr>
            }
        })
        .collect_view();
    Some(view! {
        <section class="mb-8">
            <h2 class="mb-1 text-lg font-semibold">"Open invoices"</h2>
            <p class="mb-3 text-muted">"Money that reaches your balance pays the oldest one first."</p>
            <Table caption="Open invoices, oldest first">
                <thead>
                    <tr>
                        <th scope="col">"Invoice"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Due"</th>
                        <th scope="col" class="amount">"To pay"</th>
                        <th scope="col"><span class="sr-only">"Pay"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    })
}

fn warning(typed: String, wrong: Wrong, currency: Currency) -> impl IntoView {
    let hint = format!(
        "In {currency}. Managers are told once when the balance falls below it. Empty for no warning."
    );
    view! {
        <Card title="Low balance">
            <Form action="/billing/low-balance" wrong=wrong>
                <Field name="amount" label="Warn below" value=typed optional=true inputmode="decimal" placeholder="20.00" hint=hint />
                <div><Button kind=ButtonKind::Secondary>"Save"</Button></div>
            </Form>
        </Card>
    }
}

fn billed(account: &BillingAccount, may_change: bool) -> impl IntoView + use<> {
    let billing = account.billing.clone();
    let lines = billing.address.lines();
    let address = if lines.is_empty() {
        view! { <p class="text-muted">"No address yet. Tax is computed by the country of your account until there is one."</p> }.into_any()
    } else {
        lines
            .into_iter()
            .map(|line| view! { <span class="block">{line}</span> })
            .collect_view()
            .into_any()
    };
    let fact = |name: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <Fact name=name>{value}</Fact> })
    };
    let edit = may_change.then(|| {
        view! {
            <p class="no-print mt-5">
                <LinkButton href="/billing/address" kind=ButtonKind::Quiet>"Edit billing address"</LinkButton>
            </p>
        }
    });
    let (currency, zone) = (account.currency.to_string(), account.zone.name());
    view! {
        <Card title="Billed to">
            <Facts>
                {fact("Company", billing.company)}
                <Fact name="Address">{address}</Fact>
                {fact("VAT number", billing.vat_number)}
                {fact("Tax number", billing.tax_id)}
                <Fact name="Currency">{currency}</Fact>
                <Fact name="Billing zone">{zone}</Fact>
            </Facts>
            {edit}
        </Card>
    }
}

fn ways_to_pay(methods: Vec<PaymentMethod>) -> Option<impl IntoView> {
    if methods.is_empty() {
        return None;
    }
    let items = methods
        .into_iter()
        .map(|m| {
            let brand = m.brand.unwrap_or_else(|| "Card".to_owned());
            let name = m.last4.map_or(brand.clone(), |last4| format!("{brand} ending in {last4}"));
            let ends = m.expiry.map(|(month, year)| format!("until {month:02}/{year}"));
            let first = m.is_default.then_some("used first");
            let about =
                ends.into_iter().chain(first.map(str::to_owned)).collect::<Vec<_>>().join(", ");
            view! {
                <li class="flex flex-wrap items-baseline justify-between gap-2 py-2">
                    <span class="font-medium">{name}</span>
                    <span class="text-sm text-muted">{about}</span>
                </li>
            }
        })
        .collect_view();
    Some(view! {
        <Card title="Stored ways to pay">
            <ul class="divide-y divide-base-300">{items}</ul>
        </Card>
    })
}
