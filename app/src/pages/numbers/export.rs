//! The list as a file: the chosen numbers, or all that match.

use super::filter::Query;
use crate::{Answer, App, access::Viewer};
use axum::{
    body::Body,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};
use voxlink_domain::numbers::{self, Export};

pub(super) async fn download(State(app): State<App>, viewer: Viewer, query: Query) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let ids = if query.ids.is_empty() || query.all {
        numbers::matching(&mut cx, &query.filter, query.sort).await?
    } else {
        query.ids
    };
    let day = cx.now().format("%Y-%m-%d");
    drop(cx);
    let export = Export {
        platform: app.platform.clone(),
        tenant: viewer.member.tenant,
        actor: viewer.member.actor(false),
        ids,
    };
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"numbers-{day}.csv\"")),
    ];
    Ok((headers, Body::from_stream(numbers::export(export))).into_response())
}
