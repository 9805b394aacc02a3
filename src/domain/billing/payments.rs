//! Payments: a customer's card pays for their balance, an order or an invoice, at a processor's own
//! page.
//!
//! A payment begins as a row with its idempotency key, then the processor is asked outside any
//! transaction. What became of it is always fetched from the processor and applied under the row's
//! lock, so the webhook, the person's return and the sweep may come in any order, doubled or at
//! once, and the money is told to the journal once.

mod events;
mod reconcile;
mod sweep;

pub use events::{PaymentEventJob, receive};
pub use reconcile::{ReconcileJob, reconcile, run_reconcile};
pub use sweep::sweep;

use crate::{Ctx, Fault, Platform, audit::Entry, jobs::JobError};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;
use voxlink_gateways::{PaymentError, payments::Checkout};
use voxlink_types::{
    Currency, Money,
    error::{Explain, FieldError, Status},
    ids::{InvoiceId, OrderId, PaymentId, TenantId},
    order::PaymentState,
    text_enum,
};

text_enum! {
    /// What a payment is for.
    Purpose {
        /// The prepaid balance.
        TopUp = "top_up",
        /// An order: set aside first, taken when the numbers are had.
        Order = "order",
        /// An invoice.
        Invoice = "invoice",
        /// What an order still owes, because its own card was refused: set aside, then taken.
        Due = "due",
    }
}

/// A payment to begin.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// What for.
    pub purpose: Purpose,
    /// The order, when it is for one.
    pub order: Option<OrderId>,
    /// The invoice, when it is for one.
    pub invoice: Option<InvoiceId>,
    /// The processor's key.
    pub processor: String,
    /// How much.
    pub amount: Money,
    /// As the person reads it at the processor's page.
    pub description: String,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Whose.
    pub tenant: TenantId,
    /// What for.
    pub purpose: Purpose,
    /// The order it pays.
    pub order: Option<OrderId>,
    /// The invoice it pays.
    pub invoice: Option<InvoiceId>,
    /// The processor's key.
    pub processor: String,
    /// Where it stands.
    pub state: PaymentState,
    /// How much was asked for.
    pub amount: Money,
    /// How much was taken.
    pub captured: Money,
    /// How much was given back.
    pub refunded: Money,
    /// The key of its opening at the processor.
    pub key: Uuid,
    /// The processor's id, once it is open there.
    pub external_id: Option<String>,
    /// The processor's page.
    pub redirect_url: Option<String>,
    /// As the person reads it.
    pub description: String,
    /// Why it failed, for the customer.
    pub failure: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

/// Why a payment could not be begun or moved.
#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    /// No such payment in this tenant.
    #[error("There is no such payment.")]
    Absent,
    /// No such processor here.
    #[error("This way to pay is not offered here. Choose another one.")]
    NoProcessor,
    /// The amount is out of bounds.
    #[error("Choose an amount between {least} and {most}.")]
    Amount {
        /// The least.
        least: Money,
        /// The most.
        most: Money,
    },
    /// The processor did not do it.
    #[error(
        "The payment could not be started at the moment. You have not been charged; try again in a minute."
    )]
    Processor(#[from] PaymentError),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for PaymentsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<PaymentsError> for JobError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Fault(fault) => fault.into(),
            // The sentence for people says less than a person who mends needs.
            PaymentsError::Processor(
                told @ (PaymentError::Transient(_) | PaymentError::UnknownOutcome(_)),
            ) => Self::retry(told),
            PaymentsError::Processor(told) => Self::fail(told),
            other => Self::fail(other),
        }
    }
}

impl Explain for PaymentsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent => "payment_unknown",
            Self::NoProcessor => "processor_unknown",
            Self::Amount { .. } => "amount_out_of_bounds",
            Self::Processor(_) => "processor_failed",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Absent => Status::NotFound,
            Self::NoProcessor | Self::Amount { .. } => Status::Unprocessable,
            Self::Processor(_) => Status::BadGateway,
            Self::Fault(fault) => fault.status(),
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Amount { .. } => "amount",
            Self::NoProcessor => "processor",
            _ => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}

/// The least and the most a balance is topped up by at once.
pub fn top_up_bounds(currency: Currency) -> (Money, Money) {
    let unit = 10i64.pow(currency.exponent());
    let scale = if currency == Currency::Jpy { 100 } else { 1 };
    (Money::new(5 * unit * scale, currency), Money::new(10_000 * unit * scale, currency))
}

