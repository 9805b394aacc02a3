//! The fields of a form: label, hint, what was typed, and what is wrong with it, all tied
//! together for those who listen.

use super::list::InFilterBar;
use crate::{Wrong, render::escape};
use leptos::prelude::*;

/// What a field finds out about itself.
pub(super) struct About {
    id: String,
    hint_id: String,
    error_id: String,
    error: Option<String>,
    focus: bool,
}

impl About {
    pub(super) fn field(name: &str) -> Self {
        let wrong = use_context::<Wrong>().unwrap_or_default();
        Self {
            id: format!("field-{name}"),
            hint_id: format!("field-{name}-hint"),
            error_id: format!("field-{name}-error"),
            error: wrong.about(name).map(str::to_owned),
            focus: wrong.is_first(name),
        }
    }

    pub(super) fn described_by(&self, hint: bool) -> Option<String> {
        let ids = [
            hint.then(|| self.hint_id.clone()),
            self.error.is_some().then(|| self.error_id.clone()),
        ];
        let ids: Vec<_> = ids.into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn invalid(&self) -> Option<&'static str> {
        self.error.is_some().then_some("true")
    }

    fn hint(&self, hint: Option<String>) -> Option<impl IntoView + use<>> {
        let id = self.hint_id.clone();
        hint.map(|text| view! { <p id=id class="text-sm text-muted [overflow-wrap:anywhere]">{text}</p> })
    }

    pub(super) fn error(&self) -> Option<impl IntoView + use<>> {
        let id = self.error_id.clone();
        self.error.clone().map(|text| {
            view! {
                <p id=id class="flex items-center gap-1.5 text-sm font-medium text-error">
                    <span class="icon-[lucide--circle-alert] shrink-0" aria-hidden="true"></span>
                    {text}
                </p>
            }
        })
    }

    fn label(&self, label: String, optional: bool) -> impl IntoView + use<> {
        let id = self.id.clone();
        let optional = optional && use_context::<InFilterBar>().is_none();
        view! {
            <label for=id class="text-sm font-semibold">
                {label} {optional.then(|| view! { <span class="font-normal text-muted">" (optional)"</span> })}
            </label>
        }
    }
}

/// A field of one line.
#[component]
pub fn Field(
    /// The form field's name; also how its error is found.
    name: &'static str,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The input's type: `text`, `email`, `password`, `tel`, `number`, `date`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// What was typed or is stored.
    #[prop(optional, into)]
    value: Option<String>,
    /// How to fill it in.
    #[prop(optional, into)]
    hint: Option<String>,
    /// An example.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// May stay empty; says so.
    #[prop(optional)]
    optional: bool,
    /// Another field decides whether it may stay empty: the handler asks for it, the browser not.
    #[prop(optional)]
    depends: bool,
    /// What a browser may fill in.
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// Longest text.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// `numeric`, `decimal`, `tel`: the keyboard on a phone.
    #[prop(optional, into)]
    inputmode: Option<String>,
    /// Suggestions: the id of a `datalist`.
    #[prop(optional, into)]
    list: Option<String>,
    /// Takes the focus when nothing is wrong.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let about = About::field(name);
    let class = if about.error.is_some() { "input input-error w-full" } else { "input w-full" };
    // A password is never sent back.
    let value = if kind == "password" { None } else { value };
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            {about.label(label, optional)}
            <input
                class=class
                id=about.id.clone()
                name=name
                type=kind
                value=value
                placeholder=placeholder
                required=!(optional || depends)
                autocomplete=autocomplete
                maxlength=maxlength
                inputmode=inputmode
                list=list
                autofocus=about.focus || autofocus
                aria-invalid=about.invalid()
                aria-describedby=about.described_by(hint.is_some())
            />
            {about.error()}
            {about.hint(hint)}
        </div>
    }
}

/// A field of several lines. It escapes its text itself: Leptos 0.8 does not escape what stands
/// inside a `textarea`. The bare tag is used nowhere else.
#[component]
pub fn TextArea(
    /// The form field's name.
    name: &'static str,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// What was typed or is stored.
    #[prop(optional, into)]
    value: Option<String>,
    /// How to fill it in.
    #[prop(optional, into)]
    hint: Option<String>,
    /// May stay empty; says so.
    #[prop(optional)]
    optional: bool,
    /// Whether it may stay empty depends on other fields; the label or the hint says on what.
    #[prop(optional)]
    depends: bool,
    /// Longest text.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// Lines shown.
    #[prop(default = 4)]
    rows: u32,
) -> impl IntoView {
    let about = About::field(name);
    let class =
        if about.error.is_some() { "textarea textarea-error w-full" } else { "textarea w-full" };
    // A first line break is dropped by the parser, so one is put before the text.
    let text = format!("\n{}", escape(&value.unwrap_or_default()));
    view! {
        <div class="flex flex-col gap-1.5">
            {about.label(label, optional)}
            <textarea
                class=class
                id=about.id.clone()
                name=name
                rows=rows
                required=!(optional || depends)
                maxlength=maxlength
                autofocus=about.focus
                aria-invalid=about.invalid()
                aria-describedby=about.described_by(hint.is_some())
                inner_html=text
            ></textarea>
            {about.error()}
            {about.hint(hint)}
        </div>
    }
}

/// A file, which may stay unchosen. What was chosen cannot be shown again.
#[component]
pub fn FileField(
    /// The form field's name.
    name: &'static str,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// Which kinds the browser offers.
    accept: &'static str,
    /// What it must be.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    let about = About::field(name);
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            {about.label(label, true)}
            <input
                class="file-input w-full"
                id=about.id.clone()
                name=name
                type="file"
                accept=accept
                autofocus=about.focus
                aria-invalid=about.invalid()
                aria-describedby=about.described_by(hint.is_some())
            />
            {about.error()}
            {about.hint(hint)}
        </div>
    }
}

