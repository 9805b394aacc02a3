//! Runs of sheets: the list, starting, stopping and resuming one, its result as a file.

use super::{bulk, bulk_form, filter, may_change, sheet_form::AT_ONCE, sheet_view};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Manager, Person, Viewer},
    layout::Place,
    query::Query,
};
use axum::{
    extract::{Form as Posted, Path, State},
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName},
    },
    response::{IntoResponse, Redirect},
};
use voxlink_domain::{
    billing::journal::available_credit,
    bulk::{self as sheets, Action, BulkError, ContinueSheet, LineState, Run, RunState},
    numbers,
};
use voxlink_types::{Money, PageRequest, ids::BulkRunId};

/// Which rows of a run are looked at.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: Option<String>,
    page: Option<u32>,
}

/// What starts a run.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Agreed {
    /// The sum that was shown, in minor units.
    total: String,
    confirm: String,
}

/// An action for chosen numbers has its form here; without one, the runs of sheets are listed.
pub(super) async fn front(
    State(app): State<App>,
    manager: Manager,
    chosen: filter::Query,
) -> Answer {
    if chosen.action.is_some() {
        return bulk_form::show(State(app), manager, chosen).await;
    }
    let mut cx = manager.begin(&app.platform).await?;
    let page = sheets::list(&mut cx, PageRequest::new(chosen.page.page, 25)).await?;
    if let Some(last) = manager.look.past_the_end(&page) {
        return Ok(last);
    }
    drop(cx);
    Screen::new("Sheets")
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .render(&app, &manager, move || sheet_view::list(page))
        .await
}

/// A run of a sheet, or of numbers that were chosen in the list.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let run = id_of(&id)?;
    let mut cx = viewer.begin(&app.platform).await?;
    let found = sheets::get(&mut cx, run).await;
    drop(cx);
    match found {
        Ok(_) => page(&app, &viewer, run, &asked, Wrong::nothing()).await,
        Err(BulkError::NotFound) => bulk::show(State(app), viewer, Path(id)).await,
        Err(error) => Err(error.into()),
    }
}

/// Starts a run that was looked at; a small one is carried out at once.
pub(super) async fn start(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(agreed): Posted<Agreed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let run = sheets::get(&mut cx, id).await?;
    let confirmed = run.action != Action::Release
        || agreed.confirm.trim().eq_ignore_ascii_case(&word(run.counts.ready));
    if !confirmed {
        drop(cx);
        let wrong = Wrong::field("confirm", "Type the words as shown to confirm.");
        return page(&app, &manager, id, &Asked::default(), wrong).await;
    }
    let total = agreed.total.trim().parse::<i64>().ok();
    let total = total.map(|minor| Money::new(minor, run.cost.currency));
    if let Err(error) = sheets::start(&mut cx, id, total).await {
        drop(cx);
        return page(&app, &manager, id, &Asked::default(), Wrong::of(error)?).await;
    }
    cx.commit().await?;
    if run.action != Action::Buy && run.counts.ready <= AT_ONCE {
        let job = ContinueSheet { tenant: manager.member.tenant, run: id };
        // The worker's job finishes what fails here.
        if let Err(error) = sheets::carry_on(&app.platform, &job).await {
            tracing::warn!(run = %id, %error, "a sheet is left to the worker");
        }
    }
    Ok(Redirect::to(&format!("/numbers/bulk/{id}")).into_response())
}

/// Stops a run between two rows.
pub(super) async fn stop(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = sheets::stop(&mut cx, id).await;
    moved(id, cx, done, "Stopped after the row in hand.").await
}

/// Goes on with a run that was stopped.
pub(super) async fn resume(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = sheets::resume(&mut cx, id).await;
    moved(id, cx, done, "It goes on where it was.").await
}

/// Throws away a run that was not started.
pub(super) async fn discard(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    match sheets::discard(&mut cx, id).await {
        Ok(()) => {
            cx.commit().await?;
            Ok(Flash::success("The sheet was discarded. Nothing was changed by it.")
                .then("/numbers/bulk"))
        }
        late => moved(id, cx, late, "").await,
    }
}

/// Keeps a move and says so; one that came too late shows how the run stands now.
async fn moved(
    id: BulkRunId,
    cx: voxlink_domain::Ctx,
    done: Result<(), BulkError>,
    said: &str,
) -> Answer {
    let path = format!("/numbers/bulk/{id}");
    match done {
        Ok(()) => {
            cx.commit().await?;
            Ok(Flash::success(said).then(&path))
        }
        Err(error @ BulkError::Moved) => Ok(Flash::warning(error.to_string()).then(&path)),
        Err(error) => Err(error.into()),
    }
}

/// Each row with what became of it and why: of a sheet, or of numbers that were chosen in the list.
pub(super) async fn result(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = viewer.begin(&app.platform).await?;
    let file = match sheets::result(&mut cx, id).await {
        Err(BulkError::NotFound) => {
            let run = numbers::bulk_run(&mut cx, id).await?;
            numbers::bulk_result(&run)?
        }
        file => file?,
    };
    let day = cx.now().format("%Y-%m-%d");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"result-{day}.csv\"")),
    ];
    Ok((headers, file).into_response())
}

fn id_of(text: &str) -> Result<BulkRunId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// What is typed to release many numbers.
pub(super) fn word(count: i64) -> String {
    if count == 1 { "release 1 number".to_owned() } else { format!("release {count} numbers") }
}

/// True while the page comes again by itself.
pub(super) fn moves(run: &Run) -> bool {
    match run.state {
        RunState::Rehearsing | RunState::Running => true,
        RunState::Stopped => run.counts.ordered > 0,
        RunState::Ready | RunState::Finished => false,
    }
}

async fn page(
    app: &App,
    person: &impl Person,
    id: BulkRunId,
    asked: &Asked,
    wrong: Wrong,
) -> Answer {
    let Some(member) = person.member() else { return Err(PageError::not_found()) };
    let state: Option<LineState> = asked.state.as_deref().and_then(|word| word.parse().ok());
    let request = PageRequest::new(asked.page.unwrap_or(1), 100);
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let run = sheets::get(&mut cx, id).await?;
    let lines = sheets::lines(&mut cx, id, state, request).await?;
    if let Some(last) = person.look().past_the_end(&lines) {
        return Ok(last);
    }
    let buys = run.action == Action::Buy;
    let credit = if buys && run.state == RunState::Ready {
        let tenant = cx.tenant();
        Some(available_credit(&mut cx, tenant, run.cost.currency).await?)
    } else {
        None
    };
    drop(cx);
    let again = moves(&run);
    let change = may_change(person);
    let mut response = Screen::new(run.action.label())
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under("Sheets", "/numbers/bulk")
        .status(wrong.status())
        .render(app, person, move || sheet_view::run(run, lines, state, credit, change, wrong))
        .await?;
    if again {
        // A header needs no script; it survives a reload.
        let name = HeaderName::from_static("refresh");
        response.headers_mut().insert(name, HeaderValue::from_static("2"));
    }
    Ok(response)
}
