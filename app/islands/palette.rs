//! The command palette. The page's script opens it at Ctrl-K or ⌘K and fetches the wasm then, not
//! before: on most pages it is the only island, and most visits never ask for it.

#[cfg(feature = "hydrate")]
mod browser;

use leptos::prelude::*;

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Destination {
    /// What it is called.
    pub label: String,
    /// What it is, in a word or two.
    pub hint: String,
    /// Its address.
    pub href: String,
}

/// The palette. `places` are the entries of the menu; numbers are looked up at `/find?q=`, which
/// answers what the person may see.
#[island]
pub fn Palette(places: Vec<Destination>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Destination>::new());
    let chosen = RwSignal::new(0usize);
    // The server is being asked.
    let asking = RwSignal::new(false);
    let matching = Memo::new(move |_| {
        let wanted = typed.get().to_lowercase();
        let mut all: Vec<Destination> = places
            .iter()
            .filter(|place| place.label.to_lowercase().contains(wanted.trim()))
            .cloned()
            .collect();
        all.extend(found.get());
        all
    });
    let on_input = move |event: leptos::ev::Event| {
        #[cfg(not(feature = "hydrate"))]
        drop(event);
        #[cfg(feature = "hydrate")]
        {
            typed.set(event_target_value(&event));
            chosen.set(0);
            browser::look_up(typed, found, asking);
        }
    };
    let on_keydown = move |event: leptos::ev::KeyboardEvent| {
        #[cfg(not(feature = "hydrate"))]
        drop(event);
        #[cfg(feature = "hydrate")]
        browser::move_or_go(&event, chosen, &matching.get_untracked());
    };
    // It opens empty the next time.
    let on_close = move |_| {
        typed.set(String::new());
        found.set(Vec::new());
        chosen.set(0);
        asking.set(false);
    };
    let nothing = move || {
        (matching.with(Vec::is_empty) && !asking.get())
            .then(|| view! { <p class="px-5 py-4 text-muted">"Nothing found"</p> })
    };
    let options = move || {
        let current = chosen.get();
        matching
            .get()
            .into_iter()
            .enumerate()
            .map(|(i, place)| {
                let lit = i == current;
                let colours = if lit { "bg-glow text-primary" } else { "hover:bg-base-200" };
                view! {
                    <li role="option" id=format!("palette-{i}") aria-selected=if lit { "true" } else { "false" }>
                        <a href=place.href tabindex="-1" class=format!("flex items-center justify-between gap-4 rounded-field px-3 py-2 {colours}")>
                            <span class="truncate font-medium">{place.label}</span>
                            <span class="shrink-0 text-sm text-muted">{place.hint}</span>
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <dialog id="palette" aria-label="Go to" class="palette surface m-auto mt-[12vh] w-[min(36rem,calc(100vw-2rem))] p-0 text-base-content shadow-2xl" on:close=on_close>
            <input
                type="text"
                class="w-full border-b border-base-300 bg-transparent px-5 py-4 text-lg outline-none"
                placeholder="Go to a page or a number"
                aria-label="Go to a page or a number"
                role="combobox"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant=move || (!matching.with(Vec::is_empty)).then(|| format!("palette-{}", chosen.get()))
                autocomplete="off"
                prop:value=move || typed.get()
                on:input=on_input
                on:keydown=on_keydown
            />
            <ul id="palette-list" role="listbox" aria-label="Places" class="max-h-[50vh] overflow-y-auto p-2">
                {options}
            </ul>
            <div role="status">{nothing}</div>
        </dialog>
    }
}
