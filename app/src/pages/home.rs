//! The overview after sign-in, and the front page before it.

mod front;
mod overview;

use crate::query::Query;
use crate::{
    Access, Answer, App, PageError, Route, Screen,
    access::{Anyone, Person, Viewer},
    layout::Place,
    look::remember_theme,
    route::{get, post},
};
use axum::{
    Json,
    extract::{Form, State},
    response::{IntoResponse, Redirect, Response},
};
use voxlink_domain::{accounts::Theme, numbers};
use voxlink_islands::Destination;
use voxlink_types::PageRequest;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/", Access::Public, home),
        get("/find", Access::Viewer, find),
        post("/theme", Access::Public, theme),
        get("/style-guide", Access::Support, super::style_guide::show),
    ]
}

async fn home(State(app): State<App>, person: Anyone) -> Answer {
    let Some(member) = person.member().cloned() else {
        let screen = Screen::new("Telephone numbers, bought and routed in minutes").bare();
        return screen.render(&app, &person, front::front).await;
    };
    let zone = member.time_zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    let mut cx = member.begin(&app.platform, person.request.clone()).await?;
    let seen = voxlink_domain::overview::overview(&mut cx, zone).await?;
    drop(cx);
    let manages = member.tenant_role >= voxlink_types::role::TenantRole::Manager;
    Screen::new("Overview")
        .at(Place::Home)
        .render(&app, &person, move || overview::overview(&seen, manages))
        .await
}

/// What the command palette looks for.
#[derive(Debug, serde::Deserialize)]
struct FindQuery {
    #[serde(default)]
    q: String,
}

/// The person's numbers that match, for the command palette.
async fn find(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<FindQuery>,
) -> Result<Json<Vec<Destination>>, PageError> {
    let mut cx = viewer.begin(&app.platform).await?;
    let wanted = numbers::Filter { text: Some(query.q), ..numbers::Filter::default() };
    let page =
        numbers::list(&mut cx, &wanted, numbers::Sort::UsedDown, PageRequest::new(1, 8)).await?;
    let found = page.rows.into_iter().map(|row| Destination {
        label: row.number.international(),
        hint: row.name.or(row.locality).unwrap_or_else(|| "Number".to_owned()),
        href: format!("/numbers/{}", row.id),
    });
    Ok(Json(found.collect()))
}

/// The form of the colour switch.
#[derive(Debug, serde::Deserialize)]
struct ThemeForm {
    theme: String,
    back: Option<String>,
}

async fn theme(Form(form): Form<ThemeForm>) -> Response {
    let theme = form.theme.parse::<Theme>().unwrap_or_default();
    let back = form.back.as_deref().and_then(crate::back::ours).unwrap_or("/");
    let mut response = Redirect::to(back).into_response();
    remember_theme(&mut response, theme);
    response
}
