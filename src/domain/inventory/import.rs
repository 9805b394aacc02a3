//! Numbers from a file: each row says which number at which carrier becomes whose, and for which
//! campaign. The rows are read first ([`read_rows`] is pure), then brought in one by one, so that a
//! bad row sinks nothing; a row that is done already is done.

mod rows;

pub use rows::{Columns, ImportRow, read_rows};

use super::{
    InventoryError,
    adopt::{self, Adoption},
    owned_pages,
};
use crate::{
    Actor, Ctx, Fault, Installation, Platform, RequestInfo,
    campaigns::{self, CampaignError},
    numbers::{OWN_CARRIERS, settings_for},
};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, hash_map::Entry},
    pin::pin,
    sync::Arc,
};
use uuid::Uuid;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{Bought, OwnedNumber, Papers, Purchase},
};
use voxlink_types::{
    E164,
    ids::{CampaignId, NumberId, TenantId},
};

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// It is the account's now.
    Added(NumberId),
    /// It was the account's already; its campaign is as the file says.
    Already(NumberId),
    /// Why not.
    Refused(String),
}

/// A row and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its line in the file.
    pub line: u64,
    /// The number, where it could be read.
    pub number: Option<E164>,
    /// What came of it.
    pub outcome: RowOutcome,
}

/// Brings rows in, each in a transaction of its own; in a rehearsal (`dry_run`) each is undone and
/// nothing is asked of a carrier but its list and its offer. Only what is ours at its carrier can be
/// brought in; from our own stock, of the catalogue and of own trunks, it is taken first.
pub async fn import(
    platform: &Platform,
    rows: Vec<(u64, Result<ImportRow, String>)>,
    dry_run: bool,
) -> Result<Vec<Imported>, Fault> {
    let mut owned = HashMap::new();
    let mut done = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        let imported = match row {
            Err(why) => Imported { line, number: None, outcome: RowOutcome::Refused(why) },
            Ok(row) => {
                let outcome = match one(platform, &mut owned, &row, dry_run).await {
                    Ok(outcome) => outcome,
                    Err(InventoryError::Fault(fault)) => return Err(fault),
                    Err(error) => RowOutcome::Refused(error.to_string()),
                };
                Imported { line, number: Some(row.number), outcome }
            }
        };
        done.push(imported);
    }
    Ok(done)
}

/// What is ours at each carrier that the file names; the reason where it does not tell.
type Owned = HashMap<String, Result<HashMap<E164, OwnedNumber>, String>>;

async fn one(
    platform: &Platform,
    owned: &mut Owned,
    row: &ImportRow,
    dry_run: bool,
) -> Result<RowOutcome, InventoryError> {
    let mut cx = begin(platform).await?;
    let campaign = match &row.campaign {
        Some(text) => Some(campaign(&mut cx, row.tenant, text).await?),
        None => None,
    };
    if let Some((holder, id)) = holder(&mut cx, &row.number).await? {
        drop(cx);
        if holder != row.tenant {
            return Err(InventoryError::Held);
        }
        if let (Some(campaign), false) = (campaign, dry_run) {
            assign(platform, row.tenant, campaign, id).await?;
        }
        return Ok(RowOutcome::Already(id));
    }
    let wanted = purchase(platform, row, given_back(&mut cx, row).await?);
    drop(cx);
    let carrier = platform
        .carrier(&row.provider)
        .ok_or_else(|| InventoryError::NoCarrier(row.provider.clone()))?;
    let (owned, offer) = match at_carrier(&carrier, owned, row).await? {
        Ok(owned) => (owned, None),
        Err(why) if !OWN_CARRIERS.contains(&carrier.key()) => {
            return Ok(RowOutcome::Refused(why));
        }
        Err(_) => {
            if kept_for_another(platform, row).await? {
                let why = format!("{} is in a cart, or rests for another account", row.number);
                return Ok(RowOutcome::Refused(why));
            }
            let Some(offer) = carrier.offer(&row.number).await? else {
                let why = format!("{} neither has nor offers {}", carrier.name(), row.number);
                return Ok(RowOutcome::Refused(why));
            };
            (as_taken(wanted.clone()), Some(offer))
        }
    };
    let in_stock = offer.is_some();
    let mut cx = begin(platform).await?;
    let mut adoption = Adoption {
        tenant: row.tenant,
        carrier: row.provider.clone(),
        owned,
        offer,
        campaign,
        reason: "Imported from a file",
    };
    let number = adopt::adopt(&mut cx, platform, &adoption).await?;
    if dry_run {
        return Ok(RowOutcome::Added(number));
    }
    if !in_stock {
        cx.commit().await?;
        return Ok(RowOutcome::Added(number));
    }
    // That was a rehearsal: nothing is taken from stock that could not be recorded afterwards.
    drop(cx);
    adoption.owned = match take(carrier.as_ref(), &wanted).await? {
        Bought::Done(owned) => owned,
        Bought::Pending { .. } => {
            let why = "the carrier works on it: import the file again later".to_owned();
            return Ok(RowOutcome::Refused(why));
        }
    };
    let mut cx = begin(platform).await?;
    let number = adopt::adopt(&mut cx, platform, &adoption).await?;
    cx.commit().await?;
    Ok(RowOutcome::Added(number))
}

