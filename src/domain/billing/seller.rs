//! Who sells, as invoices name it: one for the installation, kept by its administrators. An invoice
//! freezes a copy when it is issued, so what is changed here touches later invoices only.

use super::{
    address::{Address, AddressError},
    invoices::Registration,
};
use crate::{Ctx, Fault, Installation, audit::Entry};
use serde::Serialize;
use serde_json::json;
use voxlink_types::error::{Explain, FieldError, Status};

/// The seller and what its invoices say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seller {
    /// Company.
    pub name: String,
    /// Where; its country decides what reverse charge is.
    pub address: Address,
    /// Whom customers write to about a bill.
    pub email: String,
    /// What the law wants printed: EIN, VAT number, company number.
    pub registrations: Vec<Registration>,
    /// Where to transfer money to.
    pub bank: String,
    /// How to pay, in a sentence.
    pub payment_terms: String,
    /// Days from issue to the due day.
    pub payment_days: i16,
    /// What invoice numbers begin with; another one begins a series of its own.
    pub invoice_prefix: String,
    /// The last line of an invoice.
    pub footer: String,
}

/// Why the seller was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SellerError {
    /// These fields are wrong.
    #[error("Complete the seller's details.")]
    Fields(Vec<FieldError>),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Explain for SellerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "seller_incomplete",
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

impl Seller {
    /// Trims and checks what was typed.
    fn checked(&self) -> Result<Self, SellerError> {
        let mut wrong = Vec::new();
        let address = match self.address.checked() {
            Ok(address) => address,
            Err(AddressError::Fields(fields)) => {
                wrong.extend(fields);
                self.address.clone()
            }
            Err(AddressError::Fault(fault)) => return Err(fault.into()),
        };
        let clean = |text: &str| text.trim().to_owned();
        let seller = Self {
            name: clean(&self.name),
            address,
            email: clean(&self.email),
            registrations: self
                .registrations
                .iter()
                .map(|r| Registration { label: clean(&r.label), value: clean(&r.value) })
                .filter(|r| !r.label.is_empty() || !r.value.is_empty())
                .collect(),
            bank: clean(&self.bank),
            payment_terms: clean(&self.payment_terms),
            payment_days: self.payment_days,
            invoice_prefix: clean(&self.invoice_prefix).to_uppercase(),
            footer: clean(&self.footer),
        };
        let mut need = |field: &str, holds: bool, message: &str| {
            if !holds {
                wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
            }
        };
        let within = |text: &str, most: usize| text.chars().count() <= most;
        need("name", !seller.name.is_empty(), "Write the company's name.");
        need("name", within(&seller.name, 200), "Use at most 200 letters.");
        let mail = seller.email.split_once('@');
        let mail = mail.is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
        need(
            "email",
            seller.email.is_empty() || mail,
            "Write a whole address, such as billing@example.com.",
        );
        let pairs = seller.registrations.iter();
        need(
            "registrations",
            pairs.clone().all(|r| !r.label.is_empty() && !r.value.is_empty()),
            "Write one a line, its name before a colon, such as EIN: 12-3456789.",
        );
        need("registrations", pairs.count() <= 6, "Keep to six lines: more do not fit.");
        need("bank", within(&seller.bank, 300), "Use at most 300 letters.");
        need("payment_terms", !seller.payment_terms.is_empty(), "Say how invoices are paid.");
        need("payment_terms", within(&seller.payment_terms, 500), "Use at most 500 letters.");
        need(
            "payment_days",
            (0..=365).contains(&seller.payment_days),
            "Write a number of days from 0 to 365.",
        );
        let prefix = &seller.invoice_prefix;
        let plain = prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        need(
            "invoice_prefix",
            plain && (1..=8).contains(&prefix.len()),
            "Use one to eight letters A to Z and digits, such as VL or INV27.",
        );
        need("footer", within(&seller.footer, 500), "Use at most 500 letters.");
        if wrong.is_empty() { Ok(seller) } else { Err(SellerError::Fields(wrong)) }
    }
}

/// The seller as it is now, for whoever asks: its customers read it on every bill.
pub async fn get<Scope>(cx: &mut Ctx<Scope>) -> Result<Seller, Fault> {
    let row = sqlx::query!(
        r#"select name, address as "address: sqlx::types::Json<Address>", coalesce(email, '') as "email!",
                  registrations as "registrations: sqlx::types::Json<Vec<Registration>>", bank,
                  payment_terms, payment_days, invoice_prefix, footer
           from sellers"#
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(Seller {
        name: row.name,
        address: row.address.0,
        email: row.email,
        registrations: row.registrations.0,
        bank: row.bank,
        payment_terms: row.payment_terms,
        payment_days: row.payment_days,
        invoice_prefix: row.invoice_prefix,
        footer: row.footer,
    })
}

/// Changes the seller; what is issued from now on names it so.
pub async fn save(cx: &mut Ctx<Installation>, typed: &Seller) -> Result<Seller, SellerError> {
    let seller = typed.checked()?;
    sqlx::query!("select name from sellers for update")
        .fetch_one(cx.tx())
        .await
        .map_err(Fault::from)?;
    let before = get(cx).await?;
    if before == seller {
        return Ok(seller);
    }
    sqlx::query!(
        "update sellers set name = $1, address = $2, country = $3, email = nullif($4, ''),
             registrations = $5, bank = $6, payment_terms = $7, payment_days = $8,
             invoice_prefix = $9, footer = $10",
        seller.name,
        json!(seller.address),
        seller.address.country,
        seller.email,
        json!(seller.registrations),
        seller.bank,
        seller.payment_terms,
        seller.payment_days,
        seller.invoice_prefix,
        seller.footer,
    )
    .execute(cx.tx())
    .await
    .map_err(Fault::from)?;
    let told = Entry {
        action: "seller.change",
        resource: "seller",
        old: Some(json!(before)),
        new: Some(json!(seller)),
        ..Entry::default()
    };
    cx.audit_of(None, told).await?;
    Ok(seller)
}
