//! The cells: one route asked by everybody, by other sites, and with sessions that are over.

use super::{
    Report,
    cast::{CANARY, Cast, OURS, OVER, WHO},
    house::{Answer, Asked, HOME},
    outside,
    scenes::Scene,
    table::Table,
};
use axum::http::{Method, StatusCode, header};
use voxlink_app::Access;

/// What other sites can make a browser send, and what no browser sends with a form of ours.
const FORGERIES: [&[(&str, &str)]; 7] = [
    &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
    &[("origin", "null"), ("sec-fetch-site", "same-origin")],
    &[("origin", "http://voxlink.test")],
    &[("origin", HOME), ("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site")],
    &[],
];

/// Asks, compares, and reports.
pub struct Cells<'a> {
    pub table: &'a Table,
    pub report: &'a mut Report,
}

impl Cells<'_> {
    fn wrong(&mut self, line: String) {
        if !self.report.wrong.contains(&line) {
            self.report.wrong.push(line);
        }
    }

    /// One row: everybody asks for a thing that is there. After refusals, somebody who may asks
    /// for the very same thing and gets it.
    pub async fn row(&mut self, cast: &mut Cast<'_>, route: &Asked) {
        let name = route.name();
        let access = access(route);
        let mut scene: Option<Scene> = None;
        let mut refused = Vec::new();
        let mut outcomes = Vec::new();
        for who in WHO {
            let here = match scene.take() {
                Some(here) => here,
                None => cast.scene(route, who).await,
            };
            let changes_state = name.contains("/admin/accounts/{id}/");
            if who == "suspended" || !changes_state {
                cast.suspend(who == "suspended").await;
            }
            let before = cast.trace().await;
            let cookie = cast.cookie(who).await;
            let answer = ask(cast, route, &here, cookie.as_deref(), OURS).await;
            let mut outcome = outcome(&answer, access);
            self.report.cells += 1;
            self.dressed(route, &answer, cookie.is_some());
            let whose = matches!(who, "anonymous" | "owner" | "suspended");
            let ours = matches!(who, "viewer" | "manager");
            let tenants = access.is_some_and(|a| !is_staff(a) && a != Access::Public);
            // Somebody else's and absent must look alike, to the letter; colleagues have carts,
            // devices and notifications of their own, too.
            if !whose && tenants && route.has_id() {
                let nowhere = Cast::absent(route, &here);
                let cookie = cast.cookie(who).await;
                let absent = ask(cast, route, &nowhere, cookie.as_deref(), OURS).await;
                let alike = plain(&answer, &here) == plain(&absent, &nowhere);
                if !alike && !ours {
                    self.wrong(format!("{name}: {who} can tell it from absent"));
                } else if alike && outcome == "in" {
                    outcome = "nothing";
                }
            }
            // An invitation's link is meant to tell whose it is.
            let told = route.path == "/invitation";
            if matches!(who, "anonymous" | "other") && !told && answer.text.contains(CANARY) {
                self.wrong(format!("{name} as {who}: shows what is tenant A's"));
            }
            if outcome != "in" && cast.trace().await != before {
                self.wrong(format!(
                    "{name} as {who}: {outcome}, but changed something of tenant A"
                ));
            }
            if who == "suspended" {
                cast.suspend(false).await;
            }
            let expected = self.table.cell(&name, who);
            if let Some(expected) = expected.filter(|expected| *expected != outcome) {
                let status = answer.status.as_u16();
                self.wrong(format!(
                    "{name} as {who}: {outcome} ({status}), the table says {expected}"
                ));
            }
            if let Some(why) = contradicts(access, who, outcome) {
                self.wrong(format!("{name} as {who}: {outcome}, {why}"));
            }
            if outcome == "in" {
                refused.clear();
                // What was read can be read again; what was done cannot be done again.
                scene = (route.method == Method::GET && route.has_id()).then_some(here);
            } else {
                refused.push(who);
                // Without an id it is each one's own.
                scene = route.has_id().then_some(here);
            }
            outcomes.push(outcome);
        }
        if !self.table.rows.contains_key(&name) {
            self.wrong(format!("{name}: no row. What happens: {}", outcomes.join("\t")));
            return;
        }
        if route.has_id() || !outcomes.contains(&"in") {
            self.control(cast, route, scene, &refused).await;
        }
    }

    /// The thing that was refused was there: it opens to the one whose it is.
    async fn control(
        &mut self,
        cast: &mut Cast<'_>,
        route: &Asked,
        scene: Option<Scene>,
        refused: &[&str],
    ) {
        let name = route.name();
        if route.is_for_programs() {
            let told = outside::signed(cast, route).await;
            if !told.is_success() {
                self.wrong(format!("{name}: signed it is {told}, so the refusals prove nothing"));
            }
            return;
        }
        let (Some(scene), false) = (scene, refused.is_empty()) else { return };
        let Some(who) = self.table.who_may(&name) else {
            if name != super::house::NOTHING_ROW {
                self.wrong(format!("{name}: nobody is let in, so the refusals prove nothing"));
            }
            return;
        };
        cast.suspend(route.path == "/admin/accounts/{id}/restore").await;
        let cookie = cast.cookie(who).await;
        let answer = ask(cast, route, &scene, cookie.as_deref(), OURS).await;
        let told = outcome(&answer, access(route));
        if told != "in" {
            let refused = refused.join(", ");
            self.wrong(format!("{name} as {who}: {told} for what was refused to {refused}"));
        }
    }

    /// A form that another site sends does nothing, however good the session.
    pub async fn forged(&mut self, cast: &mut Cast<'_>, route: &Asked) {
        if route.method == Method::GET || route.is_for_programs() {
            return;
        }
        let name = route.name();
        let Some(who) = self.table.who_may(&name) else { return };
        let scene = cast.scene(route, who).await;
        for headers in FORGERIES {
            let before = cast.trace().await;
            let cookie = cast.cookie(who).await;
            let answer = ask(cast, route, &scene, cookie.as_deref(), headers).await;
            self.report.forged += 1;
            if answer.status != StatusCode::FORBIDDEN {
                self.wrong(format!("{name}: a form with {headers:?} was let in"));
            }
            if cast.trace().await != before {
                self.wrong(format!("{name}: a form with {headers:?} changed something"));
            }
        }
        // As a link, which any site may place.
        let before = cast.trace().await;
        let cookie = cast.cookie(who).await;
        let link = format!("{}?{}", scene.path, scene.form.replace(' ', "+"));
        cast.ask(Method::GET, &link, cookie.as_deref(), "", &[]).await;
        if cast.trace().await != before && route.path != "/payments/{id}/return" {
            self.wrong(format!("{name}: a link changed something"));
        }
        cast.suspend(false).await;
    }

    /// With a session that is over everything is as for nobody.
    pub async fn over(&mut self, cast: &mut Cast<'_>, routes: &[Asked]) {
        let mut scenes = Vec::new();
        for route in routes {
            let public = self.table.cell(&route.name(), "anonymous") == Some("in");
            if !public && !route.is_for_programs() {
                scenes.push((route, cast.scene(route, "owner").await));
            }
        }
        cast.suspend(false).await;
        for who in OVER {
            if scenes.is_empty() {
                return;
            }
            let cookie = cast.dead_cookie(who).await;
            let before = cast.trace().await;
            for (route, scene) in &scenes {
                let answer = ask(cast, route, scene, Some(&cookie), OURS).await;
                let outcome = outcome(&answer, access(route));
                self.report.over += 1;
                if self.table.cell(&route.name(), "anonymous") != Some(outcome) {
                    self.wrong(format!("{who} {}: {outcome}", route.name()));
                }
                if answer.text.contains(CANARY) {
                    self.wrong(format!("{who} {}: shows what is tenant A's", route.name()));
                }
            }
            if cast.trace().await != before {
                self.wrong(format!("{who}: changed something of tenant A"));
            }
        }
    }

    /// What every answer wears.
    fn dressed(&mut self, route: &Asked, answer: &Answer, signed_in: bool) {
        let name = route.name();
        for header in [
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "content-security-policy",
            "strict-transport-security",
        ] {
            if !answer.headers.contains_key(header) {
                self.wrong(format!("{name}: {} without {header}", answer.status));
            }
        }
        let policy = answer.headers.get("content-security-policy").and_then(|p| p.to_str().ok());
        if policy.is_some_and(|p| p.contains("unsafe-inline") || p.contains("'unsafe-eval'")) {
            self.wrong(format!("{name}: {policy:?}"));
        }
        let kept = answer.headers.get(header::CACHE_CONTROL).and_then(|c| c.to_str().ok());
        let private = signed_in && access(route).is_some();
        if private && !kept.is_some_and(|k| k.contains("no-store")) {
            self.wrong(format!("{name}: Cache-Control is {kept:?} for one person's answer"));
        }
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap_or_default();
            if !text.contains("; Secure") {
                self.wrong(format!("{name}: a cookie without Secure: {cookie:?}"));
            }
            if !text.starts_with("__Host-") {
                self.wrong(format!("{name}: a cookie without __Host-: {cookie:?}"));
            }
        }
    }
}

