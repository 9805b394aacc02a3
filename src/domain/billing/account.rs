//! The billing account: who is billed and where, and the ways to pay that are stored.

use super::{
    address::{Address, AddressError, LINE},
    vat,
};
use crate::{Ctx, Fault, audit::Entry};
use serde_json::json;
use voxlink_types::{
    Currency,
    error::FieldError,
    ids::{PaymentMethodId, TenantId},
};

/// Who is billed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Billing {
    /// Company; the account's name where empty.
    pub company: String,
    /// Where.
    pub address: Address,
    /// Tax number.
    pub tax_id: String,
    /// VAT number.
    pub vat_number: String,
}

/// A tenant's billing account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAccount {
    /// In which currency it is billed.
    pub currency: Currency,
    /// The billing zone.
    pub zone: chrono_tz::Tz,
    /// The day of the month on which a period begins; a short month has it on its last day.
    pub anchor_day: u32,
    /// Who is billed.
    pub billing: Billing,
}

/// A stored way to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Its id.
    pub id: PaymentMethodId,
    /// `Visa`, or the bank.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// When the card ends: month and year.
    pub expiry: Option<(i16, i16)>,
    /// Used first.
    pub is_default: bool,
}

/// The tenant's billing account.
pub async fn get(cx: &mut Ctx<TenantId>) -> Result<BillingAccount, Fault> {
    let tenant = cx.tenant();
    let row = sqlx::query!(
        r#"select a.currency as "currency: Currency", t.time_zone, a.anchor_day, coalesce(a.company, '') as "company!",
                  coalesce(a.tax_id, '') as "tax_id!", coalesce(a.vat_number, '') as "vat_number!",
                  a.billing_address as "address: sqlx::types::Json<Address>"
           from billing_accounts a join tenants t on t.id = a.tenant_id where a.tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let zone = row.time_zone.parse().map_err(|e: chrono_tz::ParseError| {
        Fault::inconsistent(format!("tenants.time_zone of {tenant}"), e)
    })?;
    let billing = Billing {
        company: row.company,
        address: row.address.0,
        tax_id: row.tax_id,
        vat_number: row.vat_number,
    };
    let anchor_day = u32::try_from(row.anchor_day).unwrap_or(1);
    Ok(BillingAccount { currency: row.currency, zone, anchor_day, billing })
}

/// Brings what was typed into one form and checks it: the address by its own rules, and the VAT
/// number, because reverse charge depends on it.
fn checked(typed: &Billing) -> Result<Billing, AddressError> {
    let (address, mut wrong) = match typed.address.checked() {
        Ok(address) => (address, Vec::new()),
        Err(AddressError::Fields(wrong)) => (typed.address.clone(), wrong),
        Err(fault) => return Err(fault),
    };
    let country = address.country.trim().to_uppercase();
    let vat_number = vat::written(&typed.vat_number);
    // Without its country there is nothing to check the number against.
    let countryless = wrong.iter().any(|error| error.field == "country");
    if let (false, Err(message)) = (countryless, vat::check(&vat_number, &country)) {
        wrong.push(FieldError { field: "vat_number".to_owned(), message });
    }
    let (company, tax_id) = (typed.company.trim().to_owned(), typed.tax_id.trim().to_owned());
    for (field, line) in [("company", &company), ("tax_id", &tax_id)] {
        if line.chars().count() > LINE {
            let message = "Use at most 100 letters.".to_owned();
            wrong.push(FieldError { field: field.to_owned(), message });
        }
    }
    if !wrong.is_empty() {
        return Err(AddressError::Fields(wrong));
    }
    Ok(Billing { company, address, tax_id, vat_number })
}

/// Stores who is billed. Invoices that stand keep the address they were issued to.
pub async fn save(cx: &mut Ctx<TenantId>, typed: Billing) -> Result<Billing, AddressError> {
    let billing = checked(&typed)?;
    let before = get(cx).await?.billing;
    if before == billing {
        return Ok(billing);
    }
    let address = serde_json::to_value(&billing.address)
        .map_err(|e| Fault::Internal(format!("billing address: {e}")))?;
    sqlx::query!(
        "update billing_accounts set company = nullif($2, ''), billing_address = $3,
             tax_id = nullif($4, ''), vat_number = nullif($5, '')
         where tenant_id = $1",
        cx.tenant().uuid(),
        billing.company,
        address,
        billing.tax_id,
        billing.vat_number,
    )
    .execute(cx.tx())
    .await
    .map_err(Fault::from)?;
    let told = |b: &Billing| json!({ "company": b.company, "address": b.address, "tax_id": b.tax_id, "vat_number": b.vat_number });
    let tenant = cx.tenant().to_string();
    cx.audit(Entry {
        action: "billing.address",
        resource: "billing_account",
        resource_id: Some(tenant),
        old: Some(told(&before)),
        new: Some(told(&billing)),
        ..Entry::default()
    })
    .await?;
    Ok(billing)
}

/// The stored ways to pay, the default first.
pub async fn payment_methods(cx: &mut Ctx<TenantId>) -> Result<Vec<PaymentMethod>, Fault> {
    let rows = sqlx::query!(
        r#"select id as "id: PaymentMethodId", brand, last4, expiry_month, expiry_year, is_default
           from payment_methods where tenant_id = $1 and removed_at is null
           order by is_default desc, created_at"#,
        cx.tenant().uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    let method = rows.into_iter().map(|r| PaymentMethod {
        id: r.id,
        brand: r.brand,
        last4: r.last4,
        expiry: r.expiry_month.zip(r.expiry_year),
        is_default: r.is_default,
    });
    Ok(method.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::error::Explain;

    fn typed(country: &str, region: &str, vat: &str) -> Billing {
        Billing {
            vat_number: vat.to_owned(),
            address: Address {
                line1: " 1 Main St ".to_owned(),
                city: "Town".to_owned(),
                postal_code: "02108".to_owned(),
                country: country.to_owned(),
                region: region.to_owned(),
                ..Address::default()
            },
            ..Billing::default()
        }
    }

    #[test]
    fn what_tax_depends_on_is_checked() {
        for (country, region, vat, bad) in [
            ("us", "ma", "", None),
            ("US", "", "", Some("region")),
            ("CA", "Ontario", "", Some("region")),
            ("DE", "", "de 129 273 398", None),
            ("DE", "", "FR129273398", Some("vat_number")),
            ("DE", "", "12", Some("vat_number")),
            ("GR", "", "EL123456789", None),
            ("Germany", "", "", Some("country")),
            ("ZZ", "", "", Some("country")),
            ("US", "ZZ", "", Some("region")),
            ("DE", "", "DE000", Some("vat_number")),
            ("DE", "", "DEhello", Some("vat_number")),
            ("DE", "", "DE999999999", Some("vat_number")),
            ("NL", "", "", Some("postal_code")),
        ] {
            let fields = checked(&typed(country, region, vat)).err().map(|e| e.fields());
            let first = fields.and_then(|f| f.first().map(|f| f.field.clone()));
            assert_eq!(first.as_deref(), bad, "{country} {region} {vat}");
        }
        assert_eq!(checked(&typed("us", "ma", "")).unwrap().address.line1, "1 Main St");
        let long = Billing { company: "x".repeat(101), ..typed("US", "MA", "") };
        assert_eq!(checked(&long).unwrap_err().fields()[0].field, "company");
        let mut long = typed("US", "MA", "");
        long.address.line2 = "x".repeat(101);
        assert_eq!(checked(&long).unwrap_err().fields()[0].field, "line2");
    }
}
