//! A visible countdown to an instant. Without wasm the time of the end stands there as text.

use leptos::prelude::*;

/// Counts down to `ends_at_millis` (Unix milliseconds, the server's clock); `server_now_millis`
/// takes the difference of the clocks out. `fallback` is the text without wasm, and the label.
#[island]
pub fn Countdown(ends_at_millis: i64, server_now_millis: i64, fallback: String) -> impl IntoView {
    let left = RwSignal::new((ends_at_millis - server_now_millis).max(0) / 1000);
    let running = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    {
        use std::time::Duration;
        Effect::new(move |_| {
            running.set(true);
            let started = web_sys::window().map_or(0.0, |_| js_now());
            let total = left.get_untracked();
            if let Ok(handle) = set_interval_with_handle(
                move || {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "whole seconds of a short time"
                    )]
                    let passed = ((js_now() - started) / 1000.0) as i64;
                    left.set((total - passed).max(0));
                },
                Duration::from_secs(1),
            ) {
                on_cleanup(move || handle.clear());
            }
        });
    }
    let label = fallback.clone();
    view! {
        <span class="inline-block min-w-24 whitespace-nowrap tabular-nums" role="timer" title=label>
            {move || {
                if running.get() {
                    let seconds = left.get();
                    format!("{}:{:02}", seconds / 60, seconds % 60)
                } else {
                    fallback.clone()
                }
            }}
        </span>
    }
}

#[cfg(feature = "hydrate")]
fn js_now() -> f64 {
    #[wasm_bindgen::prelude::wasm_bindgen]
    extern "C" {
        #[wasm_bindgen::prelude::wasm_bindgen(js_namespace = performance, js_name = now)]
        fn performance_now() -> f64;
    }
    performance_now()
}
