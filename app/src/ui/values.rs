//! Values as people read them: numbers, money, rates, instants, states.

use super::country::Flag;
use crate::{flash::Tone, render::Zone};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;
use rust_decimal::Decimal;
use voxlink_types::{
    Currency, E164, Money,
    money::show_rate,
    number::{InventoryState, NumberState, Standing},
    order::{InvoiceState, ItemStep, OrderState, PaymentState},
};

/// A telephone number: flag, the form people write it in, a button that copies E.164 (once the
/// page's script runs). It never wraps.
#[component]
pub fn Number(
    number: E164,
    /// Where it leads.
    #[prop(optional, into)]
    href: Option<String>,
    /// Leaves the copy button out: inside links and sentences.
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let mark = number.country().map(|country| view! { <Flag country /> });
    let shown = number.international();
    let text = match href {
        Some(href) => {
            view! { <a class="link-quiet font-medium" href=href>{shown.clone()}</a> }.into_any()
        }
        None => view! { <span class="font-medium">{shown.clone()}</span> }.into_any(),
    };
    let copy = (!plain).then(|| {
        view! {
            <CopyButton text=number.to_string() label=format!("Copy {shown}") />
        }
    });
    view! {
        <span class="inline-flex items-center gap-1.5 whitespace-nowrap">
            {mark} {text} {copy}
        </span>
    }
}

/// A button that copies a text. It shows once the page's script runs.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// What the button says to those who listen.
    #[prop(into)]
    label: String,
    /// Shows the label beside the icon.
    #[prop(optional)]
    worded: bool,
) -> impl IntoView {
    let class =
        if worded { "btn-outline btn-sm border-line" } else { "btn-ghost btn-xs btn-square" };
    let words = worded.then(|| label.clone());
    view! {
        <button type="button" class=format!("group needs-script no-print btn {class}") data-copy=text aria-label=label>
            <span class="icon-[lucide--copy] group-data-copied:hidden" aria-hidden="true"></span>
            <span class="icon-[lucide--check] hidden text-success group-data-copied:inline-block" aria-hidden="true"></span>
            {words}
        </button>
    }
}

/// An amount of money.
#[component]
pub fn Amount(money: Money) -> impl IntoView {
    view! { <span class="whitespace-nowrap tabular-nums">{money.to_string()}</span> }
}

/// A rate, such as a price per minute: `unit` is what it is per.
#[component]
pub fn Rate(
    rate: Decimal,
    currency: Currency,
    #[prop(optional, into)] unit: Option<String>,
) -> impl IntoView {
    let unit = unit.map(|u| view! { <span class="text-muted">{format!(" / {u}")}</span> });
    view! {
        <span class="whitespace-nowrap tabular-nums">{show_rate(rate, currency)} {unit}</span>
    }
}

/// How much of an instant is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenStyle {
    /// Day and time.
    #[default]
    Full,
    /// The day.
    Day,
    /// Day and time to the second.
    Seconds,
    /// The time of a day that is known: today's, mostly.
    Time,
}

/// An instant in the person's zone; the exact one shows on hover.
#[component]
pub fn When(at: DateTime<Utc>, #[prop(optional)] style: WhenStyle) -> impl IntoView {
    let zone = use_context::<Zone>().map_or(Tz::UTC, |zone| zone.0);
    let local = at.with_timezone(&zone);
    let shown = match style {
        WhenStyle::Full => local.format("%-d %b %Y, %H:%M"),
        WhenStyle::Day => local.format("%-d %b %Y"),
        WhenStyle::Time => local.format("%H:%M"),
        WhenStyle::Seconds => local.format("%-d %b %Y, %H:%M:%S"),
    };
    let exact = format!("{} ({})", local.format("%Y-%m-%d %H:%M:%S%.3f %:z"), zone.name());
    view! {
        <time class="whitespace-nowrap" datetime=at.to_rfc3339() title=exact>{shown.to_string()}</time>
    }
}

