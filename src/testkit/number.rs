//! Numbers that a tenant has, for tests that are not about buying one.

use crate::TestPlatform;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use voxlink_types::{
    E164,
    ids::{InventoryId, NumberId, PriceId, TenantId},
};

impl TestPlatform {
    /// A number in service: sold in the inventory of the carrier `local`, priced at $1.00 a month,
    /// no set-up and $0.0085 a minute in whole minutes, subscribed to since the clock's now. Its
    /// id at the carrier is `local-` and the digits.
    pub async fn number(&self, tenant: TenantId, e164: &str) -> NumberId {
        let number: E164 = e164.parse().expect("an E.164 number");
        let pool = &self.platform.db().platform;
        let now: DateTime<Utc> = self.platform.clock().now();
        let country = number.country().unwrap_or_else(|| "US".to_owned());
        let kind = if number.is_nanp_toll_free() { "toll_free" } else { "local" };
        sqlx::query(
            "insert into carriers (key, display_name) values ('local', 'VoxLink Local')
             on conflict do nothing",
        )
        .execute(pool)
        .await
        .expect("the carrier could not be made");
        let price: uuid::Uuid = sqlx::query_scalar(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly,
                 cost_setup, monthly, setup, inbound_minute, increment_initial, increment_next,
                 effective_from)
             values ($1, 'local', $2, $3, 'USD', 0.5, 0, 1, 0, $4, 60, 60, '2026-01-01T00:00:00Z')
             on conflict (carrier, country, number_type, effective_from)
                 do update set currency = excluded.currency
             returning id",
        )
        .bind(PriceId::new(1).uuid())
        .bind(&country)
        .bind(kind)
        .bind(Decimal::new(85, 4))
        .fetch_one(pool)
        .await
        .expect("the price could not be made");
        let inventory: uuid::Uuid = sqlx::query_scalar(
            "insert into inventory (id, carrier, e164, country, number_type, capabilities,
                 area_code, locality, region, time_zone, carrier_number_id, state)
             values ($1, 'local', $2, $3, $4, array['voice', 'sms'], $5, 'Boston', 'MA',
                 'America/New_York', $6, 'sold')
             on conflict (carrier, e164) do update
                 set state = 'sold', aging_until = null,
                     carrier_number_id = excluded.carrier_number_id
             returning id",
        )
        .bind(InventoryId::new(1).uuid())
        .bind(number.as_str())
        .bind(&country)
        .bind(kind)
        .bind(number.as_str().get(2..5))
        .bind(format!("local-{}", number.digits()))
        .fetch_one(pool)
        .await
        .expect("the inventory could not be made");
        let id = NumberId::new(u64::try_from(now.timestamp_millis()).unwrap_or(1));
        sqlx::query(
            "insert into subscriptions (id, tenant_id, inventory_id, e164, state, time_zone,
                 currency, monthly, setup, inbound_minute, increment_initial, increment_next,
                 price_book_id, started_at)
             values ($1, $2, $3, $4, 'active', 'America/New_York', 'USD', 1, 0, $5, 60, 60, $6, $7)",
        )
        .bind(id.uuid())
        .bind(tenant.uuid())
        .bind(inventory)
        .bind(number.as_str())
        .bind(Decimal::new(85, 4))
        .bind(price)
        .bind(now)
        .execute(pool)
        .await
        .expect("the subscription could not be made");
        id
    }
}
