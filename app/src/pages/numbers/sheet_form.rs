//! A sheet to work by: which action, a file or pasted rows, a template to begin with.

use super::filter::Query;
use crate::{
    Answer, App, PageError, Screen, Wrong,
    access::{Manager, Viewer},
    layout::Place,
    ui::{Button, ButtonKind, Card, FileField, Form, LinkButton, Radios, TextArea, Way},
};
use axum::{
    extract::{Form as Posted, FromRequest, Multipart, Request, State},
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use voxlink_domain::{
    bulk::{self, Action, BulkError, ContinueSheet, LARGEST, MOST_ROWS},
    numbers::{self, Sort},
};
use voxlink_types::error::Explain;

/// A sheet up to this size is looked at before the answer; a longer one, and one that asks
/// carriers, by the worker.
pub(super) const AT_ONCE: i64 = 50;

/// What the form sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    action: String,
    /// The pasted rows.
    rows: String,
    /// The file and its name; none where it is no text.
    file: Option<(String, Option<String>)>,
}

impl Sent {
    /// The sheet and its name: a file, or what was pasted. Both are one too many, and nobody knows
    /// which is meant.
    fn sheet(&self) -> Result<(&str, &str), BulkError> {
        match &self.file {
            Some(_) if !self.rows.trim().is_empty() => Err(BulkError::Both),
            Some((_, Some(text))) if text.trim_matches('\u{feff}').trim().is_empty() => {
                Err(BulkError::EmptyFile)
            }
            Some((name, Some(text))) => Ok((name.as_str(), text.as_str())),
            Some((_, None)) => Err(BulkError::NotText),
            None => Ok(("Pasted rows", self.rows.as_str())),
        }
    }

    /// What is wrong stands at what was sent.
    fn wrong(&self, error: BulkError) -> Result<Wrong, PageError> {
        if self.file.is_some() && !error.fields().is_empty() {
            return Ok(Wrong::field("file", error.to_string()));
        }
        Wrong::of(error)
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = PageError;

    /// A browser sends a form with a file in parts; without one, its fields will do.
    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let in_parts = kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
        if !in_parts {
            let sent = Posted::<Vec<(String, String)>>::from_request(request, state).await;
            let Posted(pairs) = sent.map_err(|_| unreadable(StatusCode::BAD_REQUEST))?;
            let value = |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, v)| v.clone())
                    .unwrap_or_default()
            };
            return Ok(Self { action: value("action"), rows: value("rows"), file: None });
        }
        let mut sent = Self::default();
        let parts = Multipart::from_request(request, state).await;
        let mut parts = parts.map_err(|_| unreadable(StatusCode::BAD_REQUEST))?;
        while let Some(part) = parts.next_field().await.map_err(|e| unreadable(e.status()))? {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(|e| unreadable(e.status()))?;
            let text = String::from_utf8(bytes.to_vec()).ok();
            match name.as_str() {
                "action" => sent.action = text.unwrap_or_default(),
                "rows" => sent.rows = text.unwrap_or_default(),
                // A browser sends an empty file without a name where none was chosen.
                "file" if !(file.is_empty() && bytes.is_empty()) => sent.file = Some((file, text)),
                _ => {}
            }
        }
        Ok(sent)
    }
}

/// What is said of a form that did not arrive whole.
fn unreadable(status: StatusCode) -> PageError {
    let sentence = if status == StatusCode::PAYLOAD_TOO_LARGE {
        format!("A file has at most {} KB. Split it into several.", LARGEST / 1024)
    } else {
        "The file did not arrive whole. Send it again.".to_owned()
    };
    PageError { status, sentence: Some(sentence) }
}

/// The form; numbers that were chosen in the list stand in its rows.
pub(super) async fn show(State(app): State<App>, manager: Manager, query: Query) -> Answer {
    let action = query.action.as_deref().and_then(|word| word.parse::<Action>().ok());
    let mut cx = manager.begin(&app.platform).await?;
    let ids = if query.all {
        numbers::matching(&mut cx, &query.filter, Sort::Number).await?
    } else {
        query.ids.clone()
    };
    let chosen = numbers::rows(&mut cx, ids.get(..MOST_ROWS.min(ids.len())).unwrap_or_default());
    let chosen = chosen.await?;
    drop(cx);
    let rows = match action {
        Some(action) if !chosen.is_empty() => {
            let blanks = ",".repeat(action.columns().len().saturating_sub(1));
            let rows = chosen.iter().map(|row| format!("{}{blanks}", row.number));
            let lines: Vec<String> =
                std::iter::once(action.columns().join(",")).chain(rows).collect();
            lines.join("\n")
        }
        _ => String::new(),
    };
    let word = action.map_or("", Action::as_str).to_owned();
    page(&app, &manager, Sent { action: word, rows, file: None }, Wrong::nothing()).await
}

