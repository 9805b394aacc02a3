//! One node of the picture, its fields and its branches.

use super::{
    Desk,
    fields::{choice, described, error, first, invalid, op, spoken, whole},
    hours,
};
use leptos::prelude::*;
use voxlink_types::routing::{Forward, Kind, Menu, Next, Node, NodeName, Plan, RejectReason, Ring};

/// The sheet of a node.
pub(super) fn card(desk: Desk, plan: &Plan, name: &NodeName, node: &Node) -> AnyView {
    let icon = match &node.kind {
        Kind::Forward(_) => "icon-[lucide--phone-forwarded]",
        Kind::Hours(_) => "icon-[lucide--clock]",
        Kind::Menu(_) => "icon-[lucide--grid-3x3]",
        Kind::Voicemail(_) => "icon-[lucide--voicemail]",
        Kind::Reject { .. } => "icon-[lucide--phone-off]",
        Kind::Message { .. } => "icon-[lucide--message-square-text]",
    };
    let word = node.kind.word();
    let word = Kind::WORDS.iter().find(|(w, _)| *w == word).map_or("", |(_, label)| label);
    let field = |f: &str| format!("n.{name}.{f}");
    let body = match &node.kind {
        Kind::Forward(f) => forward(desk, name, f),
        Kind::Hours(h) => hours::fields(desk, name, h),
        Kind::Menu(m) => menu(desk, name, m),
        Kind::Voicemail(v) => view! {
            {spoken(desk, field("greeting"), "Read before the tone", &v.greeting)}
            {whole(desk, field("max_seconds"), "Longest message", v.max_seconds.to_string(), "seconds")}
        }
        .into_any(),
        Kind::Reject { reason } => choice(
            field("reason"),
            "The caller hears",
            reason.as_str(),
            &[
                (RejectReason::Busy.as_str(), "the busy tone"),
                (RejectReason::Rejected.as_str(), "“not in service”"),
            ],
        ),
        Kind::Message { text, .. } => spoken(desk, field("text"), "Read to the caller", text),
    };
    let remove = (plan.nodes.len() > 1).then(|| {
        let label = format!("Remove {}", node.title);
        op(format!("remove-node:{name}"), "icon-[lucide--trash-2]", &label, None)
    });
    let lit = {
        let name = name.to_string();
        Memo::new(move |_| desk.lit.with(|lit| lit.contains(&name)))
    };
    let title = field("title");
    let node_field = format!("n.{name}");
    view! {
        <div
            class="surface min-w-0 p-4 transition-shadow data-[lit]:border-accent data-[lit]:ring-2 data-[lit]:ring-accent"
            data-lit=move || lit.get().then_some("")
        >
            <input type="hidden" name=field("kind") value=node.kind.word() />
            <div class="mb-3 flex items-center gap-x-3">
                <span class="grid size-9 shrink-0 place-items-center rounded-field bg-glow text-primary">
                    <span class=format!("{icon} text-lg") aria-hidden="true"></span>
                </span>
                <label class="min-w-0 flex-1">
                    <span class="block text-xs text-muted">{word} <span class="sr-only">": name of this step"</span></span>
                    <input class="input input-ghost input-sm -ms-1 h-8 w-full max-w-64 rounded-none border-0 border-b border-dashed border-line px-1 text-base font-semibold" id=title.clone() name=title.clone() value=node.title.clone() maxlength="60" autocomplete="off" autofocus=first(desk, &title) aria-invalid=invalid(desk, &title) aria-describedby=described(desk, &title) />
                </label>
                {move || lit.get().then(|| view! { <span class="badge badge-soft badge-success max-sm:hidden">"used by this call"</span> })}
                {remove}
            </div>
            {move || lit.get().then(|| view! { <span class="badge badge-soft badge-success mb-3 sm:hidden">"used by this call"</span> })}
            <div class="mb-3 empty:hidden">{error(desk, &title)}</div>
            <div class="flex min-w-0 flex-col gap-3">{body}</div>
            <div class="mt-2 empty:hidden">{error(desk, &node_field)}</div>
        </div>
    }
    .into_any()
}

/// The head of a branch: what it is called and where it leads. A menu's key is typed here.
#[expect(clippy::too_many_arguments, reason = "a branch is described by what Kind::branches gives")]
pub(super) fn branch(
    desk: Desk,
    plan: &Plan,
    name: &NodeName,
    node: &Node,
    field: &str,
    label: String,
    next: Option<&Next>,
    optional: bool,
) -> AnyView {
    let full = format!("n.{name}.{field}");
    let index = field.strip_prefix("key.").and_then(|f| f.strip_suffix(".next"));
    let key = match (&node.kind, index.and_then(|i| i.parse::<usize>().ok())) {
        (Kind::Menu(menu), Some(i)) => menu.keys.get(i).map(|(key, _)| {
            let press = format!("n.{name}.key.{i}.press");
            let up = (i > 0).then(|| {
                op(format!("raise-key:{name}:{i}"), "icon-[lucide--arrow-up]", &format!("Move key {key} up"), None)
            });
            let field = view! {
                <label class="flex items-center gap-1.5 text-sm font-semibold">
                    "Key"
                    <input class="input input-sm text-sm w-11 text-center font-mono font-semibold" id=press.clone() name=press.clone() value=key.to_string() title="0 to 9, * or #" autocomplete="off" autofocus=first(desk, &press) aria-invalid=invalid(desk, &press) aria-describedby=described(desk, &press) />
                </label>
            };
            let buttons = view! {
                {up}
                {op(format!("remove-key:{name}:{i}"), "icon-[lucide--x]", &format!("Remove key {key}"), None)}
            };
            (field.into_any(), buttons.into_any(), error(desk, &press).into_any())
        }),
        _ => None,
    };
    let is_key = key.is_some();
    let (key, buttons, wrong) = match key {
        Some((field, buttons, wrong)) => (Some(field), Some(buttons), Some(wrong)),
        None => (None, None, None),
    };
    view! {
        <div class="flex flex-wrap items-center gap-2">
            {key}
            {buttons}
            {select(desk, full, label, plan, next, optional, !is_key)}
            {wrong}
        </div>
    }
    .into_any()
}

