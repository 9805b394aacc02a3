//! Whether a carrier sells, in which order and at which mark-up.

use super::{CarrierState, CarriersError};
use crate::{
    Ctx, Fault, Installation, Platform,
    audit::Entry,
    catalog::{MARK_UP, RefreshPrices},
};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;
use voxlink_types::{E164, error::FieldError, ids::CartId};

/// The dearest mark-up: more is a slip of the finger.
const DEAREST: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

/// What an administrator wants of a carrier, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The word of a [`CarrierState`].
    pub state: String,
    /// 1 to 1000; the lowest comes first among equals.
    pub priority: String,
    /// What the carrier's prices are multiplied with.
    pub mark_up: String,
    /// Why; needed where the state changes.
    pub reason: String,
}

/// Whether a carrier's numbers may be held anew.
pub(crate) async fn sells(connection: &mut PgConnection, key: &str) -> Result<bool, Fault> {
    let state = sqlx::query_scalar!(
        r#"select state as "state: CarrierState" from carriers where key = $1"#,
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(state == Some(CarrierState::Enabled))
}

/// The numbers of a cart whose carrier is disabled.
pub(crate) async fn disabled_in(cx: &mut Ctx, cart: CartId) -> Result<Vec<E164>, Fault> {
    let tenant = cx.tenant();
    Ok(sqlx::query_scalar!(
        r#"select i.e164 as "number: E164" from cart_items i join carriers c on c.key = i.carrier
           where i.cart_id = $1 and i.tenant_id = $2 and c.state = 'disabled' order by i.e164"#,
        cart.uuid(),
        tenant.uuid(),
    )
    .fetch_all(cx.tx())
    .await?)
}

/// Changes how a carrier is sold; false when all was so before. Another mark-up holds for prices
/// from the next refresh on, which is asked for at once; what was sold keeps its price.
pub async fn change(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    key: &str,
    typed: &Wish,
) -> Result<bool, CarriersError> {
    // A carrier that was configured a moment ago has no row before its prices were asked for.
    if let Some(carrier) = platform.carrier(key) {
        sqlx::query!(
            "insert into carriers (key, display_name) values ($1, $2) on conflict (key) do nothing",
            carrier.key(),
            carrier.name(),
        )
        .execute(cx.tx())
        .await?;
    }
    let old = sqlx::query!(
        r#"select state as "state: CarrierState", priority, settings->>'mark_up' as mark_up
           from carriers where key = $1 for update"#,
        key
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or_else(|| CarriersError::Unknown(key.chars().take(40).collect()))?;
    let marked = mark_up_of(old.mark_up.as_deref());
    let (state, priority, mark_up) = read(typed, old.state).map_err(CarriersError::Fields)?;
    if (state, priority, mark_up) == (old.state, old.priority, marked) {
        return Ok(false);
    }
    // What was never set stays unset, and follows the default.
    let other_mark_up = (mark_up != marked).then(|| mark_up.to_string());
    sqlx::query!(
        "update carriers set state = $2, priority = $3,
             settings = case when $4::text is null then settings
                 else jsonb_set(settings, '{mark_up}', to_jsonb($4::text)) end
         where key = $1",
        key,
        state.as_str(),
        priority,
        other_mark_up,
    )
    .execute(cx.tx())
    .await?;
    if other_mark_up.is_some() {
        cx.enqueue_keyed(&RefreshPrices::default(), "carriers:prices").await?;
    }
    let told = |state: CarrierState, priority: i32, mark_up: Decimal| {
        Some(json!({ "state": state, "priority": priority, "mark_up": mark_up.to_string() }))
    };
    let reason = typed.reason.trim();
    cx.audit_of(
        None,
        Entry {
            action: "carrier.change",
            resource: "carrier",
            resource_id: Some(key.to_owned()),
            old: told(old.state, old.priority, marked),
            new: told(state, priority, mark_up),
            reason: (!reason.is_empty()).then_some(reason),
            ..Entry::default()
        },
    )
    .await?;
    Ok(true)
}

/// The mark-up that a carrier's settings name, or the usual one.
pub(super) fn mark_up_of(stored: Option<&str>) -> Decimal {
    stored.and_then(|text| text.parse().ok()).unwrap_or(MARK_UP)
}

type Read = (CarrierState, i32, Decimal);

fn read(typed: &Wish, before: CarrierState) -> Result<Read, Vec<FieldError>> {
    let mut all = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        all.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    let state = typed.state.parse::<CarrierState>().ok();
    if state.is_none() {
        wrong("state", "Choose whether its numbers are sold.");
    }
    let priority = typed.priority.trim().parse::<i32>().ok();
    let priority = priority.filter(|p| (1..=1000).contains(p));
    if priority.is_none() {
        wrong("priority", "Write a number from 1 to 1000; the lowest comes first.");
    }
    let mark_up = typed.mark_up.trim().parse::<Decimal>().ok();
    let mark_up = mark_up
        .map(|m| m.normalize())
        .filter(|m| (Decimal::ONE..=DEAREST).contains(m) && m.scale() <= 4);
    if mark_up.is_none() {
        wrong("mark_up", "Write a factor from 1 to 20, such as 1.5, with at most four decimals.");
    }
    let reason = typed.reason.trim();
    if state.is_some_and(|state| state != before) && reason.is_empty() {
        wrong("reason", "Say why; it stands in the audit log.");
    }
    if reason.chars().count() > 500 {
        wrong("reason", "Say it in at most 500 characters.");
    }
    match (state, priority, mark_up) {
        (Some(state), Some(priority), Some(mark_up)) if all.is_empty() => {
            Ok((state, priority, mark_up))
        }
        _ => Err(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(state: &str, priority: &str, mark_up: &str, reason: &str) -> Vec<String> {
        let own = str::to_owned;
        let typed = Wish {
            state: own(state),
            priority: own(priority),
            mark_up: own(mark_up),
            reason: own(reason),
        };
        match read(&typed, CarrierState::Enabled) {
            Ok(_) => Vec::new(),
            Err(wrong) => wrong.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn what_is_typed_is_checked_field_by_field() {
        assert!(fields("enabled", " 100 ", "1.50", "").is_empty());
        assert!(fields("draining", "1", "20", "moving away").is_empty());
        assert_eq!(fields("draining", "1", "20", "  "), ["reason"]);
        assert_eq!(fields("gone", "0", "0.9", ""), ["state", "priority", "mark_up"]);
        assert_eq!(fields("enabled", "1001", "1.00001", ""), ["priority", "mark_up"]);
        assert_eq!(fields("enabled", "1", "20.1", &"x".repeat(501)), ["mark_up", "reason"]);
    }

    #[test]
    fn a_mark_up_that_cannot_be_read_is_the_usual_one() {
        assert_eq!(mark_up_of(None), MARK_UP);
        assert_eq!(mark_up_of(Some("much")), MARK_UP);
        assert_eq!(mark_up_of(Some("3")), Decimal::from(3));
    }
}