/// One choice of a [`Select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// A choice of one among several.
#[component]
pub fn Select(
    /// The form field's name.
    name: &'static str,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The choices.
    choices: Vec<Choice>,
    /// The chosen one.
    #[prop(optional, into)]
    value: Option<String>,
    /// How to choose.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Nothing need be chosen: adds a first, empty choice with this label.
    #[prop(optional, into)]
    none: Option<String>,
) -> impl IntoView {
    let about = About::field(name);
    let class = if about.error.is_some() { "select select-error w-full" } else { "select w-full" };
    let chosen = value.unwrap_or_default();
    let required = none.is_none();
    let first = none.map(|label| view! { <option value="">{label}</option> });
    let options = choices
        .into_iter()
        .map(|c| {
            let selected = c.value == chosen;
            view! { <option value=c.value selected=selected>{c.label}</option> }
        })
        .collect_view();
    view! {
        <div class="flex min-w-0 flex-col gap-1.5 sm:min-w-36">
            {about.label(label, false)}
            <select
                class=class
                id=about.id.clone()
                name=name
                required=required
                autofocus=about.focus
                aria-invalid=about.invalid()
                aria-describedby=about.described_by(hint.is_some())
            >
                {first} {options}
            </select>
            {about.error()}
            {about.hint(hint)}
        </div>
    }
}

/// Yes or no. `children` is what is agreed to.
#[component]
pub fn Checkbox(
    /// The form field's name.
    name: &'static str,
    /// Ticked.
    #[prop(optional)]
    checked: bool,
    /// What is sent when it is ticked.
    #[prop(default = "true".to_owned(), into)]
    value: String,
    /// The browser refuses the form without it.
    #[prop(optional)]
    required: bool,
    children: Children,
) -> impl IntoView {
    let about = About::field(name);
    view! {
        <div class="flex flex-col gap-1.5">
            <label class="flex items-start gap-2.5 text-sm">
                <input
                    type="checkbox"
                    class="checkbox checkbox-primary -mt-0.5 border-muted"
                    name=name
                    value=value
                    checked=checked
                    required=required
                    autofocus=about.focus
                    aria-invalid=about.invalid()
                    aria-describedby=about.described_by(false)
                />
                <span>{children()}</span>
            </label>
            {about.error()}
        </div>
    }
}

/// Asks for a word to be typed before something dangerous; the browser already refuses anything
/// else but blanks around it and another case, and the handler compares `confirm` again.
#[component]
pub fn TypedConfirmation(
    /// What must be typed.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    let about = About::field("confirm");
    let pattern = word
        .chars()
        .map(|c| match c {
            // With the flag that browsers set, nothing else may be escaped.
            c if r"^$\.*+?()[]{}|/".contains(c) => format!("\\{c}"),
            c if c.is_ascii_alphabetic() => {
                format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
            }
            c => c.to_string(),
        })
        .collect::<String>();
    let pattern = format!("\\s*{pattern}\\s*");
    let title = format!("Type {word}");
    view! {
        <div class="flex flex-col gap-1.5">
            <label for=about.id.clone() class="text-sm font-semibold">
                "Type " <code class="rounded bg-base-200 px-1.5 py-0.5 [overflow-wrap:anywhere] select-all">{word}</code> " to confirm"
            </label>
            <input
                class="input w-full"
                id=about.id.clone()
                name="confirm"
                type="text"
                required
                pattern=pattern
                title=title
                autocomplete="off"
                spellcheck="false"
                autofocus=about.focus
                aria-invalid=about.invalid()
                aria-describedby=about.described_by(false)
            />
            {about.error()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(view: impl FnOnce() -> AnyView) -> String {
        Owner::new().with(|| view().to_html())
    }

    #[test]
    fn what_was_typed_into_several_lines_is_never_markup() {
        let evil = "</textarea><script>alert(1)</script>&lt;";
        let page = html(|| view! { <TextArea name="note" label="Note" value=evil /> }.into_any());
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("&lt;/textarea&gt;&lt;script&gt;"), "{page}");
        assert!(page.contains("&amp;lt;"), "{page}");
    }

    #[test]
    fn a_field_tells_what_is_wrong_and_takes_the_focus() {
        let page = html(|| {
            provide_context(Wrong::field("email", "Write an address with an @."));
            view! { <Field name="email" label="E-mail" kind="email" value="ann".to_owned() hint="For signing in." /> }
                .into_any()
        });
        assert!(page.contains("aria-invalid=\"true\""), "{page}");
        assert!(page.contains("aria-describedby=\"field-email-hint field-email-error\""), "{page}");
        assert!(page.contains("autofocus"), "{page}");
        assert!(page.contains("value=\"ann\""), "{page}");
        assert!(page.contains("Write an address with an @."), "{page}");
    }

    #[test]
    fn a_confirmation_is_taken_in_any_case_and_with_blanks_around_it() {
        let page = html(|| view! { <TypedConfirmation word="no +1-2" /> }.into_any());
        assert!(page.contains(r#"pattern="\s*[nN][oO] \+1-2\s*""#), "{page}");
    }

    #[test]
    fn a_password_is_never_sent_back() {
        let page = html(|| {
            view! { <Field name="password" label="Password" kind="password" value="hunter2".to_owned() /> }
                .into_any()
        });
        assert!(!page.contains("hunter2"), "{page}");
    }
}
