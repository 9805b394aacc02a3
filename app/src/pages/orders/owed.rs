//! What is still owed for orders, wherever it must be seen.

use crate::{flash::Tone, ui::Notice};
use leptos::prelude::*;
use voxlink_domain::orders::Due;

/// A notice for every sum that is due, with the way to pay it.
pub(crate) fn owed(dues: Vec<Due>) -> impl IntoView {
    dues.into_iter()
        .map(|due| {
            let text = format!(
                "{} is due for order {}: its card was refused when it was to be charged.",
                due.amount, due.number
            );
            view! {
                <Notice tone=Tone::Danger>
                    <p>{text}</p>
                    <p class="mt-1"><a class="link" href=format!("/orders/{}", due.order)>"Pay it now"</a></p>
                </Notice>
            }
        })
        .collect_view()
}
