//! Countries by their ISO 3166-1 code, in English.

/// The name, or the code itself for a country that is not listed.
pub fn country_name(code: &str) -> String {
    let name = match code {
        "US" => "United States",
        "CA" => "Canada",
        "GB" => "United Kingdom",
        "DE" => "Germany",
        "IE" => "Ireland",
        "NL" => "Netherlands",
        "SE" => "Sweden",
        "FR" => "France",
        "ES" => "Spain",
        "IT" => "Italy",
        "PT" => "Portugal",
        "BE" => "Belgium",
        "CH" => "Switzerland",
        "AT" => "Austria",
        "DK" => "Denmark",
        "NO" => "Norway",
        "FI" => "Finland",
        "PL" => "Poland",
        "CZ" => "Czechia",
        "AU" => "Australia",
        "NZ" => "New Zealand",
        "JP" => "Japan",
        "SG" => "Singapore",
        "IN" => "India",
        "BR" => "Brazil",
        "MX" => "Mexico",
        "ZA" => "South Africa",
        "BH" => "Bahrain",
        "PR" => "Puerto Rico",
        "JM" => "Jamaica",
        "BS" => "Bahamas",
        "BB" => "Barbados",
        "TT" => "Trinidad and Tobago",
        "DO" => "Dominican Republic",
        "BM" => "Bermuda",
        "LU" => "Luxembourg",
        "IS" => "Iceland",
        "EE" => "Estonia",
        "LV" => "Latvia",
        "LT" => "Lithuania",
        "GR" => "Greece",
        "HU" => "Hungary",
        "RO" => "Romania",
        "BG" => "Bulgaria",
        "HR" => "Croatia",
        "SK" => "Slovakia",
        "SI" => "Slovenia",
        "IL" => "Israel",
        "AE" => "United Arab Emirates",
        "HK" => "Hong Kong",
        "KR" => "South Korea",
        "AR" => "Argentina",
        "CL" => "Chile",
        "CO" => "Colombia",
        "CY" => "Cyprus",
        "MT" => "Malta",
        other => other,
    };
    name.to_owned()
}

/// True for a code of a country that has telephone numbers.
#[cfg(feature = "numbering")]
pub fn is_country(code: &str) -> bool {
    code.parse::<phonenumber::country::Id>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_names() {
        assert_eq!(country_name("IE"), "Ireland");
        assert_eq!(country_name("XX"), "XX");
    }

    #[cfg(feature = "numbering")]
    #[test]
    fn a_code_of_no_country_is_none() {
        assert!(is_country("US") && is_country("KE") && !is_country("ZZ") && !is_country("us"));
    }
}
