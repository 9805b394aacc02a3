//! The account itself: its balance, and the accounts that it manages, which Telnyx allows to
//! accounts it has approved (developers.telnyx.com/docs/v2/account/managed-accounts).

use super::{Telnyx, envelope};
use crate::wire::Body;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use voxlink_gateways::{CarrierError, carrier::Subaccount};

#[derive(Debug, Deserialize)]
struct Balance {
    /// Balance and credit limit together.
    available_credit: Option<String>,
    currency: Option<String>,
}

impl Balance {
    /// An account that cannot spend is told; an amount that cannot be read is not held against it.
    fn check(&self) -> Result<(), CarrierError> {
        let credit = self.available_credit.as_deref().and_then(|c| c.parse::<Decimal>().ok());
        match credit {
            Some(credit) if credit <= Decimal::ZERO => {
                let currency = self.currency.as_deref().unwrap_or_default();
                let detail = format!("the available credit is {credit} {currency}");
                Err(CarrierError::OutOfFunds { detail })
            }
            _ => Ok(()),
        }
    }
}

/// Credentials, reach and funds.
pub(super) async fn health(telnyx: &Telnyx) -> Result<(), CarrierError> {
    let balance: Balance =
        telnyx.one(telnyx.get("health", telnyx.at(&["balance"])).probing()).await?;
    balance.check()
}

#[derive(Debug, Deserialize)]
struct Managed {
    id: String,
    organization_name: Option<String>,
}

/// The accounts managed by this one; cancelled ones are not told of.
pub(super) async fn managed(
    telnyx: &Telnyx,
    cursor: Option<&str>,
) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
    let url = envelope::paged(telnyx.at(&["managed_accounts"]), cursor)?;
    let page: envelope::Many<Managed> = telnyx.many(telnyx.get("subaccounts", url)).await?;
    let next = page.next();
    let shown = |account: Managed| Subaccount {
        id: account.id,
        name: account.organization_name.unwrap_or_default(),
        active: true,
    };
    Ok((page.data.into_iter().map(shown).collect(), next))
}

/// Opens a managed account.
pub(super) async fn open(telnyx: &Telnyx, name: &str) -> Result<Subaccount, CarrierError> {
    let body = Body::Json(json!({ "business_name": name }));
    let ask = telnyx.post("open_subaccount", telnyx.at(&["managed_accounts"]), body);
    let answer = telnyx.ask(ask).await?;
    opened(&answer.body, name)
}

/// The answer carries the new account's API key: it is never quoted, not even when it makes no
/// sense.
fn opened(body: &[u8], name: &str) -> Result<Subaccount, CarrierError> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let account = &body["data"];
    let Some(id) = account["id"].as_str() else {
        let detail = "an account was opened and the answer names no id".to_owned();
        return Err(CarrierError::UnknownOutcome { detail });
    };
    let name = account["organization_name"].as_str().unwrap_or(name);
    Ok(Subaccount { id: id.to_owned(), name: name.to_owned(), active: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_credit_is_told() {
        let told = |credit: Value| {
            let balance = json!({"record_type": "balance", "pending": "10.00", "balance": "300.00",
                "credit_limit": "100.00", "available_credit": credit, "currency": "USD"});
            serde_json::from_value::<Balance>(balance).unwrap().check().map_err(|e| e.code())
        };
        assert_eq!(told(json!("400.00")), Ok(()));
        assert_eq!(told(json!("0.00")), Err("carrier_funds"));
        assert_eq!(told(json!("-3.10")), Err("carrier_funds"));
        assert_eq!(told(json!(null)), Ok(()));
    }

    #[test]
    fn a_new_account_is_read_and_its_key_is_not_told() {
        let body = json!({"data": {"record_type": "managed_account", "email": "user@example.com",
            "id": "f65ceda4-6522-4ad6-aede-98de83385123", "api_key": "KEY0123_secret",
            "organization_name": "Example Company LLC", "rollup_billing": false}});
        let account = opened(body.to_string().as_bytes(), "Example").unwrap();
        assert_eq!(account.name, "Example Company LLC");
        let odd = json!({"data": {"api_key": "KEY0123_secret"}}).to_string();
        let error = opened(odd.as_bytes(), "Example").unwrap_err();
        assert!(matches!(error, CarrierError::UnknownOutcome { .. }));
        assert!(!error.detail().contains("secret"));
    }
}
