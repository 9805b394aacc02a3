//! Messaging profiles: where messages to a number are told belongs to the profile that the number
//! is in. As with applications, one is made for each URL.

use super::{Telnyx, application, envelope};
use crate::wire::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use voxlink_gateways::{CarrierError, carrier::NumberSettings};

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
        "whitelisted_destinations": ["*"],
        "webhook_url": url,
        "webhook_api_version": "2",
    })
}