/// Begins a top-up of the tenant's balance; open it with [`open`] after the commit.
pub async fn begin_top_up(
    cx: &mut Ctx,
    processor: &str,
    amount: Money,
) -> Result<PaymentId, PaymentsError> {
    let (least, most) = top_up_bounds(amount.currency);
    if amount.minor < least.minor || amount.minor > most.minor {
        return Err(PaymentsError::Amount { least, most });
    }
    let new = NewPayment {
        purpose: Purpose::TopUp,
        order: None,
        invoice: None,
        processor: processor.to_owned(),
        amount,
        description: "VoxLink balance".to_owned(),
    };
    Ok(begin(cx, new).await?)
}

/// Stores a payment that is about to be opened at its processor.
pub async fn begin(cx: &mut Ctx, new: NewPayment) -> Result<PaymentId, Fault> {
    let (id, tenant) = (PaymentId::new(cx.now_millis()), cx.tenant());
    let key = PaymentId::new(cx.now_millis()).uuid();
    let now = cx.now();
    sqlx::query!(
        "insert into payments (id, tenant_id, billing_account_id, order_id, invoice_id, purpose, processor,
             amount_minor, currency, idempotency_key, description, created_at)
         select $1, $2, a.id, $3, $4, $5, $6, $7, $8, $9, $10, $11
         from billing_accounts a where a.tenant_id = $2",
        id.uuid(),
        tenant.uuid(),
        new.order.map(OrderId::uuid),
        new.invoice.map(InvoiceId::uuid),
        new.purpose.as_str(),
        new.processor,
        new.amount.minor,
        new.amount.currency.as_str(),
        key,
        new.description,
        now,
    )
    .execute(cx.tx())
    .await?;
    let told = json!({ "purpose": new.purpose, "amount": new.amount, "processor": new.processor });
    cx.audit(Entry {
        action: "payment.begin",
        resource: "payment",
        resource_id: Some(id.to_string()),
        new: Some(told),
        ..Entry::default()
    })
    .await?;
    Ok(id)
}

/// One payment of a tenant; with `lock` nobody else moves it until the transaction ends.
pub async fn get<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    id: PaymentId,
    lock: bool,
) -> Result<Payment, PaymentsError> {
    if lock {
        sqlx::query!(
            "select id from payments where id = $1 and tenant_id = $2 for update",
            id.uuid(),
            tenant.uuid()
        )
        .fetch_optional(cx.tx())
        .await?;
    }
    let row = sqlx::query!(
        r#"select purpose as "purpose: Purpose", order_id as "order: OrderId", invoice_id as "invoice: InvoiceId",
                  processor, state as "state: PaymentState", amount_minor, captured_minor, refunded_minor,
                  currency as "currency: Currency", idempotency_key, external_id, redirect_url,
                  coalesce(description, '') as "description!", failure_reason, created_at
           from payments where id = $1 and tenant_id = $2"#,
        id.uuid(),
        tenant.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(PaymentsError::Absent)?;
    let money = |minor| Money::new(minor, row.currency);
    Ok(Payment {
        id,
        tenant,
        purpose: row.purpose,
        order: row.order,
        invoice: row.invoice,
        processor: row.processor,
        state: row.state,
        amount: money(row.amount_minor),
        captured: money(row.captured_minor),
        refunded: money(row.refunded_minor),
        key: row.idempotency_key,
        external_id: row.external_id,
        redirect_url: row.redirect_url,
        description: row.description,
        failure: row.failure_reason,
        created_at: row.created_at,
    })
}

/// Opens a payment at its processor and returns the page to send the person to. May be repeated:
/// the payment stays the same one.
pub async fn open(
    platform: &Platform,
    tenant: TenantId,
    id: PaymentId,
) -> Result<String, PaymentsError> {
    let mut cx = platform.work_for(tenant, "payments").await?;
    let payment = get(&mut cx, tenant, id, false).await?;
    drop(cx);
    if let Some(url) = payment.redirect_url {
        return Ok(url);
    }
    let processor = platform.processor(&payment.processor).ok_or(PaymentsError::NoProcessor)?;
    let checkout = Checkout {
        key: payment.key,
        reference: id.to_string(),
        amount: payment.amount,
        description: payment.description,
        return_url: platform.settings().url(&format!("/payments/{id}/return")),
        authorise_only: matches!(payment.purpose, Purpose::Order | Purpose::Due),
    };
    let redirect = processor.open(&checkout).await?;
    let mut cx = platform.work_for(tenant, "payments").await?;
    sqlx::query!(
        "update payments set external_id = $3, redirect_url = $4
         where id = $1 and tenant_id = $2 and redirect_url is null",
        id.uuid(),
        tenant.uuid(),
        redirect.external_id,
        redirect.url,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(redirect.url)
}
