//! Releasing one number: first what it means in figures, then the number typed as confirmation.

use super::{finish_in_service, id_of};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::Manager,
    flash::Tone,
    layout::Place,
    ui::{
        Button, ButtonKind, Card, Field, Form, LinkButton, Notice, Number, TypedConfirmation, When,
    },
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::numbers::{self, Consequences, NumberError};
use voxlink_types::{error::Explain, ids::NumberId};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    confirm: String,
    reason: String,
}

pub(super) async fn show(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    page(&app, &manager, id_of(&id)?, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn submit(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = numbers::release(&mut cx, &app.platform, id, &typed.confirm, &typed.reason).await;
    let said = "The release is under way: the number no longer rings. You can still undo it.";
    let answer = Flash::success(said).then(&format!("/numbers/{id}"));
    finish_in_service(&app, cx, done, answer, async |error| {
        page(&app, &manager, id, typed, Wrong::of(error)?).await
    })
    .await
}

pub(super) async fn undo(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let said = match numbers::undo(&mut cx, id).await {
        Ok(()) => {
            cx.commit().await?;
            app.platform.follow_now().await;
            Flash::success("The release is undone: the number is as it was before.")
        }
        Err(error @ (NumberError::NotBeingReleased | NumberError::TooLateToUndo)) => {
            Flash::danger(error.to_string())
        }
        Err(error) => return Err(error.into()),
    };
    Ok(said.then(&format!("/numbers/{id}")))
}

async fn page(app: &App, manager: &Manager, id: NumberId, typed: Typed, wrong: Wrong) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    let told = match numbers::consequences(&mut cx, &app.platform, id).await {
        Ok(told) => told,
        // It is being released already, or may not be: its own page says so.
        Err(error)
            if error.code() != "number_not_found" && !matches!(error, NumberError::Fault(_)) =>
        {
            return Ok(Flash::warning(error.to_string()).then(&format!("/numbers/{id}")));
        }
        Err(error) => return Err(PageError::from(error)),
    };
    drop(cx);
    let shown = told.row.number.international();
    let at = format!("/numbers/{id}");
    Screen::new(format!("Release {shown}"))
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under(shown, at)
        .status(wrong.status())
        .render(app, manager, move || body(told, typed, wrong))
        .await
}

fn body(told: Consequences, typed: Typed, wrong: Wrong) -> impl IntoView {
    let (id, row) = (told.row.id, told.row);
    let word = row.number.international();
    let (silent_from, undo_days, undo_until) = (told.silent_from, told.undo_days, told.undo_until);
    let days = |n: i64| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
    let refund = match told.days_not_refunded {
        0 => view! { " and is billed to that day." }.into_any(),
        n => view! { ". Of what is paid already, " <strong>{days(n)}</strong> " after that are not refunded." }
            .into_any(),
    };
    let named = row.name.clone().map(|name| format!(" “{name}”")).unwrap_or_default();
    let calls = match row.calls {
        0 => "Nobody called it in the last 30 days.".to_owned(),
        1 => "1 call reached it in the last 30 days.".to_owned(),
        n => format!("{n} calls reached it in the last 30 days."),
    };
    let kept = told.kept_for_carrier.then(|| {
        view! { <li>"Its carrier makes us keep it until then, so the time to undo is longer than usual."</li> }
    });
    view! {
        <div class="max-w-2xl">
            <Card title="What will happen">
                <p class="mb-3"><Number number=row.number plain=true /> {named}</p>
                <ul class="list-disc space-y-2 ps-5">
                    <li>
                        <strong>"It stops ringing now"</strong>
                        ": from " <When at=silent_from /> " callers hear that it is not in service. " {calls}
                    </li>
                    <li>
                        "Its rental runs until it is given back" {refund}
                    </li>
                    <li>
                        "You can undo it for " <strong>{days(undo_days)}</strong>
                        ", until " <When at=undo_until /> "."
                    </li>
                    {kept}
                    <li>
                        "Then it goes back to the carrier and rests for weeks, until somebody else may get it. Where the carrier lets you have it back meanwhile, this number’s page offers it."
                    </li>
                </ul>
            </Card>
            <div class="mt-6">
                <Card>
                    <Notice tone=Tone::Warning>
                        "Numbers printed on cards and signs keep being called. To keep it quiet for a while, suspend it instead."
                    </Notice>
                    <Form action=format!("/numbers/{id}/release") wrong=wrong>
                        <Field name="reason" label="Why" value=typed.reason optional=true maxlength=300u32 hint="For your own records." />
                        <TypedConfirmation word=word />
                        <div class="flex flex-wrap gap-3">
                            <Button kind=ButtonKind::Danger>"Release this number"</Button>
                            <LinkButton href=format!("/numbers/{id}") kind=ButtonKind::Secondary>"Keep it"</LinkButton>
                        </div>
                    </Form>
                </Card>
            </div>
            <p class="mt-4 text-sm"><a class="link" href="/help/release">"How a release works"</a></p>
        </div>
    }
}
