//! The statement: every movement of the balance, each with the balance after it.

use super::{csv_file, tabs};
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{Amount, ButtonKind, Cell, EmptyState, Export, LinkButton, Pager, Table, When},
};
use axum::{body::Body, extract::State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    account,
    export::{StatementFile, statement_file},
    journal::{StatementLine, statement},
};
use voxlink_types::{PageRequest, e164::readable};

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    page: Option<u32>,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let (tenant, currency) = (cx.tenant(), account::get(&mut cx).await?.currency);
    let request = PageRequest::new(wish.page.unwrap_or(1), 50);
    let moves = statement(&mut cx, tenant, currency, request).await?;
    if let Some(last) = viewer.look.past_the_end(&moves) {
        return Ok(last);
    }
    drop(cx);
    Screen::new("Statement")
        .at(Place::Billing)
        .render(&app, &viewer, move || {
            let download =
                (moves.total > 0).then(|| view! { <Export href="/billing/statement.csv" /> });
            view! {
                {tabs("/billing/statement")}
                {download}
                {movements(&moves.rows)}
                <Pager page=moves of=("movement", "movements") />
            }
        })
        .await
}

pub(super) async fn csv(State(app): State<App>, viewer: Viewer) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let (tenant, currency) = (cx.tenant(), account::get(&mut cx).await?.currency);
    let name = format!("statement-{}.csv", cx.now().format("%Y-%m-%d"));
    drop(cx);
    let (platform, actor) = (app.platform.clone(), viewer.member.actor(false));
    let wanted = StatementFile { platform, tenant, currency, actor };
    Ok(csv_file(Body::from_stream(statement_file(wanted)), &name))
}

/// Movements as a list, newest first.
pub(super) fn movements(moves: &[StatementLine]) -> AnyView {
    if moves.is_empty() {
        return view! {
            <EmptyState title="No movements yet" text="Every top-up, order and invoice that moves your balance is listed here." icon="icon-[lucide--wallet]">
                <LinkButton href="/billing/top-up" kind=ButtonKind::Primary>"Top up"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let rows = moves.iter().map(row).collect_view();
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
    }
    .into_any()
}

fn row(m: &StatementLine) -> impl IntoView + use<> {
    let href = match (m.invoice, m.order) {
        (Some(invoice), _) => Some(format!("/billing/invoices/{invoice}")),
        (None, Some(order)) => Some(format!("/orders/{order}")),
        (None, None) => None,
    };
    let what = readable(&m.description);
    let what = match href {
        Some(href) => view! { <a class="link-quiet" href=href>{what}</a> }.into_any(),
        None => what.into_any(),
    };
    let (at, amount, balance) = (m.occurred_at, m.amount, m.balance);
    view! {
        <tr>
            <Cell label="When"><When at=at /></Cell>
            <Cell label="What">{what}</Cell>
            <Cell label="Amount" amount=true><Amount money=amount /></Cell>
            <Cell label="Balance" amount=true><Amount money=balance /></Cell>
        </tr>
    }
}
