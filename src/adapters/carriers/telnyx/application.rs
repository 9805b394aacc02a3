//! TeXML applications: what a call to a number asks belongs to the application that the number is
//! bound to. One is made for each set of URLs, whatever the numbers' labels; its name tells which
//! set, so that it is found again.

use super::{Telnyx, envelope};
use crate::wire::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use voxlink_gateways::{CarrierError, carrier::NumberSettings};

/// Rounds of looking and asking before we give up.
pub(super) const ROUNDS: u8 = 3;

/// An application, as far as we set it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Application {
    id: String,
    friendly_name: Option<String>,
    pub(super) voice_url: Option<String>,
    pub(super) voice_fallback_url: Option<String>,
    pub(super) status_callback: Option<String>,
}

impl Application {
    fn calls(&self, settings: &NumberSettings) -> bool {
        let same = |there: &Option<String>, wanted: &str| there.as_deref().unwrap_or("") == wanted;
        same(&self.voice_url, &settings.voice_url)
            && same(&self.voice_fallback_url, &settings.voice_fallback_url)
            && same(&self.status_callback, &settings.status_url)
    }
}

/// A name that tells what it stands for and is the same on every server.
pub(super) fn name_of(parts: &[&str]) -> String {
    let digest = hex::encode(Sha256::digest(parts.join("\n").as_bytes()));
    format!("VoxLink {}", digest.get(..16).unwrap_or(&digest))
}

/// The application that calls back as the settings say: the account's own, or the one made for
/// these URLs, or one made now.
pub(super) async fn ensure(
    telnyx: &Telnyx,
    operation: &'static str,
    settings: &NumberSettings,
) -> Result<String, CarrierError> {
    if let Some(given) = &telnyx.account.connection {
        return Ok(given.clone());
    }
    let urls = [&settings.voice_url, &settings.voice_fallback_url, &settings.status_url];
    let name = name_of(&urls.map(String::as_str));
    let body = application_body(&name, settings, telnyx.account.outbound_profile.as_deref());
    for _ in 0..ROUNDS {
        if let Some(there) = find(telnyx, operation, &name).await? {
            if !there.calls(settings) {
                // Changed by hand in the portal: its name says what it must be.
                let url = telnyx.at(&["texml_applications", &there.id]);
                telnyx.ask(telnyx.patch(operation, url, body)).await?;
            }
            return Ok(there.id);
        }
        let url = telnyx.at(&["texml_applications"]);
        let ask = telnyx.post(operation, url, Body::Json(body.clone()));
        match telnyx.one::<Application>(ask).await {
            Ok(made) => return Ok(made.id),
            // It may have been made: the next round looks before it asks again.
            Err(CarrierError::UnknownOutcome { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let detail = format!("no answer tells whether the application {name} was made");
    Err(CarrierError::Transient { detail })
}

/// The oldest application of that very name: two servers that make one at once agree on it later.
async fn find(
    telnyx: &Telnyx,
    operation: &'static str,
    name: &str,
) -> Result<Option<Application>, CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["texml_applications"]), None)?;
    // The filter finds parts of names too.
    url.query_pairs_mut()
        .append_pair("filter[friendly_name]", name)
        .append_pair("sort", "created_at");
    let page: envelope::Many<Application> = telnyx.many(telnyx.get(operation, url)).await?;
    Ok(page.data.into_iter().find(|there| there.friendly_name.as_deref() == Some(name)))
}

/// An application by its id; `None` where the connection is of another kind, a trunk for example.
pub(super) async fn read(
    telnyx: &Telnyx,
    operation: &'static str,
    id: &str,
) -> Result<Option<Application>, CarrierError> {
    match telnyx.one(telnyx.get(operation, telnyx.at(&["texml_applications", id]))).await {
        Ok(application) => Ok(Some(application)),
        Err(CarrierError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn application_body(name: &str, settings: &NumberSettings, outbound: Option<&str>) -> Value {
    let mut body = json!({
        "friendly_name": name,
        "active": true,
        "voice_url": settings.voice_url,
        "voice_fallback_url": settings.voice_fallback_url,
        "voice_method": "post",
        "status_callback": settings.status_url,
        "status_callback_method": "post",
    });
    if let Some(profile) = outbound {
        body["outbound"] = json!({ "outbound_voice_profile_id": profile });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(label: &str, voice: &str) -> NumberSettings {
        NumberSettings {
            voice_url: format!("https://voxlink.test/{voice}"),
            voice_fallback_url: "https://voxlink.test/fallback".to_owned(),
            status_url: "https://voxlink.test/status".to_owned(),
            message_url: String::new(),
            label: label.to_owned(),
        }
    }

    #[test]
    fn names_go_by_urls_and_by_nothing_else() {
        assert_eq!(name_of(&["a", "b"]), name_of(&["a", "b"]));
        assert_ne!(name_of(&["a", "b"]), name_of(&["ab", ""]));
        assert_eq!(name_of(&["a"]).len(), "VoxLink ".len() + 16);
    }

    #[test]
    fn an_application_changed_by_hand_is_noticed() {
        let read = |voice: &str| -> Application {
            serde_json::from_value(json!({"id": "1293384261075731499", "active": true,
                "record_type": "texml_application", "friendly_name": "VoxLink 00",
                "voice_url": format!("https://voxlink.test/{voice}"), "voice_method": "post",
                "voice_fallback_url": "https://voxlink.test/fallback",
                "status_callback": "https://voxlink.test/status", "tags": []}))
            .unwrap()
        };
        assert!(read("voice").calls(&settings("one", "voice")));
        assert!(read("voice").calls(&settings("two", "voice")));
        assert!(!read("elsewhere").calls(&settings("one", "voice")));
    }

    #[test]
    fn an_application_places_calls_only_by_a_voice_profile() {
        let body = application_body("n", &settings("l", "voice"), Some("77"));
        assert_eq!(body["outbound"]["outbound_voice_profile_id"], "77");
        assert!(application_body("n", &settings("l", "voice"), None).get("outbound").is_none());
    }
}
