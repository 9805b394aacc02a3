//! The billing address: who is billed, and where tax is due.

mod shapes;

use super::{account, vat};
use crate::{Ctx, Fault, audit::Entry};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_types::{
    country::country_name,
    error::{Explain, FieldError, Status},
};

/// The countries that can be chosen: where we sell, the European Union, and others that bought.
pub const COUNTRIES: [&str; 39] = [
    "US", "CA", "GB", "IE", "DE", "NL", "SE", "AT", "AU", "BE", "BG", "BR", "CH", "CY", "CZ", "DK",
    "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IN", "IT", "JP", "LT", "LU", "LV", "MT", "MX", "NO",
    "NZ", "PL", "PT", "RO", "SG", "SI", "SK",
];

/// Most letters of a line.
pub(super) const LINE: usize = 100;

/// A billing address and who stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// Floor, suite.
    pub line2: String,
    /// Town.
    pub city: String,
    /// State or province code.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// Why an address was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// These fields are wrong.
    #[error("Complete the billing address.")]
    Fields(Vec<FieldError>),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Explain for AddressError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "address_incomplete",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Fields(_) => Status::Unprocessable,
            Self::Fault(fault) => fault.status(),
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        if let Self::Fields(fields) = self { fields.clone() } else { Vec::new() }
    }
}

impl Address {
    /// As written on a letter, the country by its name, empty parts left out.
    pub fn lines(&self) -> Vec<String> {
        let town = [self.city.as_str(), self.region.as_str(), self.postal_code.as_str()];
        let town = town.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
        [self.line1.clone(), self.line2.clone(), town, country_name(&self.country)]
            .into_iter()
            .filter(|l| !l.is_empty())
            .collect()
    }

    /// Trims and checks what was typed: the one check of every billing address.
    pub(super) fn checked(&self) -> Result<Self, AddressError> {
        let clean = |text: &str| text.trim().to_owned();
        let address = Self {
            line1: clean(&self.line1),
            line2: clean(&self.line2),
            city: clean(&self.city),
            region: clean(&self.region).to_uppercase(),
            postal_code: clean(&self.postal_code).to_uppercase(),
            country: clean(&self.country).to_uppercase(),
        };
        let mut wrong = Vec::new();
        let mut need = |field: &str, holds: bool, message: &str| {
            if !holds {
                wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
            }
        };
        let country = address.country.as_str();
        need("line1", !address.line1.is_empty(), "Write street and number.");
        need("city", !address.city.is_empty(), "Write the town.");
        let listed = COUNTRIES.contains(&country);
        need("country", listed, "Choose the country from the list.");
        if let (true, Err(message)) = (listed, shapes::region(country, &address.region)) {
            need("region", false, message);
        }
        if let (true, Err(message)) = (listed, shapes::postal_code(country, &address.postal_code)) {
            need("postal_code", false, &message);
        }
        for (field, line) in [
            ("line1", &address.line1),
            ("line2", &address.line2),
            ("city", &address.city),
            ("region", &address.region),
        ] {
            need(field, line.chars().count() <= LINE, "Use at most 100 letters.");
        }
        if wrong.is_empty() { Ok(address) } else { Err(AddressError::Fields(wrong)) }
    }
}

/// The tenant's billing address; empty fields where none was given yet.
pub async fn get(cx: &mut Ctx) -> Result<Address, Fault> {
    let tenant = cx.tenant();
    let stored = sqlx::query_scalar!(
        "select billing_address from billing_accounts where tenant_id = $1",
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?;
    serde_json::from_value(stored)
        .map_err(|e| Fault::inconsistent(format!("billing_accounts.billing_address {tenant}"), e))
}

/// Sets the tenant's billing address.
pub async fn set(cx: &mut Ctx, address: &Address) -> Result<(), AddressError> {
    let address = address.checked()?;
    let before = get(cx).await?;
    if before == address {
        return Ok(());
    }
    // A VAT number makes tax fall away in its own country only.
    let number = account::get(cx).await?.billing.vat_number;
    if vat::check(&vat::written(&number), &address.country).is_err() {
        let message = format!(
            "Your VAT number {number} does not fit this country. Change both under Billing, Billing address."
        );
        return Err(AddressError::Fields(vec![FieldError {
            field: "country".to_owned(),
            message,
        }]));
    }
    let tenant = cx.tenant();
    sqlx::query!(
        "update billing_accounts set billing_address = $2 where tenant_id = $1",
        tenant.uuid(),
        json!(address)
    )
    .execute(cx.tx())
    .await
    .map_err(Fault::from)?;
    cx.audit(Entry {
        action: "billing.address",
        resource: "billing_account",
        old: Some(json!(before)),
        new: Some(json!(address)),
        ..Entry::default()
    })
    .await?;
    Ok(())
}
