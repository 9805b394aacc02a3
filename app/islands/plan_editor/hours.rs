//! Business hours as a week grid, and the days that are not like others.

use super::{
    Desk,
    fields::{described, error, first, invalid, op},
};
use leptos::prelude::*;
use voxlink_types::routing::{Hours, Interval, Kind, Next, NodeName};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The fields of a node that goes by the time.
pub(super) fn fields(desk: Desk, name: &NodeName, hours: &Hours) -> AnyView {
    let field = |f: &str| format!("n.{name}.{f}");
    let days = (0..7).map(|day| one_day(desk, name, hours, day)).collect_view();
    let holidays = (0..hours.holidays.len()).map(|i| holiday(desk, name, hours, i)).collect_view();
    let title = if hours.holidays.is_empty() { "No holidays yet" } else { "Holidays" };
    // Without holidays there is no branch for them, but one that was set before is kept.
    let hidden = hours.holidays.is_empty().then(|| {
        view! { <input type="hidden" name=field("holiday") value=Next::field(hours.holiday.as_ref()) /> }
    });
    let zone = field("zone");
    let choices = desk.zones.with_value(|all| {
        // A zone that does not exist stays until another is chosen.
        let own = (!all.contains(&hours.zone)).then(|| hours.zone.clone());
        let option = |name: String| {
            let selected = name == hours.zone;
            view! { <option selected=selected>{name}</option> }
        };
        own.into_iter().chain(all.iter().cloned()).map(option).collect_view()
    });
    view! {
        <label class="flex flex-wrap items-center gap-2 text-sm font-semibold">
            "Time zone"
            <select class="select select-sm text-sm w-56 max-w-full font-normal" id=zone.clone() name=zone.clone() autofocus=first(desk, &zone) aria-invalid=invalid(desk, &zone) aria-describedby=described(desk, &zone)>
                {choices}
            </select>
        </label>
        {error(desk, &zone)}
        <div class="min-w-0">
            <div class="hidden grid-cols-[6.5rem_1fr] gap-x-3 text-xs text-muted tabular-nums sm:grid" aria-hidden="true">
                <span></span>
                <span class="flex justify-between"><span>"0"</span><span>"6"</span><span>"12"</span><span>"18"</span><span>"24"</span></span>
            </div>
            <ul class="min-w-0">{days}</ul>
        </div>
        <div>{op(format!("copy-monday:{name}"), "icon-[lucide--copy]", "Use Monday’s hours for Tuesday to Friday", Some("Monday’s hours for Tuesday to Friday"))}</div>
        <div class="rounded-field bg-base-200 p-3">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <p class="text-sm font-semibold">{title}</p>
                {op(format!("add-holiday:{name}"), "icon-[lucide--calendar-plus]", "Add a holiday", Some("Add a holiday"))}
            </div>
            <ul>{holidays}</ul>
            {hidden}
        </div>
    }
    .into_any()
}

fn one_day(desk: Desk, name: &NodeName, hours: &Hours, day: usize) -> AnyView {
    let list = format!("day.{day}");
    let remove = format!("remove-interval:{name}:{day}");
    let rows = intervals(desk, name, &list, &remove, DAYS[day], &hours.week[day]);
    let closed = hours.week[day]
        .is_empty()
        .then(|| view! { <span class="w-16 text-sm text-muted">"closed"</span> });
    let whole = format!("n.{name}.{list}");
    view! {
        <li class="grid items-start gap-x-3 gap-y-1 border-b border-base-300 py-2 last:border-0 sm:grid-cols-[6.5rem_1fr]">
            <span class="text-sm font-semibold sm:mt-4">{DAYS[day]}</span>
            <div class="flex min-w-0 flex-col gap-2">
                {bar(desk, name.clone(), day)}
                <div class="flex flex-wrap items-center gap-x-4 gap-y-1.5">
                    {closed}
                    {rows}
                    {op(format!("add-interval:{name}:{day}"), "icon-[lucide--plus]", &format!("Add hours on {}", DAYS[day]), Some("Hours"))}
                    {error(desk, &whole)}
                </div>
            </div>
        </li>
    }
    .into_any()
}

