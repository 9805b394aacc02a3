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
