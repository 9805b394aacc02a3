//! The audit log: who did what to what, the values before and after side by side, and whether the
//! chain is whole.

use super::{
    export::{download, export_of},
    filter::Wanted,
};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Admin, Support},
    flash::Tone,
    layout::Place,
    look::Look,
    ui::{
        ButtonForm, ButtonKind, EmptyState, Field, FilterBar, LinkButton, Notice, Pager, When,
        WhenStyle,
    },
};
use axum::extract::{Form as Posted, Query, State};
use leptos::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use voxlink_domain::accounts::admin::{self, AuditFilter, AuditRow, Exported};
use voxlink_types::ids::TenantId;

fn filter(wanted: &Wanted, zone: &str) -> Result<AuditFilter, Wrong> {
    let (from, to) = wanted.days(zone)?;
    let tenant = Wanted::word(wanted.tenant.as_ref())
        .map(|text| {
            text.parse()
                .map_err(|_| Wrong::field("tenant", "Write the account's id, such as ten_0190…."))
        })
        .transpose()?;
    let word = |text: &Option<String>| Wanted::word(text.as_ref()).unwrap_or_default();
    Ok(AuditFilter {
        tenant,
        actor: word(&wanted.actor),
        action: word(&wanted.action),
        resource: word(&wanted.resource),
        from,
        to,
    })
}

/// The filters; a field for days cannot show what is none, so it is one for text then.
fn filters(look: &Look, wrong: &Wrong) -> impl IntoView + use<> {
    let typed = |name: &str| look.param(name).unwrap_or_default().to_owned();
    let [account, actor, action, resource, from, to] =
        ["tenant", "actor", "action", "resource", "from", "to"].map(typed);
    let kind = |field: &str| if wrong.about(field).is_some() { "text" } else { "date" };
    let (from_kind, to_kind) = (kind("from"), kind("to"));
    view! {
        <FilterBar action="/admin/audit">
            <Field name="tenant" label="Account" value=account placeholder="ten_…" optional=true />
            <Field name="actor" label="Actor" value=actor placeholder="Name, staff:, system:" optional=true />
            <Field name="action" label="Action" value=action placeholder="account.suspend" optional=true />
            <Field name="resource" label="Resource" value=resource placeholder="number or num_…" optional=true />
            <Field name="from" label="From" kind=from_kind value=from optional=true />
            <Field name="to" label="To" kind=to_kind value=to optional=true />
        </FilterBar>
    }
}

/// The filters alone, with what is wrong with them.
async fn unread(app: &App, person: &Support, wrong: Wrong) -> Answer {
    let look = person.look.clone();
    Screen::new("Audit log")
        .at(Place::AdminAudit)
        .status(wrong.status())
        .render(app, person, move || {
            provide_context(wrong.clone());
            let said =
                wrong.summary().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
            view! {
                {said}
                {filters(&look, &wrong)}
            }
        })
        .await
}

pub(super) async fn list(
    State(app): State<App>,
    person: Support,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let asked = match filter(&wanted, &person.member.time_zone) {
        Ok(asked) => asked,
        Err(wrong) => return unread(&app, &person, wrong).await,
    };
    let mut cx = person.begin(&app.platform).await?;
    let found = admin::audit_log(&mut cx, &asked, wanted.request()).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    drop(cx);
    let export = export_of(&person);
    let look = person.look.clone();
    Screen::new("Audit log")
        .at(Place::AdminAudit)
        .render(&app, &person, move || {
            let tenant = asked.tenant.map(|t| t.to_string()).unwrap_or_default();
            let rows = found.rows.iter().map(entry).collect_view();
            let empty = found.rows.is_empty().then(|| {
                view! { <EmptyState title="No entry fits" text="Change the filters or clear them." icon="icon-[lucide--scroll-text]" /> }
            });
            let which = if tenant.is_empty() { "the installation's own chain" } else { "this account's chain" };
            view! {
                {filters(&look, &Wrong::nothing())}
                <div class="mb-4 flex flex-wrap items-center gap-3">
                    <ButtonForm action="/admin/audit/verify" fields=vec![("tenant", tenant)] kind=ButtonKind::Secondary>
                        {format!("Check {which}")}
                    </ButtonForm>
                    {export.map(|export| view! { <LinkButton href=export kind=ButtonKind::Secondary>"Export as CSV"</LinkButton> })}
                </div>
                {empty}
                <ul class="flex flex-col gap-3">{rows}</ul>
                <Pager page=found of=("entry", "entries") />
            }
        })
        .await
}

