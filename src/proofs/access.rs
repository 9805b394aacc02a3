//! `make prove-access` (R22): every page, form and server function is asked by everybody who might
//! ask, and the answers are compared with one table, `src/server/tests/access.tsv`.
//!
//! The real router, with sessions and the guard against forged requests, over a database of its
//! own with two tenants. It fails for a route without a row, a row without a route, a cell that
//! differs; when another tenant can tell "somebody else's" from "absent"; when a form of another
//! site is let in; and when row-level security shows one tenant a row of the other.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a proof: it fails loudly and prints"
)]

#[path = "access/cast.rs"]
mod cast;
#[path = "access/table.rs"]
mod table;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, Response, StatusCode, header},
};
use cast::{Cast, WHO};
use std::{collections::BTreeMap, process::ExitCode};
use table::Table;
use tower::ServiceExt;
use voxlink_app::{Access, App, mounted_pages, nothing_here, routes};
use voxlink_server::web;
use voxlink_testkit::TestPlatform;

/// A route, as far as it matters here.
#[derive(Debug, Clone)]
struct Asked {
    method: Method,
    path: String,
    access: Option<Access>,
}

impl Asked {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Everything that a browser can ask for: the pages' own table, and the islands' functions.
fn asked() -> Vec<Asked> {
    let pages = routes().into_iter().map(|r| Asked {
        method: r.method,
        path: r.path.to_owned(),
        access: Some(r.access),
    });
    let functions = server_fn::axum::server_fn_paths().map(|(path, method)| Asked {
        method,
        path: path.to_owned(),
        access: None,
    });
    pages.chain(functions).collect()
}

#[tokio::main]
async fn main() -> ExitCode {
    let test = TestPlatform::new().await;
    let app = App {
        platform: test.platform.clone(),
        leptos: leptos::config::get_configuration(Some("Cargo.toml")).unwrap().leptos_options,
    };
    let pages = mounted_pages(app.clone()).fallback_service(nothing_here(app));
    let router = web::protect(pages, &test.platform);
    let mut cast = Cast::new(&test).await;
    let table = Table::read(include_str!("../server/tests/access.tsv"));
    let mut wrong = Vec::new();
    let (mut cells, mut forged) = (0, 0);
    let routes = asked();
    for gone in table.rows.keys().filter(|name| routes.iter().all(|r| r.name() != **name)) {
        wrong.push(format!("{gone}: the table has a row for a route that is not there"));
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (column, who) in WHO.iter().enumerate() {
        cast.before(who).await;
        for route in &routes {
            let cookie = cast.cookie(who).await;
            let answer =
                ask(&router, route, &cast.fill(&route.path), cookie.as_deref(), true).await;
            let outcome = outcome(&answer, route.access);
            cells += 1;
            let expected = table.rows.get(&route.name()).map(|row| row[column].as_str());
            if expected.is_some_and(|expected| expected != outcome) {
                let expected = expected.unwrap_or_default();
                wrong.push(format!(
                    "{} as {who}: {outcome}, the table says {expected}",
                    route.name()
                ));
            }
            if let Some(why) = contradicts(route, who, outcome) {
                wrong.push(format!("{} as {who}: {outcome}, {why}", route.name()));
            }
            found.entry(route.name()).or_default().push(outcome.to_owned());
            // Somebody else's and absent must look alike, to the letter.
            if *who == "other" && route.path.contains('{') {
                let cookie = cast.cookie(who).await;
                let nowhere = cast.absent(&route.path);
                let absent = ask(&router, route, &nowhere, cookie.as_deref(), true).await;
                if plain(answer, &cast.fill(&route.path)).await != plain(absent, &nowhere).await {
                    wrong.push(format!("{}: another tenant can tell it from absent", route.name()));
                }
            }
            if *who == "owner" && route.method != Method::GET {
                let cookie = cast.cookie(who).await;
                let path = cast.fill(&route.path);
                let answer = ask(&router, route, &path, cookie.as_deref(), false).await;
                forged += 1;
                if answer.status() != StatusCode::FORBIDDEN {
                    wrong.push(format!("{}: a form of another site was let in", route.name()));
                }
            }
        }
    }
    for (name, outcomes) in &found {
        if !table.rows.contains_key(name) {
            wrong.push(format!("{name}: no row. What happens: {}", outcomes.join("\t")));
        }
    }
    let (tables, leaks) = cast.second_wall().await;
    wrong.extend(leaks);
    for line in &wrong {
        println!("{line}");
    }
    println!(
        "prove-access: {} routes, {cells} cells, {forged} forged forms, {tables} tables behind the second wall, {} violations",
        routes.len(),
        wrong.len()
    );
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn ask(
    router: &Router,
    route: &Asked,
    path: &str,
    cookie: Option<&str>,
    ours: bool,
) -> Response<Body> {
    let origin = if ours { "https://voxlink.test" } else { "https://evil.example" };
    let site = if ours { "same-origin" } else { "cross-site" };
    let mut request = Request::builder()
        .method(route.method.clone())
        .uri(path)
        .header(header::HOST, "voxlink.test")
        .header(header::ORIGIN, origin)
        .header("sec-fetch-site", site)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let request = request.body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

/// `in`: let in, whatever the page then says of an empty form. The others are refusals.
fn outcome(answer: &Response<Body>, access: Option<Access>) -> &'static str {
    let location = answer.headers().get(header::LOCATION).and_then(|l| l.to_str().ok());
    match answer.status() {
        _ if location.is_some_and(|l| l.starts_with("/sign-in?next=")) => "sign-in",
        // On a public page it means a wrong password.
        StatusCode::UNAUTHORIZED if access != Some(Access::Public) => "sign-in",
        StatusCode::FORBIDDEN => "refused",
        StatusCode::NOT_FOUND => "absent",
        status if status.is_server_error() => "broken",
        _ => "in",
    }
}

/// What the route's own row of the pages' table promises, whatever the pivot file says.
fn contradicts(route: &Asked, who: &str, outcome: &str) -> Option<&'static str> {
    let access = route.access?;
    let staff_only =
        matches!(access, Access::Support | Access::Developer | Access::Admin | Access::SuperAdmin);
    match who {
        _ if outcome == "broken" => Some("a failure of ours"),
        "anonymous" if access != Access::Public && outcome != "sign-in" => {
            Some("but it is not public")
        }
        "other" | "viewer" | "manager" | "owner" if staff_only && outcome != "absent" => {
            Some("but it is for staff, and does not exist for others")
        }
        "viewer" if matches!(access, Access::Manager | Access::Owner) && outcome == "in" => {
            Some("but a viewer changes nothing")
        }
        "suspended" if matches!(access, Access::Manager | Access::Owner) && outcome == "in" => {
            Some("but a suspended tenant changes nothing")
        }
        _ => None,
    }
}

/// An answer without what is new each time: the nonce, the form's keys and the address asked for.
async fn plain(answer: Response<Body>, path: &str) -> String {
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 4_000_000).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).replace(path, "PATH");
    let encoded: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let text = text.replace(&encoded, "PATH");
    let mut out = format!("{status} ");
    let mut rest = text.as_str();
    while let Some(at) = ["nonce=\"", "name=\"_key\" value=\""]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|i| i + mark.len()))
        .min()
    {
        out.push_str(&rest[..at]);
        rest = rest[at..].split_once('"').map_or("", |(_, rest)| rest);
    }
    out + rest
}
