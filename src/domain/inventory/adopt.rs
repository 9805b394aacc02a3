//! A number that is ours at a carrier becomes a tenant's, without having been ordered: found by an
//! audit, or brought in from a file.

use super::InventoryError;
use crate::{
    Ctx, Fault, Installation, Platform,
    audit::Entry,
    numbers::{ApplySettings, settings_for},
};
use serde_json::json;
use voxlink_gateways::carrier::{Offer, OwnedNumber};
use voxlink_types::{
    gazetteer::Gazetteer,
    ids::{CampaignId, InventoryId, NumberId, TenantId},
    number::{Capability, NumberType},
    plan::kind_of,
};

/// What becomes whose.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    /// Whose it is from now on.
    pub tenant: TenantId,
    /// The carrier's key.
    pub carrier: String,
    /// The number as the carrier has it.
    pub owned: OwnedNumber,
    /// As the carrier offered it, where it is taken from our own stock: that tells its kind.
    pub offer: Option<Offer>,
    /// The campaign it is assigned to.
    pub campaign: Option<CampaignId>,
    /// Why, for the number's story: `Imported`, `Found at the carrier`.
    pub reason: &'static str,
}

/// Records a number as a tenant's, in service, at the present price and without a set-up price: its
/// rental begins now. What it calls is set by a job where the carrier has something else. One that
/// does not ring there is refused: nobody is to pay for it. So is one that an order is about to
/// have.
pub async fn adopt(
    cx: &mut Ctx<Installation>,
    platform: &Platform,
    adoption: &Adoption,
) -> Result<NumberId, InventoryError> {
    let Adoption { tenant, carrier, owned, offer, campaign, reason } = adoption;
    account(cx, *tenant).await?;
    if !owned.active {
        return Err(InventoryError::Silent);
    }
    if let Some(campaign) = campaign {
        in_use(cx, *tenant, *campaign).await?;
    }
    not_ordered(cx, carrier, owned).await?;
    let inventory = inventory(cx, carrier, owned, offer.as_ref()).await?;
    let number = NumberId::new(cx.now_millis());
    let desired = stored(&settings_for(platform.settings(), carrier, owned.number.as_str()))?;
    let confirmed = match &owned.settings {
        Some(seen) => stored(seen)?,
        None => json!({}),
    };
    let now = cx.now();
    let added = sqlx::query!(
        "insert into subscriptions (id, tenant_id, inventory_id, e164, campaign_id, state, time_zone, currency,
             monthly, setup, inbound_minute, increment_initial, increment_next, price_book_id, desired, confirmed,
             started_at, created_at)
         select $1, $2, i.id, i.e164, $4, 'active', coalesce(i.time_zone, 'UTC'), p.currency, p.monthly, 0,
                p.inbound_minute, p.increment_initial, p.increment_next, p.id, $5, $6, $7, $7
         from inventory i
         join price_books p on p.carrier = i.carrier and p.country = i.country and p.number_type = i.number_type
         where i.id = $3 and p.effective_from <= $7 and (p.effective_to is null or p.effective_to > $7)
         order by p.effective_from desc limit 1",
        number.uuid(),
        tenant.uuid(),
        inventory.uuid(),
        campaign.map(CampaignId::uuid),
        desired,
        confirmed,
        now,
    )
    .execute(cx.tx())
    .await?;
    if added.rows_affected() == 0 {
        return Err(InventoryError::NoPrice);
    }
    told(cx, *tenant, number, None, "active", reason).await?;
    if desired != confirmed {
        cx.enqueue(&ApplySettings { tenant: *tenant, number }).await?;
    }
    let entry = Entry {
        action: "number.adopt",
        resource: "number",
        resource_id: Some(number.to_string()),
        new: Some(json!({
            "number": owned.number, "carrier": carrier, "carrier_number_id": owned.id,
            "campaign": campaign,
        })),
        reason: Some(*reason),
        ..Entry::default()
    };
    cx.audit_of(Some(*tenant), entry).await?;
    Ok(number)
}