/// Takes the sheet and looks at a small one at once.
pub(super) async fn submit(State(app): State<App>, manager: Manager, sent: Sent) -> Answer {
    let Ok(action) = sent.action.parse::<Action>() else {
        let wrong = Wrong::field("action", "Choose what is done with the rows.");
        return page(&app, &manager, sent, wrong).await;
    };
    let mut cx = manager.begin(&app.platform).await?;
    let made = match sent.sheet() {
        Ok((name, text)) => bulk::create(&mut cx, action, name, text).await,
        Err(error) => Err(error),
    };
    let run = match made {
        Ok(run) => run,
        Err(error) => {
            drop(cx);
            let wrong = sent.wrong(error)?;
            return page(&app, &manager, sent, wrong).await;
        }
    };
    let rows = bulk::line_count(&mut cx, run, None).await?;
    cx.commit().await?;
    if action != Action::Buy && rows <= AT_ONCE {
        let job = ContinueSheet { tenant: manager.member.tenant, run };
        // The worker's job finishes what fails here.
        if let Err(error) = bulk::carry_on(&app.platform, &job).await {
            tracing::warn!(%run, %error, "a sheet is left to the worker");
        }
    }
    Ok(Redirect::to(&format!("/numbers/bulk/{run}")).into_response())
}

/// An action's sheet to be filled in.
pub(super) async fn template(_: Viewer, query: Query) -> Answer {
    let action = query.action.as_deref().and_then(|word| word.parse().ok());
    let action = action.unwrap_or(Action::Buy);
    let name = format!("attachment; filename=\"{action}-numbers.csv\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, bulk::template(action)?).into_response())
}

async fn page(app: &App, manager: &Manager, sent: Sent, wrong: Wrong) -> Answer {
    Screen::new("Work by a sheet")
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under("Sheets", "/numbers/bulk")
        .status(wrong.status())
        .render(app, manager, move || body(sent, wrong))
        .await
}

fn body(sent: Sent, wrong: Wrong) -> impl IntoView {
    let ways = Action::ALL
        .iter()
        .map(|action| Way::new(action.as_str(), action.label()).hint(action.hint()))
        .collect::<Vec<_>>();
    let templates = Action::ALL
        .iter()
        .map(|action| {
            let href = format!("/numbers/bulk/template.csv?do={action}");
            view! {
                <li class="flex flex-col gap-0.5">
                    <a class="link font-medium" href=href>{action.label()}</a>
                    <code class="text-sm text-muted [overflow-wrap:anywhere]">{action.columns().join(",")}</code>
                </li>
            }
        })
        .collect_view();
    let most = format!(
        "CSV in UTF-8, at most {} KB and {MOST_ROWS} rows; the first row names the columns.",
        LARGEST / 1024
    );
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card>
                <Form action="/numbers/bulk/new" wrong=wrong upload=true>
                    <Radios name="action" label="What is done with each row" ways value=sent.action />
                    <FileField name="file" label="File" accept=".csv,.txt,.tsv,text/csv,text/plain" hint=most />
                    <TextArea name="rows" label="Or its rows" value=sent.rows rows=8 optional=true hint="Pasted as they come from a spreadsheet, with the row that names the columns." />
                    <p class="text-sm text-muted">"Nothing is changed yet: first you see, row by row, what would happen and what it would cost."</p>
                    <div class="flex flex-wrap gap-3">
                        <Button>"See what would happen"</Button>
                        <LinkButton href="/numbers/bulk" kind=ButtonKind::Secondary>"Back"</LinkButton>
                    </div>
                </Form>
            </Card>
            <Card title="Templates">
                <p class="mb-4 text-muted">"To download and fill in; columns that you leave empty may be taken out."</p>
                <ul class="flex flex-col gap-3">{templates}</ul>
            </Card>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pasted_and_what_is_wrong_stand_there_again() {
        let sent =
            Sent { action: "tag".to_owned(), rows: "number,colour".to_owned(), ..Sent::default() };
        let wrong = Wrong::field("rows", "The column “colour” is not known here.");
        let page = Owner::new().with(|| body(sent, wrong).into_any().to_html());
        assert!(page.contains("number,colour"), "{page}");
        assert!(page.contains("id=\"field-rows-error\""), "{page}");
        assert!(page.contains("multipart/form-data"), "{page}");
    }

    #[test]
    fn a_file_or_rows_are_a_sheet_and_what_is_wrong_stands_where_it_was_sent() {
        let mut sent = Sent { rows: "pasted".to_owned(), ..Sent::default() };
        assert_eq!(sent.sheet().unwrap(), ("Pasted rows", "pasted"));
        assert!(sent.wrong(BulkError::NoRows).unwrap().about("rows").is_some());
        sent.file = Some(("a.csv".to_owned(), Some("number".to_owned())));
        assert!(matches!(sent.sheet(), Err(BulkError::Both)));
        sent.rows = "\n".to_owned();
        assert_eq!(sent.sheet().unwrap(), ("a.csv", "number"));
        assert!(sent.wrong(BulkError::NoRows).unwrap().about("file").is_some());
        sent.file = Some(("a.xlsx".to_owned(), None));
        assert!(matches!(sent.sheet(), Err(BulkError::NotText)));
        sent.file = Some(("a.csv".to_owned(), Some(String::new())));
        let wrong = sent.wrong(sent.sheet().unwrap_err()).unwrap();
        assert_eq!(wrong.about("file"), Some("The file is empty."));
        let page = Owner::new().with(|| body(sent, wrong).into_any().to_html());
        assert!(page.contains("id=\"field-file-error\""), "{page}");
    }
}
