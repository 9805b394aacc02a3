//! The calls behind a usage line of an invoice: page by page, and all of them as a file.

use super::{call_file, id};
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{Amount, Cell, Export, Number, Pager, Rate, Stat, Table, When, WhenStyle},
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    invoices::{self, CallsOf, Line, calls_behind},
    usage::RatedCall,
};
use voxlink_types::{
    E164, Page, PageRequest,
    ids::{InvoiceId, InvoiceLineId},
    money::show_rate,
};

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    page: Option<u32>,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path((invoice, line)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Answer {
    let (invoice, line): (InvoiceId, InvoiceLineId) = (id(&invoice)?, id(&line)?);
    let mut cx = viewer.begin(&app.platform).await?;
    let request = PageRequest::new(wish.page.unwrap_or(1), 100);
    let calls = calls_behind(&mut cx, invoice, line, request).await?;
    let invoice = invoices::get(&mut cx, invoice).await?;
    drop(cx);
    let Some(line) = invoice.lines.iter().find(|l| l.id == line).cloned() else {
        return Err(crate::PageError::not_found());
    };
    let here = format!("/billing/invoices/{}", invoice.id);
    Screen::new("Calls behind a line")
        .at(Place::Billing)
        .under("Billing", "/billing")
        .under("Invoices", "/billing/invoices")
        .under(format!("Invoice {}", invoice.number), here.clone())
        .render(&app, &viewer, move || page(&line, calls, &here))
        .await
}

pub(super) async fn csv(
    State(app): State<App>,
    viewer: Viewer,
    Path((invoice, line)): Path<(String, String)>,
) -> Answer {
    let (invoice, line): (InvoiceId, InvoiceLineId) = (id(&invoice)?, id(&line)?);
    let mut cx = viewer.begin(&app.platform).await?;
    // A line that is not there is said before the file begins.
    calls_behind(&mut cx, invoice, line, PageRequest::new(1, 1)).await?;
    let number = invoices::get(&mut cx, invoice).await?.number;
    drop(cx);
    let name = format!("{number}-calls.csv");
    Ok(call_file(&app, &viewer, CallsOf::Line(invoice, line), &name))
}

fn page(line: &Line, calls: Page<RatedCall>, invoice: &str) -> impl IntoView + use<> {
    let file = format!("{invoice}/lines/{}/calls.csv", line.id);
    let (count, quantity) = (calls.total.to_string(), line.quantity_text());
    let (description, period, amount) = (line.text(), line.period_text(), line.amount);
    let exact = show_rate(line.exact, line.amount.currency);
    let note = format!("Exactly {exact}, the sum of these calls");
    let rows = calls.rows.iter().map(row).collect_view();
    view! {
        <p class="mb-1 text-lg font-medium">{description}</p>
        <p class="mb-6 text-muted">{period}</p>
        <div class="mb-6 grid grid-cols-1 gap-4 sm:grid-cols-3">
            <Stat label="On the invoice" note=note><Amount money=amount /></Stat>
            <Stat label="Calls">{count}</Stat>
            <Stat label="Billed">{quantity}</Stat>
        </div>
        <Export href=file />
        <Table caption="The calls behind the line, oldest first">
            <thead>
                <tr>
                    <th scope="col">"Began"</th>
                    <th scope="col">"From"</th>
                    <th scope="col">"To"</th>
                    <th scope="col" class="amount">"Answered"</th>
                    <th scope="col" class="amount">"Billed"</th>
                    <th scope="col" class="amount">"Per minute"</th>
                    <th scope="col" class="amount">"Cost"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager page=calls of=("call", "calls") />
    }
}

fn row(call: &RatedCall) -> impl IntoView + use<> {
    let number = |text: &str| match text.parse::<E164>() {
        Ok(number) => view! { <Number number plain=true /> }.into_any(),
        Err(_) => text.to_owned().into_any(),
    };
    let (from, to) = (number(&call.from), number(&call.to));
    let billed = format!("{} s ({})", call.billed_seconds, call.increments);
    let (at, href) = (call.started_at, format!("/calls/{}", call.call));
    let answered = format!("{} s", call.raw_seconds);
    let (rate, cost, currency) = (call.rate, call.cost, call.currency);
    view! {
        <tr>
            <Cell label="Began">
                <a class="link-quiet" href=href>
                    <When at=at style=WhenStyle::Seconds />
                </a>
            </Cell>
            <Cell label="From">{from}</Cell>
            <Cell label="To">{to}</Cell>
            <Cell label="Answered" amount=true>{answered}</Cell>
            <Cell label="Billed" amount=true>{billed}</Cell>
            <Cell label="Per minute" amount=true><Rate rate=rate currency=currency /></Cell>
            <Cell label="Cost" amount=true><Rate rate=cost currency=currency /></Cell>
        </tr>
    }
}
