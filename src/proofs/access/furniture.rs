//! The furniture: what both tenants need to do business, and a row of tenant A's in every table
//! that has a tenant.

use super::Cast;
use voxlink_testkit::top_up;
use voxlink_types::{E164, ids::BulkRunId};

impl Cast<'_> {
    /// What both tenants need to do business, and a row of A's in every table that has a tenant.
    pub async fn furnish(&mut self) {
        for tenant in [self.ours, self.other] {
            top_up(self.house.platform(), tenant, 10_000_000).await;
        }
        for statement in [
            "insert into carriers (key, display_name) select 'fake', 'Fake carrier' where $1::uuid is not null and $2::uuid is not null",
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 monthly, setup, inbound_minute, increment_initial, increment_next, effective_from)
             select gen_random_uuid(), 'fake', 'US', 'local', 'USD', 0.65, 0, 1.2, 0.5, 0.0085, 60, 60, '2026-01-01'
             where $1::uuid is not null and $2::uuid is not null",
            "insert into promotions (code, description, percent, starts_at)
             select 'PROOF', 'For the proof', 10, '2026-01-01' where $1::uuid is not null and $2::uuid is not null",
        ] {
            self.sql(statement).await;
        }
        for statement in ["create schema proof", "create table proof.people as select * from users"]
        {
            sqlx::query(statement).execute(&self.house.test.platform.db().owner).await.unwrap();
        }
        self.invitation().await;
        self.call().await;
        self.invoice().await;
        self.notification().await;
        self.payment().await;
        self.run().await;
        self.sheet("").await;
        self.order(false).await;
        self.item("owner").await;
        let (number, _) = self.number().await;
        self.versions(self.ours, number).await;
        self.done("owner", &format!("/numbers/{number}/suspend"), "reason=pause&message=").await;
        for statement in [
            "insert into api_keys (id, tenant_id, user_id, name, key_hash, key_prefix)
             values (gen_random_uuid(), $1, $2, 'key', sha256('key'), 'vx_')",
            "insert into refresh_tokens (token_hash, tenant_id, user_id, family_id, expires_at)
             values (sha256('token'), $1, $2, gen_random_uuid(), now())",
            "insert into campaigns (id, tenant_id, name) select gen_random_uuid(), $1, 'zq-canary' where $2::uuid is not null",
            "insert into port_requests (id, tenant_id, user_id, numbers) values (gen_random_uuid(), $1, $2, array['+16175550199'])",
            "insert into payment_methods (id, tenant_id, billing_account_id, processor, external_id, kind)
             select gen_random_uuid(), $1, id, 'test_card', 'zq-canary', 'card' from billing_accounts where tenant_id = $1 and $2::uuid is not null",
            "insert into webhook_endpoints (id, tenant_id, url, events, secret_sealed)
             select gen_random_uuid(), $1, 'https://hook.example', array['order.completed'], '\\x00' where $2::uuid is not null",
            "insert into webhook_deliveries (id, tenant_id, webhook_endpoint_id, event, event_id, payload)
             select gen_random_uuid(), $1, id, 'order.completed', gen_random_uuid(), '{}' from webhook_endpoints where tenant_id = $1 and $2::uuid is not null",
            "insert into message_keys (carrier, carrier_message_id, message_id, tenant_id, sent_at)
             select 'local', 'SM1', gen_random_uuid(), $1, '2026-11-16' where $2::uuid is not null",
            "insert into message_records (id, tenant_id, carrier, carrier_message_id, from_number, to_number, direction, status, body, sent_at)
             select message_id, $1, 'local', 'SM1', '+12025550100', '+16175550123', 'inbound', 'received', 'zq-canary', '2026-11-16'
             from message_keys where tenant_id = $1 and $2::uuid is not null",
            "insert into usage_keys (source, usage_id, tenant_id, occurred_at)
             select 'call:proof', gen_random_uuid(), $1, '2026-11-16' where $2::uuid is not null",
            "insert into usage_records (id, tenant_id, billing_account_id, kind, source, occurred_at, raw_quantity, quantity,
                 unit, unit_price, cost, currency, derivation)
             select k.usage_id, $1, b.id, 'voice_minutes', k.source, k.occurred_at, 1, 1, 'minute', 0.01, 0.01, 'USD', '{}'
             from usage_keys k join billing_accounts b using (tenant_id) where k.tenant_id = $1 and $2::uuid is not null",
            "insert into order_dues (order_id, tenant_id, amount_minor, currency, opened_at, next_attempt_at)
             select id, $1, 100, 'USD', now(), now() + interval '30 days' from orders where tenant_id = $1 and $2::uuid is not null limit 1",
            "insert into invitation_letters (tenant_id, email, sent_at) select $1, 'zq-canary@ours.example', now() - interval '2 days' where $2::uuid is not null",
            "insert into account_notes (id, tenant_id, author_id, text) values (gen_random_uuid(), $1, $2, 'zq-canary')",
            "insert into idempotency_keys (tenant_id, key, route, request_hash, created_at, expires_at)
             select $1, 'proof-key', 'POST /', sha256('x'), now(), now() where $2::uuid is not null",
        ] {
            self.sql(statement).await;
        }
    }

    /// A sheet that was looked at; where it is to be stopped or resumed, one that can be.
    pub async fn sheet(&mut self, path: &str) -> String {
        let (_, number) = self.number().await;
        let answer = self.done("owner", "/numbers/bulk/new", &tagged(&number)).await;
        let id = answer.location().unwrap().rsplit('/').next().unwrap().to_owned();
        let run: BulkRunId = id.parse().unwrap();
        let state = match path.rsplit('/').next() {
            Some("stop") => "rehearsing",
            Some("resume") => "stopped",
            _ => return id,
        };
        let made = sqlx::query("update bulk_sheets set state = $2 where id = $1");
        let made = made.bind(run.uuid()).bind(state);
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        id
    }
}

/// A sheet that tags a number.
pub fn tagged(number: &E164) -> String {
    format!("action=tag&rows=number,add%0A%2B{},zq-canary", number.digits())
}
