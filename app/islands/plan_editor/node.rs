//! One node of the picture and its fields.

use leptos::prelude::*;
use voxlink_types::routing::{
    Forward, Hours, Interval, Kind, Menu, Next, Node, NodeName, Plan, RejectReason, Ring,
};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) const LANGUAGES: &[(&str, &str)] = &[
    ("en-US", "English (US)"),
    ("en-GB", "English (UK)"),
    ("de-DE", "German"),
    ("nl-NL", "Dutch"),
    ("sv-SE", "Swedish"),
    ("fr-FR", "French"),
    ("es-ES", "Spanish"),
];

/// The sheet of a node.
pub(super) fn card(
    plan: &Plan,
    name: &NodeName,
    node: &Node,
    lit: bool,
    problems: Option<&Vec<String>>,
) -> AnyView {
    let (icon, word) = match &node.kind {
        Kind::Forward(_) => ("icon-[lucide--phone-forwarded]", "Ring somebody"),
        Kind::Hours(_) => ("icon-[lucide--clock]", "Go by the time"),
        Kind::Menu(_) => ("icon-[lucide--grid-3x3]", "Ask for a key"),
        Kind::Voicemail(_) => ("icon-[lucide--voicemail]", "Take a message"),
        Kind::Reject { .. } => ("icon-[lucide--phone-off]", "Refuse the call"),
        Kind::Message { .. } => ("icon-[lucide--message-square-text]", "Read a text"),
    };
    let class = if lit { "surface min-w-0 p-4 ring-2 ring-accent" } else { "surface min-w-0 p-4" };
    let field = |f: &str| format!("n.{name}.{f}");
    let body = match &node.kind {
        Kind::Forward(f) => forward(name, f),
        Kind::Hours(h) => hours(name, h),
        Kind::Menu(m) => menu(name, m),
        Kind::Voicemail(v) => view! {
            {text(field("greeting"), "Read before the tone", &v.greeting)}
            {number(field("max_seconds"), "Longest message, in seconds", v.max_seconds.into(), 5, 600)}
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
        Kind::Message { text: spoken, .. } => text(field("text"), "Read to the caller", spoken),
    };
    let wrong = problems.cloned().unwrap_or_default().into_iter().map(|message| {
        view! {
            <li class="flex items-start gap-1.5 text-sm font-medium text-error">
                <span class="icon-[lucide--circle-alert] mt-0.5 shrink-0" aria-hidden="true"></span>
                {message}
            </li>
        }
    });
    let remove = (plan.nodes.len() > 1).then(|| {
        op(
            format!("remove-node:{name}"),
            "icon-[lucide--trash-2]",
            &format!("Remove {}", node.title),
            None,
        )
    });
    view! {
        <div class=class>
            <input type="hidden" name=field("kind") value=node.kind.word() />
            <div class="mb-3 flex flex-wrap items-center gap-2">
                <span class=format!("{icon} text-xl text-primary") aria-hidden="true"></span>
                <label class="min-w-32 flex-1">
                    <span class="sr-only">"Name of this step"</span>
                    <input class="input input-sm w-full max-w-56 font-semibold" name=field("title") value=node.title.clone() maxlength="60" />
                </label>
                <span class="text-sm text-muted">{word}</span>
                {lit.then(|| view! { <span class="badge badge-soft badge-success">"on the way"</span> })}
                {remove}
            </div>
            <div class="flex min-w-0 flex-col gap-3">{body}</div>
            <ul class="mt-2 empty:hidden">{wrong.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// The head of a branch: what it is called and where it leads. A menu's key is typed here.
pub(super) fn branch(
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
            let up = (i > 0).then(|| {
                op(format!("raise-key:{name}:{i}"), "icon-[lucide--arrow-up]", &format!("Move key {key} up"), None)
            });
            view! {
                <label class="flex items-center gap-1.5 text-sm font-semibold">
                    "Key"
                    <input class="input input-sm w-11 text-center font-mono" name=format!("n.{name}.key.{i}.press") value=key.to_string() maxlength="1" required pattern="[0-9*#]" title="0 to 9, * or #" />
                </label>
                {up}
                {op(format!("remove-key:{name}:{i}"), "icon-[lucide--x]", &format!("Remove key {key}"), None)}
            }
        }),
        _ => None,
    };
    let is_key = key.is_some();
    view! {
        <div class="flex flex-wrap items-center gap-2">
            {key}
            {select(full, label, plan, next, optional, !is_key)}
        </div>
    }
    .into_any()
}

/// Where a branch leads: nothing, an end, a node there is, a new one.
pub(super) fn select(
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
    let nodes = plan
        .nodes
        .iter()
        .map(|(name, node)| option(format!("to:{name}"), node.title.clone()))
        .collect_view();
    let fresh = Kind::WORDS
        .iter()
        .map(|(word, text)| option(format!("new:{word}"), format!("{text} …")))
        .collect_view();
    let class = if show_label { "text-sm font-semibold" } else { "sr-only" };
    view! {
        <label class="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span class=class>{label}</span>
            <select class="select select-sm w-52 max-w-full" name=field data-branch="">
                {none} {end}
                <optgroup label="Go to">{nodes}</optgroup>
                <optgroup label="Something new">{fresh}</optgroup>
            </select>
        </label>
    }
    .into_any()
}

fn forward(name: &NodeName, forward: &Forward) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    let targets = forward
        .targets
        .iter()
        .enumerate()
        .map(|(i, target)| {
            let up = (i > 0).then(|| {
                op(format!("raise-target:{name}:{i}"), "icon-[lucide--arrow-up]", &format!("Move number {} up", i + 1), None)
            });
            let remove = (forward.targets.len() > 1).then(|| {
                op(format!("remove-target:{name}:{i}"), "icon-[lucide--x]", &format!("Remove number {}", i + 1), None)
            });
            view! {
                <li class="flex items-center gap-1">
                    <label class="min-w-0 flex-1">
                        <span class="sr-only">{format!("Number {} to ring", i + 1)}</span>
                        <input class="input input-sm w-full max-w-72 tabular-nums" name=field(&format!("target.{i}")) value=target.0.clone() maxlength="255" placeholder="+1 202 555 0123 or sip:desk@example.com" />
                    </label>
                    {up} {remove}
                </li>
            }
        })
        .collect_view();
    let several = if forward.targets.len() > 1 {
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
    view! {
        <ul class="flex flex-col gap-1.5">{targets}</ul>
        <div>{op(format!("add-target:{name}"), "icon-[lucide--plus]", "Add another number to ring", Some("Number"))}</div>
        <div class="flex flex-wrap gap-4">
            {several}
            {number(field("timeout"), "Seconds to ring", forward.timeout_seconds.into(), 5, 120)}
        </div>
    }
    .into_any()
}

fn menu(name: &NodeName, menu: &Menu) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    view! {
        {text(field("prompt"), "Read to the caller", &menu.prompt)}
        <div class="flex flex-wrap gap-4">
            {number(field("timeout"), "Seconds to wait for a key", menu.timeout_seconds.into(), 1, 60)}
            {number(field("tries"), "Times to ask", menu.tries.into(), 1, 5)}
        </div>
        <div>{op(format!("add-key:{name}"), "icon-[lucide--plus]", "Add a key to the menu", Some("Key"))}</div>
    }
    .into_any()
}