/// A state that has a colour and a word for people.
pub trait Stateful {
    /// The word and its colour; none is neutral.
    fn badge(self) -> (&'static str, Option<Tone>);
}

impl Stateful for NumberState {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Pending => ("Pending", Some(Tone::Info)),
            Self::Configuring => ("Setting up", Some(Tone::Info)),
            Self::Active => ("Active", Some(Tone::Success)),
            Self::Suspended => ("Suspended", Some(Tone::Warning)),
            Self::PortingIn => ("Porting in", Some(Tone::Info)),
            Self::PortingOut => ("Porting out", Some(Tone::Info)),
            Self::Released => ("Released", None),
            Self::Error => ("Needs attention", Some(Tone::Danger)),
        }
    }
}

impl Stateful for Standing {
    fn badge(self) -> (&'static str, Option<Tone>) {
        let tone = match self {
            Self::Active => Some(Tone::Success),
            Self::SettingUp | Self::Porting => Some(Tone::Info),
            Self::Suspended | Self::Releasing => Some(Tone::Warning),
            Self::Error => Some(Tone::Danger),
            Self::Released => None,
        };
        (self.label(), tone)
    }
}

impl Stateful for InventoryState {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Available => ("Available", Some(Tone::Success)),
            Self::Reserved => ("Held", Some(Tone::Info)),
            Self::Sold => ("Sold", None),
            Self::Aging => ("Resting", Some(Tone::Warning)),
        }
    }
}

impl Stateful for OrderState {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Pending => ("Awaiting payment", Some(Tone::Info)),
            Self::Processing => ("Processing", Some(Tone::Info)),
            Self::Completed => ("Completed", Some(Tone::Success)),
            Self::Partial => ("Partly completed", Some(Tone::Warning)),
            Self::Failed => ("Failed", Some(Tone::Danger)),
            Self::Cancelled => ("Cancelled", None),
        }
    }
}

impl Stateful for ItemStep {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Waiting => ("Waiting", None),
            Self::Buying => ("Buying", Some(Tone::Info)),
            Self::Unknown => ("Checking", Some(Tone::Warning)),
            Self::Secured => ("Kept for you", Some(Tone::Info)),
            Self::Bought => ("Bought", Some(Tone::Success)),
            Self::Done => ("Ready", Some(Tone::Success)),
            Self::Failed => ("Not sold", Some(Tone::Danger)),
            Self::Released => ("Not sold, not charged", None),
        }
    }
}

impl Stateful for PaymentState {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Pending => ("Pending", Some(Tone::Info)),
            Self::Authorised => ("Set aside", Some(Tone::Info)),
            Self::Succeeded => ("Paid", Some(Tone::Success)),
            Self::Failed => ("Refused", Some(Tone::Danger)),
            Self::Cancelled => ("Cancelled", None),
            Self::Refunded => ("Refunded", None),
            Self::PartiallyRefunded => ("Partly refunded", Some(Tone::Warning)),
        }
    }
}

impl Stateful for InvoiceState {
    fn badge(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Draft => ("Draft", None),
            Self::Sent | Self::Viewed => ("Open", Some(Tone::Info)),
            Self::Paid => ("Paid", Some(Tone::Success)),
            Self::PartiallyPaid => ("Partly paid", Some(Tone::Warning)),
            Self::Overdue => ("Overdue", Some(Tone::Danger)),
            Self::Cancelled => ("Void", None),
            Self::Refunded => ("Refunded", None),
        }
    }
}

/// A state, or any short word with a colour: give `state`, or `tone` and children.
#[component]
pub fn Badge(
    /// The word.
    #[prop(into)]
    text: String,
    /// Its colour; none is neutral.
    #[prop(optional_no_strip)]
    tone: Option<Tone>,
) -> impl IntoView {
    let class = match tone {
        Some(Tone::Success) => "badge-success",
        Some(Tone::Info) => "badge-info",
        Some(Tone::Warning) => "badge-warning",
        Some(Tone::Danger) => "badge-error",
        None => "badge-neutral",
    };
    let class = if tone.is_some() {
        format!("badge badge-soft font-medium whitespace-nowrap {class}")
    } else {
        "badge badge-outline border-line font-medium whitespace-nowrap text-muted".to_owned()
    };
    view! { <span class=class>{text}</span> }
}
