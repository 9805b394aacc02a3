//! The invoice to come: what it would be if it were made now, line by line.

use super::lines::{self, line};
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{Badge, EmptyState, LinkButton, Notice, Stateful},
};
use axum::extract::State;
use leptos::prelude::*;
use voxlink_domain::billing::invoices::{Draft, Line, estimate};
use voxlink_types::{Money, order::InvoiceState};

pub(super) async fn show(State(app): State<App>, viewer: Viewer) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let draft = estimate(&mut cx).await?;
    drop(cx);
    Screen::new("Next invoice")
        .at(Place::Billing)
        .under("Billing", "/billing")
        .under("Invoices", "/billing/invoices")
        .render(&app, &viewer, move || page(&draft))
        .await
}

fn page(draft: &Draft) -> impl IntoView + use<> {
    let (word, tone) = InvoiceState::Draft.badge();
    let last_day = draft.period.to.pred_opt().unwrap_or(draft.period.to);
    let made = draft.period.to.format("%-d %b %Y");
    let period =
        format!("{} to {}", draft.period.from.format("%-d %b"), last_day.format("%-d %b %Y"));
    let said = format!(
        "This is what the invoice over {period} would be if it were made now. It grows with every call until it is made on {made}; rent is counted to the period's end."
    );
    let zone = draft.period.zone;
    let shown: Vec<Line> = draft.lines.iter().map(|l| l.shown(zone)).collect();
    let minus = |money: Money| Money::new(-money.minor, money.currency);
    let body = if shown.is_empty() {
        view! {
            <EmptyState title="Nothing to bill so far" text="No number was rented and no call was rated in this period. An account with nothing gets no invoice." icon="icon-[lucide--receipt]">
                <LinkButton href="/search">"Find a number"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let discount = (draft.discount.minor != 0)
            .then(|| line("Discounts".to_owned(), minus(draft.discount), false));
        let prepaid = (draft.prepaid.minor != 0)
            .then(|| line("Paid with orders".to_owned(), minus(draft.prepaid), false));
        let due = draft.due().unwrap_or(draft.total);
        view! {
            {lines::groups(&shown, None)}
            <dl class="ms-auto flex max-w-md flex-col gap-2 tabular-nums">
                {line("Subtotal".to_owned(), draft.subtotal, false)}
                {discount}
                {line("Taxes and recovery fees".to_owned(), draft.tax, false)}
                {line(format!("Total {} so far", draft.total.currency), draft.total, true)}
                {prepaid}
                {line("To pay when it is made".to_owned(), due, true)}
            </dl>
        }
        .into_any()
    };
    view! {
        <p class="mb-4"><Badge text=word tone=tone /></p>
        <Notice>{said}</Notice>
        {body}
    }
}
