//! Charts: bars drawn on the server, with their table for those who would rather read, or
//! cannot see.

use leptos::prelude::*;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Under it.
    pub label: String,
    /// Its height, in any unit.
    pub value: i64,
    /// The value as people read it.
    pub shown: String,
}

impl Bar {
    /// A bar.
    pub fn new(label: impl Into<String>, value: i64, shown: impl Into<String>) -> Self {
        Self { label: label.into(), value, shown: shown.into() }
    }
}

const WIDTH: i64 = 720;
const HEIGHT: i64 = 160;

/// Bars side by side. `title` says what is shown; `measure` heads the column of values.
#[component]
pub fn BarChart(
    #[prop(into)] title: String,
    /// What a bar stands for: "Hour", "Day".
    #[prop(into)]
    per: String,
    /// What is measured: "Calls".
    #[prop(into)]
    measure: String,
    bars: Vec<Bar>,
) -> impl IntoView {
    let count = i64::try_from(bars.len()).unwrap_or(1).max(1);
    let top = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let slot = WIDTH / count;
    let width = (slot * 7 / 10).max(1);
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| {
            let i = i64::try_from(i).unwrap_or(0);
            let height = (bar.value.max(0) * HEIGHT / top).max(i64::from(bar.value > 0) * 2);
            let x = i * slot + (slot - width) / 2;
            view! {
                <g>
                    <title>{format!("{}: {}", bar.label, bar.shown)}</title>
                    <rect x=i * slot y="0" width=slot height=HEIGHT class="fill-transparent" />
                    <rect x=x y=HEIGHT - height width=width height=height rx="2" class="fill-primary" />
                </g>
            }
        })
        .collect_view();
    // About six names under the bars, the first and the last among them: they fit a phone.
    let steps = bars.len().saturating_sub(1).clamp(1, 5);
    let axis = (0..=steps)
        .filter_map(|step| bars.get(step * bars.len().saturating_sub(1) / steps))
        .map(|bar| view! { <span>{bar.label.clone()}</span> })
        .collect_view();
    let highest = bars.iter().max_by_key(|bar| bar.value);
    // The upper line is as high as the highest bar, and says how high that is.
    let scale = highest.filter(|bar| bar.value > 0).map(|bar| {
        let text = format!("Highest: {} ({})", bar.shown, bar.label);
        view! { <div class="mb-1 text-xs tabular-nums text-muted" aria-hidden="true">{text}</div> }
    });
    let summary = highest.map_or_else(
        || format!("{title}: nothing yet"),
        |bar| format!("{title}. Highest: {} ({})", bar.label, bar.shown),
    );
    let rows = bars
        .iter()
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row" data-label=per.clone()>{bar.label.clone()}</th>
                    <td data-label=measure.clone() class="amount">{bar.shown.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    let caption = title.clone();
    view! {
        <figure>
            <figcaption class="mb-3 font-semibold">{title}</figcaption>
            {scale}
            <svg viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 1) role="img" aria-label=summary class="w-full">
                <line x1="0" x2=WIDTH y1="0" y2="0" class="stroke-line [stroke-dasharray:4_4]" />
                <line x1="0" x2=WIDTH y1=HEIGHT y2=HEIGHT class="stroke-line" />
                {drawn}
            </svg>
            <div class="mt-1 flex justify-between text-xs text-muted" aria-hidden="true">{axis}</div>
            <details class="no-print mt-2">
                <summary class="link-quiet inline-flex items-center gap-1 text-sm">
                    <span class="icon-[lucide--table]" aria-hidden="true"></span>
                    "As a table"
                </summary>
                <table class="list-table mt-2">
                    <caption class="sr-only">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{per.clone()}</th>
                            <th scope="col" class="amount">{measure.clone()}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </details>
        </figure>
    }
}
