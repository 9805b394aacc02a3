//! The signature of form callbacks: Base64 of HMAC-SHA1 over the URL and the parameters, names
//! sorted, values sorted and each once (twilio-python's `request_validator.py`). A body that is
//! not a form is covered by `bodySHA256` in the URL's query instead.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use subtle::ConstantTimeEq;
use url::Url;
use voxlink_gateways::carrier::Forged;

/// The header that carries it.
pub(super) const HEADER: &str = "x-twilio-signature";

/// SignalWire's own header; its older callbacks carry [`HEADER`].
pub(super) const SIGNALWIRE_HEADER: &str = "x-signalwire-signature";

/// How a carrier signs: secret, URL, parameters.
pub(super) type Sign = fn(&str, &str, &[(String, String)]) -> String;

/// Signs a form as the carrier does: for callbacks and for what plays a carrier.
pub fn sign_form(secret: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in params {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = url.to_owned();
    for (name, values) in sorted {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    STANDARD.encode(digest(secret, &text))
}

/// Signs a form as SignalWire does: names sorted, the values of one name as they were sent, doubled
/// ones too (signalwire-python's `webhook_validator.py`).
pub(super) fn sign_form_as_sent(secret: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = params.iter().collect();
    // Stable: what has one name keeps its order.
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let pairs = sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let text: String = std::iter::once(url).chain(pairs).collect();
    STANDARD.encode(digest(secret, &text))
}

fn digest(secret: &str, text: &str) -> Vec<u8> {
    // HMAC takes keys of any length; an empty one cannot be configured.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Checks a signature over the URL as configured, with the standard port and without it: carriers
/// sign either.
pub(super) fn check(
    sign: Sign,
    secret: &str,
    given: &str,
    url: &str,
    params: &[(String, String)],
) -> Result<(), Forged> {
    let mut fits = false;
    for variant in variants(url) {
        let wanted = sign(secret, &variant, params);
        fits |= bool::from(wanted.as_bytes().ct_eq(given.as_bytes()));
    }
    if fits { Ok(()) } else { Err(Forged::BadSignature) }
}

/// The SHA-256 that the URL promises for a body that is no form.
pub(super) fn promised_body(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.query_pairs().find(|(k, _)| k == "bodySHA256").map(|(_, v)| v.into_owned())
}

/// Checks a body against the promise of the signed URL.
pub(super) fn check_body(promised: &str, body: &[u8]) -> Result<(), Forged> {
    let wanted = hex::encode(Sha256::digest(body));
    let fits = wanted.as_bytes().ct_eq(promised.to_ascii_lowercase().as_bytes());
    if bool::from(fits) { Ok(()) } else { Err(Forged::BadSignature) }
}

/// The URL as it is, with and without the scheme's standard port.
fn variants(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return all };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return all,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    match host.strip_suffix(port) {
        Some(bare) => all.push(format!("{scheme}://{bare}{path}")),
        None if !host.contains(':') => all.push(format!("{scheme}://{host}{port}{path}")),
        None => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_published_vector_and_one_computed_apart_fit() {
        let params = pairs(&[
            ("ToState", "California"),
            ("CalledState", "California"),
            ("Direction", "inbound"),
            ("FromState", "CA"),
            ("AccountSid", "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"),
            ("Caller", "+14158675309"),
            ("CallerZip", "90210"),
            ("CallerCountry", "US"),
            ("From", "+14158675309"),
            ("FromCity", "SAN FRANCISCO"),
            ("CallerCity", "SAN FRANCISCO"),
            ("CalledCity", "OAKLAND"),
            ("FromZip", "90210"),
            ("FromCountry", "US"),
        ]);
        let url = "https://api.example.com/voice?id=7";
        let signed = sign_form("1c892n40nd03kdnc0112slzkl3091j20", url, &params);
        let mut shuffled = params.clone();
        shuffled.reverse();
        shuffled.push(params[0].clone());
        assert_eq!(sign_form("1c892n40nd03kdnc0112slzkl3091j20", url, &shuffled), signed);
        // Computed apart, with Python's hmac and base64.
        assert_eq!(signed, "5y8x6LqdVwzF/MILeJhMXnMdjN8=");
        // The vector of Twilio's documentation and of its libraries' tests.
        assert_eq!(
            sign_form(
                "12345",
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                &pairs(&[
                    ("CallSid", "CA1234567890ABCDE"),
                    ("Caller", "+12349013030"),
                    ("Digits", "1234"),
                    ("From", "+12349013030"),
                    ("To", "+18005551212"),
                ])
            ),
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
        );
    }

    #[test]
    fn what_comes_more_than_once_signalwire_signs_as_it_is_sent() {
        let params = pairs(&[
            ("To", "+12025550123"),
            ("MediaUrl", "https://v.test/b"),
            ("MediaUrl", "https://v.test/a"),
            ("CallSid", "9a1b"),
            ("MediaUrl", "https://v.test/b"),
        ]);
        let (key, url) = ("PSK_0123456789abcdef", "https://v.test/callbacks/signalwire/voice");
        // Computed apart, with Python's hmac and base64.
        assert_eq!(sign_form_as_sent(key, url, &params), "hOD6Lhs3GqKlX+cv8oHt4+Adgf4=");
        assert_ne!(sign_form_as_sent(key, url, &params), sign_form(key, url, &params));
        // Where nothing comes twice, both sign alike.
        let plain = pairs(&[("To", "+12025550123"), ("CallSid", "9a1b")]);
        assert_eq!(sign_form_as_sent(key, url, &plain), sign_form(key, url, &plain));
    }

    #[test]
    fn the_standard_port_may_be_there_or_not() {
        let params = pairs(&[("CallSid", "CA1")]);
        for (ours, theirs) in [
            ("https://v.test/a?b=1", "https://v.test:443/a?b=1"),
            ("https://v.test:443/a", "https://v.test/a"),
            ("http://v.test/a", "http://v.test:80/a"),
            ("http://127.0.0.1:3000/a", "http://127.0.0.1:3000/a"),
        ] {
            let signed = sign_form("secret", theirs, &params);
            assert_eq!(check(sign_form, "secret", &signed, ours, &params), Ok(()), "{ours}");
        }
        let signed = sign_form("secret", "https://v.test:8443/a", &params);
        assert!(check(sign_form, "secret", &signed, "https://v.test/a", &params).is_err());
        assert!(check(sign_form, "other", &signed, "https://v.test:8443/a", &params).is_err());
    }

    #[test]
    fn a_body_that_is_no_form_is_covered_by_its_hash() {
        let hash = hex::encode(Sha256::digest(b"{}"));
        let url = format!("https://v.test/a?bodySHA256={hash}");
        assert_eq!(promised_body(&url).as_deref(), Some(hash.as_str()));
        assert!(check_body(&hash.to_uppercase(), b"{}").is_ok());
        assert!(check_body(&hash, b"{ }").is_err());
    }
}
