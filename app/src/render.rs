//! From a view to a response: the document around it, the nonce, the headers.

use crate::App;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Request, header::CONTENT_SECURITY_POLICY},
    response::Response,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use voxlink_islands::Countdown;

/// The document around every page.
fn document(options: LeptosOptions, title: String, page: AnyView) -> impl IntoView {
    if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) {
        let policy = format!(
            "default-src 'self'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
             object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        if let Ok(value) = HeaderValue::from_str(&policy) {
            response.insert_header(CONTENT_SECURITY_POLICY, value);
        }
    }
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>{title}</title>
                <link rel="stylesheet" href="/pkg/voxlink.css" />
                <HydrationScripts options islands=true />
            </head>
            <body>{page}</body>
        </html>
    }
}

/// Renders a page made by `page`, which is called once.
pub async fn render(
    app: &App,
    title: String,
    page: impl Fn() -> AnyView + Clone + Send + Sync + 'static,
) -> Response {
    let options = app.leptos.clone();
    let document = move || document(options.clone(), title.clone(), page());
    leptos_axum::render_app_async(document)(Request::new(Body::empty())).await
}

/// The first page.
pub async fn hello(State(app): State<App>) -> Response {
    render(&app, "VoxLink".to_owned(), || {
        view! { <main class="p-8"><h1 class="text-3xl">"VoxLink"</h1><Countdown ends_at_millis=900_000 server_now_millis=0 fallback="15 minutes".to_owned() /></main> }.into_any()
    })
    .await
}
