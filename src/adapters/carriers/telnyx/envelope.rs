//! What every answer is wrapped in: `{"data": …}`, and for lists the page it is.

use serde::Deserialize;
use url::Url;
use voxlink_gateways::CarrierError;

/// The largest page that every list gives (`page[size]`).
const LARGEST: &str = "250";

/// One record.
#[derive(Debug, Deserialize)]
pub(super) struct One<T> {
    pub(super) data: T,
}

/// A page of records.
#[derive(Debug, Deserialize)]
pub(super) struct Many<T> {
    pub(super) data: Vec<T>,
    meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    page_number: Option<u32>,
    total_pages: Option<u32>,
}

impl<T> Many<T> {
    /// The next page's cursor, where there is one.
    pub(super) fn next(&self) -> Option<String> {
        let meta = self.meta.as_ref()?;
        let (page, pages) = (meta.page_number?, meta.total_pages?);
        (page < pages).then(|| page.saturating_add(1).to_string())
    }
}

/// The address of the page that a cursor names; the first without one.
pub(super) fn paged(mut url: Url, cursor: Option<&str>) -> Result<Url, CarrierError> {
    let page: u32 = cursor.map_or(Ok(1), str::parse).map_err(|_| CarrierError::Rejected {
        detail: format!("no page of Telnyx's lists: {}", cursor.unwrap_or_default()),
    })?;
    url.query_pairs_mut()
        .append_pair("page[number]", &page.to_string())
        .append_pair("page[size]", LARGEST);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_end_where_the_last_one_says() {
        let next = |meta| {
            let page: Many<u8> = serde_json::from_value(json!({"data": [], "meta": meta})).unwrap();
            page.next()
        };
        let meta = |page| json!({"page_number": page, "total_pages": 3, "page_size": 25});
        assert_eq!(next(meta(2)).as_deref(), Some("3"));
        assert_eq!(next(meta(3)), None);
        assert_eq!(next(json!({"page_number": 1, "total_pages": 0})), None);
        assert_eq!(next(json!(null)), None);
    }

    #[test]
    fn a_cursor_is_a_page_and_nothing_else() {
        let base: Url = "https://api.telnyx.com/v2/phone_numbers".parse().unwrap();
        let page = |cursor| paged(base.clone(), cursor).map(|url| url.query().map(str::to_owned));
        let wanted = "page%5Bnumber%5D=2&page%5Bsize%5D=250".to_owned();
        assert_eq!(page(Some("2")).unwrap(), Some(wanted));
        assert!(page(Some("https://evil.example")).is_err());
    }
}
