//! Each carrier: does it answer, does it know us, may we buy; and do we believe it when it calls.

use super::Finding::{self, Absent, Good, Wrong};
use super::PATIENCE;
use crate::config::{VARIABLES, Variable};
use voxlink_domain::{Fault, Platform, carriers::Origin, catalog::current_prices};
use voxlink_gateways::{Carrier, CarrierError};

/// Looks at one carrier.
pub(super) async fn health(carrier: &dyn Carrier) -> Finding {
    let asked = tokio::time::timeout(PATIENCE, carrier.health()).await;
    let answer = asked.unwrap_or_else(|_| {
        Err(CarrierError::Transient { detail: "no answer within 8 seconds".to_owned() })
    });
    match answer {
        Ok(()) => Good(format!("{} answers and takes our credentials", carrier.name())),
        Err(error) => Wrong(error.to_string(), remedy(carrier.key(), carrier.name(), &error)),
    }
}

/// Says where a carrier's credentials come from, if it needs some.
pub(super) fn origin(platform: &Platform, key: &str) -> Option<Finding> {
    match platform.origin(key) {
        Origin::NotNeeded | Origin::Nowhere => None,
        Origin::Environment => Some(Good("from the environment".to_owned())),
        Origin::Stored => Some(Good("stored by administrators".to_owned())),
        Origin::Both => Some(Good("from the environment, and stored by administrators".to_owned())),
    }
}

/// What to do where the stored credentials of a carrier are of no use.
pub(super) fn trouble(key: &str, trouble: &str) -> Finding {
    let remedy = format!(
        "give this server the SECRET_KEY of the one where they were entered, or enter them again \
         at /admin/carriers/{key}"
    );
    Wrong(trouble.to_owned(), remedy)
}

/// Looks whether what a carrier tells us is believed: otherwise its calls are not answered.
pub(super) fn callbacks(platform: &Platform, carrier: &dyn Carrier) -> Finding {
    if platform.answers(carrier.key()) {
        return Good("callbacks can be proved".to_owned());
    }
    Wrong(
        format!(
            "nobody here can prove a callback of {}: its calls are not answered",
            carrier.name()
        ),
        format!(
            "set {}",
            or("what proves its callbacks", &variables(carrier.key(), &[Part::Proof]))
        ),
    )
}

/// Looks whether a carrier's numbers have prices: what has none is not sold.
pub(super) async fn prices(platform: &Platform, carrier: &dyn Carrier) -> Finding {
    let asked = async {
        let mut connection = platform.db().app.acquire().await?;
        current_prices(&mut connection, platform.clock().now()).await
    };
    let prices: Result<_, Fault> = asked.await;
    match prices {
        Ok(all) => match all.iter().filter(|price| price.carrier == carrier.key()).count() {
            0 => Absent(
                "none, so nothing of it is sold: they come with the daily refresh where the \
                 carrier tells them, else enter them by voxlink prices import"
                    .to_owned(),
            ),
            count => Good(format!("{count} kinds of numbers are for sale")),
        },
        Err(error) => Wrong(error.to_string(), "run voxlink migrate".to_owned()),
    }
}

/// What to do about a carrier's ill health.
fn remedy(key: &str, name: &str, error: &CarrierError) -> String {
    let credentials = variables(key, &[Part::Opens]);
    let addresses = variables(key, &[Part::Address]);
    match error {
        _ if key == "local" => "mend the database: the local carrier's books are in it".to_owned(),
        _ if key == "clec" => "mend the database: the own numbers' books are in it".to_owned(),
        CarrierError::RefusedCredentials { .. } => format!(
            "compare {} with the account at {name}: a key may be withdrawn, of another account, or \
             without the right to numbers",
            or("the credentials", &credentials)
        ),
        CarrierError::OutOfFunds { .. } => format!(
            "add funds to the account at {name}, or ask {name} why it is closed; nothing can be \
             bought until then"
        ),
        CarrierError::NotConfigured { .. } => {
            let all = variables(key, &[Part::Opens, Part::Within]);
            format!(
                "compare {} with the account at {name}, and see the README",
                or("its variables", &all)
            )
        }
        CarrierError::RateLimited { .. } => format!(
            "try again in a minute; if it stays, something else uses up the account's requests at \
             {name}"
        ),
        CarrierError::Transient { .. } | CarrierError::UnknownOutcome { .. } => format!(
            "check whether this machine reaches {} (name resolution, firewall); if it does, \
             {name} is in trouble itself: see its status page",
            or("it", &addresses)
        ),
        _ => format!(
            "check {}: what answered there is perhaps not {name}, or knows nothing of the account",
            or("its address", &addresses)
        ),
    }
}

