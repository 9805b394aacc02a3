//! What a person was told, and which of it also comes by letter.

use crate::query::Query;
use crate::{
    Access, Answer, App, Flash, PageError, Route, Screen,
    access::Viewer,
    route::{get, post},
    ui::{
        Badge, Button, ButtonForm, ButtonKind, Card, Checkbox, EmptyState, Form, LinkButton, Pager,
        When,
    },
};
use axum::{
    extract::{Form as Posted, Path, State},
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::notifications::{self, Notification};
use voxlink_types::{Page, PageRequest, ids::NotificationId, notice::NoticeKind};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/notifications", Access::Viewer, show),
        post("/notifications/read", Access::Viewer, read_all),
        post("/notifications/letters", Access::Viewer, letters),
        post("/notifications/{id}/open", Access::Viewer, open),
    ]
}

#[derive(Debug, Deserialize)]
struct Wanted {
    page: Option<u32>,
}

async fn show(State(app): State<App>, viewer: Viewer, Query(wanted): Query<Wanted>) -> Answer {
    let user = viewer.member.user;
    let mut cx = viewer.begin(&app.platform).await?;
    let request = PageRequest::new(wanted.page.unwrap_or(1), 25);
    let page = notifications::inbox(&mut cx, user, request).await?;
    if let Some(last) = viewer.look.past_the_end(&page) {
        return Ok(last);
    }
    let unread = notifications::unread(&mut cx, user).await?;
    let wishes = notifications::wishes(&mut cx, user).await?;
    drop(cx);
    Screen::new("Notifications")
        .render(&app, &viewer, move || {
            view! {
                <div class="grid items-start gap-6 lg:grid-cols-[1fr_20rem]">
                    {list(page, unread)}
                    {choice(&wishes)}
                </div>
            }
        })
        .await
}

fn list(page: Page<Notification>, unread: i64) -> AnyView {
    if page.total == 0 {
        return view! {
            <EmptyState title="Nothing to read" text="Orders, releases and invoices are told here when something happens to them." icon="icon-[lucide--bell]">
                <LinkButton href="/" kind=ButtonKind::Secondary>"Back to the overview"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let lines = page.rows.iter().cloned().map(line).collect_view();
    let all = (unread > 0).then(|| {
        view! { <ButtonForm action="/notifications/read">"Mark all as read"</ButtonForm> }
    });
    view! {
        <div>
            <div class="mb-3 flex min-h-8 items-center justify-between gap-3">
                <p class="text-sm text-muted">{format!("{unread} unread")}</p>
                {all}
            </div>
            <ul class="surface divide-y divide-base-300">{lines}</ul>
            <Pager page of=("notification", "notifications") />
        </div>
    }
    .into_any()
}

fn line(n: Notification) -> impl IntoView {
    let new = n.read_at.is_none().then(|| {
        view! { <Badge text="New" tone=Some(crate::flash::Tone::Info) /> }
    });
    let letter = n.letter.as_deref().and_then(|state| match state {
        "sent" => Some("Also sent by e-mail."),
        "waiting" => Some("The e-mail is on its way."),
        "not configured" => Some("Not sent by e-mail: this installation has no mail server."),
        "refused" => Some("The e-mail was refused by the mail server."),
        _ => None,
    });
    let letter = letter.map(|text| view! { <p class="text-sm text-muted">{text}</p> });
    let words = n.action.map_or_else(|| "Mark as read".to_owned(), |(words, _)| words);
    let label = format!("{words}: {}", n.title);
    view! {
        <li class="flex flex-col gap-2 p-4 sm:p-5">
            <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <h2 class="font-semibold">{n.title}</h2>
                {new}
                <span class="ms-auto text-sm text-muted"><When at=n.told_at /></span>
            </div>
            <p>{n.message}</p>
            {letter}
            <form method="post" action=format!("/notifications/{}/open", n.id) data-once="">
                <input type="hidden" name=crate::ui::IDEMPOTENCY_FIELD value=uuid::Uuid::now_v7().to_string() />
                <button type="submit" class="btn btn-outline btn-sm border-line" aria-label=label>{words.clone()}</button>
            </form>
        </li>
    }
}

/// The kinds that a person may have by letter.
const KINDS: [(NoticeKind, &str); 6] = [
    (NoticeKind::System, "Orders and numbers"),
    (NoticeKind::Billing, "Invoices and payments"),
    (NoticeKind::Call, "Calls and voicemail"),
    (NoticeKind::Message, "Text messages"),
    (NoticeKind::Security, "Sign-in and access"),
    (NoticeKind::Support, "Answers from support"),
];

fn choice(wishes: &[NoticeKind]) -> impl IntoView + use<> {
    let boxes = KINDS
        .iter()
        .map(|&(kind, label)| {
            let checked = wishes.contains(&kind);
            view! { <Checkbox name="kind" value=kind.as_str() checked=checked>{label}</Checkbox> }
        })
        .collect_view();
    view! {
        <Card title="By e-mail too">
            <Form action="/notifications/letters" class="flex flex-col gap-4">
                <fieldset class="flex flex-col gap-3">
                    <legend class="mb-3 text-sm text-muted">"What should also come to your address?"</legend>
                    {boxes}
                </fieldset>
                <div><Button kind=ButtonKind::Secondary>"Save"</Button></div>
            </Form>
        </Card>
    }
}

async fn read_all(State(app): State<App>, viewer: Viewer) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    notifications::mark_all_read(&mut cx, viewer.member.user).await?;
    cx.commit().await?;
    Ok(Redirect::to("/notifications").into_response())
}

async fn open(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> Answer {
    let id: NotificationId = id.parse().map_err(|_| PageError::not_found())?;
    let mut cx = viewer.begin(&app.platform).await?;
    let to = notifications::mark_read(&mut cx, viewer.member.user, id).await?;
    cx.commit().await?;
    Ok(Redirect::to(to.as_deref().unwrap_or("/notifications")).into_response())
}

async fn letters(
    State(app): State<App>,
    viewer: Viewer,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Answer {
    let ticked = |kind: NoticeKind| pairs.iter().any(|(k, v)| k == "kind" && v == kind.as_str());
    let wishes: Vec<_> = KINDS.iter().map(|&(kind, _)| (kind, ticked(kind))).collect();
    let mut cx = viewer.begin(&app.platform).await?;
    notifications::wish(&mut cx, viewer.member.user, &wishes).await?;
    cx.commit().await?;
    Ok(Flash::success("Saved.").then("/notifications"))
}