fn entry(row: &AuditRow) -> impl IntoView + use<> {
    let who = row.actor_name.clone().map_or_else(
        || row.actor.clone(),
        |name| format!("{name} ({})", row.actor.split(':').next().unwrap_or_default()),
    );
    let whose = match (row.tenant, &row.company) {
        (Some(id), Some(name)) => {
            view! { <a class="link" href=format!("/admin/accounts/{id}")>{name.clone()}</a> }
                .into_any()
        }
        _ => view! { "the installation" }.into_any(),
    };
    let what = row.resource_id.clone().unwrap_or_else(|| row.resource.clone());
    let reason = row.reason.clone().map(|r| view! { <p class="mt-1">"Reason: " {r}</p> });
    let error = row.error.clone().map(|e| view! { <p class="mt-1 text-error">"Refused: " {e}</p> });
    let origin = [row.ip.clone(), row.request_id.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    let changes = differences(row.old.as_ref(), row.new.as_ref());
    view! {
        <li class="surface p-4">
            <div class="flex flex-wrap items-baseline gap-x-3 gap-y-1">
                <code class="font-semibold">{row.action.clone()}</code>
                <span>{who}</span>
                <span class="text-muted">"in " {whose} {format!(" · entry {}", row.seq)}</span>
                <span class="ms-auto text-sm text-muted"><When at=row.occurred_at style=WhenStyle::Seconds /></span>
            </div>
            <p class="mt-1 text-sm break-all text-muted">{what} {(!origin.is_empty()).then(|| format!(" · {origin}"))}</p>
            {reason}
            {error}
            {changes}
        </li>
    }
}

/// The values before and after, key by key.
fn differences(old: Option<&Value>, new: Option<&Value>) -> Option<impl IntoView + use<>> {
    let keys: BTreeSet<&String> = [old, new]
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|o| o.keys())
        .collect();
    if keys.is_empty() {
        return None;
    }
    let shown = |side: Option<&Value>, key: &str| match side.and_then(|v| v.get(key)) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let rows = keys
        .into_iter()
        .map(|key| {
            let (before, after) = (shown(old, key), shown(new, key));
            let changed = if before == after { "" } else { "font-medium" };
            view! {
                <tr>
                    <th scope="row" class="py-1 pe-4 text-start align-top font-normal text-muted">{key.clone()}</th>
                    <td class="py-1 pe-4 align-top break-all">{before}</td>
                    <td class=format!("py-1 align-top break-all {changed}")>{after}</td>
                </tr>
            }
        })
        .collect_view();
    Some(view! {
        <div class="mt-3 overflow-x-auto">
            <table class="w-full text-sm">
                <caption class="sr-only">"What changed"</caption>
                <thead>
                    <tr class="text-muted">
                        <th scope="col" class="pe-4 text-start font-normal">"Value"</th>
                        <th scope="col" class="pe-4 text-start font-normal">"Before"</th>
                        <th scope="col" class="text-start font-normal">"After"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    })
}

/// Whose chain to check, as sent.
#[derive(Debug, serde::Deserialize)]
pub(super) struct VerifyForm {
    tenant: Option<String>,
}

pub(super) async fn verify(
    State(app): State<App>,
    person: Support,
    Posted(form): Posted<VerifyForm>,
) -> Answer {
    let tenant: Option<TenantId> = Wanted::parsed(form.tenant.as_ref());
    let mut cx = person.begin(&app.platform).await?;
    let state = admin::verify_chain(&mut cx, tenant).await?;
    let back =
        tenant.map_or_else(|| "/admin/audit".to_owned(), |t| format!("/admin/audit?tenant={t}"));
    Ok(match state.broken {
        None => Flash::success(format!("The chain is whole: {} entries checked.", state.entries)),
        Some((seq, why)) => Flash::danger(format!("The chain is broken at entry {seq}: {why}.")),
    }
    .then(&back))
}

pub(super) async fn export(
    State(app): State<App>,
    person: Admin,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let asked = filter(&wanted, &person.member.time_zone).map_err(|wrong| PageError {
        status: wrong.status(),
        sentence: Some("The filters cannot be read. Choose them in the audit log.".to_owned()),
    })?;
    download(&app, &person, Exported::Audit(asked)).await
}
