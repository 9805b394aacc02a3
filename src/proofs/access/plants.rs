//! Faults that the proof must find: each is planted in the real router or the real database, and
//! the proof must say so. A check that cannot fail is a defect.

use super::house::HOME;
use axum::{
    Form, Router,
    extract::{Path, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use std::collections::BTreeMap;
use voxlink_app::{
    Access, Route,
    access::{Manager, Viewer},
};
use voxlink_domain::Platform;
use voxlink_testkit::TestPlatform;
use voxlink_types::ids::{InvoiceId, NumberId, OrderId};

/// A fault: its name, what the proof must say, and the routes that are enough to find it.
#[derive(Debug, Clone, Copy)]
pub struct Plant {
    pub name: &'static str,
    pub told: &'static str,
    pub only: &'static str,
}

const fn plant(name: &'static str, told: &'static str, only: &'static str) -> Plant {
    Plant { name, told, only }
}

/// All of them.
pub const PLANTS: &[Plant] = &[
    plant("route-without-row", "GET /leak: no row", "/leak"),
    plant("row-without-route", "GET /help: the table has a row for a route", "/help"),
    plant("lower-role", "POST /numbers/{id}/name as viewer: in", "/numbers/{id}/name"),
    plant("staff-page-for-all", "GET /admin/jobs as owner: in", "/admin/jobs"),
    plant("trusts-the-path", "GET /orders/{id} as other: in", "/orders/{id}"),
    plant("trusts-the-form", "changed something of tenant A", "/numbers/bulk"),
    plant("tells-apart", "tell it from absent", "/billing/invoices/{id}"),
    plant("nothing-there", "GET /calls/{id} as owner: absent", "/calls/{id}"),
    plant("refuses-too-late", "changed something of tenant A", "/numbers/{id}/notes"),
    plant("no-origin-check", "was let in", "/numbers/{id}/tags"),
    plant(
        "unsigned-callback",
        "POST /callbacks/{carrier}/voice as anonymous: in",
        "/callbacks/{carrier}/voice",
    ),
    plant("sign-out-forgotten", "signed out GET /settings: in", "/settings"),
    plant("suspended-may-act", "POST /billing/address as suspended: in", "/billing/address"),
    plant("kept-by-caches", "Cache-Control", "/calls"),
    plant("bare-answers", "x-content-type-options", "/help"),
    plant("no-row-security", "orders: tenant B sees", "(wall)"),
    plant("leaky-policy", "subscriptions: tenant B sees", "(wall)"),
    plant("adds-for-others", "campaigns: tenant B adds a row", "(wall)"),
    plant("unguarded-table", "proof_notes: the application may touch it", "(wall)"),
    plant("journal-changed", "journal_entries: voxlink_app may change", "(wall)"),
    plant("audit-emptied", "audit_log: voxlink_platform may take away", "(wall)"),
];

impl Plant {
    /// The pages' rows with the fault in them.
    pub fn rows(planted: Option<Self>, mut rows: Vec<Route>) -> Vec<Route> {
        let Some(plant) = planted else { return rows };
        if plant.name == "route-without-row" {
            let handler = get(|| async { "leak" });
            rows.push(Route {
                method: Method::GET,
                path: "/leak",
                access: Access::Public,
                handler,
            });
        }
        if plant.name == "row-without-route" {
            rows.retain(|row| row.path != "/help");
        }
        for row in &mut rows {
            let (get_it, post_it) = (row.method == Method::GET, row.method == Method::POST);
            let here = row.path == plant.only;
            match plant.name {
                "lower-role" if here => row.handler = post(rename_by_anybody),
                "staff-page-for-all" if here => row.handler = get(async |_: Viewer| "jobs"),
                "trusts-the-path" if here => row.handler = get(any_order),
                "trusts-the-form" if here && post_it => row.handler = post(any_numbers),
                "tells-apart" if here && get_it => row.handler = get(forbidden_or_absent),
                "nothing-there" if here => {
                    row.handler = get(async |_: Viewer| StatusCode::NOT_FOUND);
                }
                "refuses-too-late" if here => row.handler = post(notes_then_refused),
                "suspended-may-act" if here && post_it => {
                    row.handler = post(async |_: Viewer| Redirect::to("/billing"));
                }
                _ => {}
            }
        }
        rows
    }

    /// The router with the fault around it.
    pub fn around(planted: Option<Self>, router: Router) -> Router {
        match planted.map(|p| p.name) {
            Some("no-origin-check") => router.layer(from_fn(as_if_ours)),
            Some("unsigned-callback") => router.layer(from_fn(always_voice)),
            Some("kept-by-caches") => router.layer(from_fn(kept)),
            Some("bare-answers") => router.layer(from_fn(bare)),
            _ => router,
        }
    }

    /// The fault in the database.
    pub async fn in_database(planted: Option<Self>, test: &TestPlatform) {
        let statements: &[&'static str] = match planted.map(|p| p.name) {
            Some("no-row-security") => &["alter table orders disable row level security"],
            Some("leaky-policy") => {
                &["create policy leak on subscriptions for select to voxlink_app using (true)"]
            }
            Some("adds-for-others") => {
                &["create policy leak on campaigns for insert to voxlink_app with check (true)"]
            }
            Some("unguarded-table") => &[
                "create table proof_notes (tenant_id uuid, note text)",
                "grant select on proof_notes to voxlink_app",
            ],
            Some("journal-changed") => &["grant update on journal_entries to voxlink_app"],
            Some("audit-emptied") => &["grant delete on audit_log to voxlink_platform"],
            Some("sign-out-forgotten") => &[
                "create function never_ends() returns trigger language plpgsql as
                 $$ begin new.revoked_at := null; return new; end $$",
                "create trigger never_ends before update on sessions for each row execute function never_ends()",
            ],
            _ => &[],
        };
        for statement in statements {
            sqlx::query(*statement).execute(&test.platform.db().owner).await.unwrap();
        }
    }
}

/// Checks that somebody is signed in, and no more.
async fn rename_by_anybody(
    State(platform): State<Platform>,
    person: Viewer,
    Path(id): Path<NumberId>,
) -> Response {
    let done = sqlx::query(
        "update subscriptions set friendly_name = 'zq-canary' where id = $1 and tenant_id = $2",
    );
    let done = done.bind(id.uuid()).bind(person.member.tenant.uuid());
    match done.execute(&platform.db().platform).await.unwrap().rows_affected() {
        0 => StatusCode::NOT_FOUND.into_response(),
        _ => Redirect::to("/numbers").into_response(),
    }
}

/// Reads whatever the path names, whoever asks.
async fn any_order(
    State(platform): State<Platform>,
    _: Viewer,
    Path(id): Path<OrderId>,
) -> Response {
    let found: Option<String> = sqlx::query_scalar("select order_number from orders where id = $1")
        .bind(id.uuid())
        .fetch_optional(&platform.db().platform)
        .await
        .unwrap();
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

/// Changes whatever the form names.
async fn any_numbers(
    State(platform): State<Platform>,
    _: Manager,
    Form(form): Form<BTreeMap<String, String>>,
) -> Redirect {
    let id: Option<NumberId> = form.get("id").and_then(|id| id.parse().ok());
    sqlx::query("update subscriptions set tags = array['proof'] where id = $1")
        .bind(id.map(NumberId::uuid))
        .execute(&platform.db().platform)
        .await
        .unwrap();
    Redirect::to("/numbers")
}

/// 403 for somebody else's, 404 for none.
async fn forbidden_or_absent(
    State(platform): State<Platform>,
    person: Viewer,
    Path(id): Path<InvoiceId>,
) -> StatusCode {
    let whose: Option<sqlx::types::Uuid> =
        sqlx::query_scalar("select tenant_id from invoices where id = $1")
            .bind(id.uuid())
            .fetch_optional(&platform.db().platform)
            .await
            .unwrap();
    match whose {
        None => StatusCode::NOT_FOUND,
        Some(tenant) if tenant == person.member.tenant.uuid() => StatusCode::OK,
        Some(_) => StatusCode::FORBIDDEN,
    }
}

/// Changes first and looks at the right afterwards.
async fn notes_then_refused(
    State(platform): State<Platform>,
    person: Viewer,
    Path(id): Path<NumberId>,
) -> Response {
    sqlx::query("update subscriptions set notes = 'late' where id = $1")
        .bind(id.uuid())
        .execute(&platform.db().platform)
        .await
        .unwrap();
    if person.member.tenant_role == voxlink_types::role::TenantRole::Viewer {
        return StatusCode::FORBIDDEN.into_response();
    }
    Redirect::to("/numbers").into_response()
}

async fn as_if_ours(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    headers.insert(header::ORIGIN, HeaderValue::from_static(HOME));
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    next.run(request).await
}

async fn always_voice(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && request.uri().path().ends_with("/voice") {
        return "<Response/>".into_response();
    }
    next.run(request).await
}

async fn kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let wanted = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, wanted);
    response
}

async fn bare(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().remove(header::X_CONTENT_TYPE_OPTIONS);
    response
}
