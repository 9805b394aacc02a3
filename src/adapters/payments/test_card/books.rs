//! Its books: payments, acts done once per key, events to be sent.

use super::cards::Card;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use voxlink_gateways::{
    PaymentError,
    payments::{Checkout, ProcessorPayment, ProcessorState},
};
use voxlink_types::{Currency, Money};

#[derive(Debug)]
pub(super) struct Books(PgPool);

/// A payment.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) amount: Money,
    pub(super) description: String,
    pub(super) return_url: String,
    pub(super) authorise_only: bool,
    pub(super) state: String,
    captured: i64,
    refunded: i64,
    card: Option<(String, String)>,
    decline: Option<(String, String)>,
}

impl Row {
    /// Paid with [`Card::Fickle`].
    fn is_fickle(&self) -> bool {
        self.card.as_ref().is_some_and(|(_, last4)| last4 == "0341")
    }

    /// As the merchant is told.
    pub(super) fn told(self) -> ProcessorPayment {
        let money = |minor| Money::new(minor, self.amount.currency);
        let state = match self.state.as_str() {
            "authorised" => ProcessorState::Authorised,
            "captured" if self.refunded > 0 => ProcessorState::Refunded(money(self.refunded)),
            "captured" => ProcessorState::Captured(money(self.captured)),
            "declined" => {
                let (code, reason) = self.decline.unwrap_or_default();
                ProcessorState::Declined { code, reason }
            }
            "cancelled" => ProcessorState::Cancelled,
            _ => ProcessorState::Open,
        };
        ProcessorPayment {
            external_id: self.id,
            reference: self.reference,
            amount: self.amount,
            state,
            card: self.card,
        }
    }
}

/// What a merchant does with a payment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Capture(Money),
    Void,
    Refund(Money),
}

/// An event that is due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: String,
    pub(super) payment: String,
    pub(super) kind: String,
    pub(super) attempts: i32,
}

impl Books {
    pub(super) fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    pub(super) async fn secret(&self) -> Result<Vec<u8>, sqlx::Error> {
        let fresh: [u8; 32] = rand::random();
        sqlx::query!(
            "insert into test_card.signing_key (secret) values ($1) on conflict do nothing",
            fresh.as_slice()
        )
        .execute(&self.0)
        .await?;
        sqlx::query_scalar!("select secret from test_card.signing_key").fetch_one(&self.0).await
    }

    pub(super) async fn open(
        &self,
        checkout: &Checkout,
        now: DateTime<Utc>,
    ) -> Result<String, sqlx::Error> {
        sqlx::query_scalar!(
            "insert into test_card.payments
                 (id, key, reference, amount_minor, currency, description, return_url, authorise_only, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
             on conflict (key) do update set key = excluded.key returning id",
            format!("tc_{}", hex::encode(rand::random::<[u8; 16]>())),
            checkout.key,
            checkout.reference,
            checkout.amount.minor,
            checkout.amount.currency.as_str(),
            checkout.description,
            checkout.return_url,
            checkout.authorise_only,
            now,
        )
        .fetch_one(&self.0)
        .await
    }

    pub(super) async fn find(&self, id: &str) -> Result<Option<Row>, sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        read(&mut connection, id).await
    }

