//! The small fields of the picture. Each has its form field's name as its id, and says below it
//! what is wrong with it.

use super::Desk;
use leptos::prelude::*;

/// What is wrong with a field, below it.
pub(super) fn error(desk: Desk, field: &str) -> impl IntoView + use<> {
    let field = field.to_owned();
    let id = format!("{field}-error");
    move || {
        let all = desk.wrong(&field);
        (!all.is_empty()).then(|| {
            let lines = all.into_iter().map(|text| view! { <span class="block">{text}</span> });
            view! {
                <span id=id.clone() class="flex basis-full items-start gap-1.5 text-sm font-medium text-error">
                    <span class="icon-[lucide--circle-alert] mt-0.5 shrink-0" aria-hidden="true"></span>
                    <span>{lines.collect_view()}</span>
                </span>
            }
        })
    }
}

/// `true` for `aria-invalid` while something is wrong with a field.
pub(super) fn invalid(desk: Desk, field: &str) -> impl Fn() -> Option<&'static str> + use<> {
    let field = field.to_owned();
    move || (!desk.wrong(&field).is_empty()).then_some("true")
}

/// For `aria-describedby`: what is wrong with a field.
pub(super) fn described(desk: Desk, field: &str) -> impl Fn() -> Option<String> + use<> {
    let field = field.to_owned();
    move || (!desk.wrong(&field).is_empty()).then(|| format!("{field}-error"))
}

/// True for the field that takes the focus.
pub(super) fn first(desk: Desk, field: &str) -> bool {
    desk.focus.with_value(|focus| focus.as_deref() == Some(field))
}

/// A text that is read aloud.
pub(super) fn spoken(desk: Desk, field: String, label: &'static str, value: &str) -> AnyView {
    // Leptos 0.8 does not escape what stands inside a textarea.
    let text = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let rows = (value.chars().count() / 60 + 1).clamp(2, 8).to_string();
    view! {
        <label class="flex flex-col gap-1 text-sm font-semibold">
            {label}
            <textarea
                class="textarea textarea-sm text-sm w-full font-normal"
                id=field.clone()
                name=field.clone()
                rows=rows
                maxlength="1000"
                autofocus=first(desk, &field)
                aria-invalid=invalid(desk, &field)
                aria-describedby=described(desk, &field)
                inner_html=text
            ></textarea>
        </label>
        {error(desk, &field)}
    }
    .into_any()
}

/// A whole number. A text field, so that what is no number is told beside it and not taken away
/// by the browser.
pub(super) fn whole(
    desk: Desk,
    field: String,
    label: &'static str,
    value: String,
    unit: &'static str,
) -> AnyView {
    view! {
        <div class="flex flex-col gap-1">
            <label class="flex items-center gap-2 text-sm font-semibold">
                {label}
                <input
                    class="input input-sm text-sm w-16 text-end font-normal tabular-nums"
                    id=field.clone()
                    name=field.clone()
                    value=value
                    inputmode="numeric"
                    autocomplete="off"
                    autofocus=first(desk, &field)
                    aria-invalid=invalid(desk, &field)
                    aria-describedby=described(desk, &field)
                />
                <span class="font-normal text-muted">{unit}</span>
            </label>
            {error(desk, &field)}
        </div>
    }
    .into_any()
}

/// A choice among a few words; a value that is none of them stays.
pub(super) fn choice(
    field: String,
    label: &'static str,
    value: &str,
    all: &[(&'static str, &'static str)],
) -> AnyView {
    let known = all.iter().any(|(word, _)| *word == value);
    let own = (!known).then(|| {
        let value = value.to_owned();
        view! { <option value=value.clone() selected=true>{value.clone()}</option> }
    });
    let options = all
        .iter()
        .map(|(word, text)| {
            let selected = *word == value;
            view! { <option value=*word selected=selected>{*text}</option> }
        })
        .collect_view();
    view! {
        <label class="flex items-center gap-2 text-sm font-semibold">
            {label}
            <select class="select select-sm text-sm w-auto font-normal" id=field.clone() name=field>{own} {options}</select>
        </label>
    }
    .into_any()
}

/// A button of the editor; `text` stands beside the icon, `label` is what it does.
pub(super) fn op(
    value: String,
    icon: &'static str,
    label: &str,
    text: Option<&'static str>,
) -> AnyView {
    let label = label.to_owned();
    let class = if text.is_none() {
        "btn btn-ghost btn-xs btn-square text-muted hover:text-base-content"
    } else {
        "btn btn-ghost btn-xs text-primary"
    };
    view! {
        <button type="submit" name="op" value=value class=class aria-label=label.clone() title=label formnovalidate>
            <span class=icon aria-hidden="true"></span>
            {text}
        </button>
    }
    .into_any()
}
