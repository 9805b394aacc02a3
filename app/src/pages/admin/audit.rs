//! The audit log: who did what to what, the values before and after, and whether the chain is
//! whole.

use super::{
    export::{download, export_of},
    filter::Wanted,
    stored::{label, stored},
};
use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Admin, Support},
    flash::Tone,
    layout::Place,
    look::Look,
    ui::{
        ButtonForm, ButtonKind, EmptyState, Export, Field, FilterBar, Fold, Notice, Pager, When,
        WhenStyle,
    },
};
use axum::extract::{Form as Posted, State};
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
    let found = admin::audit_log(&mut cx, &asked, wanted.request_of(25)).await?;
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
                <div class="mb-4 flex flex-wrap items-center justify-between gap-3">
                    <ButtonForm action="/admin/audit/verify" fields=vec![("tenant", tenant)] kind=ButtonKind::Secondary>
                        {format!("Check {which}")}
                    </ButtonForm>
                    {export.map(|href| view! { <Export href=href /> })}
                </div>
                {empty}
                <ul class="flex flex-col gap-3">{rows}</ul>
                <Pager page=found of=("entry", "entries") />
            }
        })
        .await
}

fn entry(row: &AuditRow) -> impl IntoView + use<> {
    let who = match row.actor_name.clone() {
        Some(name) => {
            let sort = row.actor.split(':').next().unwrap_or_default().to_owned();
            view! { <bdi>{name}</bdi> {format!(" ({sort})")} }.into_any()
        }
        None => row.actor.clone().into_any(),
    };
    let whose = match (row.tenant, &row.company) {
        (Some(id), Some(name)) => {
            let href = format!("/admin/accounts/{id}");
            view! { <a class="link" href=href><bdi>{name.clone()}</bdi></a> }.into_any()
        }
        _ => view! { "the installation" }.into_any(),
    };
    let what = row.resource_id.clone().unwrap_or_else(|| row.resource.clone());
    let reason =
        row.reason.clone().map(|r| view! { <p class="mt-1">"Reason: " <bdi>{r}</bdi></p> });
    let error = row.error.clone().map(|e| view! { <p class="mt-1 text-error">"Refused: " {e}</p> });
    let origin = [row.ip.clone(), row.request_id.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    let changes = differences(row.old.as_ref(), row.new.as_ref());
    view! {
        <li class="surface p-4 [overflow-wrap:anywhere]">
            <div class="flex flex-wrap items-baseline gap-x-3 gap-y-1">
                <code class="font-semibold">{row.action.clone()}</code>
                <span>{who}</span>
                <span class="text-muted">"in " {whose} {format!(" · entry {}", row.seq)}</span>
                <span class="text-sm text-muted sm:ms-auto"><When at=row.occurred_at style=WhenStyle::Seconds /></span>
            </div>
            <p class="mt-1 text-sm text-muted"><bdi>{what}</bdi> {(!origin.is_empty()).then(|| format!(" · {origin}"))}</p>
            {reason}
            {error}
            {changes}
        </li>
    }
}

/// A part that is not there.
const NOTHING: &Value = &Value::Null;
/// So many names stand in the line that opens the values.
const NAMED: usize = 4;

/// The values before and after, folded behind the names of those that changed.
fn differences(old: Option<&Value>, new: Option<&Value>) -> Option<impl IntoView + use<>> {
    let (old, new) = (old.filter(|v| v.is_object()), new.filter(|v| v.is_object()));
    let keys: BTreeSet<&String> = [old, new]
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|o| o.keys())
        .collect();
    if keys.is_empty() {
        return None;
    }
    let both = old.is_some() && new.is_some();
    let shown = |side: Option<&Value>, key: &str| stored(part(side, key).unwrap_or(NOTHING));
    let summary = summary(&keys, old, new);
    let rows = keys
        .into_iter()
        .map(|key| {
            let values = if both {
                view! {
                    <dd class="min-w-0"><span class="block text-xs text-muted">"Before"</span>{shown(old, key)}</dd>
                    <dd class="min-w-0"><span class="block text-xs text-muted">"After"</span>{shown(new, key)}</dd>
                }
                .into_any()
            } else {
                view! { <dd class="min-w-0 sm:col-span-2">{shown(old.or(new), key)}</dd> }.into_any()
            };
            view! {
                <div class="grid gap-x-4 gap-y-1 border-t border-base-300 py-2 sm:grid-cols-[10rem_minmax(0,1fr)_minmax(0,1fr)]">
                    <dt class="min-w-0 font-medium">{label(key)}</dt>
                    {values}
                </div>
            }
        })
        .collect_view();
    Some(view! {
        <div class="mt-1">
            <Fold summary=summary>
                <dl class="text-sm">{rows}</dl>
            </Fold>
        </div>
    })
}

fn part<'a>(side: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    side?.get(key)
}

/// What an entry's values are about, in a line.
fn summary(keys: &BTreeSet<&String>, old: Option<&Value>, new: Option<&Value>) -> String {
    let both = old.is_some() && new.is_some();
    let told: Vec<String> = keys
        .iter()
        .filter(|key| !both || part(old, key) != part(new, key))
        .map(|key| key.replace('_', " "))
        .collect();
    if told.is_empty() {
        return "Nothing changed".to_owned();
    }
    let word = match (both, new) {
        (true, _) => "Changed",
        (false, Some(_)) => "New",
        (false, None) => "Before",
    };
    let named = told.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match told.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{word}: {named} and {more} more"),
        _ => format!("{word}: {named}"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(old: Option<&Value>, new: Option<&Value>) -> String {
        let keys =
            [old, new].into_iter().flatten().filter_map(Value::as_object).flat_map(|o| o.keys());
        summary(&keys.collect(), old, new)
    }

    #[test]
    fn the_line_names_what_changed() {
        let (paid, open) = (json!({"state": "paid", "of": 2}), json!({"state": "open", "of": 2}));
        assert_eq!(line(Some(&open), Some(&paid)), "Changed: state");
        assert_eq!(line(Some(&paid), Some(&paid)), "Nothing changed");
        assert_eq!(line(None, Some(&paid)), "New: of, state");
        assert_eq!(line(Some(&paid), None), "Before: of, state");
        let many = json!({"a": 1, "b": 1, "c_d": 1, "e": 1, "f": 1, "g": 1});
        assert_eq!(line(None, Some(&many)), "New: a, b, c d, e and 2 more");
    }
}
