//! A tenant with numbers and calls, by plain SQL: what billing starts from.

use chrono::{DateTime, TimeZone, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;
use voxlink_domain::billing::{
    journal::{Account, NewEntry, Posting, post},
    usage::{CallDirection, CallToRate, Rated, record_call},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    Currency, Money,
    ids::{CallId, InventoryId, NumberId, OrderId, OrderItemId, PriceId, TenantId, UserId},
};

/// A customer under test.
pub struct Customer<'a> {
    pub test: &'a TestPlatform,
    pub tenant: TenantId,
    pub user: UserId,
}

/// What a number costs.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub monthly: &'static str,
    pub inbound_minute: &'static str,
    pub increments: (i32, i32),
}

/// A dollar a month, 0.0085 a minute, 60/60.
pub const USUAL: Terms = Terms { monthly: "1.00", inbound_minute: "0.0085", increments: (60, 60) };

/// An instant.
pub fn at(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, hour, minute, 0).single().unwrap()
}

/// A decimal.
pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

impl<'a> Customer<'a> {
    pub async fn new(test: &'a TestPlatform, name: &str) -> Self {
        let (tenant, user) = test.tenant(name).await;
        Self { test, tenant, user }
    }

    /// Runs one statement as the owner of the tables.
    pub async fn sql(&self, statement: &'static str, ids: &[Uuid]) {
        let query = ids.iter().fold(sqlx::query(statement), |q, id| q.bind(*id));
        query.execute(&self.test.platform.db().owner).await.unwrap();
    }