/// A day as a strip of 24 hours, as typed; what comes over from the day before stands at its
/// beginning, lighter.
fn bar(desk: Desk, name: NodeName, day: usize) -> AnyView {
    let rects = move || {
        desk.typed.with(|plan| {
            let Some(Kind::Hours(hours)) = plan.nodes.get(&name).map(|n| &n.kind) else {
                return Vec::new();
            };
            let minutes = |day: usize| hours.week[day].iter().filter_map(Interval::minutes);
            let own = minutes(day).map(|(from, to)| (from, to.min(1440), "fill-accent"));
            let over = minutes((day + 6) % 7)
                .filter(|(_, to)| *to > 1440)
                .map(|(_, to)| (0, to - 1440, "fill-accent opacity-60"));
            own.chain(over)
                .map(|(from, to, class)| {
                    view! { <rect x=from.to_string() y="0" width=(to - from).to_string() height="60" class=class /> }
                        .into_any()
                })
                .collect()
        })
    };
    let marks = [360, 720, 1080]
        .map(|x| view! { <rect x=(x - 1).to_string() y="0" width="3" height="60" class="fill-base-100" /> })
        .collect_view();
    view! {
        <svg viewBox="0 0 1440 60" preserveAspectRatio="none" class="h-2.5 w-full rounded-full" aria-hidden="true">
            <rect x="0" y="0" width="1440" height="60" class="fill-base-300" />
            <g>{rects}</g>
            {marks}
        </svg>
    }
    .into_any()
}

fn intervals(
    desk: Desk,
    name: &NodeName,
    list: &str,
    remove: &str,
    whose: &str,
    all: &[Interval],
) -> AnyView {
    all.iter()
        .enumerate()
        .map(|(i, interval)| {
            let field = |end: &str| format!("n.{name}.{list}.{i}.{end}");
            let clock = |end: &'static str, value: String| {
                let field = field(end);
                view! {
                    <label><span class="sr-only">{format!("{whose}, {end}")}</span>
                        <input class="input input-sm text-sm w-[4.5rem] text-center tabular-nums" id=field.clone() name=field.clone() value=value title="A time such as 09:00; the end of the day is 24:00" autocomplete="off" autofocus=first(desk, &field) aria-invalid=invalid(desk, &field) aria-describedby=described(desk, &field) />
                    </label>
                }
            };
            let next_day = interval.minutes().is_some_and(|(_, to)| to > 1440).then(|| {
                view! { <span class="text-xs text-muted">"next day"</span> }
            });
            view! {
                <span class="inline-flex flex-wrap items-center gap-1">
                    <span class="inline-flex items-center gap-1">
                        {clock("from", interval.from.to_string())} "–" {clock("to", interval.to.to_string())}
                        {op(format!("{remove}:{i}"), "icon-[lucide--x]", &format!("Remove {interval}, {whose}"), None)}
                    </span>
                    {next_day}
                    {error(desk, &field("from"))}
                    {error(desk, &field("to"))}
                </span>
            }
        })
        .collect_view()
        .into_any()
}

fn holiday(desk: Desk, name: &NodeName, hours: &Hours, i: usize) -> AnyView {
    let holiday = &hours.holidays[i];
    let field = |f: &str| format!("n.{name}.holiday.{i}.{f}");
    let shown =
        if holiday.name.is_empty() { holiday.date.to_string() } else { holiday.name.clone() };
    let remove = format!("remove-holiday-interval:{name}:{i}");
    let list = format!("holiday.{i}.hours");
    let own = intervals(desk, name, &list, &remove, &shown, &holiday.hours);
    let closed = holiday
        .hours
        .is_empty()
        .then(|| view! { <span class="text-sm text-muted">"closed all day"</span> });
    // A date that cannot be read would be hidden by a field of dates.
    let kind = if holiday.date.read().is_some() { "date" } else { "text" };
    let date = field("date");
    let whole = format!("n.{name}.holiday.{i}");
    view! {
        <li class="flex flex-wrap items-center gap-2 border-b border-base-300 py-2 last:border-0">
            <label><span class="sr-only">"Day of the holiday"</span>
                <input class="input input-sm text-sm w-40" type=kind id=date.clone() name=date.clone() value=holiday.date.to_string() autofocus=first(desk, &date) aria-invalid=invalid(desk, &date) aria-describedby=described(desk, &date) />
            </label>
            <label><span class="sr-only">"Name of the holiday"</span>
                <input class="input input-sm text-sm w-40" id=field("name") name=field("name") value=holiday.name.clone() maxlength="60" placeholder="Name" autocomplete="off" />
            </label>
            <label class="flex items-center gap-1.5 text-sm">
                <input class="checkbox checkbox-sm border-muted" type="checkbox" id=field("yearly") name=field("yearly") value="on" checked=holiday.yearly />
                "every year"
            </label>
            {closed}
            {own}
            <span class="inline-flex items-center gap-1">
                {op(format!("add-holiday-interval:{name}:{i}"), "icon-[lucide--plus]", &format!("Give {shown} hours of its own"), Some("Hours"))}
                {op(format!("remove-holiday:{name}:{i}"), "icon-[lucide--trash-2]", &format!("Remove {shown}"), None)}
            </span>
            {error(desk, &date)}
            {error(desk, &whole)}
        </li>
    }
    .into_any()
}