async fn ask(
    cast: &Cast<'_>,
    route: &Asked,
    scene: &Scene,
    cookie: Option<&str>,
    headers: &[(&str, &str)],
) -> Answer {
    cast.ask(route.method.clone(), &scene.path, cookie, &scene.form, headers).await
}

/// The right that a page's own row declares.
fn access(route: &Asked) -> Option<Access> {
    let rows = voxlink_app::routes();
    rows.iter().find(|r| r.method == route.method && r.path == route.path).map(|r| r.access)
}

fn is_staff(access: Access) -> bool {
    matches!(access, Access::Support | Access::Developer | Access::Admin | Access::SuperAdmin)
}

/// `in` means that the work was done or the thing was shown. `invalid` (a form that was looked at
/// and found wrong) proves nothing, so no cell may be it.
fn outcome(answer: &Answer, access: Option<Access>) -> &'static str {
    let sign_in = answer.location().is_some_and(|l| l.starts_with("/sign-in?next="));
    match answer.status {
        _ if sign_in => "sign-in",
        // On a public page it means a wrong password, to a program a wrong token.
        StatusCode::UNAUTHORIZED if access.is_some_and(|a| a != Access::Public) => "sign-in",
        StatusCode::UNAUTHORIZED if access.is_none() => "refused",
        StatusCode::FORBIDDEN => "refused",
        StatusCode::NOT_FOUND => "absent",
        status if status.is_server_error() => "broken",
        status if status.is_client_error() => "invalid",
        _ => "in",
    }
}

