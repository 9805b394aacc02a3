//! What is sent and what comes back.

use http::{HeaderMap, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;
use voxlink_gateways::CarrierError;

/// Who we are to a carrier.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// RFC 7617.
    Basic {
        /// The account, project or key.
        user: String,
        /// Its secret.
        password: SecretString,
    },
    /// RFC 6750.
    Bearer(SecretString),
    /// Nobody yet: [`Tokens`](super::Tokens) put theirs here.
    None,
}

/// Whether a request whose answer was lost may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice does the same as once.
    Safe,
    /// The caller must look first.
    Never,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// `application/x-www-form-urlencoded`; a list repeats its name.
    Form(Vec<(&'static str, String)>),
    /// `application/json`.
    Json(serde_json::Value),
    /// `application/xml`.
    Xml(String),
}

/// What a good answer is made of; anything else is trouble at the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// Whatever; most often nothing.
    Anything,
}

impl Expect {
    /// Whether a body is of the kind.
    pub(super) fn fits(self, body: &[u8]) -> bool {
        match self {
            Self::Json => serde_json::from_slice::<IgnoredAny>(body).is_ok(),
            Self::Xml => {
                let start = body.trim_ascii_start();
                let mut page = start.iter().take(64).map(u8::to_ascii_lowercase);
                start.first() == Some(&b'<')
                    && !page.clone().take(5).eq(*b"<html")
                    && !page.by_ref().take(9).eq(*b"<!doctype")
            }
            Self::Anything => true,
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What it is for, in the trait's words: `search`, `buy`, …
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    /// What it carries.
    pub body: Body,
    /// Who asks.
    pub credentials: Credentials,
    /// May it be repeated?
    pub repeat: Repeat,
    /// What the answer is made of.
    pub expect: Expect,
    /// It finds out whether a carrier that is left alone is back: it goes out as the probe, sooner
    /// than its turn.
    pub probe: bool,
}

impl Ask {
    /// A GET that expects JSON.
    pub const fn get(operation: &'static str, url: Url, credentials: Credentials) -> Self {
        Self {
            operation,
            method: Method::GET,
            url,
            body: Body::None,
            credentials,
            repeat: Repeat::Safe,
            expect: Expect::Json,
            probe: false,
        }
    }

    /// A POST that expects JSON and must not be repeated blindly.
    pub const fn post(
        operation: &'static str,
        url: Url,
        credentials: Credentials,
        body: Body,
    ) -> Self {
        Self {
            operation,
            method: Method::POST,
            url,
            body,
            credentials,
            repeat: Repeat::Never,
            expect: Expect::Json,
            probe: false,
        }
    }

    /// The same by another method.
    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The same, and twice does what once does.
    #[must_use]
    pub const fn safely(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }

    /// The same with another kind of answer.
    #[must_use]
    pub const fn expecting(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// The same, to find out whether the carrier is there.
    #[must_use]
    pub const fn probing(mut self) -> Self {
        self.probe = true;
        self
    }

    pub(super) fn request(
        &self,
        client: &reqwest::Client,
    ) -> Result<reqwest::Request, reqwest::Error> {
        let accept = match self.expect {
            Expect::Json => "application/json",
            Expect::Xml => "application/xml",
            Expect::Anything => "*/*",
        };
        let request =
            client.request(self.method.clone(), self.url.clone()).header(header::ACCEPT, accept);
        let request = match &self.credentials {
            Credentials::Basic { user, password } => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            Credentials::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Credentials::None => request,
        };
        match &self.body {
            Body::None => request,
            Body::Form(fields) => request.form(fields),
            Body::Json(value) => request.json(value),
            Body::Xml(text) => request
                .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
                .body(text.clone()),
        }
        .build()
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked.
    pub body: Vec<u8>,
    /// Whether what was asked may be repeated.
    pub repeat: Repeat,
}

impl Answer {
    /// Reads the body.
    ///
    /// # Errors
    /// A body of another shape is trouble at the carrier: [`CarrierError::Transient`], or
    /// [`CarrierError::UnknownOutcome`] where something may have been done.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CarrierError> {
        serde_json::from_slice(&self.body).map_err(|error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            self.unreadable(&format!("{} at line {line} column {column}", stumbled(&error)))
        })
    }

    /// The error for a body that cannot be understood. Why it cannot is told in our own words:
    /// what a reader says may quote the body ([`stumbled`]).
    pub fn unreadable(&self, why: &dyn std::fmt::Display) -> CarrierError {
        let detail = format!("{} unreadable answer ({why}): {}", self.status.as_u16(), self.said());
        match self.repeat {
            Repeat::Safe => CarrierError::Transient { detail },
            Repeat::Never => CarrierError::UnknownOutcome { detail },
        }
    }

    /// The beginning of the body, for the administrator. Of a success only its length and kind: it
    /// may hold secrets, as the record of an account at Twilio holds its `auth_token`.
    pub fn said(&self) -> String {
        if self.status.is_success() {
            let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let kind: String = kind.unwrap_or("of no kind").chars().take(60).collect();
            return format!("{} bytes, {kind}", self.body.len());
        }
        String::from_utf8_lossy(&self.body).chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

/// What a reader of JSON or XML stumbled over, without a word of what it read: its message quotes
/// whatever was in the wrong place. The name of a field that is missing is ours.
pub fn stumbled(error: &dyn std::fmt::Display) -> String {
    let words = error.to_string();
    let named = words.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    named.map_or_else(
        || "not of the form expected".to_owned(),
        |(field, _)| format!("`{field}` is missing"),
    )
}
