//! Numbers of ours: what is sent when one is bought or set, and how its record is read.

use serde::Deserialize;
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, NumberSettings, OwnedNumber, Purchase},
};
use voxlink_types::E164;

/// A page of `IncomingPhoneNumbers`.
#[derive(Debug, Deserialize)]
pub(super) struct IncomingList {
    pub(super) incoming_phone_numbers: Vec<Incoming>,
    #[serde(default)]
    pub(super) next_page_uri: Option<String>,
}

/// A number of ours.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Incoming {
    sid: String,
    phone_number: String,
    #[serde(default)]
    account_sid: String,
    #[serde(default)]
    friendly_name: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    voice_fallback_url: Option<String>,
    #[serde(default)]
    status_callback: Option<String>,
    #[serde(default)]
    sms_url: Option<String>,
}

impl Incoming {
    /// True for this very number: Twilio's filter also finds parts.
    pub(super) fn is(&self, number: &E164) -> bool {
        self.phone_number == number.as_str()
    }

    /// True when it was bought with the key.
    pub(super) fn came_with(&self, key: Uuid) -> bool {
        self.friendly_name.as_deref().is_some_and(|name| name.ends_with(&mark(key)))
    }

    /// What became of its purchase. A state other than `in-use` is not had yet, and is looked up by
    /// the purchase's key until it is. A record that cannot be read is ours all the same.
    pub(super) fn bought(self, number: &E164) -> Result<Bought, CarrierError> {
        if !self.is(number) {
            let detail = format!("{} is said to be bought in place of {number}", self.phone_number);
            return Err(CarrierError::UnknownOutcome { detail });
        }
        if !self.rings() {
            return Ok(Bought::Pending { order_id: self.sid });
        }
        self.owned()
            .map(Bought::Done)
            .map_err(|error| CarrierError::UnknownOutcome { detail: error.detail().to_owned() })
    }

    /// True in the one state that Twilio documents. What is said without any is taken for it: the
    /// specification lets it be left out.
    fn rings(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "in-use")
    }

    /// As the rest of the product sees it. A state other than `in-use` does not ring.
    pub(super) fn owned(self) -> Result<OwnedNumber, CarrierError> {
        let number = self.phone_number.parse::<E164>().map_err(|error| {
            CarrierError::Transient { detail: format!("{}: {error}", self.phone_number) }
        })?;
        let active = self.rings();
        let name = self.friendly_name.unwrap_or_default();
        let label = name.rsplit_once(MARK).map_or(name.as_str(), |(label, _)| label).to_owned();
        let text = Option::unwrap_or_default;
        Ok(OwnedNumber {
            id: self.sid,
            number,
            account: self.account_sid,
            active,
            settings: Some(NumberSettings {
                voice_url: text(self.voice_url),
                voice_fallback_url: text(self.voice_fallback_url),
                status_url: text(self.status_callback),
                message_url: text(self.sms_url),
                label,
            }),
        })
    }
}

/// What stands between a label and a purchase's key. A friendly name has 64 characters: 28 are
/// left for the label until the name is set.
const MARK: &str = " #";

fn mark(key: Uuid) -> String {
    format!("{MARK}{}", key.simple())
}

/// Every purchase option of requirements/twilio-integration.md §3.2 that is set. `EmergencyStatus`
/// goes with the address that it is about.
pub(super) fn purchase_form(purchase: &Purchase) -> Vec<(&'static str, String)> {
    let label: String = purchase.settings.label.chars().take(28).collect();
    let settings = NumberSettings {
        label: format!("{label}{}", mark(purchase.key)),
        ..purchase.settings.clone()
    };
    let mut form = vec![("PhoneNumber", purchase.number.to_string())];
    form.extend(settings_form(&settings));
    let papers = &purchase.papers;
    let optional = [
        ("AddressSid", &papers.address),
        ("BundleSid", &papers.bundle),
        ("IdentitySid", &papers.identity),
        ("TrunkSid", &papers.trunk),
        ("EmergencyAddressSid", &papers.emergency_address),
    ];
    form.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    if papers.emergency_address.is_some() {
        form.push(("EmergencyStatus", "Active".to_owned()));
    }
    form
}

/// What a number calls back.
pub(super) fn settings_form(settings: &NumberSettings) -> Vec<(&'static str, String)> {
    let post = || "POST".to_owned();
    let mut form = vec![
        ("FriendlyName", settings.label.clone()),
        ("VoiceUrl", settings.voice_url.clone()),
        ("VoiceMethod", post()),
        ("VoiceFallbackUrl", settings.voice_fallback_url.clone()),
        ("VoiceFallbackMethod", post()),
        ("StatusCallback", settings.status_url.clone()),
        ("StatusCallbackMethod", post()),
        // The caller's name from CNAM costs for every call, and nothing here shows it.
        ("VoiceCallerIdLookup", "false".to_owned()),
    ];
    // `SmsUrl` is a URI (twilio_api_v2010.json), and nothing is none: where no messages are taken
    // it is left as it is. Who takes messages has one address for them: it is asked a second time
    // where the first time failed.
    if !settings.message_url.is_empty() {
        form.push(("SmsUrl", settings.message_url.clone()));
        form.push(("SmsMethod", post()));
        form.push(("SmsFallbackUrl", settings.message_url.clone()));
        form.push(("SmsFallbackMethod", post()));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_in_use_is_bought() {
        let number: E164 = "+12125550100".parse().unwrap();
        let record = |status: serde_json::Value, there: &str| -> Incoming {
            let record = json!({"sid": "PN1", "phone_number": there, "status": status});
            serde_json::from_value(record).unwrap()
        };
        let bought = |status| record(status, number.as_str()).bought(&number).unwrap();
        for status in [json!("in-use"), serde_json::Value::Null] {
            assert!(matches!(bought(status), Bought::Done(owned) if owned.active));
        }
        for status in ["pending", "provisioning", "beamed", ""] {
            let pending = Bought::Pending { order_id: "PN1".to_owned() };
            assert_eq!(bought(json!(status)), pending, "{status}");
        }
        for other in ["+12125550101", "no number"] {
            let answer = record(json!("in-use"), other).bought(&number);
            assert!(matches!(answer, Err(CarrierError::UnknownOutcome { .. })), "{answer:?}");
        }
    }

    #[test]
    fn no_address_for_messages_is_no_field() {
        let settings = |message_url: &str| NumberSettings {
            voice_url: "https://voxlink.test/voice".to_owned(),
            voice_fallback_url: "https://voxlink.test/fallback".to_owned(),
            status_url: "https://voxlink.test/status".to_owned(),
            message_url: message_url.to_owned(),
            label: "Front desk".to_owned(),
        };
        let sms = |form: Vec<(&'static str, String)>| {
            form.into_iter().filter(|(name, _)| name.starts_with("Sms")).count()
        };
        assert_eq!(sms(settings_form(&settings(""))), 0);
        assert_eq!(sms(settings_form(&settings("https://voxlink.test/message"))), 4);
    }
}