fn hours(name: &NodeName, hours: &Hours) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    let days = (0..7)
        .map(|day| {
            let before = &hours.week[(day + 6) % 7];
            let rows = intervals(name, &format!("day.{day}"), &format!("remove-interval:{name}:{day}"), DAYS[day], &hours.week[day]);
            let closed = hours.week[day].is_empty().then(|| view! { <span class="text-sm text-muted">"closed"</span> });
            view! {
                <li class="grid items-center gap-x-3 gap-y-1 border-b border-base-300 py-2 last:border-0 sm:grid-cols-[6.5rem_1fr]">
                    <span class="text-sm font-semibold">{DAYS[day]}</span>
                    <div class="flex min-w-0 flex-col gap-1.5">
                        {bar(&hours.week[day], before)}
                        <div class="flex flex-wrap items-center gap-x-3 gap-y-1.5">
                            {closed}
                            {rows}
                            {op(format!("add-interval:{name}:{day}"), "icon-[lucide--plus]", &format!("Add hours on {}", DAYS[day]), Some("Hours"))}
                        </div>
                    </div>
                </li>
            }
        })
        .collect_view();
    let holidays = hours
        .holidays
        .iter()
        .enumerate()
        .map(|(i, holiday)| {
            let shown = if holiday.name.is_empty() { holiday.date.to_string() } else { holiday.name.clone() };
            let own = intervals(name, &format!("holiday.{i}.hours"), &format!("remove-holiday-interval:{name}:{i}"), &shown, &holiday.hours);
            view! {
                <li class="flex flex-wrap items-center gap-2 border-b border-base-300 py-2 last:border-0">
                    <label><span class="sr-only">"Day of the holiday"</span>
                        <input class="input input-sm w-40" type="date" required name=field(&format!("holiday.{i}.date")) value=holiday.date.to_string() />
                    </label>
                    <label><span class="sr-only">"Name of the holiday"</span>
                        <input class="input input-sm w-40" name=field(&format!("holiday.{i}.name")) value=holiday.name.clone() maxlength="60" placeholder="Name" />
                    </label>
                    <label class="flex items-center gap-1.5 text-sm">
                        <input class="checkbox checkbox-sm border-muted" type="checkbox" name=field(&format!("holiday.{i}.yearly")) value="on" checked=holiday.yearly />
                        "every year"
                    </label>
                    {own}
                    {op(format!("add-holiday-interval:{name}:{i}"), "icon-[lucide--plus]", &format!("Give {shown} hours of its own"), Some("Hours"))}
                    {op(format!("remove-holiday:{name}:{i}"), "icon-[lucide--trash-2]", &format!("Remove {shown}"), None)}
                </li>
            }
        })
        .collect_view();
    let title = if hours.holidays.is_empty() { "No holidays" } else { "Holidays" };
    let hidden = hours.holidays.is_empty().then(|| {
        view! { <input type="hidden" name=field("holiday") value=Next::field(hours.holiday.as_ref()) /> }
    });
    view! {
        <label class="flex flex-wrap items-center gap-2 text-sm font-semibold">
            "Time zone"
            <input class="input input-sm w-56" name=field("zone") value=hours.zone.clone() list="zones" maxlength="64" autocomplete="off" spellcheck="false" />
        </label>
        <ul class="min-w-0">{days}</ul>
        <div>{op(format!("copy-monday:{name}"), "icon-[lucide--copy]", "Give Tuesday to Friday the hours of Monday", Some("Monday’s hours for Tuesday to Friday"))}</div>
        <div>
            <p class="text-sm font-semibold">{title}</p>
            <ul>{holidays}</ul>
            {op(format!("add-holiday:{name}"), "icon-[lucide--plus]", "Add a holiday", Some("Holiday"))}
            {hidden}
        </div>
    }
    .into_any()
}

