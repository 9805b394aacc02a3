//! The frame around every page: sidebar, top bar, notices, title; for those who are not signed
//! in, a quiet sheet.

mod errors;
mod navigation;
mod top_bar;

pub use errors::{error_page, error_words};
pub use navigation::Place;

use crate::{
    look::Look,
    ui::{CopyButton, Notice},
};
use leptos::prelude::*;
use navigation::navigation;
use std::sync::Arc;
use top_bar::{theme_switch, top_bar};
use voxlink_domain::{accounts::Member, overview::FrameCounts};
use voxlink_islands::Palette;

/// A page above the one that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// Its name.
    pub label: String,
    /// Its address.
    pub href: String,
}

/// What the frame is drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub title: String,
    pub place: Option<Place>,
    pub crumbs: Vec<Crumb>,
    pub bare: bool,
    /// One form is all there is: it stands as a sheet in the middle.
    pub narrow: bool,
    /// It is not known who asks: no way in or out is offered.
    pub nobody: bool,
    pub member: Option<Arc<Member>>,
    pub counts: FrameCounts,
    pub look: Look,
}

impl Frame {
    /// Draws the frame around a page.
    pub fn around(self, page: AnyView) -> AnyView {
        match self.member.clone() {
            Some(member) => self.signed_in(&member, page),
            None => self.signed_out(page),
        }
    }

    fn signed_in(self, member: &Member, page: AnyView) -> AnyView {
        let suspended = member.suspended.clone().map(|reason| {
            let text = format!(
                "Your account is suspended: {reason} You can look at everything; changes wait until it is restored."
            );
            view! { <Notice tone=crate::flash::Tone::Warning>{text}</Notice> }
        });
        let bar = top_bar(member, self.counts, &self.look);
        let places = navigation::destinations(member);
        let menu = navigation(member, self.place, self.counts);
        view! {
            {skip_link()}
            <div class="flex min-h-dvh">
                <aside class="no-print sticky top-0 hidden h-dvh w-56 shrink-0 flex-col gap-6 overflow-y-auto border-e border-base-300 bg-base-100 px-3 py-4 lg:flex">
                    {brand("/")}
                    <nav aria-label="Main" class="flex flex-1 flex-col">{menu}</nav>
                </aside>
                <div class="flex min-w-0 flex-1 flex-col">
                    {bar}
                    <main id="content" tabindex="-1" class="mx-auto w-full max-w-[1200px] flex-1 px-4 py-6 outline-none sm:px-6 lg:px-8">
                        {suspended}
                        {flash(&self.look)}
                        {heading(self.bare, &self.title, self.crumbs)}
                        {page}
                    </main>
                </div>
            </div>
            <Palette places />
        }
        .into_any()
    }

    fn signed_out(self, page: AnyView) -> AnyView {
        let back = self.look.address();
        let account = (!self.nobody).then(|| {
            view! {
                <nav aria-label="Account" class="ms-auto flex items-center gap-2">
                    <a class="btn btn-ghost btn-sm" href="/sign-in">"Sign in"</a>
                    <a class="btn btn-primary btn-sm" href="/register">"Register"</a>
                </nav>
            }
        });
        let (width, page) = if self.narrow {
            let sheet = view! { <div class="surface p-5 sm:p-8">{page}</div> };
            ("max-w-lg py-6 sm:py-14", sheet.into_any())
        } else {
            ("max-w-[1200px] py-6", page)
        };
        let colours =
            (!self.nobody).then(|| theme_switch(self.look.theme.unwrap_or_default(), back));
        view! {
            {skip_link()}
            <div class="flex min-h-dvh flex-col">
                <header class="app-bar no-print mx-auto flex w-full max-w-[1200px] items-center gap-2 px-4 py-4 sm:px-6">
                    <div class="-ms-2">{brand("/")}</div>
                    {account}
                </header>
                <main id="content" tabindex="-1" class=format!("mx-auto w-full flex-1 px-4 outline-none sm:px-6 {width}")>
                    {flash(&self.look)}
                    {heading(self.bare, &self.title, self.crumbs)}
                    {page}
                </main>
                <footer class="no-print mx-auto flex w-full max-w-[1200px] flex-wrap items-center justify-between gap-4 px-4 py-6 text-sm text-muted sm:px-6">
                    <span>"VoxLink: telephone numbers, on your own server."</span>
                    <nav aria-label="About VoxLink" class="flex gap-4">
                        <a class="link" href="/help">"Help"</a>
                        <a class="link" href="/help/terms">"Terms of service"</a>
                    </nav>
                    {colours}
                </footer>
            </div>
        }
        .into_any()
    }
}

fn skip_link() -> impl IntoView {
    view! {
        <a class="btn btn-primary sr-only focus:not-sr-only focus:fixed focus:start-4 focus:top-4 focus:z-50" href="#content">
            "Skip to content"
        </a>
    }
}

/// The mark and the name.
fn brand(href: &'static str) -> impl IntoView {
    view! {
        <a href=href class="flex items-center gap-2.5 rounded-field px-2 py-1 text-lg font-bold tracking-tight">
            <img src="/logo.svg" alt="" width="28" height="28" />
            "VoxLink"
        </a>
    }
}

/// What the step before has to say; an address at its end can be copied.
fn flash(look: &Look) -> Option<impl IntoView + use<>> {
    look.flash.clone().map(|said| {
        let link = said.text.rsplit_once(' ').filter(|(_, last)| last.starts_with("http"));
        let inside = match link {
            Some((words, link)) => view! {
                <p>{words.to_owned()}</p>
                <p class="my-2 font-medium select-all">{link.to_owned()}</p>
                <CopyButton text=link label="Copy the link" worded=true />
            }
            .into_any(),
            None => said.text.into_any(),
        };
        view! { <Notice tone=said.tone>{inside}</Notice> }
    })
}

fn heading(bare: bool, title: &str, crumbs: Vec<Crumb>) -> impl IntoView + use<> {
    let trail = (!crumbs.is_empty()).then(|| {
        let links = crumbs
            .into_iter()
            .map(|c| {
                view! {
                    <li class="flex items-center gap-1.5">
                        <a class="link-quiet" href=c.href>{c.label}</a>
                        <span class="icon-[lucide--chevron-right] text-muted" aria-hidden="true"></span>
                    </li>
                }
            })
            .collect_view();
        view! {
            <nav aria-label="Breadcrumb" class="mb-2 text-sm">
                <ol class="flex flex-wrap items-center gap-1.5">
                    {links} <li aria-current="page" class="min-w-0 text-muted [overflow-wrap:anywhere]">{title.to_owned()}</li>
                </ol>
            </nav>
        }
    });
    let title = (!bare).then(|| {
        view! { <h1 class="mb-6 text-2xl font-semibold [overflow-wrap:anywhere]">{title.to_owned()}</h1> }
    });
    view! { {trail} {title} }
}
