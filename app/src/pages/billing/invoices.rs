//! The list of invoices.

use super::{file, tabs};
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{
        Amount, Badge, Cell, Choice, EmptyState, Export, FilterBar, LinkButton, Pager, Select,
        Stateful, Table, When, WhenStyle,
    },
};
use axum::extract::State;
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    export,
    invoices::{Filter, ListedInvoice, list},
};
use voxlink_types::{Page, PageRequest, order::InvoiceState};

/// The states to choose from; "open" has those that were seen too.
const STATES: [InvoiceState; 6] = [
    InvoiceState::Sent,
    InvoiceState::PartiallyPaid,
    InvoiceState::Overdue,
    InvoiceState::Paid,
    InvoiceState::Cancelled,
    InvoiceState::Refunded,
];

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    q: Option<String>,
    state: Option<String>,
    year: Option<String>,
    page: Option<u32>,
}

impl Wish {
    fn filter(&self) -> Filter {
        Filter {
            state: self.state.as_deref().and_then(|s| s.parse().ok()),
            year: self.year.as_deref().and_then(|y| y.parse().ok()),
            text: self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
        }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let filter = wish.filter();
    let mut cx = viewer.begin(&app.platform).await?;
    let page = list(&mut cx, &filter, PageRequest::new(wish.page.unwrap_or(1), 24)).await?;
    if let Some(last) = viewer.look.past_the_end(&page) {
        return Ok(last);
    }
    drop(cx);
    let query = viewer.look.with("page", None).split_once('?').map(|(_, q)| q.to_owned());
    Screen::new("Invoices")
        .at(Place::Billing)
        .render(&app, &viewer, move || view_of(page, &filter, query))
        .await
}

pub(super) async fn csv(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let (mut rows, mut page) = (Vec::new(), 1);
    loop {
        let found = list(&mut cx, &wish.filter(), PageRequest::new(page, 200)).await?;
        let more = found.has_next();
        rows.extend(found.rows);
        if !more {
            break;
        }
        page += 1;
    }
    drop(cx);
    Ok(file(export::invoices(&rows)?, "text/csv; charset=utf-8", "attachment", "invoices.csv"))
}

fn view_of(
    page: Page<ListedInvoice>,
    filter: &Filter,
    query: Option<String>,
) -> impl IntoView + use<> {
    let states = STATES.map(|s| Choice::new(s.as_str(), s.badge().0)).to_vec();
    let chosen = filter.state.map(|s| s.to_string()).unwrap_or_default();
    let filtered = *filter != Filter::default();
    let download =
        query.map_or("/billing/invoices.csv".to_owned(), |q| format!("/billing/invoices.csv?{q}"));
    let next = (!page.rows.is_empty() && page.request.page == 1 && !filtered).then(|| {
        view! {
            <p class="no-print mb-4 flex flex-wrap items-center gap-3">
                <Badge text="Draft" />
                <a class="link" href="/billing/invoices/next">"The next invoice, so far"</a>
            </p>
        }
    });
    let body = if page.rows.is_empty() && !filtered {
        view! {
            <EmptyState title="No invoices yet" text="An invoice is made after each period that had something to bill." icon="icon-[lucide--receipt]">
                <LinkButton href="/billing/invoices/next">"See what the next one will be"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else if page.rows.is_empty() {
        view! {
            <EmptyState title="No invoice matches" text="Another state or number may.">
                <LinkButton href="/billing/invoices">"Show all invoices"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <Export href=download /> {table(page)} }.into_any()
    };
    view! {
        {tabs("/billing/invoices")}
        <FilterBar action="/billing/invoices" search="Invoice number">
            <Select name="state" label="State" choices=states value=chosen none="Any state" />
        </FilterBar>
        {next}
        {body}
    }
}

fn table(page: Page<ListedInvoice>) -> impl IntoView {
    let rows = page
        .rows
        .clone()
        .into_iter()
        .map(|i| {
            let last = i.to.pred_opt().unwrap_or(i.to);
            let period = format!("{} to {}", i.from.format("%-d %b"), last.format("%-d %b %Y"));
            let due = i.due_on.map(|d| d.format("%-d %b %Y").to_string()).unwrap_or_default();
            let (word, tone) = i.state.badge();
            view! {
                <tr>
                    <Cell label="Invoice">
                        <a class="link-quiet font-medium" href=format!("/billing/invoices/{}", i.id)>{i.number.clone()}</a>
                    </Cell>
                    <Cell label="Period">{period}</Cell>
                    <Cell label="Issued"><When at=i.issued_at style=WhenStyle::Day /></Cell>
                    <Cell label="Due">{due}</Cell>
                    <Cell label="State"><Badge text=word tone=tone /></Cell>
                    <Cell label="Total" amount=true><Amount money=i.total /></Cell>
                    <Cell label="To pay" amount=true><Amount money=i.left /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Invoices, newest first">
            <thead>
                <tr>
                    <th scope="col">"Invoice"</th>
                    <th scope="col">"Period"</th>
                    <th scope="col">"Issued"</th>
                    <th scope="col">"Due"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="amount">"Total"</th>
                    <th scope="col" class="amount">"To pay"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager page=page of=("invoice", "invoices") />
    }
}
