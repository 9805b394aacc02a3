//! The wasm entry: wakes the islands of a page. Using the crate keeps its exports in the binary.

use voxlink_islands as _;

/// Called by the page's script once the wasm has loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