fn stored(settings: &impl serde::Serialize) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(settings).map_err(|e| Fault::Internal(e.to_string()))
}

/// Refuses an account that is none, or is closed.
pub(super) async fn account(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
) -> Result<(), InventoryError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from tenants where id = $1 and state <> 'closed') as "there!""#,
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?;
    if there { Ok(()) } else { Err(InventoryError::Account) }
}

/// Refuses a campaign that is another account's or archived.
pub(super) async fn in_use(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    campaign: CampaignId,
) -> Result<(), InventoryError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from campaigns
               where tenant_id = $1 and id = $2 and archived_at is null) as "there!""#,
        tenant.uuid(),
        campaign.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    if there { Ok(()) } else { Err(InventoryError::Campaign) }
}

/// Refuses a number that an order buys or has bought and not recorded yet: the carrier shows it as
/// ours before the order does, and it is the order's.
async fn not_ordered(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    owned: &OwnedNumber,
) -> Result<(), InventoryError> {
    let ordered = sqlx::query_scalar!(
        r#"select exists (select from order_items
               where carrier = $1 and e164 = $2
                 and step in ('buying', 'unknown', 'secured', 'bought')) as "ordered!""#,
        carrier,
        owned.number.as_str(),
    )
    .fetch_one(cx.tx())
    .await?;
    if ordered { Err(InventoryError::Ordered) } else { Ok(()) }
}

/// The number's row at its carrier. What is known of its kind from before stays. Of a new one a
/// carrier's list of owned numbers tells neither place nor kind: those follow from its offer, where
/// there was one, else from the numbering plan. The kind decides the price, so a number whose kind
/// nobody knows is refused.
async fn inventory(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    owned: &OwnedNumber,
    offer: Option<&Offer>,
) -> Result<InventoryId, InventoryError> {
    let number = &owned.number;
    let place = Gazetteer::get().of_number(number);
    let known = sqlx::query!(
        r#"select country, number_type as "number_type: NumberType" from inventory
           where carrier = $1 and e164 = $2"#,
        carrier,
        number.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let (country, kind) = match (known, offer) {
        (Some(known), _) => (known.country, known.number_type),
        (None, Some(offer)) => (offer.country.clone(), offer.number_type),
        (None, None) => kind_of(number).ok_or(InventoryError::Unplaced)?,
    };
    let capabilities: Vec<String> = match offer {
        Some(offer) => offer.capabilities.iter().map(|c| c.as_str().to_owned()).collect(),
        None => vec![Capability::Voice.as_str().to_owned()],
    };
    let id = InventoryId::new(cx.now_millis());
    let row = sqlx::query_scalar!(
        r#"insert into inventory (id, carrier, e164, country, number_type, capabilities, locality, region,
             latitude, longitude, time_zone, carrier_number_id, carrier_account, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'sold')
         on conflict (carrier, e164) do update
             set state = 'sold', aging_until = null, at_carrier = 'active',
                 carrier_number_id = excluded.carrier_number_id, carrier_account = excluded.carrier_account
         returning id as "id: InventoryId""#,
        id.uuid(),
        carrier,
        number.as_str(),
        country,
        kind.as_str(),
        &capabilities,
        place.map(|p| p.locality.as_str()),
        place.map(|p| p.region.as_str()),
        place.map(|p| p.latitude),
        place.map(|p| p.longitude),
        place.map(|p| p.time_zone.as_str()),
        owned.id,
        owned.account,
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(row)
}

/// A line in a number's story.
pub(super) async fn told(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    number: NumberId,
    from: Option<&str>,
    to: &str,
    reason: &str,
) -> Result<(), InventoryError> {
    // An event has no public id; any UUIDv7 made from the caller's clock sorts it by time.
    let id = NumberId::new(cx.now_millis()).uuid();
    let (actor, now) = (cx.actor().to_string(), cx.now());
    sqlx::query!(
        "insert into number_events (id, tenant_id, subscription_id, from_state, to_state, reason, actor, occurred_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        tenant.uuid(),
        number.uuid(),
        from,
        to,
        reason,
        actor,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
