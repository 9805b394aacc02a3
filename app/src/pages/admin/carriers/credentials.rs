//! The credentials of a carrier: where each comes from, and the form that stores others. Nothing that
//! is stored or set is ever shown; of what was typed, only what is no secret is shown again.

use super::{
    HERE,
    one::{Tried, page},
};
use crate::{
    Answer, App, Flash, Wrong,
    access::Admin,
    flash::Tone,
    ui::{Badge, Button, ButtonKind, Card, Checkbox, Field, Form, Notice, When},
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use voxlink_domain::carriers::{self, CarrierRow, CarriersError, Credential, NewCredentials};
use voxlink_types::error::FieldError;

/// The name of the boxes that remove a stored value, and of the one that asks nobody first.
const REMOVE: &str = "remove";
const UNTESTED: &str = "untested";

/// What was typed, by the form's names. It holds secrets, so it is never printed.
#[derive(Clone, Default)]
pub(super) struct Entered(Vec<(String, String)>);

impl Entered {
    /// What was typed into a field.
    fn text(&self, name: &str) -> Option<String> {
        let typed = self.0.iter().find(|(of, _)| of == name);
        typed.map(|(_, text)| text.clone())
    }

    fn removes(&self, name: &str) -> bool {
        self.0.iter().any(|(of, text)| of == REMOVE && text == name)
    }

    fn untested(&self) -> bool {
        self.text(UNTESTED).is_some()
    }

    /// Whether there is a value to store, and not only some to remove.
    fn stores(&self, all: &[Credential]) -> bool {
        all.iter()
            .any(|one| self.text(one.setting.name).is_some_and(|text| !text.trim().is_empty()))
    }

    /// The fields whose printed example was copied: it opens nothing, and proves what anybody signs.
    fn copied(&self, all: &[Credential]) -> Vec<FieldError> {
        let same = |one: &&Credential| {
            self.text(one.setting.name).is_some_and(|text| text.trim() == one.setting.example)
        };
        let wrong = |one: &Credential| FieldError {
            field: one.setting.name.to_owned(),
            message: "This is the example that is printed here. Enter your own.".to_owned(),
        };
        all.iter().filter(same).map(wrong).collect()
    }
}

impl From<&Entered> for NewCredentials {
    fn from(entered: &Entered) -> Self {
        let (removed, typed): (Vec<_>, Vec<_>) =
            entered.0.iter().cloned().partition(|(name, _)| name == REMOVE);
        Self {
            typed: typed.into_iter().map(|(name, text)| (name, text.into())).collect(),
            removed: removed.into_iter().map(|(_, name)| name).collect(),
        }
    }
}

pub(in crate::pages::admin) async fn store(
    State(app): State<App>,
    admin: Admin,
    Path(key): Path<String>,
    Posted(entered): Posted<Vec<(String, String)>>,
) -> Answer {
    let entered = Entered(entered);
    match stored(&app, &admin, &key, &entered).await {
        Ok(flash) => Ok(flash.then(&format!("{HERE}/{key}"))),
        // A carrier that did not answer refused nothing.
        Err(CarriersError::NotTaken { name, detail, silent: true }) => {
            let wrong = Wrong::whole(format!(
                "{name} did not answer, so it is not known whether it takes them: {detail}. Try again, or tick the box to store them anyway."
            ));
            page(&app, &admin, &key, Tried::Credentials(entered, wrong)).await
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            page(&app, &admin, &key, Tried::Credentials(entered, wrong)).await
        }
    }
}

async fn stored(
    app: &App,
    admin: &Admin,
    key: &str,
    entered: &Entered,
) -> Result<Flash, CarriersError> {
    let new = NewCredentials::from(entered);
    let mut cx = admin.begin(&app.platform).await?;
    let all = carriers::credentials(&app.platform, &mut cx, key).await?;
    drop(cx);
    let copied = entered.copied(&all);
    if !copied.is_empty() {
        return Err(CarriersError::Fields(copied));
    }
    if !entered.untested() {
        // The carrier may think about it for seconds.
        let cx = admin.begin(&app.platform).await?;
        carriers::try_credentials(&app.platform, cx, key, &new).await?;
    }
    let mut cx = admin.begin(&app.platform).await?;
    if !carriers::store_credentials(&app.platform, &mut cx, key, &new).await? {
        return Ok(Flash::info("Nothing was entered, so nothing was changed."));
    }
    cx.commit().await?;
    // It is done whatever happens now: this server too reads it within seconds.
    let here = carriers::follow(&app.platform).await.is_ok();
    Ok(Flash::success(match (entered.stores(&all), here) {
        (true, true) => "Stored. In use on this server now, and on the others within five seconds.",
        (true, false) => "Stored. In use on all servers within five seconds.",
        (false, true) => {
            "Removed. Not in use on this server any more, nor on the others within five seconds."
        }
        (false, false) => "Removed. Not in use on any server within five seconds.",
    }))
}

/// The card; nothing where the carrier needs no account.
pub(super) fn card(
    carrier: &CarrierRow,
    all: Vec<Credential>,
    entered: &Entered,
    wrong: Wrong,
) -> Option<impl IntoView + use<>> {
    if all.is_empty() {
        return None;
    }
    let action = format!("{HERE}/{}/credentials", carrier.key);
    let editable = all.iter().any(|one| !one.setting.given);
    let again = (wrong != Wrong::nothing()).then(|| {
        view! { <p class="text-sm">"Secrets that you typed are not shown again: type them anew. Nothing was stored."</p> }
    });
    let trouble = carrier
        .trouble
        .clone()
        .map(|why| view! { <Notice tone=Tone::Danger>{format!("Not in use: {why}.")}</Notice> });
    let (given, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.setting.given);
    let given = (!given.is_empty()).then(|| {
        let rows = given.into_iter().map(of_environment).collect_view();
        view! { <ul class="mb-5 flex flex-col gap-2">{rows}</ul> }
    });
    let name = carrier.name.clone();
    let (entered, untested) = (entered.clone(), entered.untested());
    let form = editable.then(|| {
        view! {
            <Form action=action wrong=wrong>
                {again}
                // Made within the form, which tells its fields what is wrong with them.
                {open.into_iter().map(|one| field(one, &entered)).collect_view()}
                <Checkbox name=UNTESTED checked=untested>
                    {format!("Store without asking {name} first whether it takes them")}
                </Checkbox>
                <div><Button kind=ButtonKind::Primary>"Store"</Button></div>
            </Form>
        }
    });
    Some(view! {
        <Card title="Credentials">
            {trouble}
            <p class="mb-5 max-w-prose text-sm text-muted">
                "What is entered here is sealed with SECRET_KEY, holds for all servers and is never shown again. In use within five seconds, without a restart. What the environment of a server sets goes before it there."
            </p>
            {given}
            {form}
        </Card>
    })
}

/// A variable that is not to be entered here.
fn of_environment(one: Credential) -> impl IntoView {
    let unused =
        one.stored.is_some().then_some(" What is stored of it is not used on this server.");
    view! {
        <li class="flex flex-wrap items-center gap-2 text-sm">
            <code>{one.setting.name}</code>
            <Badge text="Set by the environment" />
            {unused}
        </li>
    }
}

/// A variable that may be entered.
fn field(one: Credential, entered: &Entered) -> impl IntoView + use<> {
    let setting = one.setting;
    // A browser that fills in a password here would store the administrator's own.
    let (kind, autocomplete) =
        if setting.secret { ("password", "new-password") } else { ("text", "off") };
    let value = entered.text(setting.name).filter(|_| !setting.secret).unwrap_or_default();
    let removes = entered.removes(setting.name);
    let state = match one.stored {
        None => view! { <p class="text-sm text-muted">"Not set."</p> }.into_any(),
        Some(stored) => {
            let by = stored.by.map(|by| view! { " by " <bdi>{by}</bdi> });
            view! {
                <p class="text-sm text-muted">
                    "Stored on " <When at=stored.at /> {by} ". Leave it empty to keep it, or write another."
                </p>
                <Checkbox name=REMOVE value=setting.name checked=removes>
                    "Remove " <code>{setting.name}</code>
                </Checkbox>
            }
            .into_any()
        }
    };
    let hint = format!("{}. For example: {}", setting.about.replace('`', ""), setting.example);
    view! {
        <div class="flex flex-col gap-1.5">
            <Field name=setting.name label=setting.name kind=kind value=value hint=hint depends=true autocomplete=autocomplete maxlength=4_096u32 />
            {state}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_domain::carriers::AccountSetting;

    fn shown(secret: bool, entered: &Entered) -> String {
        let setting = AccountSetting {
            name: "FAKE_TOKEN",
            about: "What opens `it`",
            example: "a token",
            secret,
            address: false,
            given: false,
        };
        let one = Credential { setting, stored: None };
        Owner::new().with(|| field(one, entered).into_any().to_html())
    }

    #[test]
    fn a_secret_that_was_typed_is_not_shown_again() {
        let entered = Entered(vec![("FAKE_TOKEN".to_owned(), "hunter2".to_owned())]);
        assert!(!shown(true, &entered).contains("hunter2"));
        assert!(shown(false, &entered).contains("hunter2"), "an id may be mended");
    }

    #[test]
    fn a_copied_example_is_refused_and_removing_stores_nothing() {
        let setting = AccountSetting {
            name: "FAKE_TOKEN",
            about: "What opens it",
            example: "a token",
            secret: true,
            address: false,
            given: false,
        };
        let all = [Credential { setting, stored: None }];
        let entered = |text: &str| Entered(vec![("FAKE_TOKEN".to_owned(), text.to_owned())]);
        assert_eq!(entered(" a token ").copied(&all).len(), 1);
        assert!(entered("my own").copied(&all).is_empty());
        assert!(entered("my own").stores(&all) && !entered(" ").stores(&all));
    }

    #[test]
    fn what_was_entered_and_what_is_removed_are_told_apart() {
        let own = str::to_owned;
        let entered = Entered(vec![
            (own("_key"), own("1")),
            (own("FAKE_TOKEN"), own("x")),
            (own(REMOVE), own("FAKE_ID")),
        ]);
        let new = NewCredentials::from(&entered);
        assert!(new.removed.contains("FAKE_ID") && new.removed.len() == 1);
        assert!(new.typed.contains_key("FAKE_TOKEN") && !new.typed.contains_key(REMOVE));
        assert!(entered.removes("FAKE_ID") && !entered.removes("FAKE_TOKEN"));
        assert!(!entered.untested());
    }
}
