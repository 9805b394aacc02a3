//! What a page's frame takes from the request: where it is, the chosen theme, a notice left by
//! the step before.

use crate::flash::Flash;
use axum::{
    http::{
        Extensions, HeaderMap, HeaderValue, Uri,
        header::{COOKIE, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use voxlink_domain::{RequestInfo, accounts::Theme};
use voxlink_types::Page;

/// What the frame knows of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The path, without the query.
    pub path: String,
    /// The query as it stands in the address, decoded.
    pub query: Vec<(String, String)>,
    /// The colours chosen on this device; none takes those of the person's profile.
    pub theme: Option<Theme>,
    /// What the step before has to say.
    pub flash: Option<Flash>,
    /// The request's id, shown with errors.
    pub request_id: Option<String>,
}

impl Look {
    /// Reads a request.
    pub fn of(uri: &Uri, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self {
            path: uri.path().to_owned(),
            query: query.into_owned().collect(),
            theme: cookie(headers, "theme").and_then(|word| word.parse().ok()),
            flash: cookie(headers, "flash").and_then(|text| Flash::from_cookie(&text)),
            request_id: extensions.get::<RequestInfo>().and_then(|info| info.id.clone()),
        }
    }

    /// The address with one parameter set, or taken out for `None`. The page number falls away
    /// unless it is what is set: another sort or filter begins at the first page.
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        let kept = self.query.iter().filter(|(key, _)| key != name && key != "page");
        out.extend_pairs(kept);
        if let Some(value) = value {
            out.append_pair(name, value);
        }
        let query = out.finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The way to a list's last page, for whoever asks for one past it: from an old link, or because
    /// rows went away.
    pub fn past_the_end<T>(&self, page: &Page<T>) -> Option<Response> {
        let last = page.pages();
        (page.request.page > last)
            .then(|| Redirect::to(&self.with("page", Some(&last.to_string()))).into_response())
    }

    /// The address as it stands.
    pub fn address(&self) -> String {
        self.param("page").map_or_else(|| self.with("page", None), |p| self.with("page", Some(p)))
    }
}

/// Leaves the chosen colours on the device, for a year.
pub(crate) fn remember_theme(response: &mut Response, theme: Theme) {
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// A cookie of the request.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(address: &str, cookies: &str) -> Look {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookies.parse().unwrap());
        Look::of(&address.parse().unwrap(), &headers, &Extensions::new())
    }

    #[test]
    fn past_the_end_of_a_list_is_its_last_page() {
        use voxlink_types::PageRequest;
        let here = look("/orders?q=x&page=9", "");
        let page =
            |n, total| Page::<()> { rows: Vec::new(), request: PageRequest::new(n, 25), total };
        let to = |page| {
            let answer = here.past_the_end(&page)?;
            Some(answer.headers()["location"].to_str().unwrap().to_owned())
        };
        assert_eq!(to(page(9, 60)).as_deref(), Some("/orders?q=x&page=3"));
        assert_eq!(to(page(9, 0)).as_deref(), Some("/orders?q=x&page=1"));
        assert_eq!(to(page(3, 60)), None);
        assert_eq!(to(page(1, 0)), None);
    }

    #[test]
    fn addresses_keep_their_query_and_begin_again_at_page_one() {
        let here = look("/numbers?q=a+b&tag=x&tag=y&page=3", "theme=dark; other=1");
        assert_eq!(here.theme, Some(Theme::Dark));
        assert_eq!(here.with("page", Some("4")), "/numbers?q=a+b&tag=x&tag=y&page=4");
        assert_eq!(here.with("sort", Some("-name")), "/numbers?q=a+b&tag=x&tag=y&sort=-name");
        assert_eq!(here.with("tag", None), "/numbers?q=a+b");
        assert_eq!(here.address(), "/numbers?q=a+b&tag=x&tag=y&page=3");
    }

    #[test]
    fn an_unknown_theme_is_none() {
        assert_eq!(look("/", "theme=\"><script>").theme, None);
    }
}