/// What a variable is to a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It opens the account.
    Opens,
    /// It says where the carrier is.
    Address,
    /// It only proves what the carrier tells us.
    Proof,
    /// It says what within the account is used.
    Within,
    /// It opens the account for a while only: the settings' warnings name what comes after it.
    Passing,
    /// It has a default: nobody needs to set it.
    Fine,
}

/// What a variable is, by how its name ends.
fn part(v: &Variable) -> Part {
    const PROOFS: [&str; 4] =
        ["_SIGNING_KEY", "_PUBLIC_KEY", "_CALLBACK_USER", "_CALLBACK_PASSWORD"];
    const WITHIN: [&str; 5] =
        ["_CONNECTION_ID", "_PROFILE_ID", "_SITE_ID", "_PEER_ID", "_APPLICATION_ID"];
    // Bandwidth ends its API users on 2 December 2026.
    const PASSING: [&str; 2] = ["_API_USER", "_API_PASSWORD"];
    let ends = |any: &[&str]| any.iter().any(|end| v.name.ends_with(end));
    if ends(&["_URL"]) {
        Part::Address
    } else if ends(&PROOFS) {
        Part::Proof
    } else if ends(&WITHIN) {
        Part::Within
    } else if ends(&PASSING) {
        Part::Passing
    } else if v.default.is_empty() {
        Part::Opens
    } else {
        Part::Fine
    }
}

/// The carrier's variables of these sorts: its own all begin with its key.
fn variables(key: &str, wanted: &[Part]) -> Vec<&'static str> {
    let start = format!("{}_", key.to_uppercase());
    let own = VARIABLES.iter().filter(|v| v.name.starts_with(&start));
    own.filter(|v| wanted.contains(&part(v))).map(|v| v.name).collect()
}

fn or(general: &str, names: &[&str]) -> String {
    if names.is_empty() { general.to_owned() } else { names.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(key: &str, error: fn(String) -> CarrierError) -> String {
        remedy(key, "The Carrier", &error("401 no".to_owned()))
    }

    #[test]
    fn each_illness_has_its_remedy_and_names_the_variables() {
        let refused = |detail| CarrierError::RefusedCredentials { detail };
        let said = advice("twilio", refused);
        assert!(said.contains("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN with"), "{said}");
        let said = advice("signalwire", refused);
        assert!(said.contains("SIGNALWIRE_PROJECT_ID and SIGNALWIRE_API_TOKEN with"), "{said}");
        let said = advice("twilio", |detail| CarrierError::OutOfFunds { detail });
        assert!(said.contains("add funds") && !said.contains("TWILIO_"), "{said}");
        let said = advice("signalwire", |detail| CarrierError::Transient { detail });
        assert!(said.contains("reaches SIGNALWIRE_SPACE_URL ("), "{said}");
        assert_eq!(variables("signalwire", &[Part::Proof]), ["SIGNALWIRE_SIGNING_KEY"]);
        let said = advice("telnyx", refused);
        assert!(said.contains("compare TELNYX_API_KEY and TELNYX_ACCOUNT_ID with"), "{said}");
        assert_eq!(variables("telnyx", &[Part::Proof]), ["TELNYX_PUBLIC_KEY"]);
        let said = advice("bandwidth", refused);
        let client = "BANDWIDTH_CLIENT_ID and BANDWIDTH_CLIENT_SECRET";
        assert!(said.contains(&format!("BANDWIDTH_ACCOUNT_ID and {client} with")), "{said}");
        assert!(!said.contains("API_USER"), "{said}");
        let proof = ["BANDWIDTH_CALLBACK_USER", "BANDWIDTH_CALLBACK_PASSWORD"];
        assert_eq!(variables("bandwidth", &[Part::Proof]), proof);
        let said = advice("bandwidth", |detail| CarrierError::NotConfigured { detail });
        assert!(said.contains("BANDWIDTH_SITE_ID and BANDWIDTH_PEER_ID"), "{said}");
        assert!(!said.contains("CALLBACK"), "{said}");
        let said = advice("unheard_of", refused);
        assert!(said.contains("compare the credentials with"), "{said}");
    }
}
