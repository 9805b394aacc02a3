//! Numbers of ours. A number's record names its application and its messaging profile; what they
//! call back is read from them.

use super::{
    Telnyx,
    application::{self, Application},
    envelope,
    profile::{self, Profile},
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{NumberSettings, OwnedNumber},
};
use voxlink_types::E164;

/// A number of ours.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    phone_number: String,
    status: Option<String>,
    pub(super) connection_id: Option<String>,
    messaging_profile_id: Option<String>,
    customer_reference: Option<String>,
}

/// Whose a number is, by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Ours, and it rings.
    Rings,
    /// On its way to us, or in a state nobody knows.
    Pending,
    /// Not ours, or no longer.
    Gone,
}

impl Record {
    pub(super) fn standing(&self) -> Standing {
        match self.status.as_deref() {
            // A number rings here until another carrier has it.
            Some("active" | "port-out-pending") => Standing::Rings,
            Some("deleted" | "ported-out" | "purchase-failed" | "port-failed") => Standing::Gone,
            _ => Standing::Pending,
        }
    }

    /// True while it carries the key it was bought with in place of a label.
    pub(super) fn unlabelled(&self) -> bool {
        self.label().is_none()
    }

    /// The key it was bought with, while it carries one.
    pub(super) fn key(&self) -> Option<Uuid> {
        self.customer_reference.as_deref()?.parse().ok()
    }

    fn label(&self) -> Option<&str> {
        let text = self.customer_reference.as_deref()?;
        (!text.is_empty() && self.key().is_none()).then_some(text)
    }

    /// As the rest of the product sees it. Without an application, because it was removed or the
    /// number was bound to a connection of another kind, calls do not come to us.
    fn owned(
        &self,
        account: &str,
        voice: Option<&Application>,
        message_url: Option<&str>,
    ) -> Result<OwnedNumber, CarrierError> {
        let number = self.phone_number.parse::<E164>().map_err(|error| {
            CarrierError::Transient { detail: format!("{}: {error}", self.phone_number) }
        })?;
        let address = |of: fn(&Application) -> Option<&String>| {
            voice.and_then(of).cloned().unwrap_or_default()
        };
        let settings = NumberSettings {
            voice_url: address(|voice| voice.voice_url.as_ref()),
            voice_fallback_url: address(|voice| voice.voice_fallback_url.as_ref()),
            status_url: address(|voice| voice.status_callback.as_ref()),
            message_url: message_url.unwrap_or_default().to_owned(),
            label: self.label().unwrap_or_default().to_owned(),
        };
        Ok(OwnedNumber {
            id: self.id.clone(),
            number,
            account: account.to_owned(),
            active: self.standing() == Standing::Rings,
            settings: Some(settings),
        })
    }
}

/// Records with what their applications and profiles say; each of those is asked for once.
async fn dressed(
    telnyx: &Telnyx,
    operation: &'static str,
    records: &[Record],
) -> Result<Vec<OwnedNumber>, CarrierError> {
    let mut voices: BTreeMap<String, Option<Application>> = BTreeMap::new();
    let mut messages: BTreeMap<String, Option<Profile>> = BTreeMap::new();
    let mut numbers = Vec::with_capacity(records.len());
    for record in records {
        let connection = record.connection_id.as_deref().filter(|id| !id.is_empty());
        if let Some(id) = connection.filter(|id| !voices.contains_key(*id)) {
            voices.insert(id.to_owned(), application::read(telnyx, operation, id).await?);
        }
        let profile = record.messaging_profile_id.as_deref().filter(|id| !id.is_empty());
        if let Some(id) = profile.filter(|id| !messages.contains_key(*id)) {
            messages.insert(id.to_owned(), profile::read(telnyx, operation, id).await?);
        }
        let voice = connection.and_then(|id| voices.get(id)?.as_ref());
        let told = profile.and_then(|id| messages.get(id)?.as_ref());
        let message_url = told.and_then(|profile| profile.webhook_url.as_deref());
        numbers.push(record.owned(&telnyx.account.id, voice, message_url)?);
    }
    Ok(numbers)
}

/// One record with what its application and profile say.
pub(super) async fn dressed_one(
    telnyx: &Telnyx,
    operation: &'static str,
    record: Record,
) -> Result<OwnedNumber, CarrierError> {
    let gone = || CarrierError::Gone { detail: format!("{} is no longer ours", record.id) };
    dressed(telnyx, operation, std::slice::from_ref(&record)).await?.pop().ok_or_else(gone)
}

/// One number of ours.
pub(super) async fn get(
    telnyx: &Telnyx,
    operation: &'static str,
    id: &str,
) -> Result<OwnedNumber, CarrierError> {
    let record: Record =
        telnyx.one(telnyx.get(operation, telnyx.at(&["phone_numbers", id]))).await?;
    if record.standing() == Standing::Gone {
        let status = record.status.unwrap_or_default();
        return Err(CarrierError::Gone { detail: format!("{} is {status}", record.id) });
    }
    dressed_one(telnyx, operation, record).await
}