/// A day as a strip of 24 hours; what comes over from the day before stands at its beginning.
fn bar(day: &[Interval], before: &[Interval]) -> AnyView {
    let own = day.iter().filter_map(|i| i.minutes()).map(|(from, to)| (from, to.min(1440)));
    let over = before
        .iter()
        .filter_map(|i| i.minutes())
        .filter(|(_, to)| *to > 1440)
        .map(|(_, to)| (0, to - 1440));
    let open = own
        .chain(over)
        .map(|(from, to)| {
            view! { <rect x=from.to_string() y="0" width=(to - from).to_string() height="60" class="fill-accent" /> }
        })
        .collect_view();
    let marks = [360, 720, 1080]
        .map(|x| view! { <rect x=(x - 1).to_string() y="0" width="2" height="60" class="fill-base-100" /> })
        .collect_view();
    view! {
        <svg viewBox="0 0 1440 60" preserveAspectRatio="none" class="h-2 w-full max-w-xl rounded-full" aria-hidden="true">
            <rect x="0" y="0" width="1440" height="60" class="fill-base-300" />
            {open} {marks}
        </svg>
    }
    .into_any()
}

fn intervals(name: &NodeName, list: &str, remove: &str, whose: &str, all: &[Interval]) -> AnyView {
    all.iter()
        .enumerate()
        .map(|(i, interval)| {
            let clock = |end: &'static str, value: String| {
                view! {
                    <label><span class="sr-only">{format!("{whose}, {end}")}</span>
                        <input class="input input-sm w-[4.5rem] text-center tabular-nums" name=format!("n.{name}.{list}.{i}.{end}") value=value required pattern="([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00" title="A time such as 09:00; the end of the day is 24:00" maxlength="5" inputmode="numeric" />
                    </label>
                }
            };
            view! {
                <span class="inline-flex items-center gap-1">
                    {clock("from", interval.from.to_string())} "–" {clock("to", interval.to.to_string())}
                    {op(format!("{remove}:{i}"), "icon-[lucide--x]", &format!("Remove {interval}, {whose}"), None)}
                </span>
            }
        })
        .collect_view()
        .into_any()
}

fn text(field: String, label: &'static str, value: &str) -> AnyView {
    view! {
        <label class="flex flex-col gap-1 text-sm font-semibold">
            {label}
            <input class="input input-sm w-full font-normal" name=field value=value.to_owned() maxlength="1000" />
        </label>
    }
    .into_any()
}

fn number(field: String, label: &'static str, value: i64, least: i64, most: i64) -> AnyView {
    view! {
        <label class="flex items-center gap-2 text-sm font-semibold">
            {label}
            <input class="input input-sm w-20 font-normal tabular-nums" type="number" name=field value=value.to_string() min=least.to_string() max=most.to_string() required />
        </label>
    }
    .into_any()
}

/// A choice among a few words.
pub(super) fn choice(
    field: String,
    label: &'static str,
    value: &str,
    all: &[(&'static str, &'static str)],
) -> AnyView {
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
            <select class="select select-sm w-auto font-normal" name=field>{options}</select>
        </label>
    }
    .into_any()
}

/// A button of the editor; `text` stands beside the icon, `label` is what it does.
fn op(value: String, icon: &'static str, label: &str, text: Option<&'static str>) -> AnyView {
    let label = label.to_owned();
    let square =
        if text.is_none() { "btn btn-ghost btn-xs btn-square" } else { "btn btn-ghost btn-xs" };
    view! {
        <button type="submit" name="op" value=value class=square aria-label=label.clone() title=label formnovalidate>
            <span class=icon aria-hidden="true"></span>
            {text}
        </button>
    }
    .into_any()
}
