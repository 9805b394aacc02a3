//! One call: who, when, why it went the way it did, and what it cost and why.

use super::list::{badge, outcome, party, spoken};
use crate::ui::{
    Card, Fact, Facts, Rate, When, WhenStyle,
    words::{billed_by, sentence},
};
use leptos::prelude::*;
use voxlink_domain::calls::{Asked, Call};
use voxlink_types::Currency;

/// Draws it.
pub(super) fn detail(call: &Call) -> impl IntoView + use<> {
    let row = call.row.clone();
    let number = row.number.map(|n| format!("/numbers/{n}"));
    let instant = |at| view! { <When at=at style=WhenStyle::Seconds /> };
    let answered = call.answered_at.map(instant);
    let ended = call.ended_at.map(instant);
    let version = match (&call.configuration, row.number) {
        (Some((_, version)), Some(n)) => view! {
            <a class="link-quiet" href=format!("/numbers/{n}/routing")>{format!("Version {version}")}</a>
        }
        .into_any(),
        _ => "No published plan".into_any(),
    };
    let way = if call.asked.is_empty() {
        view! { <p class="text-muted">"The carrier told of this call, but did not ask what it shall do."</p> }.into_any()
    } else {
        let steps = call.asked.iter().map(step).collect_view();
        view! { <ol class="flex flex-col gap-5">{steps}</ol> }.into_any()
    };
    // The local carrier's calls are played: there is no sound to listen to.
    let sound = call.carrier != "local";
    let recording = call.recording.clone().map(|(url, seconds)| {
        let length = spoken(seconds);
        // Adapters keep only http and https addresses.
        let shown = if sound {
            view! { <a class="link" href=url rel="noreferrer">{format!("Listen ({length})")}</a> }
                .into_any()
        } else {
            format!("{length}, played without sound").into_any()
        };
        view! { <Fact name="Recording">{shown}</Fact> }
    });
    let place = call.place.clone().map(|p| view! { <Fact name="Caller’s place">{p}</Fact> });
    let price = price(call);
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card title="The call">
                <Facts>
                    <Fact name="From">{party(&row.from, None)}</Fact>
                    <Fact name="To">{party(&row.to, number)}</Fact>
                    <Fact name="State">{badge(row.status)}</Fact>
                    <Fact name="What happened">{outcome(row.outcome.as_deref())}</Fact>
                    <Fact name="Began">{instant(row.started_at)}</Fact>
                    <Fact name="Answered">{answered.map_or_else(|| "–".into_any(), IntoAny::into_any)}</Fact>
                    <Fact name="Ended">{ended.map_or_else(|| "–".into_any(), IntoAny::into_any)}</Fact>
                    <Fact name="Length">{spoken(row.duration_seconds)}</Fact>
                    <Fact name="Decided by">{version}</Fact>
                    {place}
                    {recording}
                </Facts>
            </Card>
            <Card title="Call path">{way}</Card>
            <Card title="What it costs">{price}</Card>
            {technical(call)}
        </div>
    }
}

/// What only a carrier's support or a programmer asks for, folded.
fn technical(call: &Call) -> impl IntoView + use<> {
    let (carrier, id) = (call.carrier.clone(), call.carrier_call_id.clone());
    let book = derived(call, "version")
        .map(|v| view! { <Fact name="Price book">{format!("Version {v}")}</Fact> });
    let increments = derived(call, "increments")
        .map(|text| view! { <Fact name="Billing increments">{format!("{text} seconds")}</Fact> });
    view! {
        <details class="surface p-5 sm:p-6">
            <summary class="font-semibold">"Technical details"</summary>
            <div class="mt-4">
                <Facts>
                    <Fact name="Carrier">{carrier}</Fact>
                    <Fact name="The carrier’s id" wide=true>
                        <code class="text-sm break-all">{id}</code>
                    </Fact>
                    {increments}
                    {book}
                </Facts>
            </div>
        </details>
    }
}

/// A value of how the price was made.
fn derived(call: &Call, key: &str) -> Option<String> {
    let value = call.derivation.as_ref()?.get(key)?;
    Some(value.to_string().trim_matches('"').to_owned())
}

fn step(asked: &Asked) -> impl IntoView + use<> {
    let input = asked
        .input
        .clone()
        .map(|text| view! { <p class="text-sm text-muted">{format!("Before: {text}")}</p> });
    let visits = asked
        .path
        .iter()
        .cloned()
        .map(|visit| {
            let because = (!visit.because.is_empty())
                .then(|| view! { <p class="text-sm text-muted">{sentence(&visit.because.join("; "))}</p> });
            view! {
                <li class="border-s-2 border-accent ps-3">
                    <p class="font-semibold">{visit.title}</p>
                    {because}
                    <p class="text-sm">{format!("→ {}", visit.then)}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <li class="flex flex-col gap-2">
            <p class="text-sm tabular-nums"><When at=asked.at style=WhenStyle::Seconds /></p>
            {input}
            <ul class="flex flex-col gap-2">{visits}</ul>
        </li>
    }
}

/// The price and how it was made.
fn price(call: &Call) -> AnyView {
    let Some((price, currency)) = call.row.price.zip(call.row.currency) else {
        return view! { <p class="text-muted">"Not known yet: it is rated when the call is over."</p> }.into_any();
    };
    if call.derivation.is_none() {
        return view! { <p><Rate rate=price currency=currency /> " – nobody answered, so nothing is charged."</p> }.into_any();
    }
    let text = |key: &str| derived(call, key).unwrap_or_default();
    let rate = text("rate_per_minute").parse().ok();
    let rate = rate.map(|rate| view! { <Rate rate=rate currency=currency unit="minute" /> });
    let (seconds, raw, increments) =
        (text("billed_seconds"), text("raw_seconds"), text("increments"));
    let billed = format!("{seconds} seconds for {raw} seconds spoken");
    let computed = format!("{seconds} seconds ÷ 60 × rate = {}", shown(price, currency));
    let rounded = increments
        .split_once('/')
        .and_then(|(first, next)| Some(billed_by(first.parse().ok()?, next.parse().ok()?)))
        .map(|words| view! { <Fact name="Rounding">{format!("Billed {words}")}</Fact> });
    view! {
        <Facts>
            <Fact name="Price"><strong><Rate rate=price currency=currency /></strong></Fact>
            <Fact name="Rate">{rate}</Fact>
            <Fact name="Billed">{billed}</Fact>
            {rounded}
            <Fact name="Computed">{computed}</Fact>
        </Facts>
    }
    .into_any()
}

fn shown(price: rust_decimal::Decimal, currency: Currency) -> String {
    voxlink_types::money::show_rate(price, currency)
}