    /// What the person did at the page becomes a state and an event. Only an open payment moves;
    /// the state it has afterwards comes back.
    pub(super) async fn pay(
        &self,
        id: &str,
        card: Option<(Card, &str)>,
        confirmed: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Row>, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let Some(row) = locked(&mut tx, id).await? else { return Ok(None) };
        let taken = if row.authorise_only { "authorised" } else { "captured" };
        let next = match (row.state.as_str(), card) {
            ("open", Some((Card::Good, _))) => taken,
            // Where the money is taken at once, it is refused at once.
            ("open", Some((Card::Fickle, _))) if row.authorise_only => taken,
            ("open", Some((Card::Challenged, _))) => "challenged",
            ("challenged", None) if confirmed => taken,
            ("open", Some((Card::Declined | Card::Poor | Card::Fickle, _)))
            | ("challenged", None) => "declined",
            _ => return Ok(Some(row)),
        };
        let decline = match (next, card) {
            ("declined", Some((Card::Poor, _))) => {
                Some(("insufficient_funds", "The card has too little money."))
            }
            ("declined", Some(_)) => Some(("card_declined", "Your bank declined the card.")),
            ("declined", None) => {
                Some(("authentication_failed", "The confirmation with your bank was refused."))
            }
            _ => None,
        };
        let captured = if next == "captured" { row.amount.minor } else { 0 };
        sqlx::query!(
            "update test_card.payments set state = $2, captured_minor = $3, brand = coalesce($4, brand),
                    last4 = coalesce($5, last4), decline_code = $6, decline_reason = $7, updated_at = $8
             where id = $1",
            id,
            next,
            captured,
            card.map(|_| "visa"),
            card.map(|c| c.1),
            decline.map(|d| d.0),
            decline.map(|d| d.1),
            now,
        )
        .execute(&mut *tx)
        .await?;
        if next != "challenged" {
            announce(&mut tx, id, next, now).await?;
        }
        let row = read(&mut tx, id).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Does an act of the merchant's, once per key.
    pub(super) async fn act(
        &self,
        id: &str,
        act: Act,
        key: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), PaymentError> {
        let mut tx = self.0.begin().await.map_err(|e| PaymentError::Transient(e.to_string()))?;
        let row = locked(&mut tx, id).await.map_err(|e| super::failed(&e))?;
        let row = row.ok_or_else(|| PaymentError::Unknown(id.to_owned()))?;
        let (kind, amount) = match act {
            Act::Capture(amount) => ("capture", amount.minor),
            Act::Void => ("void", 0),
            Act::Refund(amount) => ("refund", amount.minor),
        };
        let done = sqlx::query!(
            "select 1 as one from test_card.acts where key = $1 and kind = $2",
            key,
            kind
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| super::failed(&e))?;
        if done.is_some() {
            return Ok(());
        }
        let refused = |why: &str| Err(PaymentError::Refused(why.to_owned()));
        if matches!(act, Act::Capture(_)) && row.state == "authorised" && row.is_fickle() {
            let write = async {
                sqlx::query!(
                    "update test_card.payments set state = 'declined', decline_code = 'card_declined',
                            decline_reason = 'Your bank refused the charge.', updated_at = $2
                     where id = $1",
                    id,
                    now
                )
                .execute(&mut *tx)
                .await?;
                announce(&mut tx, id, "declined", now).await?;
                tx.commit().await
            };
            write.await.map_err(|e| super::failed(&e))?;
            return refused("the bank refused the charge");
        }
        let (state, captured, refunded) = match (act, row.state.as_str()) {
            (Act::Capture(take), "authorised") if take.minor <= row.amount.minor => {
                ("captured", take.minor, 0)
            }
            (Act::Capture(_), "authorised") => return refused("more than was set aside"),
            (Act::Capture(_), _) => return refused("nothing is set aside"),
            (Act::Void, "captured") => return refused("the money is taken: refund it"),
            (Act::Void, "declined") => return Ok(()),
            (Act::Void, _) => ("cancelled", 0, 0),
            (Act::Refund(back), "captured") if row.refunded + back.minor <= row.captured => {
                ("captured", row.captured, row.refunded + back.minor)
            }
            (Act::Refund(_), _) => return refused("so much was not taken"),
        };
        let write = async {
            sqlx::query!(
                "update test_card.payments set state = $2, captured_minor = $3, refunded_minor = $4, updated_at = $5
                 where id = $1",
                id,
                state,
                captured,
                refunded,
                now
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query!(
                "insert into test_card.acts (key, payment_id, kind, amount_minor, made_at) values ($1, $2, $3, $4, $5)",
                key,
                id,
                kind,
                amount,
                now
            )
            .execute(&mut *tx)
            .await?;
            announce(&mut tx, id, if kind == "refund" { "refunded" } else { state }, now).await?;
            tx.commit().await
        };
        write.await.map_err(|e| super::failed(&e))
    }

    /// Claims events that are due, for half a minute.
    pub(super) async fn due(&self, now: DateTime<Utc>) -> Result<Vec<Due>, sqlx::Error> {
        sqlx::query_as!(
            Due,
            r#"update test_card.events e set next_attempt_at = $2, attempts = attempts + 1
               where id in (select id from test_card.events where delivered_at is null and next_attempt_at <= $1
                            and attempts < 20 order by next_attempt_at limit 20 for update skip locked)
               returning id, payment_id as payment, kind, attempts"#,
            now,
            now + chrono::Duration::seconds(30)
        )
        .fetch_all(&self.0)
        .await
    }

    /// Notes how sending an event went: taken, or when it comes again.
    pub(super) async fn sent(
        &self,
        id: &str,
        outcome: Result<DateTime<Utc>, (String, DateTime<Utc>)>,
    ) -> Result<(), sqlx::Error> {
        let (taken, error, again) = match outcome {
            Ok(at) => (Some(at), None, None),
            Err((why, again)) => (None, Some(why), Some(again)),
        };
        sqlx::query!(
            "update test_card.events set delivered_at = $2, last_error = $3, next_attempt_at = coalesce($4, next_attempt_at)
             where id = $1",
            id,
            taken,
            error,
            again
        )
        .execute(&self.0)
        .await
        .map(drop)
    }
}

async fn locked(tx: &mut PgConnection, id: &str) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query!("select id from test_card.payments where id = $1 for update", id)
        .fetch_optional(&mut *tx)
        .await?;
    read(tx, id).await
}

async fn read(connection: &mut PgConnection, id: &str) -> Result<Option<Row>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select reference, amount_minor, currency as "currency: Currency", description, return_url, authorise_only,
                  state, captured_minor, refunded_minor, brand, last4, decline_code, decline_reason
           from test_card.payments where id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|r| Row {
        id: id.to_owned(),
        reference: r.reference,
        amount: Money::new(r.amount_minor, r.currency),
        description: r.description,
        return_url: r.return_url,
        authorise_only: r.authorise_only,
        state: r.state,
        captured: r.captured_minor,
        refunded: r.refunded_minor,
        card: r.brand.zip(r.last4),
        decline: r.decline_code.zip(r.decline_reason),
    }))
}

async fn announce(
    tx: &mut PgConnection,
    id: &str,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into test_card.events (id, payment_id, kind, next_attempt_at, created_at) values ($1, $2, $3, $4, $4)",
        format!("tce_{}", hex::encode(rand::random::<[u8; 12]>())),
        id,
        format!("payment.{kind}"),
        now
    )
    .execute(tx)
    .await
    .map(drop)
}
