//! What the palette does in the browser.

use super::Destination;
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::KeyboardEvent;

/// Asks the server for numbers, once the typing rests; `asking` until it has answered.
pub(super) fn look_up(
    typed: RwSignal<String>,
    found: RwSignal<Vec<Destination>>,
    asking: RwSignal<bool>,
) {
    let asked = typed.get_untracked();
    if asked.trim().len() < 2 {
        found.set(Vec::new());
        asking.set(false);
        return;
    }
    asking.set(true);
    set_timeout(
        move || {
            if typed.get_untracked() != asked {
                return;
            }
            spawn_local(async move {
                let answer = fetch(&asked).await.unwrap_or_default();
                if typed.get_untracked() == asked {
                    found.set(answer);
                    asking.set(false);
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