    /// A number in service since `started`.
    pub async fn number(&self, e164: &str, terms: Terms, started: DateTime<Utc>) -> NumberId {
        let owner = &self.test.platform.db().owner;
        let (book, inventory, number) = (PriceId::new(1), InventoryId::new(1), NumberId::new(1));
        sqlx::query("insert into carriers (key, display_name) values ('local', 'Local') on conflict do nothing")
            .execute(owner)
            .await
            .unwrap();
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 monthly, setup, inbound_minute, outbound_minute, increment_initial, increment_next, effective_from)
             select $1, 'local', 'US', 'local', currency, 0, 0, $2, 0, $3, 0.02, $4, $5, clock_timestamp()
             from billing_accounts where tenant_id = $6",
        )
        .bind(book.uuid())
        .bind(dec(terms.monthly))
        .bind(dec(terms.inbound_minute))
        .bind(terms.increments.0)
        .bind(terms.increments.1)
        .bind(self.tenant.uuid())
        .execute(owner)
        .await
        .unwrap();
        sqlx::query(
            "insert into inventory (id, carrier, e164, country, number_type, carrier_number_id, state)
             values ($1, 'local', $2, 'US', 'local', $2, 'sold')",
        )
        .bind(inventory.uuid())
        .bind(e164)
        .execute(owner)
        .await
        .unwrap();
        sqlx::query(
            "insert into subscriptions (id, tenant_id, inventory_id, e164, state, time_zone, currency, monthly,
                 setup, inbound_minute, increment_initial, increment_next, price_book_id, started_at)
             select $1, $2, $3, $4, 'active', 'UTC', b.currency, b.monthly, 0, b.inbound_minute,
                 b.increment_initial, b.increment_next, b.id, $6
             from price_books b where b.id = $5",
        )
        .bind(number.uuid())
        .bind(self.tenant.uuid())
        .bind(inventory.uuid())
        .bind(e164)
        .bind(book.uuid())
        .bind(started)
        .execute(owner)
        .await
        .unwrap();
        number
    }

    /// Where the customer is billed.
    pub async fn address(&self, country: &str, region: &str) {
        sqlx::query("update billing_accounts set billing_address = jsonb_build_object('country', $2::text, 'region', $3::text) where tenant_id = $1")
            .bind(self.tenant.uuid())
            .bind(country)
            .bind(region)
            .execute(&self.test.platform.db().owner)
            .await
            .unwrap();
    }

    /// How the customer is billed.
    pub async fn billed_in(&self, zone: &str, anchor_day: i32, currency: &str) {
        let owner = &self.test.platform.db().owner;
        sqlx::query("update tenants set time_zone = $2 where id = $1")
            .bind(self.tenant.uuid())
            .bind(zone)
            .execute(owner)
            .await
            .unwrap();
        sqlx::query("update billing_accounts set anchor_day = $2::smallint, currency = $3 where tenant_id = $1")
            .bind(self.tenant.uuid())
            .bind(anchor_day)
            .bind(currency)
            .execute(owner)
            .await
            .unwrap();
    }

    /// A number that an order bought, charged and told the journal of.
    pub async fn bought(
        &self,
        e164: &str,
        at: DateTime<Utc>,
        monthly_minor: i64,
        tax_minor: i64,
    ) -> NumberId {
        let number = self.number(e164, USUAL, at).await;
        let (order, item) = (OrderId::new(1), OrderItemId::new(1));
        let (order_id, item_id) = (order.uuid(), item.uuid());
        let total = monthly_minor + tax_minor;
        let owner = &self.test.platform.db().owner;
        sqlx::query(
            "insert into orders (id, tenant_id, user_id, order_number, state, payment_kind, subtotal_minor,
                 tax_minor, total_minor, charged_minor, currency, placed_at, finished_at)
             values ($1, $2, $3, 'ORD-1', 'completed', 'credit', $4, $5, $6, $6, 'USD', $7, $7)",
        )
        .bind(order_id)
        .bind(self.tenant.uuid())
        .bind(self.user.uuid())
        .bind(monthly_minor)
        .bind(tax_minor)
        .bind(total)
        .bind(at)
        .execute(owner)
        .await
        .unwrap();
        sqlx::query(
            "insert into order_items (id, tenant_id, order_id, position, description, carrier, e164, monthly_minor,
                 tax_minor, total_minor, currency, step, purchase_key, subscription_id)
             values ($1, $2, $3, 1, $4, 'local', $4, $5, $6, $7, 'USD', 'done', $1, $8)",
        )
        .bind(item_id)
        .bind(self.tenant.uuid())
        .bind(order_id)
        .bind(e164)
        .bind(monthly_minor)
        .bind(tax_minor)
        .bind(total)
        .bind(number.uuid())
        .execute(owner)
        .await
        .unwrap();
        self.sql(
            "update subscriptions set order_item_id = $2 where id = $1",
            &[number.uuid(), item_id],
        )
        .await;
        let usd = |minor| Money::new(minor, Currency::Usd);
        let mut cx = self.test.platform.work("test").await.unwrap();
        let entry = NewEntry {
            reference: format!("order:{order}:charged"),
            kind: "order_capture",
            description: "Order".to_owned(),
            order: Some(order),
            postings: vec![
                Posting::debit(Account::Credit, usd(total)),
                Posting::credit(Account::RentalIncome, usd(monthly_minor)),
                Posting::credit(Account::TaxPayable, usd(tax_minor)),
            ],
            ..NewEntry::default()
        };
        post(&mut cx, self.tenant, entry).await.unwrap();
        cx.commit().await.unwrap();
        number
    }

    /// A call record and what is told of it for rating.
    pub async fn call(
        &self,
        number: NumberId,
        started_at: DateTime<Utc>,
        seconds: u32,
    ) -> CallToRate {
        let call = CallId::new(1);
        let owner = &self.test.platform.db().owner;
        sqlx::query("select make_month_partitions($1::date)")
            .bind(started_at)
            .execute(owner)
            .await
            .unwrap();
        sqlx::query(
            "insert into call_records (id, tenant_id, subscription_id, carrier, carrier_call_id, from_number,
                 to_number, direction, status, started_at, duration_seconds)
             values ($1, $2, $3, 'local', $1::text, '+12025550123', '+12025550124', 'inbound', 'completed', $4, $5)",
        )
        .bind(call.uuid())
        .bind(self.tenant.uuid())
        .bind(number.uuid())
        .bind(started_at)
        .bind(i32::try_from(seconds).unwrap())
        .execute(owner)
        .await
        .unwrap();
        CallToRate {
            tenant: self.tenant,
            call,
            subscription: number,
            direction: CallDirection::Inbound,
            started_at,
            answered_seconds: seconds,
        }
    }

    /// Rates a call in a transaction of the worker's.
    pub async fn rate(&self, call: &CallToRate) -> Option<Rated> {
        let mut cx = self.test.platform.work("test").await.unwrap();
        let rated = record_call(&mut cx, call).await.unwrap();
        cx.commit().await.unwrap();
        rated
    }

    /// A rated call.
    pub async fn rated_call(
        &self,
        number: NumberId,
        started_at: DateTime<Utc>,
        seconds: u32,
    ) -> Rated {
        let call = self.call(number, started_at, seconds).await;
        self.rate(&call).await.unwrap()
    }
}