/// What the route's own row of the pages' table promises, whatever the pivot file says.
fn contradicts(access: Option<Access>, who: &str, outcome: &str) -> Option<&'static str> {
    if matches!(outcome, "broken" | "invalid") {
        return Some("which proves nothing");
    }
    let access = access?;
    let changes = matches!(access, Access::Manager | Access::Owner);
    match who {
        "anonymous" if access != Access::Public && outcome != "sign-in" => {
            Some("but it is not public")
        }
        "other" | "viewer" | "manager" | "owner" | "suspended"
            if is_staff(access) && outcome != "absent" =>
        {
            Some("but it is for staff, and does not exist for others")
        }
        "viewer" if changes && outcome == "in" => Some("but a viewer changes nothing"),
        "suspended" if changes && outcome == "in" => Some("but a suspended tenant changes nothing"),
        _ => None,
    }
}

/// An answer without what is new each time: the nonce, the form's keys, the
/// request's number and the address asked for.
fn plain(answer: &Answer, scene: &Scene) -> String {
    let id = scene.path.split('/').find(|p| p.contains('_')).unwrap_or("-none-");
    let number = answer.headers.get("x-request-id").and_then(|n| n.to_str().ok()).unwrap_or("-");
    let text = answer.text.replace(id, "ID").replace(number, "NUMBER");
    let location = answer.location().unwrap_or_default().replace(id, "ID");
    let notice = answer.headers.get(header::SET_COOKIE).and_then(|c| c.to_str().ok());
    let mut out = format!("{} {location} {} ", answer.status, notice.unwrap_or_default());
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
