//! VAT numbers: by shape for every country of the European Union, the United Kingdom and
//! Northern Ireland, by check digits where these are public. Reverse charge depends on them: a
//! number that nobody can have must not make tax fall away. Whether a number is in force only its
//! tax office knows.
//!
//! Shapes: European Commission, VIES, "VAT identification number structure"
//! (<https://ec.europa.eu/taxation_customs/vies/#/faq>, question 11). Check digits: as named at
//! each function.

/// The prefix of a country's VAT numbers: its code, except for Greece.
pub fn prefix_of(country: &str) -> &str {
    if country == "GR" { "EL" } else { country }
}

/// What follows the prefix: `9` is a digit, `A` a letter, `X` either; anything else is itself.
const SHAPES: &[(&str, &[&str], &str)] = &[
    ("AT", &["U99999999"], "ATU12345678"),
    ("BE", &["0999999999", "1999999999"], "BE0428759497"),
    ("BG", &["999999999", "9999999999"], "BG123456789"),
    ("CY", &["99999999A"], "CY12345678X"),
    ("CZ", &["99999999", "999999999", "9999999999"], "CZ12345678"),
    ("DE", &["999999999"], "DE129273398"),
    ("DK", &["99999999"], "DK12345678"),
    ("EE", &["999999999"], "EE123456789"),
    ("EL", &["999999999"], "EL123456789"),
    ("ES", &["A9999999X", "99999999A"], "ESX1234567X"),
    ("FI", &["99999999"], "FI12345678"),
    ("FR", &["XX999999999"], "FR40303265045"),
    ("GB", &["999999999", "999999999999", "GD999", "HA999"], "GB980780684"),
    ("HR", &["99999999999"], "HR12345678901"),
    ("HU", &["99999999"], "HU12345678"),
    ("IE", &["9999999A", "9999999AA", "9A99999A"], "IE6433435F"),
    ("IT", &["99999999999"], "IT00743110157"),
    ("LT", &["999999999", "999999999999"], "LT123456789"),
    ("LU", &["99999999"], "LU15027442"),
    ("LV", &["99999999999"], "LV12345678901"),
    ("MT", &["99999999"], "MT12345678"),
    ("NL", &["999999999B99"], "NL004495445B01"),
    ("PL", &["9999999999"], "PL1234567890"),
    ("PT", &["999999999"], "PT123456789"),
    (
        "RO",
        &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"],
        "RO1234567890",
    ),
    ("SE", &["999999999999"], "SE123456789701"),
    ("SI", &["99999999"], "SI12345678"),
    ("SK", &["9999999999"], "SK1234567890"),
    ("XI", &["999999999", "999999999999", "GD999", "HA999"], "XI980780684"),
];

/// True when `text` is written as `shape` says.
pub(super) fn fits(shape: &str, text: &str) -> bool {
    shape.len() == text.len()
        && shape.bytes().zip(text.bytes()).all(|(wanted, given)| match wanted {
            b'9' => given.is_ascii_digit(),
            b'A' => given.is_ascii_uppercase(),
            b'X' => given.is_ascii_uppercase() || given.is_ascii_digit(),
            other => given == other,
        })
}

/// Brings a number into one form: upper case, without blanks, points and hyphens.
pub fn written(typed: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && *c != '.' && *c != '-';
    typed.to_uppercase().chars().filter(kept).collect()
}

/// Checks a number in its one form against the country of the address; nothing typed is fine. The
/// error is a sentence with the remedy.
pub fn check(vat: &str, country: &str) -> Result<(), String> {
    if vat.is_empty() {
        return Ok(());
    }
    let own = prefix_of(country);
    let example = |prefix: &str| {
        let found = SHAPES.iter().find(|(of, ..)| *of == prefix);
        found.map_or_else(|| format!("{prefix}123456789"), |(.., example)| (*example).to_owned())
    };
    let (prefix, rest) = vat.split_at_checked(2).unwrap_or((vat, ""));
    // Northern Ireland has numbers of its own for goods.
    if prefix != own && !(prefix == "XI" && country == "GB") {
        let lettered = prefix.len() == 2 && prefix.bytes().all(|b| b.is_ascii_uppercase());
        return Err(if lettered {
            "The VAT number belongs to another country than the address.".to_owned()
        } else {
            format!("Write the VAT number with its country, such as {}.", example(own))
        });
    }
    let Some((_, shapes, example)) = SHAPES.iter().find(|(of, ..)| *of == prefix) else {
        let plain = rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        let fits = plain && (4..=15).contains(&rest.len()) && digits >= 4;
        return if fits {
            Ok(())
        } else {
            Err(format!("Write the VAT number with its country, such as {own}123456789."))
        };
    };
    if !shapes.iter().any(|shape| fits(shape, rest)) {
        return Err(format!("A VAT number that begins with {prefix} looks like {example}."));
    }
    if adds_up(prefix, rest) {
        Ok(())
    } else {
        Err("The check digits of the VAT number are wrong: compare it with your papers.".to_owned())
    }
}