/// Where a branch leads: nothing, an end, a node there is, a new one.
pub(super) fn select(
    desk: Desk,
    field: String,
    label: String,
    plan: &Plan,
    next: Option<&Next>,
    optional: bool,
    show_label: bool,
) -> AnyView {
    let chosen = Next::field(next);
    let is_entry = field == "entry";
    let option = |value: String, text: String| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    };
    let none = (!is_entry).then(|| {
        let text = if optional { "the same as above" } else { "– choose –" };
        option("-".to_owned(), text.to_owned())
    });
    let end = (!is_entry).then(|| option("hangup".to_owned(), "hang up".to_owned()));
    // A branch to a node that is gone keeps saying so.
    let gone = match next {
        Some(Next::Node(to)) if !plan.nodes.contains_key(to) => {
            Some(option(format!("to:{to}"), format!("“{to}”, which is gone")))
        }
        _ => None,
    };
    let nodes = plan
        .nodes
        .keys()
        .map(|name| {
            let value = format!("to:{name}");
            let selected = value == chosen;
            let (name, before) = (name.clone(), plan.title(name).to_owned());
            // The title as it is being typed.
            let title = move || {
                desk.typed.with(|plan| {
                    plan.nodes.get(&name).map_or_else(|| before.clone(), |n| n.title.clone())
                })
            };
            view! { <option value=value selected=selected>{title}</option> }
        })
        .collect_view();
    let fresh = Kind::WORDS
        .iter()
        .map(|(word, text)| option(format!("new:{word}"), format!("{text} …")))
        .collect_view();
    let class = if show_label { "text-sm font-semibold" } else { "sr-only" };
    view! {
        <label class="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span class=class>{label}</span>
            <span class="icon-[lucide--arrow-right] text-muted" aria-hidden="true"></span>
            <select class="select select-sm text-sm w-52 max-w-full" id=field.clone() name=field.clone() data-branch="" autofocus=first(desk, &field) aria-invalid=invalid(desk, &field) aria-describedby=described(desk, &field)>
                {none} {end} {gone}
                <optgroup label="Go to">{nodes}</optgroup>
                <optgroup label="A new step">{fresh}</optgroup>
            </select>
        </label>
        {error(desk, &field)}
    }
    .into_any()
}

fn forward(desk: Desk, name: &NodeName, forward: &Forward) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    let several = forward.targets.len() > 1;
    let targets = forward
        .targets
        .iter()
        .enumerate()
        .map(|(i, target)| {
            let up = (i > 0).then(|| {
                op(format!("raise-target:{name}:{i}"), "icon-[lucide--arrow-up]", &format!("Move number {} up", i + 1), None)
            });
            let remove = several.then(|| {
                op(format!("remove-target:{name}:{i}"), "icon-[lucide--x]", &format!("Remove number {}", i + 1), None)
            });
            let place = several.then(|| {
                view! { <span class="w-4 text-sm text-muted tabular-nums" aria-hidden="true">{i + 1}</span> }
            });
            let field = field(&format!("target.{i}"));
            view! {
                <li class="flex flex-wrap items-center gap-1">
                    {place}
                    <label class="min-w-0 max-w-80 flex-1">
                        <span class="sr-only">{format!("Number {} to ring", i + 1)}</span>
                        <input class="input input-sm text-sm w-full tabular-nums" id=field.clone() name=field.clone() value=target.0.clone() maxlength="255" placeholder="+1 202 555 0123 or sip:desk@example.com" autocomplete="off" autofocus=first(desk, &field) aria-invalid=invalid(desk, &field) aria-describedby=described(desk, &field) />
                    </label>
                    {up} {remove}
                    {error(desk, &field)}
                </li>
            }
        })
        .collect_view();
    let ring = if several {
        choice(
            field("ring"),
            "They ring",
            forward.ring.as_str(),
            &[
                (Ring::AllAtOnce.as_str(), "all at once"),
                (Ring::InOrder.as_str(), "one after the other"),
            ],
        )
    } else {
        view! { <input type="hidden" name=field("ring") value=forward.ring.as_str() /> }.into_any()
    };
    let unit = if several && forward.ring == Ring::InOrder { "seconds each" } else { "seconds" };
    view! {
        <ol class="flex flex-col gap-1.5">{targets}</ol>
        <div>{op(format!("add-target:{name}"), "icon-[lucide--plus]", "Add another number to ring", Some("Another number"))}</div>
        <div class="flex flex-wrap gap-x-6 gap-y-3">
            {ring}
            {whole(desk, field("timeout"), "Ring for", forward.timeout_seconds.to_string(), unit)}
        </div>
    }
    .into_any()
}

fn menu(desk: Desk, name: &NodeName, menu: &Menu) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    view! {
        {spoken(desk, field("prompt"), "Read to the caller", &menu.prompt)}
        <div class="flex flex-wrap gap-x-6 gap-y-3">
            {whole(desk, field("timeout"), "Wait for a key", menu.timeout_seconds.to_string(), "seconds")}
            {whole(desk, field("tries"), "Ask", menu.tries.to_string(), "times")}
        </div>
    }
    .into_any()
}
