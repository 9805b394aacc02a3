//! Wordings that several pages share.

use voxlink_domain::numbers;

/// How the length of a call is rounded up to what is billed, from the first and the next increment
/// in seconds: "by the full minute".
pub(crate) fn billed_by(first: i32, next: i32) -> String {
    let one = match next {
        1 => "by the second".to_owned(),
        60 => "by the full minute".to_owned(),
        n => format!("by {n} seconds"),
    };
    if first == next { one } else { format!("at least {first} seconds, then {one}") }
}

/// For how long a number must be kept, where its carrier wants that: said before it is bought.
pub(crate) fn kept_at_least(days: u16) -> Option<String> {
    numbers::kept_at_least(days, 1).map(|text| format!("{text}."))
}

/// A remark as a sentence: a capital in front, a full stop behind.
pub(crate) fn sentence(remark: &str) -> String {
    let mut rest = remark.chars();
    rest.next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increments_and_remarks_are_told_in_words() {
        assert_eq!(billed_by(60, 60), "by the full minute");
        assert_eq!(billed_by(6, 6), "by 6 seconds");
        assert_eq!(billed_by(1, 1), "by the second");
        assert_eq!(billed_by(30, 6), "at least 30 seconds, then by 6 seconds");
        let least = kept_at_least(14).unwrap();
        assert!(least.starts_with("At least 14 days: "), "{least}");
        assert_eq!(kept_at_least(0), None);
        assert_eq!(sentence("nobody answered"), "Nobody answered.");
        assert_eq!(sentence(""), "");
    }
}
