//! The routing editor: the call's way as a picture, edited in place.
//!
//! It draws the fields of a form that stands around it. Without wasm every button is a submit
//! button whose `op` the server carries out; with wasm the island reads its own fields, applies
//! the same `op` with the same code and draws itself anew, asks the server what a call would do
//! now, and can undo. It holds no value that the form does not hold.

#[cfg(feature = "hydrate")]
mod browser;
mod fields;
mod hours;
mod node;

use chrono::NaiveDate;
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use voxlink_types::routing::{LANGUAGES, Next, NodeName, Plan, Problem};

/// What the server says of a form that is not saved: the way of the call that is tried, and what
/// stands beside the picture, as HTML.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Preview {
    /// The nodes that the call goes through.
    pub lit: Vec<String>,
    /// Everything wrong with the plan.
    pub problems: Vec<Problem>,
    /// HTML by the id of the element that it belongs into.
    pub parts: Vec<(String, String)>,
}

/// The state of an editor. Copies are one editor.
#[derive(Debug, Clone, Copy)]
struct Desk {
    /// The plan whose fields are drawn; drawing anew replaces every field.
    drawn: RwSignal<Plan>,
    /// Counts the drawings.
    drawing: RwSignal<u32>,
    /// The plan as the fields say at this moment.
    typed: RwSignal<Plan>,
    /// Nodes that the tried call goes through.
    lit: RwSignal<BTreeSet<String>>,
    /// What is wrong, by form field, or by `n.NODE`.
    problems: RwSignal<BTreeMap<String, Vec<String>>>,
    /// The field that takes the focus first.
    focus: StoredValue<Option<String>>,
    /// Earlier plans, and those that were undone.
    past: RwSignal<Vec<Plan>>,
    future: RwSignal<Vec<Plan>>,
    /// What was saved last, if this page began with it.
    saved: StoredValue<Option<Plan>>,
    /// The time zones there are.
    zones: StoredValue<Vec<String>>,
    /// Read out when something was done.
    said: RwSignal<String>,
}

impl Desk {
    fn say_problems(self, all: Vec<Problem>) {
        let mut by_field: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for problem in all {
            let field = problem.field.unwrap_or_else(|| format!("n.{}", problem.node));
            by_field.entry(field).or_default().push(problem.message);
        }
        self.problems.set(by_field);
    }

    /// What is wrong with a field.
    fn wrong(self, field: &str) -> Vec<String> {
        self.problems.with(|all| all.get(field).cloned().unwrap_or_default())
    }

    fn unsaved(self) -> bool {
        self.typed.with(|typed| self.saved.with_value(|saved| saved.as_ref() != Some(typed)))
    }
}

/// Draws and edits a plan. `lit`: the nodes that the tried call goes through; `problems`: what is
/// wrong; `focus`: the field that takes the focus; `saved`: the plan is as it was saved; `today`
/// and `zone`: the number's; `zones`: all there are; `ask`: where a [`Preview`] is had.
#[island]
pub fn PlanEditor(
    plan: Plan,
    lit: Vec<String>,
    problems: Vec<Problem>,
    focus: Option<String>,
    saved: bool,
    today: NaiveDate,
    zone: String,
    zones: Vec<String>,
    ask: String,
    editable: bool,
) -> impl IntoView {
    let desk = Desk {
        drawn: RwSignal::new(plan.clone()),
        drawing: RwSignal::new(0),
        typed: RwSignal::new(plan.clone()),
        lit: RwSignal::new(lit.into_iter().collect()),
        problems: RwSignal::new(BTreeMap::new()),
        focus: StoredValue::new(focus),
        past: RwSignal::new(Vec::new()),
        future: RwSignal::new(Vec::new()),
        saved: StoredValue::new(saved.then_some(plan)),
        zones: StoredValue::new(zones),
        said: RwSignal::new(String::new()),
    };
    desk.say_problems(problems);
    let root = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    browser::wake(root, desk, browser::Number { today, zone, ask, editable });
    #[cfg(not(feature = "hydrate"))]
    drop((today, zone, ask));
    let history = |back: bool| {
        let (label, icon, list) = if back {
            ("Undo", "icon-[lucide--undo-2]", desk.past)
        } else {
            ("Redo", "icon-[lucide--redo-2]", desk.future)
        };
        let act = move |_| {
            #[cfg(feature = "hydrate")]
            browser::travel(root, desk, back);
        };
        view! {
            <button type="button" class="btn btn-ghost btn-sm" on:click=act disabled=move || list.with(Vec::is_empty)>
                <span class=icon aria-hidden="true"></span>
                {label}
            </button>
        }
    };
    let tools = editable.then(|| {
        let state = move || {
            if desk.unsaved() {
                view! {
                    <span class="inline-flex items-center gap-1.5 font-medium text-warning">
                        <span class="icon-[lucide--circle-dot]" aria-hidden="true"></span>
                        "Changes that are not saved"
                    </span>
                }
                .into_any()
            } else {
                view! { <span class="text-muted">"All changes are saved"</span> }.into_any()
            }
        };
        view! {
            <div class="needs-wasm mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
                {history(true)} {history(false)}
                <span id="unsaved" class="ms-auto">{state}</span>
            </div>
        }
    });
    view! {
        <div node_ref=root>
            {tools}
            <p role="status" class="sr-only">{move || desk.said.get()}</p>
            <fieldset disabled=!editable class="min-w-0">
                <legend class="sr-only">"The path of a call"</legend>
                // A drawing is made of new elements, so that every field shows what the plan says.
                <For each=move || [desk.drawing.get()] key=|drawing| *drawing let:_drawing>
                    {desk.drawn.with_untracked(|plan| picture(plan, desk))}
                </For>
            </fieldset>
        </div>
    }
}

