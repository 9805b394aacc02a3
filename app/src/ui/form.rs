//! Forms: always `post`, always with an idempotency key of their own.

use super::{Button, ButtonKind, Notice};
use crate::{Wrong, flash::Tone};
use leptos::{context::Provider, prelude::*};
use uuid::Uuid;

/// The hidden field that makes a repeated form harmless: the first answer is replayed.
pub const IDEMPOTENCY_FIELD: &str = "_key";

/// A form. `wrong` is what the last try got wrong; the fields inside find their own part.
#[component]
pub fn Form(
    /// Where it posts to: the address of its own page.
    #[prop(into)]
    action: String,
    /// What the last try got wrong.
    #[prop(optional)]
    wrong: Wrong,
    /// For a file to be sent.
    #[prop(optional)]
    upload: bool,
    /// More classes, for another spacing than a column of fields.
    #[prop(optional, into)]
    class: Option<String>,
    children: Children,
) -> impl IntoView {
    let class = class.unwrap_or_else(|| "flex max-w-xl flex-col gap-5".to_owned());
    let summary = wrong.summary().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    view! {
        <form method="post" action=action class=class data-once="" enctype=upload.then_some("multipart/form-data")>
            <input type="hidden" name=IDEMPOTENCY_FIELD value=Uuid::now_v7().to_string() />
            {summary}
            <Provider value=wrong>{children()}</Provider>
        </form>
    }
}

/// A form that is one button with hidden fields: "Undo", "Remove", "Publish".
#[component]
pub fn ButtonForm(
    /// Where it posts to.
    #[prop(into)]
    action: String,
    /// The hidden fields.
    #[prop(optional, into)]
    fields: Vec<(&'static str, String)>,
    /// How strong the button is.
    #[prop(default = ButtonKind::Quiet)]
    kind: ButtonKind,
    children: Children,
) -> impl IntoView {
    let hidden = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <form method="post" action=action data-once="" class="inline-flex">
            <input type="hidden" name=IDEMPOTENCY_FIELD value=Uuid::now_v7().to_string() />
            {hidden}
            <Button kind=kind>{children()}</Button>
        </form>
    }
}
