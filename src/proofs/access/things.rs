//! Things that routes of campaigns, differences and own trunks name.

use super::Cast;
use voxlink_types::ids::{CampaignId, DriftId, InventoryAuditId};

impl Cast<'_> {
    /// A campaign of tenant A's.
    pub async fn campaign(&mut self, archived: bool) -> String {
        let id = CampaignId::new(u64::from(self.next()));
        let made = sqlx::query(
            "insert into campaigns (id, tenant_id, name, archived_at)
             values ($1, $2, 'zq-canary ' || $1::text, case when $3 then now() end)",
        );
        let made = made.bind(id.uuid()).bind(self.ours.uuid()).bind(archived);
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        id.to_string()
    }

    /// A number that is assigned to a campaign.
    pub async fn assigned(&mut self, campaign: &str) -> String {
        let campaign: CampaignId = campaign.parse().unwrap();
        let (id, _) = self.number().await;
        let made = sqlx::query("update subscriptions set campaign_id = $2 where id = $1");
        let made = made.bind(id.uuid()).bind(campaign.uuid());
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        id.to_string()
    }

    /// A difference about a number of tenant A's; one that is ignored where it is to be rolled back.
    pub async fn drift(&mut self, ignored: bool) -> String {
        let (number, e164) = self.number().await;
        let audit = InventoryAuditId::new(u64::from(self.next()));
        let id = DriftId::from_uuid(audit.uuid());
        for sql in [
            "insert into inventory_audits (id, carrier, actor, here, there, differences, priced, started_at, finished_at)
             select $1, 'local', 'system:proof', 1, 1, 1, true, now(), now()
             where $2::uuid is not null and $3::uuid is not null and $4::text is not null and $5::boolean is not null",
            "insert into inventory_drift (id, audit_id, carrier, subject, kind, holder_id, subscription_id, here, there,
                 state, reason, decided_by, decided_at, first_seen_at, last_seen_at)
             select $1, $1, 'local', $4, 'status', $2, $3, '{\"standing\": \"active\"}', '{\"standing\": \"inactive\"}',
                 case when $5 then 'ignored' else 'open' end, case when $5 then 'proof' end,
                 case when $5 then 'system:proof' end, case when $5 then now() end, now(), now()",
        ] {
            let made = sqlx::query(sql).bind(id.uuid()).bind(self.ours.uuid()).bind(number.uuid());
            let made = made.bind(e164.as_str()).bind(ignored);
            made.execute(&self.house.test.platform.db().owner).await.unwrap();
        }
        id.to_string()
    }

    /// A trunk whose other side is not there.
    pub async fn trunk(&mut self) -> String {
        let name = format!("trunk-of-{}", self.next());
        sqlx::query(
            "insert into sip_trunks (id, name, host, port, transport, carries, auth, priority, created_at)
             values (gen_random_uuid(), $1, '127.0.0.1', 9, 'udp', 'both', 'address', 100, now())",
        )
        .bind(&name)
        .execute(&self.house.test.platform.db().owner)
        .await
        .unwrap();
        name
    }

    /// An edge that nobody runs.
    pub async fn edge(&mut self) -> String {
        let name = format!("edge-of-{}", self.next());
        sqlx::query(
            "insert into sip_edges (id, name, kind, host, port, transport, created_at)
             values (gen_random_uuid(), $1, 'kamailio', '127.0.0.1', 5060, 'udp', now())",
        )
        .bind(&name)
        .execute(&self.house.test.platform.db().owner)
        .await
        .unwrap();
        name
    }
}
