//! From a view to a response: the frame around it, the document around that, the headers. A page
//! is rendered in one go, on the thread that asked: there is nothing to wait for once the domain
//! has answered.

use crate::{
    App,
    access::Person,
    assets::Assets,
    errors::Answer,
    flash::Flash,
    layout::{self, Crumb, Place},
    look::Look,
};
use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
    },
    response::{Html, IntoResponse, Response},
};
use chrono_tz::Tz;
use hydration_context::SsrSharedContext;
use leptos::{nonce::Nonce, prelude::*};
use std::sync::Arc;
use voxlink_domain::accounts::{Member, Theme};
use voxlink_domain::overview::{FrameCounts, frame_counts};

/// The page's own script, with the names of this build's files to be put in.
const SCRIPT: &str = include_str!("render/page.js");

/// A page about to be shown.
#[derive(Debug, Clone)]
pub struct Screen {
    title: String,
    place: Option<Place>,
    crumbs: Vec<Crumb>,
    status: StatusCode,
    quiet: bool,
    bare: bool,
    narrow: bool,
    /// The origins of the processors' pages.
    processors: Vec<String>,
}

/// The zone that [`crate::ui::When`] shows times in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Screen {
    /// A page with a title: the document's, and its heading.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            place: None,
            crumbs: Vec::new(),
            status: StatusCode::OK,
            quiet: false,
            bare: false,
            narrow: false,
            processors: Vec::new(),
        }
    }

    /// The entry of the sidebar that is lit.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// A page above this one; call it from the outermost inwards.
    #[must_use]
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { label: label.into(), href: href.into() });
        self
    }

    /// Another status than 200, such as 422 for a form shown again.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Does not ask the database for the frame's counts: for errors.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Without title and width of its own inside the frame: the view brings its heading (`h1`).
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// One form for somebody who is not signed in: a sheet in the middle.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// Renders the view that `view` makes into the frame of `person`.
    pub async fn render<V: IntoView + 'static>(
        mut self,
        app: &App,
        person: &impl Person,
        view: impl FnOnce() -> V + Send,
    ) -> Answer {
        let counts = match person.member() {
            Some(member) if !self.quiet => frame_counts(&app.platform, member).await?,
            _ => FrameCounts::default(),
        };
        self.processors = app.platform.processors().flat_map(|p| p.page_origins()).collect();
        Ok(self.compose(person, counts, view))
    }

    /// Renders a view for nobody in particular: what refuses a request before it is known who asks.
    /// Its frame offers no way in or out.
    pub fn nobody<V: IntoView + 'static>(self, view: impl FnOnce() -> V) -> Response {
        self.frame(Look::default(), None, true, FrameCounts::default(), view)
    }

    fn compose<V: IntoView + 'static>(
        self,
        person: &impl Person,
        counts: FrameCounts,
        view: impl FnOnce() -> V,
    ) -> Response {
        self.frame(person.look().clone(), person.member().cloned(), false, counts, view)
    }

    fn frame<V: IntoView + 'static>(
        self,
        look: Look,
        member: Option<Arc<Member>>,
        nobody: bool,
        counts: FrameCounts,
        view: impl FnOnce() -> V,
    ) -> Response {
        let zone = member.as_ref().and_then(|m| m.time_zone.parse().ok()).unwrap_or(Tz::UTC);
        let theme = look.theme.or(member.as_ref().map(|m| m.theme)).unwrap_or_default();
        let status = self.status;
        let full_title = escape(&format!("{} · VoxLink", self.title));
        let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
        let body = owner.with(|| {
            provide_context(look.clone());
            provide_context(Zone(zone));
            let frame = layout::Frame {
                title: self.title,
                place: self.place,
                crumbs: self.crumbs,
                bare: self.bare,
                narrow: self.narrow,
                nobody,
                member,
                counts,
                look: look.clone(),
            };
            frame.around(view().into_any()).to_html()
        });
        drop(owner);

        let nonce = Nonce::new();
        let document = document(&full_title, theme, &nonce, &body);
        let mut response = (status, Html(document)).into_response();
        // Chromium holds a form's redirects to `form-action`, too: paying leads to a processor.
        let processors = self.processors.join(" ");
        let policy = format!(
            "default-src 'self'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
             style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             form-action 'self' {processors}; frame-ancestors 'none'"
        );
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, value);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        if look.flash.is_some() {
            Flash::clear(&mut response);
        }
        response
    }
}

/// The document around a body. Its script fetches the wasm where an island wants it.
fn document(title: &str, theme: Theme, nonce: &Nonce, body: &str) -> String {
    let assets = Assets::of_this_build();
    let theme = match theme {
        Theme::System => "",
        Theme::Light => " data-theme=\"light\"",
        Theme::Dark => " data-theme=\"dark\"",
    };
    let script = SCRIPT.replace("{js}", &assets.js).replace("{wasm}", &assets.wasm);
    format!(
        "<!DOCTYPE html><html lang=\"en\"{theme}><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title>\
         <link rel=\"preload\" href=\"/fonts/inter-latin-wght-normal.woff2\" as=\"font\" type=\"font/woff2\" crossorigin>\
         <link rel=\"stylesheet\" href=\"{css}\">\
         <link rel=\"icon\" href=\"/logo.svg\" type=\"image/svg+xml\">\
         <link rel=\"manifest\" href=\"/manifest.webmanifest\">\
         <meta name=\"theme-color\" content=\"#ffffff\" media=\"(prefers-color-scheme: light)\">\
         <meta name=\"theme-color\" content=\"#111827\" media=\"(prefers-color-scheme: dark)\">\
         <script type=\"module\" nonce=\"{nonce}\">{script}</script></head><body>{body}</body></html>",
        css = assets.css,
    )
}

/// Text for the inside of an HTML element.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
