//! The routing editor: the call's way as a picture, edited in place.
//!
//! It draws the fields of a form that stands around it. Without wasm every button is a submit
//! button whose `op` the server carries out; with wasm the island reads its own fields, applies
//! the same `op` with the same code and draws itself anew.

mod node;

use chrono::NaiveDate;
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use voxlink_types::routing::{Next, NodeName, Plan};

/// What does not change while somebody edits.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "the day and the zone are for edits in the browser")
)]
struct About {
    /// Nodes that the rehearsed call went through.
    lit: BTreeSet<String>,
    /// What is wrong, by node.
    problems: BTreeMap<String, Vec<String>>,
    /// The first free day for a holiday.
    today: NaiveDate,
    /// The number's zone.
    zone: String,
}

/// Draws and edits a plan. `lit`: the names of the nodes that a rehearsed call went through;
/// `wrong`: names of nodes and what is wrong there; `today` and `zone`: the number's.
#[island]
pub fn PlanEditor(
    plan: Plan,
    lit: Vec<String>,
    wrong: Vec<(String, String)>,
    today: NaiveDate,
    zone: String,
    editable: bool,
) -> impl IntoView {
    let plan = RwSignal::new(plan);
    let mut problems: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (node, message) in wrong {
        problems.entry(node).or_default().push(message);
    }
    let about = About { lit: lit.into_iter().collect(), problems, today, zone };
    let (for_click, for_change) = (about.clone(), about.clone());
    let click = move |event: leptos::ev::MouseEvent| on_click(&event, plan, &for_click);
    let change = move |event: leptos::ev::Event| on_change(&event, plan, &for_change);
    view! {
        <div on:click=click on:change=change>
            <fieldset disabled=!editable class="min-w-0">
                <legend class="sr-only">"The way of a call"</legend>
                {move || picture(&plan.get(), &about)}
            </fieldset>
        </div>
    }
}

#[cfg(feature = "hydrate")]
fn on_click(event: &leptos::ev::MouseEvent, plan: RwSignal<Plan>, about: &About) {
    use wasm_bindgen::JsCast;
    let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let Some(button) = target.and_then(|t| t.closest("button[name=op]").ok().flatten()) else {
        return;
    };
    if let Some(op) = button.get_attribute("value")
        && redraw(&button, plan, about, &op)
    {
        event.prevent_default();
    }
}

#[cfg(feature = "hydrate")]
fn on_change(event: &leptos::ev::Event, plan: RwSignal<Plan>, about: &About) {
    use wasm_bindgen::JsCast;
    let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    if let Some(select) = target.filter(|t| t.has_attribute("data-branch")) {
        redraw(&select, plan, about, "");
    }
}

/// Reads the form around an element, applies the button, draws anew. What cannot be read is left
/// to the server, which says what is wrong with it.
#[cfg(feature = "hydrate")]
fn redraw(element: &web_sys::Element, plan: RwSignal<Plan>, about: &About, op: &str) -> bool {
    use voxlink_types::routing::{edit, read_form};
    use wasm_bindgen::JsCast;
    let form = element.closest("form").ok().flatten();
    let Some(form) = form.and_then(|f| f.dyn_into::<web_sys::HtmlFormElement>().ok()) else {
        return false;
    };
    let Ok(data) = web_sys::FormData::new_with_form(&form) else { return false };
    let mut fields = Vec::new();
    for entry in data.entries().into_iter().flatten() {
        let pair = js_sys::Array::from(&entry);
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) {
            fields.push((name, value));
        }
    }
    let mut form = read_form(&fields, &about.zone);
    if !form.errors.is_empty() {
        return false;
    }
    edit(&mut form.plan, op, about.today);
    plan.set(form.plan);
    true
}

#[cfg(not(feature = "hydrate"))]
fn on_click(_: &leptos::ev::MouseEvent, _: RwSignal<Plan>, _: &About) {}

#[cfg(not(feature = "hydrate"))]
fn on_change(_: &leptos::ev::Event, _: RwSignal<Plan>, _: &About) {}

