//! A choice of one among few, all in sight, each with what it means.

use super::fields::About;
use leptos::prelude::*;

/// One choice of [`Radios`].
#[derive(Debug)]
pub struct Way {
    value: String,
    label: String,
    hint: Option<String>,
    more: Option<AnyView>,
}

impl Way {
    /// A choice: what is sent, and what is read.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, more: None }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Fields that are asked for only where this is chosen; the style sheet shows and hides them,
    /// so they must be optional for the browser.
    #[must_use]
    pub fn more(mut self, more: impl IntoView + 'static) -> Self {
        self.more = Some(more.into_any());
        self
    }
}

/// A choice of one among few.
#[component]
pub fn Radios(
    /// The form field's name; also how its error is found.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The choices.
    ways: Vec<Way>,
    /// The chosen one.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    let about = About::field(name);
    let described = about.described_by(false);
    let ways = ways
        .into_iter()
        .map(|way| {
            let checked = way.value == value;
            let hint = way.hint.map(|text| view! { <span class="block text-sm text-muted">{text}</span> });
            let more = way.more.map(|more| view! { <div class="mt-3 hidden ps-8 group-has-checked:block">{more}</div> });
            view! {
                <div class="group rounded-box border border-base-300 p-3.5 has-checked:border-primary has-checked:bg-primary/5">
                    <label class="flex cursor-pointer items-start gap-3">
                        <input
                            type="radio"
                            class="radio radio-sm radio-primary mt-0.5 border-muted"
                            name=name
                            value=way.value
                            checked=checked
                            required
                            aria-describedby=described.clone()
                        />
                        <span class="min-w-0">
                            <span class="font-medium">{way.label}</span>
                            {hint}
                        </span>
                    </label>
                    {more}
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="flex min-w-0 flex-col gap-2.5">
            <legend class="mb-2.5 text-sm font-semibold">{label}</legend>
            {ways}
            {about.error()}
        </fieldset>
    }
}
