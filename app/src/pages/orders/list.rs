//! All orders: filter, search, export.

use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Badge, ButtonKind, Cell, Choice, EmptyState, Export, FilterBar, LinkButton, Pager,
        Select, Stateful, Table, When,
    },
};
use axum::{extract::State, http::header, response::IntoResponse};
use leptos::prelude::*;
use serde::Deserialize;
use std::fmt::Write;
use voxlink_domain::orders::{self, OrderFilter, OrderRow};
use voxlink_types::{Page, PageRequest, order::OrderState};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: Option<String>,
    state: Option<String>,
    page: Option<u32>,
}

impl Asked {
    fn filter(&self) -> OrderFilter {
        OrderFilter {
            state: self.state.as_deref().and_then(|s| s.parse().ok()),
            query: self.q.clone().filter(|q| !q.trim().is_empty()),
        }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let filter = asked.filter();
    let mut cx = who.begin(&app.platform).await?;
    let request = PageRequest::new(asked.page.unwrap_or(1), 25);
    let page = orders::list(&mut cx, &filter, request).await?;
    if let Some(last) = who.look.past_the_end(&page) {
        return Ok(last);
    }
    drop(cx);
    // The file has what the filter lets through, on all pages.
    let here = who.look.with("page", None);
    let file = here.split_once('?').map_or_else(
        || "/orders/export.csv".to_owned(),
        |(_, query)| format!("/orders/export.csv?{query}"),
    );
    Screen::new("Orders")
        .at(Place::Orders)
        .render(&app, &who, move || body(page, &filter, file))
        .await
}

fn body(page: Page<OrderRow>, filter: &OrderFilter, file: String) -> AnyView {
    let filtered = filter.state.is_some() || filter.query.is_some();
    if page.rows.is_empty() && !filtered {
        return view! {
            <EmptyState title="No orders yet" text="What you buy stands here, with its state and what it cost." icon="icon-[lucide--package]">
                <LinkButton href="/search">"Search numbers"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let states = OrderState::ALL.iter().map(|s| Choice::new(s.as_str(), s.badge().0)).collect();
    let state = filter.state.map(|s| s.to_string()).unwrap_or_default();
    let list = if page.rows.is_empty() {
        view! {
            <EmptyState title="No order matches" text="Loosen the filter." icon="icon-[lucide--search-x]">
                <LinkButton href="/orders" kind=ButtonKind::Secondary>"Show all orders"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <Export href=file />
            {rows(page.rows.clone())}
            <Pager page of=("order", "orders") />
        }
        .into_any()
    };
    view! {
        <FilterBar action="/orders" search="Order or telephone number">
            <Select name="state" label="State" choices=states value=state none="Any" />
        </FilterBar>
        {list}
    }
    .into_any()
}

fn rows(rows: Vec<OrderRow>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| {
            let (text, tone) = row.state.badge();
            view! {
                <tr>
                    <Cell label="Order">
                        <a class="link-quiet font-medium whitespace-nowrap" href=format!("/orders/{}", row.id)>{row.number}</a>
                    </Cell>
                    <Cell label="Placed"><When at=row.placed_at /></Cell>
                    <Cell label="State">
                        <span class="flex flex-wrap gap-1.5"><Badge text tone /> {row.due.then(|| view! { <Badge text="Payment due" tone=Some(Tone::Danger) /> })}</span>
                    </Cell>
                    <Cell label="Numbers" amount=true>{format!("{} of {}", row.had, row.items)}</Cell>
                    <Cell label="Paid by">{if row.by_card { "Card" } else { "Balance" }}</Cell>
                    <Cell label="Total" amount=true><Amount money=row.total /></Cell>
                    <Cell label="Charged" amount=true><Amount money=row.charged /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Orders">
            <thead>
                <tr>
                    <th scope="col">"Order"</th>
                    <th scope="col">"Placed"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="amount">"Numbers"</th>
                    <th scope="col">"Paid by"</th>
                    <th scope="col" class="amount">"Total"</th>
                    <th scope="col" class="amount">"Charged"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}

/// The list as CSV, all pages of it. Every cell is a word, a number or a time of ours, so none
/// can be taken for a formula.
pub(super) async fn export(
    State(app): State<App>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let filter = asked.filter();
    let mut csv =
        String::from("order,placed_at,state,numbers,had,paid_by,total,charged,currency\r\n");
    for page in 1.. {
        let mut cx = who.begin(&app.platform).await?;
        let page = orders::list(&mut cx, &filter, PageRequest::new(page, 200)).await?;
        for row in &page.rows {
            let _ = write!(
                csv,
                "{},{},{},{},{},{},{},{},{}\r\n",
                row.number,
                row.placed_at.to_rfc3339(),
                row.state,
                row.items,
                row.had,
                if row.by_card { "card" } else { "balance" },
                row.total.exact(),
                row.charged.exact(),
                row.total.currency,
            );
        }
        if !page.has_next() {
            break;
        }
    }
    let name = "attachment; filename=\"orders.csv\"";
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, csv).into_response())
}