/// The record of this very number, where it is in the account.
pub(super) async fn find(
    telnyx: &Telnyx,
    operation: &'static str,
    number: &E164,
) -> Result<Option<Record>, CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["phone_numbers"]), None)?;
    // The filter knows digits only and finds parts too.
    url.query_pairs_mut().append_pair("filter[phone_number]", number.digits());
    let page: envelope::Many<Record> = telnyx.many(telnyx.get(operation, url)).await?;
    let this = |record: &Record| record.phone_number == number.as_str();
    // One that was ours before may be listed beside the one that is.
    Ok(page.data.into_iter().filter(this).min_by_key(|record| match record.standing() {
        Standing::Rings => 0,
        Standing::Pending => 1,
        Standing::Gone => 2,
    }))
}

/// Numbers of ours, one page, in an order that does not change between pages.
pub(super) async fn list(
    telnyx: &Telnyx,
    cursor: Option<&str>,
) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["phone_numbers"]), cursor)?;
    url.query_pairs_mut().append_pair("sort", "phone_number");
    let page: envelope::Many<Record> = telnyx.many(telnyx.get("list_owned", url)).await?;
    let next = page.next();
    let ours: Vec<Record> =
        page.data.into_iter().filter(|record| record.standing() != Standing::Gone).collect();
    Ok((dressed(telnyx, "list_owned", &ours).await?, next))
}

/// Sets what a number calls back and is called.
pub(super) async fn configure(
    telnyx: &Telnyx,
    id: &str,
    settings: &NumberSettings,
) -> Result<OwnedNumber, CarrierError> {
    let connection = application::ensure(telnyx, "configure", settings).await?;
    let wanted = profile::ensure(telnyx, "configure", settings).await?;
    let body = json!({ "connection_id": connection, "customer_reference": settings.label });
    let url = telnyx.at(&["phone_numbers", id]);
    let record: Record = telnyx.one(telnyx.patch("configure", url, body)).await?;
    let now = record.messaging_profile_id.as_deref().unwrap_or_default();
    // An empty id takes a number out of its profile.
    let wanted = wanted.unwrap_or_default();
    if now != wanted {
        let url = telnyx.at(&["phone_numbers", id, "messaging"]);
        let body = json!({ "messaging_profile_id": wanted });
        match telnyx.ask(telnyx.patch("configure", url, body)).await {
            Ok(_) => {}
            // Numbers that carry no messages have no such settings; what is told back says so.
            Err(error @ (CarrierError::Gone { .. } | CarrierError::Rejected { .. })) => {
                tracing::warn!(number = id, %error, "the messaging profile was not set");
            }
            Err(error) => return Err(error),
        }
    }
    get(telnyx, "configure", id).await
}

/// Writes a number's label.
pub(super) async fn label(
    telnyx: &Telnyx,
    operation: &'static str,
    id: &str,
    label: &str,
) -> Result<Record, CarrierError> {
    let url = telnyx.at(&["phone_numbers", id]);
    telnyx.one(telnyx.patch(operation, url, json!({ "customer_reference": label }))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: &str, reference: Option<&str>) -> Record {
        serde_json::from_value(json!({
            "id": "1293384261075731499", "record_type": "phone_number",
            "phone_number": "+19705555098", "country_iso_alpha2": "US", "status": status,
            "tags": [], "external_pin": null, "created_at": "2019-10-23T18:10:00.000Z",
            "phone_number_type": "local", "purchased_at": "2019-10-23T18:10:00.000Z",
            "connection_id": "1293384261075731461", "connection_name": "VoxLink 00",
            "messaging_profile_id": null, "customer_reference": reference,
            "deletion_lock_enabled": false, "emergency_enabled": false
        }))
        .unwrap()
    }

    #[test]
    fn a_state_that_nobody_knows_does_not_ring() {
        for (status, standing) in [
            ("active", Standing::Rings),
            ("port-out-pending", Standing::Rings),
            ("purchase-pending", Standing::Pending),
            ("requirement-info-exception", Standing::Pending),
            ("provision-pending", Standing::Pending),
            ("beamed", Standing::Pending),
            ("deleted", Standing::Gone),
            ("ported-out", Standing::Gone),
        ] {
            assert_eq!(record(status, None).standing(), standing, "{status}");
        }
    }

    #[test]
    fn a_key_is_no_label() {
        let key = Uuid::from_u128(7).to_string();
        assert!(record("active", Some(&key)).unlabelled());
        assert!(record("active", Some("")).unlabelled() && record("active", None).unlabelled());
        assert_eq!(record("active", Some("Front desk")).label(), Some("Front desk"));
    }

    #[test]
    fn a_number_on_a_trunk_is_said_to_call_nobody() {
        let owned = record("active", Some("Front desk")).owned("account", None, None).unwrap();
        let nobody = NumberSettings { label: "Front desk".to_owned(), ..NumberSettings::default() };
        assert_eq!((owned.settings, owned.active), (Some(nobody), true));
    }
}