/// Whether the check digits are right, for the countries whose rule is here.
fn adds_up(prefix: &str, rest: &str) -> bool {
    match prefix {
        "BE" => belgian(rest),
        "DE" => german(rest),
        "FR" => french(rest),
        "GB" | "XI" => british(rest),
        "IE" => irish(rest),
        "IT" => luhn(&digits(rest)),
        "NL" => dutch(rest),
        // The organisation number and two more digits, from 01 on. Luhn: Skatteverket SKV 704.
        "SE" => rest.get(..10).is_some_and(|ten| luhn(&digits(ten))) && !rest.ends_with("00"),
        _ => true,
    }
}

/// The values of the digits in a text.
fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// The sum of digits, each times its weight.
fn weighed(digits: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, _) => *digit,
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit > 0)
}

/// 97 less the rest of the first eight digits. FPS Finance, structure of the enterprise number.
fn belgian(rest: &str) -> bool {
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u32>().ok());
    match (number(rest.get(..8)), number(rest.get(8..))) {
        (Some(first), Some(check)) => 97 - first % 97 == check,
        _ => false,
    }
}

/// ISO/IEC 7064, MOD 11,10. Bundeszentralamt für Steuern, "Aufbau der USt-IdNr."
fn german(rest: &str) -> bool {
    let digits = digits(rest);
    let Some((check, first)) = digits.split_last() else { return false };
    let product = first.iter().fold(10, |product, digit| {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (11 - product) % 10 == *check && first.first().is_some_and(|digit| *digit > 0)
}

/// Where the key is two digits: 12 and three times the SIREN's rest by 97, again by 97. INSEE.
fn french(rest: &str) -> bool {
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u64>().ok());
    match (number(rest.get(..2)), number(rest.get(2..))) {
        (Some(key), Some(siren)) => (12 + 3 * (siren % 97)) % 97 == key,
        // A key with letters has a rule that is not public.
        _ => true,
    }
}

/// The sum of the first seven digits with weights 8 to 2, and the last two: a multiple of 97, or
/// of 97 with 55 for numbers given out since 2010. HMRC, "VAT registration number check digits".
fn british(rest: &str) -> bool {
    let digits = digits(rest);
    match (rest.get(..2), digits.get(..7), digits.get(7..9)) {
        // Government departments and health authorities have no check digits.
        (Some("GD"), ..) => digits.first().is_some_and(|first| *first < 5),
        (Some("HA"), ..) => digits.first().is_some_and(|first| *first >= 5),
        // Three digits of a branch may follow.
        (_, Some(seven), Some([tens, ones])) => sums_to_97(seven, *tens, *ones),
        _ => false,
    }
}

fn sums_to_97(seven: &[u32], tens: u32, ones: u32) -> bool {
    let sum = weighed(seven, (2..=8).rev()) + tens * 10 + ones;
    sum > 0 && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}

/// Seven digits with weights 8 to 2, and nine times the second letter, by 23: the first letter.
/// Revenue Commissioners, "Tax and Duty Manual, PPSN and VAT numbers".
fn irish(rest: &str) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let Some((first, letters)) = rest.split_at_checked(7) else { return false };
    // The older numbers have a letter in the second place: its company follows at the end.
    let seven = match first.as_bytes() {
        [head, second, tail @ ..] if second.is_ascii_uppercase() => {
            let tail: String = tail.iter().map(|b| char::from(*b)).collect();
            format!("0{tail}{}", char::from(*head))
        }
        _ => first.to_owned(),
    };
    let (check, more) = match letters.as_bytes() {
        [check] | [check, b'W'] => (*check, 0),
        [check, second] if second.is_ascii_uppercase() => (*check, u32::from(second - b'A') + 1),
        _ => return false,
    };
    let rest = (weighed(&digits(&seven), (2..=8).rev()) + 9 * more) % 23;
    usize::try_from(rest).ok().and_then(|rest| LETTERS.get(rest)) == Some(&check)
}

