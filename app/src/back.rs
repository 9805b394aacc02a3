//! The way back that a form or an address names: only ever a path of ours.

/// The path, if it is one of ours. Browsers drop tabs and line ends from an address and read a
/// backslash as a slash, so `/\t/evil.example` would be another site; and what is no header value
/// would be a failure of ours.
pub(crate) fn ours(path: &str) -> Option<&str> {
    let here = path.starts_with('/') && !path.starts_with("//");
    let plain = !path.contains(|c: char| c.is_control() || c == '\\');
    (here && plain).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/numbers?q=1", "/search?near=Z%C3%BCrich#results"] {
            assert_eq!(ours(good), Some(good));
        }
        for bad in [
            "",
            "numbers",
            "//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\0",
            "/a\r\nset-cookie: a=b",
            "/\u{85}",
        ] {
            assert_eq!(ours(bad), None, "{bad:?}");
        }
    }
}