async fn begin(platform: &Platform) -> Result<Ctx<Installation>, Fault> {
    platform.work("cli").await
}

/// A campaign of the account's, by id or by name.
async fn campaign(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    text: &str,
) -> Result<CampaignId, InventoryError> {
    if let Ok(id) = text.parse::<CampaignId>() {
        adopt::in_use(cx, tenant, id).await?;
        return Ok(id);
    }
    sqlx::query_scalar!(
        r#"select id as "id: CampaignId" from campaigns
           where tenant_id = $1 and lower(name) = lower($2) and archived_at is null"#,
        tenant.uuid(),
        text,
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InventoryError::Campaign)
}

/// Who has the number now.
async fn holder(
    cx: &mut Ctx<Installation>,
    number: &E164,
) -> Result<Option<(TenantId, NumberId)>, InventoryError> {
    let row = sqlx::query!(
        r#"select tenant_id as "tenant: TenantId", id as "id: NumberId" from subscriptions
           where e164 = $1 and state <> 'released'"#,
        number.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(row.map(|r| (r.tenant, r.id)))
}

/// What the account had of this number last and gave back.
async fn given_back(
    cx: &mut Ctx<Installation>,
    row: &ImportRow,
) -> Result<Option<NumberId>, InventoryError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: NumberId" from subscriptions
           where tenant_id = $1 and e164 = $2 and state = 'released'
           order by released_at desc nulls last, id desc limit 1"#,
        row.tenant.uuid(),
        row.number.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?)
}

/// Whether a number is somebody's: in a cart, or resting for another account, which gave it back. Its
/// carrier might sell it to us all the same.
async fn kept_for_another(platform: &Platform, row: &ImportRow) -> Result<bool, InventoryError> {
    let mut cx = platform.work_for(row.tenant, "cli").await?;
    let now = cx.now();
    Ok(sqlx::query_scalar!(
        r#"select held_by_another($1, null, $2) as "kept!""#,
        row.number.as_str(),
        now,
    )
    .fetch_one(cx.tx())
    .await?)
}

async fn assign(
    platform: &Platform,
    tenant: TenantId,
    campaign: CampaignId,
    number: NumberId,
) -> Result<(), InventoryError> {
    let (actor, request) = (Actor::System("cli"), RequestInfo::default());
    let mut cx = Ctx::begin(platform, tenant, actor, request).await?;
    match campaigns::assign(&mut cx, Some(campaign), &[number]).await {
        Ok(_) => Ok(cx.commit().await?),
        Err(CampaignError::Fault(fault)) => Err(fault.into()),
        Err(_) => Err(InventoryError::Campaign),
    }
}

/// The number as its carrier lists it; the list is read once for the whole file.
async fn at_carrier(
    carrier: &Arc<dyn Carrier>,
    owned: &mut Owned,
    row: &ImportRow,
) -> Result<Result<OwnedNumber, String>, InventoryError> {
    let listed = match owned.entry(row.provider.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(match list(carrier).await {
            Ok(listed) => Ok(listed),
            Err(InventoryError::Fault(fault)) => return Err(fault.into()),
            Err(error) => Err(error.to_string()),
        }),
    };
    Ok(match listed {
        Ok(listed) => listed.get(&row.number).cloned().ok_or_else(|| {
            format!("{} does not list {} among our numbers", carrier.name(), row.number)
        }),
        Err(why) => Err(why.clone()),
    })
}

async fn list(carrier: &Arc<dyn Carrier>) -> Result<HashMap<E164, OwnedNumber>, InventoryError> {
    let mut all = HashMap::new();
    let mut pages = pin!(owned_pages(Arc::clone(carrier)));
    while let Some(page) = pages.try_next().await? {
        all.extend(page.into_iter().map(|owned| (owned.number.clone(), owned)));
    }
    Ok(all)
}

/// How a number of our own stock would come.
fn as_taken(purchase: Purchase) -> OwnedNumber {
    OwnedNumber {
        id: purchase.key.to_string(),
        number: purchase.number,
        account: String::new(),
        active: true,
        settings: Some(purchase.settings),
    }
}

/// Takes a number from our own stock; one whose answer was lost is looked up by its key.
async fn take(carrier: &dyn Carrier, purchase: &Purchase) -> Result<Bought, InventoryError> {
    match carrier.buy(purchase).await {
        Err(error @ CarrierError::UnknownOutcome { .. }) => {
            let found = carrier.find_purchase(&purchase.number, purchase.key).await?;
            found.ok_or(InventoryError::Carrier(error))
        }
        bought => Ok(bought?),
    }
}

/// The key follows from number and account, so a file that is brought in again takes nothing twice;
/// and from what the account gave back last, so that it can have the number again after that.
fn purchase(platform: &Platform, row: &ImportRow, given_back: Option<NumberId>) -> Purchase {
    let mut text = format!("import:{}:{}", row.tenant, row.number);
    if let Some(id) = given_back {
        text = format!("{text}:{id}");
    }
    let hash: [u8; 32] = Sha256::digest(text).into();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Purchase {
        number: row.number.clone(),
        key: Uuid::from_bytes(bytes),
        hold_id: None,
        settings: settings_for(platform.settings(), &row.provider, row.number.as_str()),
        papers: Papers::default(),
    }
}
