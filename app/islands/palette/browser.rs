//! What the palette does in the browser.

use super::Destination;
use leptos::{ev, prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlDetailsElement, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// Listens on the window for what any page may ask for.
pub(super) fn conveniences(typed: RwSignal<String>, chosen: RwSignal<usize>) {
    let keys = window_event_listener(ev::keydown, move |event| {
        if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            typed.set(String::new());
            chosen.set(0);
            if let Some(palette) = palette().filter(|palette| !palette.open()) {
                let _ = palette.show_modal();
            }
        } else if event.key() == "Escape" {
            close_menus(None);
        }
    });
    let clicks = window_event_listener(ev::click, |event| {
        let Some(target) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else {
            return;
        };
        if let Ok(Some(button)) = target.closest("[data-copy]") {
            copy(&button);
        }
        // A click on the backdrop is a click on the dialog itself.
        if target.id() == "palette"
            && let Some(palette) = palette()
        {
            palette.close();
        }
        close_menus(Some(&target));
    });
    let submits = window_event_listener(ev::submit, |event| {
        let form = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok());
        if let Some(form) = form.filter(|form| form.has_attribute("data-once")) {
            if form.has_attribute("data-sent") {
                event.prevent_default();
            } else {
                let _ = form.set_attribute("data-sent", "");
            }
        }
    });
    // A page that comes back from the browser's memory may be sent again.
    let shown = window_event_listener(ev::pageshow, |_| {
        each("form[data-sent]", |form| {
            let _ = form.remove_attribute("data-sent");
        });
    });
    on_cleanup(move || {
        keys.remove();
        clicks.remove();
        submits.remove();
        shown.remove();
    });
}

/// Asks the server for numbers, once the typing rests.
pub(super) fn look_up(typed: RwSignal<String>, found: RwSignal<Vec<Destination>>) {
    let asked = typed.get_untracked();
    if asked.trim().len() < 2 {
        found.set(Vec::new());
        return;
    }
    set_timeout(
        move || {
            if typed.get_untracked() != asked {
                return;
            }
            spawn_local(async move {
                let answer = fetch(&asked).await.unwrap_or_default();
                if typed.get_untracked() == asked {
                    found.set(answer);
                }
            });
        },
        Duration::from_millis(120),
    );
}

/// Arrow keys move, Enter goes.
pub(super) fn move_or_go(event: &KeyboardEvent, chosen: RwSignal<usize>, places: &[Destination]) {
    let last = places.len().saturating_sub(1);
    match event.key().as_str() {
        "ArrowDown" => chosen.update(|i| *i = if *i >= last { 0 } else { *i + 1 }),
        "ArrowUp" => chosen.update(|i| *i = i.checked_sub(1).unwrap_or(last)),
        "Enter" => {
            if let Some(place) = places.get(chosen.get_untracked()) {
                let _ = window().location().assign(&place.href);
            }
        }
        _ => return,
    }
    event.prevent_default();
}

async fn fetch(query: &str) -> Option<Vec<Destination>> {
    let encoded = String::from(js_sys::encode_uri_component(query));
    let promise = window().fetch_with_str(&format!("/find?q={encoded}"));
    let response: web_sys::Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let text: JsValue = JsFuture::from(response.text().ok()?).await.ok()?;
    serde_json::from_str(&text.as_string()?).ok()
}

fn palette() -> Option<HtmlDialogElement> {
    document().get_element_by_id("palette")?.dyn_into().ok()
}

/// Copies what a button carries, and shows for a moment that it did.
fn copy(button: &Element) {
    let Some(text) = button.get_attribute("data-copy") else { return };
    let promise = window().navigator().clipboard().write_text(&text);
    let button = button.clone();
    spawn_local(async move {
        if JsFuture::from(promise).await.is_ok() {
            let _ = button.set_attribute("data-copied", "");
            set_timeout(
                move || {
                    let _ = button.remove_attribute("data-copied");
                },
                Duration::from_millis(1_500),
            );
        }
    });
}

/// Closes the frame's open menus that do not hold `inside`.
fn close_menus(inside: Option<&Element>) {
    each("details[data-menu][open]", |menu| {
        let holds = inside.is_some_and(|target| menu.contains(Some(target)));
        if !holds && let Some(details) = menu.dyn_ref::<HtmlDetailsElement>() {
            details.set_open(false);
        }
    });
}

fn each(selector: &str, act: impl Fn(&Element)) {
    let Ok(list) = document().query_selector_all(selector) else { return };
    for i in 0..list.length() {
        if let Some(element) = list.get(i).and_then(|node| node.dyn_into::<Element>().ok()) {
            act(&element);
        }
    }
}
