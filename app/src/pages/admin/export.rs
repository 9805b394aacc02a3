//! The lists as files.

use crate::{
    Answer, App,
    access::{Admin, Support},
};
use axum::{
    body::Body,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};
use voxlink_domain::accounts::admin::{self, Exported};
use voxlink_types::role::PlatformRole;

/// Where the list that is shown is had as CSV, filters and all, for those who may have it.
pub(super) fn export_of(person: &Support) -> Option<String> {
    let address = person.look.with("page", None);
    let path = &person.look.path;
    (person.member.platform_role >= PlatformRole::Admin)
        .then(|| address.replacen(path, &format!("{path}/export"), 1))
}

/// A CSV file to be saved, written while it is read.
pub(super) async fn download(app: &App, person: &Admin, what: Exported) -> Answer {
    let cx = person.begin(&app.platform).await?;
    let day = cx.now().format("%Y-%m-%d");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}-{day}.csv\"", what.name())),
    ];
    let rows = admin::export(cx, what).await?;
    Ok((headers, Body::from_stream(rows)).into_response())
}
