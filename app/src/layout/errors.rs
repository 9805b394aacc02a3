//! What people see when something is refused, absent or broken.

use axum::http::StatusCode;
use leptos::prelude::*;

/// The title of an error page and what to do next.
pub fn error_words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => ("Please sign in", "Sign in and try again."),
        StatusCode::PAYMENT_REQUIRED => ("Money is missing", "Top up your balance and try again."),
        StatusCode::FORBIDDEN => ("Not allowed", "You are signed in, but this is not open to you."),
        StatusCode::METHOD_NOT_ALLOWED => (
            "That cannot be done here",
            "The address is right, but not for this. Go to the page and use its buttons.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("That is too large", "Send less at a time, or a smaller file.")
        }
        StatusCode::BAD_REQUEST
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => (
            "The form did not arrive whole",
            "Nothing was changed. Open the page again and send it from there.",
        ),
        StatusCode::NOT_FOUND => {
            ("Nothing here", "The address may be mistyped, or what was here is gone.")
        }
        StatusCode::CONFLICT => {
            ("That did not fit", "Something changed meanwhile. Look again and repeat.")
        }
        StatusCode::TOO_MANY_REQUESTS => ("Too many tries", "Wait a little and try again."),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            ("Back in a moment", "A part of VoxLink does not answer. Try again shortly.")
        }
        s if s.is_server_error() => {
            ("Something broke", "It is our fault and has been written down. Nothing was half done.")
        }
        _ => ("That did not work", "Go back, look at what you entered, and try again."),
    }
}

/// The page of an error, for inside the frame.
pub fn error_page(
    status: StatusCode,
    sentence: Option<String>,
    request_id: Option<String>,
) -> impl IntoView {
    let (_, advice) = error_words(status);
    let reference = request_id.map(|id| {
        view! {
            <p class="text-sm break-all text-muted">
                "If you ask for help, name this request: " <code class="select-all text-base-content">{id}</code>
            </p>
        }
    });
    view! {
        <div class="surface flex max-w-2xl flex-col items-start gap-4 p-6 sm:p-8">
            <p class="text-sm font-semibold text-muted">{format!("Error {}", status.as_u16())}</p>
            <p class="text-lg">{sentence.unwrap_or_else(|| advice.to_owned())}</p>
            {reference}
            <a class="btn btn-primary" href="/">"Go to the overview"</a>
        </div>
    }
}
