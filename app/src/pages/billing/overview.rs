//! The balance: what is there, what the next invoice will be, and every movement behind it.

use super::tabs;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{
        Amount, ButtonKind, Card, Cell, EmptyState, Fact, Facts, LinkButton, Notice, Pager, Stat,
        Table, When,
    },
};
use axum::extract::{Query, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    account::{self, BillingAccount, PaymentMethod},
    invoices::{Draft, estimate},
    journal::{Account, StatementLine, available_credit, balance, statement},
};
use voxlink_types::{Money, Page, PageRequest};

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    page: Option<u32>,
}

struct Shown {
    account: BillingAccount,
    credit: Money,
    held: Money,
    owed: Money,
    draft: Draft,
    methods: Vec<PaymentMethod>,
    moves: Page<StatementLine>,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let tenant = cx.tenant();
    let account = account::get(&mut cx).await?;
    let currency = account.currency;
    let held = balance(&mut cx, tenant, Account::Held, currency).await?;
    let request = PageRequest::new(wish.page.unwrap_or(1), 20);
    let shown = Shown {
        credit: available_credit(&mut cx, tenant, currency).await?,
        held: Money::new(-held.minor, currency),
        owed: balance(&mut cx, tenant, Account::Receivable, currency).await?,
        draft: estimate(&mut cx).await?,
        methods: account::payment_methods(&mut cx).await?,
        moves: statement(&mut cx, tenant, currency, request).await?,
        account,
    };
    drop(cx);
    Screen::new("Billing").at(Place::Billing).render(&app, &viewer, move || page(shown)).await
}

fn page(shown: Shown) -> impl IntoView {
    let Shown { account, credit, held, owed, draft, methods, moves } = shown;
    let due = draft.due().unwrap_or(draft.total);
    let low = (due.minor > 0 && credit.minor < due.minor).then(|| {
        let text = format!(
            "Your balance of {credit} does not cover the next invoice, which is at {due} so far. What it does not cover stays to be paid."
        );
        view! {
            <Notice tone=crate::flash::Tone::Warning>
                <p>{text}</p>
                <p class="mt-1"><a class="link" href="/billing/top-up">"Top up now"</a></p>
            </Notice>
        }
    });
    let last_day = draft.period.to.pred_opt().unwrap_or(draft.period.to);
    let period =
        format!("{} to {}", draft.period.from.format("%-d %b"), last_day.format("%-d %b %Y"));
    let held_note = (held.minor != 0).then(|| format!("{held} more is set aside for orders"));
    let owed_stat = (owed.minor > 0).then(|| {
        view! {
            <Stat label="Invoiced, not yet paid" href="/billing/invoices" note="See your invoices">
                <Amount money=owed />
            </Stat>
        }
    });
    view! {
        {tabs("/billing")}
        {low}
        <div class="mb-6 grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
            <Stat label="Balance" note=held_note.unwrap_or_else(|| "Yours to spend".to_owned())>
                <Amount money=credit />
            </Stat>
            <Stat label="Next invoice, so far" href="/billing/usage" note=period>
                <Amount money=due />
            </Stat>
            {owed_stat}
        </div>
        <p class="no-print mb-8">
            <LinkButton href="/billing/top-up" kind=ButtonKind::Primary>"Top up"</LinkButton>
        </p>
        <h2 class="mb-3 text-lg font-semibold">"Statement"</h2>
        {movements(moves)}
        <div class="mt-8 grid grid-cols-1 gap-6 lg:grid-cols-2">
            {billed(&account)}
            {ways_to_pay(methods)}
        </div>
    }
}

fn movements(moves: Page<StatementLine>) -> AnyView {
    if moves.rows.is_empty() {
        return view! {
            <EmptyState title="No movements yet" text="Every top-up, order and invoice that moves your balance is listed here." icon="icon-[lucide--wallet]">
                <LinkButton href="/billing/top-up" kind=ButtonKind::Primary>"Top up"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let rows = moves
        .rows
        .clone()
        .into_iter()
        .map(|m| {
            let href = match (m.invoice, m.order) {
                (Some(invoice), _) => Some(format!("/billing/invoices/{invoice}")),
                (None, Some(order)) => Some(format!("/orders/{order}")),
                (None, None) => None,
            };
            let what = m.description.clone();
            let what = match href {
                Some(href) => view! { <a class="link-quiet" href=href>{what}</a> }.into_any(),
                None => what.into_any(),
            };
            view! {
                <tr>
                    <Cell label="When"><When at=m.occurred_at /></Cell>
                    <Cell label="What">{what}</Cell>
                    <Cell label="Amount" amount=true><Amount money=m.amount /></Cell>
                    <Cell label="Balance" amount=true><Amount money=m.balance /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Movements of your balance, newest first">
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"What"</th>
                    <th scope="col" class="amount">"Amount"</th>
                    <th scope="col" class="amount">"Balance"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager page=moves of=("movement", "movements") />
    }
    .into_any()
}

fn billed(account: &BillingAccount) -> impl IntoView + use<> {
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
            <p class="no-print mt-5">
                <LinkButton href="/billing/address" kind=ButtonKind::Quiet>"Edit billing address"</LinkButton>
            </p>
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