/// The whole picture, top to bottom: each node stands where a call comes to it first; later
/// branches to it are links. Nodes that no call reaches stand at the end.
fn picture(plan: &Plan, about: &About) -> AnyView {
    let mut drawn = BTreeSet::new();
    let start = Next::Node(plan.entry.clone());
    let way = draw(plan, about, &plan.entry, &mut drawn);
    let rest: Vec<NodeName> = plan.nodes.keys().filter(|n| !drawn.contains(*n)).cloned().collect();
    let rest = rest.iter().map(|name| draw(plan, about, name, &mut drawn)).collect_view();
    let voice = plan.voice.to_string();
    view! {
        <div class="flex flex-col gap-4">
            <div class="flex flex-wrap items-end gap-3">
                <div class="flex items-center gap-2 font-semibold">
                    <span class="icon-[lucide--phone-incoming] text-xl text-accent" aria-hidden="true"></span>
                    "A call comes in"
                </div>
                {node::select("entry".to_owned(), "The first thing that happens".to_owned(), plan, Some(&start), false, true)}
            </div>
            {way}
            {rest}
            <div class="flex flex-wrap gap-4 border-t border-base-300 pt-4">
                {node::choice("voice".to_owned(), "Voice", &voice, &[("woman", "A woman"), ("man", "A man")])}
                {node::choice("language".to_owned(), "Language", &plan.language, node::LANGUAGES)}
            </div>
        </div>
    }
    .into_any()
}

/// A node and, below it, where its branches lead.
fn draw(plan: &Plan, about: &About, name: &NodeName, drawn: &mut BTreeSet<NodeName>) -> AnyView {
    let Some(node) = plan.nodes.get(name) else { return ().into_any() };
    drawn.insert(name.clone());
    let branches = node
        .kind
        .branches()
        .into_iter()
        .map(|(field, label, next, optional)| {
            let below = match next {
                Some(Next::Node(to)) if plan.nodes.contains_key(to) && !drawn.contains(to) => {
                    draw(plan, about, to, drawn)
                }
                Some(Next::Node(to)) if plan.nodes.contains_key(to) => {
                    let title = plan.title(to).to_owned();
                    view! {
                        <a class="link-quiet inline-flex items-center gap-1 text-sm" href=format!("#node-{to}")>
                            <span class="icon-[lucide--corner-right-up]" aria-hidden="true"></span>
                            {format!("goes on at “{title}”")}
                        </a>
                    }
                    .into_any()
                }
                Some(Next::HangUp) => view! {
                    <span class="inline-flex items-center gap-1 text-sm text-muted">
                        <span class="icon-[lucide--phone-off]" aria-hidden="true"></span>
                        "the call ends"
                    </span>
                }
                .into_any(),
                _ if optional => ().into_any(),
                _ => view! {
                    <span class="inline-flex items-center gap-1 text-sm font-medium text-error">
                        <span class="icon-[lucide--circle-alert]" aria-hidden="true"></span>
                        "not set yet"
                    </span>
                }
                .into_any(),
            };
            let head = node::branch(plan, name, node, &field, label, next, optional);
            view! {
                <li class="flex min-w-0 flex-col gap-2">
                    {head}
                    {below}
                </li>
            }
        })
        .collect::<Vec<_>>();
    let ends = branches.is_empty().then(|| {
        view! { <p class="ms-4 text-sm text-muted">"Here the call ends."</p> }
    });
    let card = node::card(
        plan,
        name,
        node,
        about.lit.contains(name.as_str()),
        about.problems.get(name.as_str()),
    );
    view! {
        <section id=format!("node-{name}") class="flex min-w-0 scroll-mt-20 flex-col gap-3" aria-label=node.title.clone()>
            {card}
            <ul class="ms-1 flex flex-col gap-4 border-s-2 border-base-300 ps-3 empty:hidden sm:ms-4 sm:ps-5">{branches}</ul>
            {ends}
        </section>
    }
    .into_any()
}
