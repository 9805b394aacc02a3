//! What every error of VoxLink can tell: a sentence for people, a code and a status for programs.

/// A word that is none of an enum's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} cannot be “{given}”; it is one of {allowed}")]
pub struct UnknownWord {
    kind: &'static str,
    given: String,
    allowed: String,
}

impl UnknownWord {
    /// `kind` is the enum's name, `given` what was read, `allowed` its words.
    pub fn new(kind: &'static str, given: &str, allowed: &[&str]) -> Self {
        let given = given.chars().take(40).collect();
        Self { kind, given, allowed: allowed.join(", ") }
    }
}

/// The class of an error: decides the HTTP status and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 400: the request makes no sense.
    Invalid,
    /// 401: nobody is signed in.
    Unauthenticated,
    /// 402: money is missing.
    PaymentRequired,
    /// 403: signed in, but not allowed.
    Forbidden,
    /// 404: absent, or somebody else's: the two look the same.
    NotFound,
    /// 409: the state of things forbids it now.
    Conflict,
    /// 422: fields are wrong.
    Unprocessable,
    /// 429: too often.
    TooMany,
    /// 500: our fault; its text stays in the log.
    Internal,
    /// 502: a carrier's or processor's fault.
    BadGateway,
    /// 503: later.
    Unavailable,
}

impl Status {
    /// The HTTP status number.
    pub const fn http(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::PaymentRequired => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Unprocessable => 422,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::BadGateway => 502,
            Self::Unavailable => 503,
        }
    }
}

/// One field that is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// The form field's name.
    pub field: String,
    /// What is wrong and the remedy, as a sentence.
    pub message: String,
}

/// What the pages and the API need to know of an error. `Display` is the sentence for people.
pub trait Explain: std::error::Error {
    /// A stable word for programs, such as `number_taken`.
    fn code(&self) -> &'static str;
    /// The class of the error.
    fn status(&self) -> Status;
    /// The fields at fault, none when it is not about fields.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }
}
