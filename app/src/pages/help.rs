//! Short guides: buying, routing, releasing, the terms. Linked from where somebody may be stuck.

use crate::{
    Access, Answer, App, PageError, Route, Screen,
    access::Anyone,
    layout::Place,
    route::get,
    ui::{Card, LinkButton},
};
use axum::extract::{Path, State};
use leptos::prelude::*;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![get("/help", Access::Public, index), get("/help/{guide}", Access::Public, guide)]
}

/// One guide: the word in its address, its title, what it answers, its steps, the way on.
struct Guide {
    word: &'static str,
    title: &'static str,
    answers: &'static str,
    steps: &'static [(&'static str, &'static str)],
    on: (&'static str, &'static str),
}

const GUIDES: &[Guide] = &[
    Guide {
        word: "buying",
        title: "Buying a number",
        answers: "From a wish to a number that rings.",
        steps: &[
            (
                "Search",
                "Say where the number should be, which digits or which word it should contain, and what it must be able to do. Every offer shows what it costs per month, once, and per minute, and which papers its country asks for.",
            ),
            (
                "Put it into the cart",
                "From then on nobody else can have it. The cart counts down how long it is held for you; when the time is over the number is free again, and nothing is charged.",
            ),
            (
                "Pay",
                "Pay from your balance or by card. The money is set aside first and taken only for numbers that the carrier really gave us. What could not be had is not charged.",
            ),
            (
                "Wait a moment",
                "The order’s page shows how far it is, number by number. Most numbers are ready within a minute; you are told when the order is through.",
            ),
        ],
        on: ("/search", "Search numbers"),
    },
    Guide {
        word: "routing",
        title: "What a number does when it rings",
        answers: "Forwarding, hours, menus, voicemail, and how to try them before anybody calls.",
        steps: &[
            (
                "Open the number and choose “Routing”",
                "You see the path of a call from top to bottom. A new number has none yet: callers may leave a message.",
            ),
            (
                "Build the path",
                "Forward to one or several telephones, let hours and holidays decide, offer a menu with keys, record a voicemail, read out a message, or refuse the call. Every branch must end somewhere; what is wrong is listed beside it.",
            ),
            (
                "Try it",
                "Ask the simulator: who calls, and when? It shows the way that the call would take, without calling anybody.",
            ),
            (
                "Publish",
                "Callers notice nothing of a draft. Publishing makes it a version; you can go back to any earlier version at any time.",
            ),
        ],
        on: ("/numbers", "Your numbers"),
    },
    Guide {
        word: "release",
        title: "Suspending and releasing",
        answers: "How to silence a number for a while, and how to give it back.",
        steps: &[
            (
                "Suspend it to keep it",
                "A suspended number stays yours and its rental goes on. Callers hear a message of your own. Resume it whenever you like.",
            ),
            (
                "Release it to give it back",
                "The page of a release says before anything happens when the number falls silent, how long its rental runs, how many paid days are not refunded and until when you can undo it. You confirm by typing the number.",
            ),
            (
                "Undo it in time",
                "Until the day that is shown on its page, one press of “Undo the release” makes the number answer as before.",
            ),
            (
                "After that it is gone",
                "The number goes back to its carrier and rests for weeks. While its page says “Take it back” you can buy it again; it is set up anew. Later somebody else may get it.",
            ),
        ],
        on: ("/numbers", "Your numbers"),
    },
    Guide {
        word: "terms",
        title: "Terms of service",
        answers: "Who sells you the numbers, whose terms you accept, and what holds in this shop.",
        steps: &[
            (
                "Who the seller is",
                "VoxLink is software. The company that runs this installation sells you the numbers; its name and address stand on every invoice.",
            ),
            (
                "Whose terms you accept",
                "You accept the terms of that company, which it hands to you itself. If you have not received them, ask it for them before you accept. The day on which you accepted is kept with your account.",
            ),
            (
                "What you pay",
                "Every price is shown before you buy: per month, once, and per minute. Money is taken only for numbers that were really delivered; what could not be had is not charged.",
            ),
            (
                "How it ends",
                "Release a number whenever you like. The page of a release says beforehand how long its rental runs, how many paid days are not refunded, and until when you can undo it.",
            ),
        ],
        on: ("/help", "All guides"),
    },
];

async fn index(State(app): State<App>, person: Anyone) -> Answer {
    Screen::new("Help").at(Place::Help).render(&app, &person, contents).await
}

fn contents() -> impl IntoView {
    let cards = GUIDES
        .iter()
        .map(|guide| {
            view! {
                <li class="surface p-5">
                    <a class="link-quiet text-lg font-semibold" href=format!("/help/{}", guide.word)>{guide.title}</a>
                    <p class="mt-1 text-muted">{guide.answers}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="grid max-w-3xl gap-4">{cards}</ul> }
}

async fn guide(State(app): State<App>, person: Anyone, Path(word): Path<String>) -> Answer {
    let guide = GUIDES.iter().find(|g| g.word == word).ok_or_else(PageError::not_found)?;
    Screen::new(guide.title)
        .at(Place::Help)
        .under("Help", "/help")
        .render(&app, &person, move || steps(guide))
        .await
}

fn steps(guide: &'static Guide) -> impl IntoView {
    let steps = guide
        .steps
        .iter()
        .enumerate()
        .map(|(n, (title, text))| {
            view! {
                <li class="flex gap-4">
                    <span class="flex size-8 shrink-0 items-center justify-center rounded-full bg-glow font-semibold text-primary" aria-hidden="true">
                        {n + 1}
                    </span>
                    <div>
                        <h2 class="font-semibold">{*title}</h2>
                        <p class="mt-1 text-muted">{*text}</p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="max-w-3xl">
            <p class="mb-4 text-lg">{guide.answers}</p>
            <Card>
                <ol class="flex flex-col gap-6">{steps}</ol>
            </Card>
            <div class="mt-6"><LinkButton href=guide.on.0>{guide.on.1}</LinkButton></div>
        </div>
    }
}
