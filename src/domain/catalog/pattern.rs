//! What people type to find digits: `42`, `FLOWERS`, `4?2`, `1-800 TAXI`.

/// Longest pattern.
const LONGEST: usize = 12;

/// Why a pattern cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// A character that is on no key.
    #[error("“{0}” is on no key: use digits, letters, and ? for any one digit")]
    NoKey(char),
    /// Too many digits.
    #[error("use at most 12 digits and letters")]
    TooLong,
    /// Nothing but wildcards.
    #[error("give at least one digit or letter")]
    Empty,
}

/// The digits that a pattern stands for: letters as on a telephone's keys, `?` for any one digit.
/// Blanks and the usual punctuation of numbers are left out.
pub fn digits_of(typed: &str) -> Result<String, BadPattern> {
    let mut out = String::new();
    for c in typed.chars() {
        match c.to_ascii_uppercase() {
            digit @ '0'..='9' => out.push(digit),
            '?' | '*' => out.push('?'),
            'A'..='C' => out.push('2'),
            'D'..='F' => out.push('3'),
            'G'..='I' => out.push('4'),
            'J'..='L' => out.push('5'),
            'M'..='O' => out.push('6'),
            'P'..='S' => out.push('7'),
            'T'..='V' => out.push('8'),
            'W'..='Z' => out.push('9'),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return Err(BadPattern::NoKey(c)),
        }
    }
    if out.len() > LONGEST {
        return Err(BadPattern::TooLong);
    }
    if out.chars().all(|c| c == '?') {
        return Err(BadPattern::Empty);
    }
    Ok(out)
}

/// Where the digits of a pattern first stand in a number's digits: the start.
pub fn found_in(pattern: &str, digits: &str) -> Option<usize> {
    let (pattern, digits) = (pattern.as_bytes(), digits.as_bytes());
    let fits = |window: &[u8]| window.iter().zip(pattern).all(|(d, p)| *p == b'?' || d == p);
    digits.windows(pattern.len().max(1)).position(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_the_digits_of_their_keys() {
        assert_eq!(digits_of("FLOWERS"), Ok("3569377".to_owned()));
        assert_eq!(digits_of("1-800 taxi"), Ok("18008294".to_owned()));
        assert_eq!(digits_of("4?2*"), Ok("4?2?".to_owned()));
        assert_eq!(digits_of("4%2"), Err(BadPattern::NoKey('%')));
        assert_eq!(digits_of("ÄPFEL"), Err(BadPattern::NoKey('Ä')));
        assert_eq!(digits_of("??"), Err(BadPattern::Empty));
        assert_eq!(digits_of("1234567890123"), Err(BadPattern::TooLong));
    }

    #[test]
    fn a_pattern_is_found_where_it_first_stands() {
        assert_eq!(found_in("4?2", "6174925421"), Some(3));
        assert_eq!(found_in("99", "6174925421"), None);
        assert_eq!(found_in("123", "12"), None);
    }
}