/// The whole picture, top to bottom: each node stands where a call comes to it first; later
/// branches to it are links. Nodes that no call reaches stand at the end.
fn picture(plan: &Plan, desk: Desk) -> AnyView {
    let mut drawn = BTreeSet::new();
    let start = Next::Node(plan.entry.clone());
    let way = draw(plan, desk, &plan.entry, &mut drawn);
    let rest: Vec<NodeName> = plan.nodes.keys().filter(|n| !drawn.contains(*n)).cloned().collect();
    let rest = (!rest.is_empty()).then(|| {
        let nodes = rest.iter().map(|name| draw(plan, desk, name, &mut drawn)).collect_view();
        view! {
            <div class="mt-6 flex flex-col gap-4 border-t-2 border-dashed border-line pt-4">
                <p class="flex items-center gap-2 text-sm font-semibold text-muted">
                    <span class="icon-[lucide--unplug]" aria-hidden="true"></span>
                    "Not connected: no call comes here yet"
                </p>
                {nodes}
            </div>
        }
    });
    let voice = plan.voice.to_string();
    let before = plan.entry.to_string();
    view! {
        <div class="flex flex-col">
            <div class="surface flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
                <span class="brand-gradient grid size-9 shrink-0 place-items-center rounded-full">
                    <span class="icon-[lucide--phone-incoming] text-lg" aria-hidden="true"></span>
                </span>
                <span class="font-semibold">"A call comes in"</span>
                <input type="hidden" name="entry-before" value=before />
                {node::select(desk, "entry".to_owned(), "The first thing that happens".to_owned(), plan, Some(&start), false, true)}
            </div>
            <div class="ms-8 h-5 w-0.5 bg-line" aria-hidden="true"></div>
            {way}
            {rest}
            <div class="mt-6 flex flex-wrap items-center gap-x-6 gap-y-3 border-t border-base-300 pt-4">
                <span class="text-sm text-muted">"Texts are read by"</span>
                {fields::choice("voice".to_owned(), "Voice", &voice, &[("woman", "Female voice"), ("man", "Male voice")])}
                {fields::choice("language".to_owned(), "Language", &plan.language, LANGUAGES)}
            </div>
        </div>
    }
    .into_any()
}

/// A node and, below it, where its branches lead.
fn draw(plan: &Plan, desk: Desk, name: &NodeName, drawn: &mut BTreeSet<NodeName>) -> AnyView {
    let Some(node) = plan.nodes.get(name) else { return ().into_any() };
    drawn.insert(name.clone());
    let branches = node
        .kind
        .branches()
        .into_iter()
        .map(|(field, label, next, optional)| {
            let below = match next {
                Some(Next::Node(to)) if plan.nodes.contains_key(to) && !drawn.contains(to) => {
                    draw(plan, desk, to, drawn)
                }
                Some(Next::Node(to)) if plan.nodes.contains_key(to) => {
                    let title = plan.title(to).to_owned();
                    view! {
                        <a class="link-quiet inline-flex min-h-6 items-center gap-1 text-sm" href=format!("#node-{to}")>
                            <span class="icon-[lucide--corner-right-up]" aria-hidden="true"></span>
                            {format!("goes on at “{title}”, above")}
                        </a>
                    }
                    .into_any()
                }
                _ => ().into_any(),
            };
            let head = node::branch(desk, plan, name, node, &field, label, next, optional);
            view! {
                <li class="relative flex min-w-0 flex-col gap-2 before:absolute before:-start-3 before:top-4 before:h-0.5 before:w-2 before:bg-line sm:before:-start-5 sm:before:w-4">
                    {head}
                    {below}
                </li>
            }
        })
        .collect::<Vec<_>>();
    let ends = branches.is_empty().then(|| {
        view! {
            <p class="ms-8 flex items-center gap-1.5 text-sm text-muted">
                <span class="icon-[lucide--flag]" aria-hidden="true"></span>
                "Here the call ends."
            </p>
        }
    });
    let more = matches!(node.kind, voxlink_types::routing::Kind::Menu(_)).then(|| {
        view! { <li>{fields::op(format!("add-key:{name}"), "icon-[lucide--plus]", "Add a key to the menu", Some("Add a key"))}</li> }
    });
    let card = node::card(desk, plan, name, node);
    view! {
        <section id=format!("node-{name}") class="flex min-w-0 scroll-mt-20 flex-col gap-3" aria-label=node.title.clone()>
            {card}
            <ul class="ms-1 flex flex-col gap-4 border-s-2 border-line ps-3 empty:hidden sm:ms-8 sm:ps-5">{branches} {more}</ul>
            {ends}
        </section>
    }
    .into_any()
}
