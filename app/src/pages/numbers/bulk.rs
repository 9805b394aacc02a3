//! What became of one action over many numbers; while it runs, the page comes again by itself.

use crate::{
    Answer, App, PageError, Screen,
    access::Viewer,
    flash::Tone,
    layout::Place,
    ui::{Badge, ButtonKind, Cell, LinkButton, Notice, Number, Stat, Table},
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header::HeaderName},
};
use leptos::prelude::*;
use voxlink_domain::numbers::{self, BulkAction, BulkRow, BulkRun, RowState};
use voxlink_types::ids::BulkRunId;

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(run): Path<String>,
) -> Answer {
    let id: BulkRunId = run.parse().map_err(|_| PageError::not_found())?;
    let mut cx = viewer.begin(&app.platform).await?;
    let run = numbers::bulk_run(&mut cx, id).await?;
    drop(cx);
    let running = run.finished_at.is_none();
    let title = run.action.label();
    let mut response = Screen::new(title)
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .render(&app, &viewer, move || body(id, &run))
        .await?;
    if running {
        // A header needs no script; it survives a reload.
        let name = HeaderName::from_static("refresh");
        response.headers_mut().insert(name, HeaderValue::from_static("2"));
    }
    Ok(response)
}

fn body(id: BulkRunId, run: &BulkRun) -> impl IntoView + use<> {
    let (done, refused, waiting) =
        (run.count(RowState::Done), run.count(RowState::Refused), run.count(RowState::Waiting));
    let said = if run.finished_at.is_none() {
        let text = format!(
            "{} of {} are through. You may leave this page; it goes on.",
            done + refused,
            run.rows.len()
        );
        view! { <Notice>{text}</Notice> }.into_any()
    } else if refused == 0 {
        view! { <Notice tone=Tone::Success>{format!("Done for all {done}.")}</Notice> }.into_any()
    } else {
        let text = format!("Done for {done}, not for {refused}: the reasons stand below.");
        view! { <Notice tone=Tone::Warning>{text}</Notice> }.into_any()
    };
    let undo = matches!(run.action, BulkAction::Release { .. }).then(|| {
        view! {
            <LinkButton href="/numbers?state=releasing" kind=ButtonKind::Secondary>"Show numbers being released"</LinkButton>
        }
    });
    let file = run.finished_at.map(|_| {
        view! {
            <LinkButton href=format!("/numbers/bulk/{id}/result.csv") kind=ButtonKind::Secondary>"Download the result"</LinkButton>
        }
    });
    let rows = run.rows.iter().cloned().map(line).collect_view();
    view! {
        {said}
        <div class="mb-6 grid gap-4 sm:grid-cols-3">
            <Stat label="Done">{done}</Stat>
            <Stat label="Not done">{refused}</Stat>
            <Stat label="Waiting">{waiting}</Stat>
        </div>
        <Table caption="What became of each number">
            <thead>
                <tr><th scope="col">"Number"</th><th scope="col">"Name"</th><th scope="col">"Result"</th></tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <div class="mt-6 flex flex-wrap gap-3">
            <LinkButton href="/numbers">"Back to your numbers"</LinkButton>
            {file}
            {undo}
        </div>
    }
}

fn line(row: BulkRow) -> impl IntoView {
    let (text, tone) = match row.state {
        RowState::Waiting => ("Waiting", Some(Tone::Info)),
        RowState::Done => ("Done", Some(Tone::Success)),
        RowState::Refused => ("Not done", Some(Tone::Danger)),
    };
    let why = row.message.map(|why| view! { <span class="ms-2">{why}</span> });
    view! {
        <tr>
            <td><Number number=row.number href=format!("/numbers/{}", row.id) plain=true /></td>
            <Cell label="Name">{row.name.unwrap_or_else(|| "–".to_owned())}</Cell>
            <Cell label="Result"><span><Badge text tone=tone /> {why}</span></Cell>
        </tr>
    }
}
