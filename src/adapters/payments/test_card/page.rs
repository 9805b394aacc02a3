//! The hosted page: where the person types the card. It works without any script.

use super::{TestCard, books::Row, cards};
use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::Datelike;
use serde::Deserialize;

pub(super) fn router(card: TestCard) -> Router {
    Router::new()
        .route("/test-card/style.css", get(style))
        .route("/test-card/{id}", get(show))
        .route("/test-card/{id}/pay", post(pay))
        .route("/test-card/{id}/confirm", post(confirm))
        .route("/test-card/{id}/cancel", post(cancel))
        .with_state(card)
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    cvc: String,
}

#[derive(Deserialize)]
struct Answer {
    answer: String,
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page.css"))
}

async fn show(State(card): State<TestCard>, Path(id): Path<String>) -> Response {
    match card.books().find(&id).await {
        Ok(Some(row)) => stage(&row, None, ""),
        Ok(None) => missing(),
        Err(error) => broken(&error),
    }
}

async fn pay(
    State(card): State<TestCard>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let now = card.now();
    let read = cards::read(&typed.number)
        .and_then(|c| cards::check_expiry(&typed.expiry, now.year(), now.month()).map(|()| c))
        .and_then(|c| cards::check_cvc(&typed.cvc).map(|()| c));
    let outcome = match read {
        Ok(read) => card.books().pay(&id, Some(read), false, now).await,
        Err(mistake) => {
            return match card.books().find(&id).await {
                Ok(Some(row)) => stage(&row, Some(mistake.sentence()), &typed.expiry),
                Ok(None) => missing(),
                Err(error) => broken(&error),
            };
        }
    };
    after(&card, outcome)
}

async fn confirm(
    State(card): State<TestCard>,
    Path(id): Path<String>,
    Form(answer): Form<Answer>,
) -> Response {
    after(&card, card.books().pay(&id, None, answer.answer == "yes", card.now()).await)
}

async fn cancel(State(card): State<TestCard>, Path(id): Path<String>) -> Response {
    match card.books().find(&id).await {
        Ok(Some(row)) => Redirect::to(&row.return_url).into_response(),
        Ok(None) => missing(),
        Err(error) => broken(&error),
    }
}

/// Where the person goes after the card was read: to the confirmation, or back to the shop.
fn after(card: &TestCard, outcome: Result<Option<Row>, sqlx::Error>) -> Response {
    match outcome {
        Ok(Some(row)) if row.state == "challenged" => {
            Redirect::to(&card.page_of(&row.id)).into_response()
        }
        Ok(Some(row)) => Redirect::to(&row.return_url).into_response(),
        Ok(None) => missing(),
        Err(error) => broken(&error),
    }
}

/// The page of a payment in its state.
fn stage(row: &Row, wrong: Option<&str>, expiry: &str) -> Response {
    let id = escape(&row.id);
    let wrong = wrong.map_or_else(String::new, |w| {
        format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(w))
    });
    let back = format!(
        "<form method=\"post\" action=\"/test-card/{id}/cancel\"><button class=\"quiet\">Back to the shop without paying</button></form>"
    );
    let body = match row.state.as_str() {
        "open" => format!(
            "<form method=\"post\" action=\"/test-card/{id}/pay\" autocomplete=\"off\">
             <label for=\"number\">Card number</label>
             <input id=\"number\" name=\"number\" inputmode=\"numeric\" required placeholder=\"4242 4242 4242 4242\">
             <div class=\"pair\"><div><label for=\"expiry\">Expiry</label>
             <input id=\"expiry\" name=\"expiry\" required placeholder=\"MM/YY\" value=\"{}\"></div>
             <div><label for=\"cvc\">Security code</label>
             <input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" required placeholder=\"123\" maxlength=\"4\"></div></div>
             {wrong}<button>{}</button></form>{back}
             <table><caption>Test cards</caption><tbody>
             <tr><td><code>4242 4242 4242 4242</code></td><td>pays</td></tr>
             <tr><td><code>4000 0000 0000 0002</code></td><td>is declined</td></tr>
             <tr><td><code>4000 0000 0000 9995</code></td><td>has too little money</td></tr>
             <tr><td><code>4000 0027 6000 3184</code></td><td>asks for a 3-D Secure confirmation</td></tr>
             <tr><td><code>4000 0000 0000 0341</code></td><td>is accepted, then refused when charged</td></tr>
             </tbody></table>",
            escape(expiry),
            if row.authorise_only { "Set the money aside" } else { "Pay" }
        ),
        "challenged" => format!(
            "<h2>3-D Secure</h2><p>Your (pretended) bank asks: is this payment yours?</p>
             <form method=\"post\" action=\"/test-card/{id}/confirm\">
             <button name=\"answer\" value=\"yes\">Yes, confirm the payment</button>
             <button class=\"quiet\" name=\"answer\" value=\"no\">No, refuse it</button></form>{back}"
        ),
        state => format!(
            "<p>This payment is {}. There is nothing more to do here.</p><p><a href=\"{}\">Back to the shop</a></p>",
            escape(state),
            escape(&row.return_url)
        ),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Test card payment</title>
         <link rel=\"stylesheet\" href=\"/test-card/style.css\"></head><body><main>
         <p class=\"test\"><strong>This is a test.</strong> No money moves, and no real card may be typed here.</p>
         <h1>{}</h1><p class=\"amount\">{}</p>{body}</main></body></html>",
        escape(&row.description),
        row.amount,
    );
    // The person is sent back to the shop, which is mostly another site.
    let shop = url::Url::parse(&row.return_url).map(|u| u.origin().ascii_serialization());
    document(StatusCode::OK, page, &shop.unwrap_or_default())
}

fn missing() -> Response {
    let page = "<!doctype html><html lang=\"en\"><head><title>No such payment</title>
        <link rel=\"stylesheet\" href=\"/test-card/style.css\"></head><body><main>
        <h1>There is no such payment</h1><p>Go back to the shop and start again.</p></main></body></html>";
    document(StatusCode::NOT_FOUND, page.to_owned(), "")
}

fn broken(error: &sqlx::Error) -> Response {
    tracing::error!(%error, "the test card's books");
    let page = "<!doctype html><html lang=\"en\"><head><title>Not now</title>
        <link rel=\"stylesheet\" href=\"/test-card/style.css\"></head><body><main>
        <h1>The test card does not answer at the moment</h1><p>Nothing was paid. Load the page again.</p></main></body></html>";
    document(StatusCode::SERVICE_UNAVAILABLE, page.to_owned(), "")
}

fn document(status: StatusCode, page: String, shop: &str) -> Response {
    let mut response = (status, Html(page)).into_response();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {shop}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
