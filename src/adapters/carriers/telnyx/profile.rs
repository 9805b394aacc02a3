//! Messaging profiles: where messages to a number are told belongs to the profile that the number
//! is in. As with applications, one is made for each URL.

use super::{Telnyx, application, envelope};
use crate::wire::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use voxlink_gateways::{CarrierError, carrier::NumberSettings};

/// Every country of ISO 3166-1, by its two letters. The specification says in words that `*` is all
/// of them, and by its pattern that an entry has two letters: this is right by both.
const EVERYWHERE: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

/// A profile, as far as we set it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Profile {
    id: String,
    name: Option<String>,
    pub(super) webhook_url: Option<String>,
}

/// The profile that tells messages where the settings say; `None` where none are taken.
pub(super) async fn ensure(
    telnyx: &Telnyx,
    operation: &'static str,
    settings: &NumberSettings,
) -> Result<Option<String>, CarrierError> {
    if let Some(given) = &telnyx.account.messaging_profile {
        return Ok(Some(given.clone()));
    }
    let wanted = settings.message_url.as_str();
    if wanted.is_empty() {
        return Ok(None);
    }
    let name = application::name_of(&[wanted]);
    let body = profile_body(&name, wanted);
    for _ in 0..application::ROUNDS {
        if let Some(there) = find(telnyx, operation, &name).await? {
            if there.webhook_url.as_deref() != Some(wanted) {
                let url = telnyx.at(&["messaging_profiles", &there.id]);
                let change = json!({ "webhook_url": wanted });
                telnyx.ask(telnyx.patch(operation, url, change)).await?;
            }
            return Ok(Some(there.id));
        }
        let url = telnyx.at(&["messaging_profiles"]);
        let ask = telnyx.post(operation, url, Body::Json(body.clone()));
        match telnyx.one::<Profile>(ask).await {
            Ok(made) => return Ok(Some(made.id)),
            // It may have been made: the next round looks before it asks again.
            Err(CarrierError::UnknownOutcome { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let detail = format!("no answer tells whether the messaging profile {name} was made");
    Err(CarrierError::Transient { detail })
}

async fn find(
    telnyx: &Telnyx,
    operation: &'static str,
    name: &str,
) -> Result<Option<Profile>, CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["messaging_profiles"]), None)?;
    url.query_pairs_mut().append_pair("filter[name][eq]", name);
    let page: envelope::Many<Profile> = telnyx.many(telnyx.get(operation, url)).await?;
    let mut named: Vec<Profile> =
        page.data.into_iter().filter(|there| there.name.as_deref() == Some(name)).collect();
    // No order is promised; two servers that made one at once still agree.
    named.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(named.into_iter().next())
}

/// A profile by its id.
pub(super) async fn read(
    telnyx: &Telnyx,
    operation: &'static str,
    id: &str,
) -> Result<Option<Profile>, CarrierError> {
    match telnyx.one(telnyx.get(operation, telnyx.at(&["messaging_profiles", id]))).await {
        Ok(profile) => Ok(Some(profile)),
        Err(CarrierError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where messages may go is decided here before they are sent, not by the profile: every
/// destination is open in it.
fn profile_body(name: &str, url: &str) -> Value {
    json!({
        "name": name,
        "enabled": true,
        "whitelisted_destinations": EVERYWHERE.split(' ').collect::<Vec<_>>(),
        "webhook_url": url,
        "webhook_api_version": "2",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_may_go_everywhere_each_country_once() {
        let body = profile_body("VoxLink 00", "https://voxlink.test/message");
        let named: Vec<&str> = body["whitelisted_destinations"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(named.len(), 249);
        assert!(named.iter().all(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase())));
        assert!(named.is_sorted_by(|a, b| a < b));
    }
}
