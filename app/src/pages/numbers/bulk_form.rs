//! Asking for one action over many numbers: what it needs to know, and which numbers they are.

use super::filter::Query;
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Manager,
    flash::Tone,
    layout::Place,
    ui::{
        Button, ButtonKind, Card, Field, Form, LinkButton, Notice, Number, TextArea,
        TypedConfirmation,
    },
};
use axum::{
    extract::{Form as Posted, State},
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use voxlink_domain::numbers::{self, BulkAction, ContinueBulkRun, NumberError, Row, Selection};
use voxlink_types::ids::NumberId;

/// Numbers shown by name; of more, only how many there are.
const SHOWN: usize = 12;
/// A run up to this size is carried out before the answer; a longer one by the worker.
const AT_ONCE: usize = 50;

/// What a person typed for the action.
#[derive(Debug, Clone, Default)]
struct Typed {
    tags: String,
    reason: String,
    message: String,
    confirm: String,
}

pub(super) async fn show(State(app): State<App>, manager: Manager, query: Query) -> Answer {
    page(&app, &manager, query, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn submit(
    State(app): State<App>,
    manager: Manager,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Answer {
    let query = Query::of(&pairs);
    let value = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone()).unwrap_or_default()
    };
    let typed = Typed {
        tags: value("tags"),
        reason: value("reason"),
        message: value("message"),
        confirm: value("confirm"),
    };
    let Some(action) = action(&query, &typed) else { return Ok(no_action(&query)) };
    let mut cx = manager.begin(&app.platform).await?;
    let ids = chosen(&mut cx, &query).await?;
    let confirmed = !matches!(action, BulkAction::Release { .. })
        || typed.confirm.trim().eq_ignore_ascii_case(&word(ids.len()));
    if !confirmed {
        drop(cx);
        let wrong = Wrong::field("confirm", "Type the words as shown to confirm.");
        return page(&app, &manager, query, typed, wrong).await;
    }
    let size = ids.len();
    let run = match numbers::start(&mut cx, &action, &Selection::Chosen(ids)).await {
        Ok(run) => run,
        Err(error) => {
            drop(cx);
            return page(&app, &manager, query, typed, Wrong::of(error)?).await;
        }
    };
    cx.commit().await?;
    if size <= AT_ONCE {
        let job = ContinueBulkRun { tenant: manager.member.tenant, run };
        // The worker's job finishes what fails here.
        if let Err(error) = numbers::carry_on(&app.platform, &job).await {
            tracing::warn!(%run, %error, "a bulk run is left to the worker");
        }
    }
    Ok(Redirect::to(&format!("/numbers/bulk/{run}")).into_response())
}

fn action(query: &Query, typed: &Typed) -> Option<BulkAction> {
    let t = typed.clone();
    Some(match query.action.as_deref()? {
        "tag" => BulkAction::Tag { tags: t.tags },
        "untag" => BulkAction::Untag { tags: t.tags },
        "suspend" => BulkAction::Suspend { reason: t.reason, message: t.message },
        "resume" => BulkAction::Resume,
        "release" => BulkAction::Release { reason: t.reason },
        _ => return None,
    })
}

fn no_action(query: &Query) -> axum::response::Response {
    Flash::warning("Choose what to do with the numbers.").then(&query.address("/numbers"))
}

async fn chosen(cx: &mut voxlink_domain::Ctx, query: &Query) -> Result<Vec<NumberId>, NumberError> {
    if query.all {
        numbers::matching(cx, &query.filter, query.sort).await
    } else {
        let rows = numbers::rows(cx, &query.ids).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

/// What is typed to release many numbers.
fn word(count: usize) -> String {
    if count == 1 { "release 1 number".to_owned() } else { format!("release {count} numbers") }
}

async fn page(app: &App, manager: &Manager, query: Query, typed: Typed, wrong: Wrong) -> Answer {
    let Some(action) = action(&query, &typed) else { return Ok(no_action(&query)) };
    let mut cx = manager.begin(&app.platform).await?;
    let ids = chosen(&mut cx, &query).await?;
    if ids.is_empty() {
        let said = Flash::warning("Tick at least one number first.");
        return Ok(said.then(&query.address("/numbers")));
    }
    let first = numbers::rows(&mut cx, ids.get(..SHOWN.min(ids.len())).unwrap_or_default()).await?;
    drop(cx);
    let count = ids.len();
    let verb = match &action {
        BulkAction::Tag { .. } => "Add tags to",
        BulkAction::Untag { .. } => "Remove tags from",
        BulkAction::Suspend { .. } => "Suspend",
        BulkAction::Resume => "Resume",
        BulkAction::Release { .. } => "Release",
    };
    let title =
        if count == 1 { format!("{verb} 1 number") } else { format!("{verb} {count} numbers") };
    let grace = app.platform.settings().release_grace_days;
    Screen::new(title)
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .status(wrong.status())
        .render(app, manager, move || body(&action, &query, typed, wrong, &first, count, grace))
        .await
}

fn body(
    action: &BulkAction,
    query: &Query,
    typed: Typed,
    wrong: Wrong,
    first: &[Row],
    count: usize,
    grace: i64,
) -> impl IntoView + use<> {
    // The fields are made before the form that they stand in.
    provide_context(wrong.clone());
    let mut kept: Vec<(&'static str, String)> = query.pairs();
    if query.all {
        kept.push(("all", "1".to_owned()));
    } else {
        kept.extend(query.ids.iter().map(|id| ("id", id.to_string())));
    }
    kept.extend(query.action.clone().map(|word| ("do", word)));
    let hidden = kept
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let danger = matches!(action, BulkAction::Release { .. });
    let fields = match action {
        BulkAction::Tag { .. } => view! {
            <Field name="tags" label="Tags to add" value=typed.tags hint="Separated by commas: sales, front-desk." autofocus=true />
        }
        .into_any(),
        BulkAction::Untag { .. } => view! {
            <Field name="tags" label="Tags to remove" value=typed.tags hint="Separated by commas." autofocus=true />
        }
        .into_any(),
        BulkAction::Suspend { .. } => view! {
            <Field name="reason" label="Why" value=typed.reason maxlength=300u32 hint="For your own records." />
            <TextArea name="message" label="What callers hear" value=typed.message optional=true maxlength=300u32 rows=2 hint="Left empty, they hear that the number is not in service." />
        }
        .into_any(),
        BulkAction::Resume => view! {
            <p>"They answer calls by their plans again."</p>
        }
        .into_any(),
        BulkAction::Release { .. } => view! {
            <Notice tone=Tone::Warning>
                {format!("They stop ringing now. Rental that is paid is not refunded. Each release can be undone for {grace} days, on the page of its number; then the numbers go back to their carriers.")}
            </Notice>
            <Field name="reason" label="Why" value=typed.reason optional=true maxlength=300u32 hint="For your own records." />
            <TypedConfirmation word=word(count) />
        }
        .into_any(),
    };
    let names = first
        .iter()
        .map(|row| {
            let name = row.name.clone().map(|n| view! { <span class="text-muted">{n}</span> });
            view! { <li class="flex flex-wrap gap-2"><Number number=row.number.clone() plain=true /> {name}</li> }
        })
        .collect_view();
    let more = (count > first.len()).then(
        || view! { <li class="text-muted">{format!("and {} more", count - first.len())}</li> },
    );
    let kind = if danger { ButtonKind::Danger } else { ButtonKind::Primary };
    let go = match action {
        BulkAction::Tag { .. } => "Add tags",
        BulkAction::Untag { .. } => "Remove tags",
        BulkAction::Suspend { .. } => "Suspend them",
        BulkAction::Resume => "Resume them",
        BulkAction::Release { .. } => "Release them",
    };
    let back = query.address("/numbers");
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card>
                <Form action="/numbers/bulk" wrong=wrong>
                    {hidden}
                    {fields}
                    <div class="flex flex-wrap gap-3">
                        <Button kind=kind>{go}</Button>
                        <LinkButton href=back kind=ButtonKind::Secondary>"Back"</LinkButton>
                    </div>
                </Form>
            </Card>
            <Card title="These numbers"><ul class="flex flex-col gap-1.5">{names} {more}</ul></Card>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_is_wrong_is_marked_and_keeps_what_was_typed() {
        let query = Query::of(&[]);
        for (action, field) in [
            (BulkAction::Tag { tags: String::new() }, "tags"),
            (BulkAction::Suspend { reason: String::new(), message: String::new() }, "reason"),
            (BulkAction::Release { reason: String::new() }, "confirm"),
        ] {
            let typed = Typed { tags: "front desk!".to_owned(), ..Typed::default() };
            let wrong = Wrong::field(field, "Not like this.");
            let page = Owner::new()
                .with(|| body(&action, &query, typed, wrong, &[], 2, 7).into_any().to_html());
            assert!(page.contains("aria-invalid=\"true\""), "{field}: {page}");
            assert!(page.contains(&format!("id=\"field-{field}-error\"")), "{field}: {page}");
            assert_eq!(page.contains("front desk!"), field == "tags");
        }
    }
}