/// Companies: the first eight digits with weights 9 to 2, by 11, is the ninth. Persons, since
/// 2020: the whole with letters as 10 to 35, by 97, is 1. Belastingdienst, "Btw-identificatienummer".
fn dutch(rest: &str) -> bool {
    let nine = digits(rest.get(..9).unwrap_or_default());
    let old = nine.split_last().is_some_and(|(check, eight)| {
        weighed(eight, (2..=9).rev()) % 11 == *check && eight.iter().any(|digit| *digit > 0)
    });
    let mut whole = 0;
    for value in "NL".chars().chain(rest.chars()).filter_map(|c| c.to_digit(36)) {
        whole = (whole * if value > 9 { 100 } else { 10 } + value) % 97;
    }
    !rest.ends_with("00") && (old || whole == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_somebody_has_are_taken() {
        for (vat, country) in [
            ("", "DE"),
            ("DE129273398", "DE"),
            ("DE136695976", "DE"),
            ("NL004495445B01", "NL"),
            ("NL002455799B11", "NL"),
            ("SE556056625801", "SE"),
            ("SE123456789701", "SE"),
            ("IE6433435F", "IE"),
            ("IE6433435OA", "IE"),
            ("IE8D79739I", "IE"),
            ("GB980780684", "GB"),
            ("XI980780684", "GB"),
            ("GBGD001", "GB"),
            ("BE0428759497", "BE"),
            ("FR40303265045", "FR"),
            ("IT00743110157", "IT"),
            ("EL123456789", "GR"),
            ("ATU12345678", "AT"),
            ("CHE123456789MWST", "CH"),
        ] {
            assert_eq!(check(vat, country), Ok(()), "{vat}");
        }
    }

    #[test]
    fn numbers_that_nobody_can_have_are_refused() {
        for (vat, country) in [
            ("DE", "DE"),
            ("DE000", "DE"),
            ("DEHELLO", "DE"),
            ("DE999999999", "DE"),
            ("DE000000000", "DE"),
            ("DE129273399", "DE"),
            ("129273398", "DE"),
            ("FR40303265045", "DE"),
            ("GR123456789", "GR"),
            ("EL123456789", "DE"),
            ("XI980780684", "IE"),
            ("NL004495446B01", "NL"),
            ("NL000000000B00", "NL"),
            ("SE556056625901", "SE"),
            ("SE556056625800", "SE"),
            ("SE000000000001", "SE"),
            ("IE6433435E", "IE"),
            ("IE8D79738J", "IE"),
            ("GB802311781", "GB"),
            ("GB000000000", "GB"),
            ("GBGD501", "GB"),
            ("BE0431150351", "BE"),
            ("FR84323140391", "FR"),
            ("IT00743110158", "IT"),
            ("CHHELLO", "CH"),
            ("ÄÖ123", "DE"),
        ] {
            assert!(check(vat, country).is_err(), "{vat}");
        }
    }

    #[test]
    fn every_example_with_check_digits_is_right_itself() {
        for (prefix, shapes, example) in SHAPES {
            let rest = example.strip_prefix(prefix).unwrap();
            assert!(shapes.iter().any(|shape| fits(shape, rest)), "{example}");
            assert!(adds_up(prefix, rest), "{example}");
        }
    }

    proptest::proptest! {
        #[test]
        fn one_wrong_digit_is_found(at in 0..9usize, by in 1..10u32) {
            let mut wrong = digits("129273398");
            wrong[at] = (wrong[at] + by) % 10;
            let wrong: String = wrong.iter().map(u32::to_string).collect();
            proptest::prop_assert!(!german(&wrong), "{}", wrong);
        }

        #[test]
        fn nothing_typed_makes_it_stumble(typed in "\\PC{0,30}") {
            let _ = check(&written(&typed), "IE");
        }
    }
}
