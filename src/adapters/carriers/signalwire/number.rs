//! Numbers of ours at SignalWire.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{NumberSettings, OwnedNumber, Purchase},
};
use voxlink_types::E164;

/// What stands between a label and a purchase's key in a number's name.
const MARK: &str = " #";

#[derive(Debug, Deserialize)]
pub(super) struct Links {
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// A page of numbers.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    pub(super) data: Vec<Record>,
    pub(super) links: Links,
}

/// A number of ours.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    number: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    call_handler: Option<String>,
    #[serde(default)]
    call_request_url: Option<String>,
    #[serde(default)]
    call_fallback_url: Option<String>,
    #[serde(default)]
    call_status_callback_url: Option<String>,
    #[serde(default)]
    message_request_url: Option<String>,
}

impl Record {
    pub(super) fn is(&self, number: &E164) -> bool {
        self.number == number.as_str()
    }

    /// True when it was bought with the key.
    pub(super) fn came_with(&self, key: Uuid) -> bool {
        self.name.as_deref().is_some_and(|name| name.ends_with(&format!("{MARK}{}", key.simple())))
    }

    /// True for a number that nobody has set up since it was bought.
    pub(super) fn untouched(&self) -> bool {
        let marked = self.name.as_deref().is_some_and(|name| name.contains(MARK));
        !marked && self.call_handler.is_none() && self.call_request_url.is_none()
    }

    /// As the rest of the product sees it.
    pub(super) fn owned(self, project: &str) -> Result<OwnedNumber, CarrierError> {
        let number = self.number.parse::<E164>().map_err(|error| CarrierError::Transient {
            detail: format!("{}: {error}", self.number),
        })?;
        let name = self.name.unwrap_or_default();
        let label = name.rsplit_once(MARK).map_or(name.as_str(), |(label, _)| label).to_owned();
        let text = Option::unwrap_or_default;
        Ok(OwnedNumber {
            id: self.id,
            number,
            account: project.to_owned(),
            active: true,
            settings: Some(NumberSettings {
                voice_url: text(self.call_request_url),
                voice_fallback_url: text(self.call_fallback_url),
                status_url: text(self.call_status_callback_url),
                message_url: text(self.message_request_url),
                label,
            }),
        })
    }
}

/// A label with a purchase's key.
pub(super) fn marked(label: &str, key: Uuid) -> String {
    format!("{label}{MARK}{}", key.simple())
}

/// What is set right after a purchase: everything, and the key in the name.
pub(super) fn settings_of(purchase: &Purchase) -> Value {
    let mut body = settings_body(&purchase.settings);
    body["name"] = json!(marked(&purchase.settings.label, purchase.key));
    body
}

/// What a number calls back.
pub(super) fn settings_body(settings: &NumberSettings) -> Value {
    let mut body = json!({
        "name": settings.label,
        "call_handler": "laml_webhooks",
        "call_receive_mode": "voice",
        "call_request_url": settings.voice_url,
        "call_request_method": "POST",
        "call_fallback_url": settings.voice_fallback_url,
        "call_fallback_method": "POST",
        "call_status_callback_url": settings.status_url,
        "call_status_callback_method": "POST",
    });
    if !settings.message_url.is_empty() {
        body["message_handler"] = json!("laml_webhooks");
        body["message_request_url"] = json!(settings.message_url);
        body["message_request_method"] = json!("POST");
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::carrier::Papers;

    /// Shaped as the schema `PhoneNumberResponse`.
    fn record(changes: &Value) -> Record {
        let mut all = json!({
            "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "number": "+12135550142", "name": null,
            "capabilities": ["voice", "sms", "mms"], "number_type": "longcode",
            "e911_address_id": null, "e911_status": null, "country_code": "US",
            "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:00:00Z",
            "next_billed_at": "2026-12-21T12:00:00Z", "call_handler": null,
            "calling_handler_resource_id": null, "call_receive_mode": "voice",
            "call_request_url": null, "call_request_method": null, "call_fallback_url": null,
            "call_fallback_method": null, "call_status_callback_url": null,
            "call_status_callback_method": null, "message_handler": null,
            "message_request_url": null, "message_request_method": null
        });
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    fn purchase(message_url: &str) -> Purchase {
        Purchase {
            number: "+12135550142".parse().unwrap(),
            key: Uuid::from_u128(42),
            hold_id: None,
            settings: NumberSettings {
                voice_url: "https://voxlink.test/voice".to_owned(),
                voice_fallback_url: "https://voxlink.test/fallback".to_owned(),
                status_url: "https://voxlink.test/status".to_owned(),
                message_url: message_url.to_owned(),
                label: "Front desk".to_owned(),
            },
            papers: Papers::default(),
        }
    }

    #[test]
    fn what_a_purchase_sets_is_read_back_without_its_key() {
        let purchase = purchase("https://voxlink.test/message");
        let record = record(&settings_of(&purchase));
        assert!(record.is(&purchase.number) && record.came_with(purchase.key));
        assert!(!record.came_with(Uuid::from_u128(43)) && !record.untouched());
        let owned = record.owned("the project").unwrap();
        assert_eq!((&owned.number, owned.account.as_str()), (&purchase.number, "the project"));
        assert_eq!((owned.active, owned.settings), (true, Some(purchase.settings)));
    }

    #[test]
    fn a_number_just_bought_is_bare_and_untouched() {
        let bare = record(&json!({}));
        assert!(bare.untouched() && !bare.came_with(Uuid::from_u128(42)));
        let settings = bare.owned("p").unwrap().settings.unwrap();
        assert_eq!((settings.voice_url.as_str(), settings.label.as_str()), ("", ""));
        for touched in [
            json!({"name": marked("+12135550142", Uuid::from_u128(42))}),
            json!({"call_handler": "relay_application"}),
            json!({"call_request_url": "https://elsewhere.test"}),
        ] {
            assert!(!record(&touched).untouched(), "{touched}");
        }
        assert!(record(&json!({"name": "Jenny"})).untouched(), "a name alone routes nothing");
    }

    #[test]
    fn a_label_with_the_mark_in_it_stays_whole() {
        let name = marked("Desk #7 #north", Uuid::from_u128(42));
        let labelled = record(&json!({ "name": name }));
        assert!(labelled.came_with(Uuid::from_u128(42)));
        assert_eq!(labelled.owned("p").unwrap().settings.unwrap().label, "Desk #7 #north");
    }

    #[test]
    fn no_address_for_messages_is_no_field() {
        let messages = |url: &str| {
            let body = settings_body(&purchase(url).settings);
            let named = |name: &&String| name.starts_with("message_");
            body.as_object().unwrap().keys().filter(named).count()
        };
        assert_eq!((messages(""), messages("https://voxlink.test/message")), (0, 3));
    }

    #[test]
    fn a_number_that_cannot_be_read_is_told_and_a_page_names_the_next() {
        let strange = record(&json!({"number": "soon"})).owned("p");
        assert!(matches!(strange, Err(CarrierError::Transient { .. })), "{strange:?}");
        let next = "/api/relay/rest/phone_numbers?page_number=1&page_size=2";
        let page = json!({"links": {"self": "/x", "first": "/x", "next": next}, "data": []});
        let list: List = serde_json::from_value(page).unwrap();
        assert_eq!((list.links.next.as_deref(), list.data.len()), (Some(next), 0));
        let last = json!({"links": {"self": "/x", "first": "/x"}, "data": []});
        assert_eq!(serde_json::from_value::<List>(last).unwrap().links.next, None);
    }
}
