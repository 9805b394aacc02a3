//! A notice that survives one redirect: "Saved." after a form. It travels in a cookie that lives
//! a minute and is taken away by the page that shows it. Its text is shown as text, never as HTML.

use axum::{
    http::{HeaderValue, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

/// How a notice looks and how urgently it is read out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something went well.
    Success,
    /// Something to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Danger,
}

impl Tone {
    const ALL: [Self; 4] = [Self::Success, Self::Info, Self::Warning, Self::Danger];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// A notice for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// How it looks.
    pub tone: Tone,
    /// A sentence.
    pub text: String,
}

impl Flash {
    /// Good news.
    pub fn success(text: impl Into<String>) -> Self {
        Self { tone: Tone::Success, text: text.into() }
    }

    /// News.
    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: Tone::Info, text: text.into() }
    }

    /// A warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { tone: Tone::Warning, text: text.into() }
    }

    /// Bad news.
    pub fn danger(text: impl Into<String>) -> Self {
        Self { tone: Tone::Danger, text: text.into() }
    }

    /// Sends the person to `path` (303), where the notice is shown.
    pub fn then(self, path: &str) -> Response {
        let mut response = Redirect::to(path).into_response();
        self.attach(&mut response);
        response
    }

    /// Leaves the notice with a response.
    pub fn attach(&self, response: &mut Response) {
        let short: String = self.text.chars().take(300).collect();
        let text: String = url::form_urlencoded::byte_serialize(short.as_bytes()).collect();
        let cookie = format!(
            "flash={}:{text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
            self.tone.as_str()
        );
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }

    /// Reads the cookie's value.
    pub(crate) fn from_cookie(value: &str) -> Option<Self> {
        let (tone, text) = value.split_once(':')?;
        let (text, _) = url::form_urlencoded::parse(text.as_bytes()).next()?;
        let tone = Tone::ALL.into_iter().find(|t| t.as_str() == tone)?;
        Some(Self { tone, text: text.into_owned() })
    }

    /// Takes the notice away once it has been shown.
    pub(crate) fn clear(response: &mut Response) {
        let gone = HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(SET_COOKIE, gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_back_whatever_it_says() {
        let said = Flash::success("Released +1 202 555 0123; “Desk” = 50 % & more: fine");
        let response = said.clone().then("/numbers");
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        let value = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
        assert_eq!(Flash::from_cookie(value), Some(said));
        assert_eq!(Flash::from_cookie("loud:hello"), None);
    }
}
