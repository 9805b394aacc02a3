//! What there is to be asked for: before a route is asked, tenant A has the very thing that its
//! path names, in the state in which the form does its work, and the form is filled in. A refusal
//! then refuses something.

#[path = "furniture.rs"]
mod furniture;
#[path = "things.rs"]
mod things;

use super::{
    cast::{Cast, PASSWORD},
    house::{Asked, for_sale},
};
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;
use voxlink_domain::{cart::SweepHolds, routing};
use voxlink_types::{
    E164,
    ids::{
        CallId, CartItemId, ConfigurationId, InvitationId, InvoiceId, InvoiceLineId,
        NotificationId, NumberId, OrderId, PaymentId, SessionId, TenantId, UserId,
    },
    routing::Plan,
};

/// A request that would do its work for whoever may.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub path: String,
    pub form: String,
}

const ADDRESS: &str =
    "line1=1+Main+Street&line2=&city=Boston&region=MA&postal_code=02108&country=US";

impl Cast<'_> {
    /// Sets the scene of a route for somebody.
    pub async fn scene(&mut self, route: &Asked, who: &str) -> Scene {
        self.mend().await;
        let name = route.name();
        let id = if route.has_id() { self.thing(route).await } else { String::new() };
        let form = self.form(&name, who, &id).await;
        let path = filled(&route.path, &id);
        let path = match name.as_str() {
            "GET /numbers/bulk" => format!("{path}?do=tag&id={}", self.number().await.0),
            "GET /invitation" => format!("{path}?token={}", self.invitation().await.1),
            _ => path,
        };
        Scene { path, form }
    }

    /// Whoever left or got another role is what they were.
    async fn mend(&self) {
        let mend = "update users u set is_active = true, email = p.email, tenant_role = p.tenant_role,
                platform_role = p.platform_role
             from proof.people p where p.id = u.id
               and (p.email, p.tenant_role, p.platform_role, true) <> (u.email, u.tenant_role, u.platform_role, u.is_active)";
        sqlx::query(mend).execute(&self.house.test.platform.db().owner).await.unwrap();
    }

    /// A colleague, nobody's column.
    async fn colleague(&mut self) -> String {
        let id = UserId::new(u64::from(self.next()));
        let made = sqlx::query(
            "insert into users (id, tenant_id, email, full_name, tenant_role, terms_accepted_at, terms_version)
             values ($1, $2, $1 || '@people.example.com', 'zq-canary', 'viewer', now(), '2026-01')",
        );
        let made = made.bind(id.uuid()).bind(self.ours.uuid());
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        id.to_string()
    }

    /// An open invitation and the token of its link.
    async fn invitation(&mut self) -> (String, String) {
        let (id, token) =
            (InvitationId::new(u64::from(self.turn)), format!("invited-{}", self.next()));
        let hash: [u8; 32] = Sha256::digest(&token).into();
        let made = sqlx::query(
            "insert into invitations (id, tenant_id, email, tenant_role, via, token_hash, invited_by, expires_at)
             values ($1, $2, $1 || '@invited.example.com', 'viewer', 'link', $3, $4, '2026-12-01')",
        );
        let made = made.bind(id.uuid()).bind(self.ours.uuid()).bind(hash.as_slice());
        let made = made.bind(self.user("owner").unwrap().uuid());
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        (id.to_string(), token)
    }

    /// The same path with an id of the right form that nobody has.
    pub fn absent(route: &Asked, scene: &Scene) -> Scene {
        let nobody = Uuid::now_v7().simple().to_string();
        let at = route.path.split('/').position(|part| part.starts_with('{')).unwrap_or(0);
        let here = scene.path.split('/').nth(at).unwrap_or_default().to_owned();
        let id = match here.split_once('_') {
            Some((prefix, _)) => format!("{prefix}_{nobody}"),
            None if here.parse::<u64>().is_ok() => "999999999".to_owned(),
            None => nobody,
        };
        Scene { path: scene.path.replace(&here, &id), form: scene.form.replace(&here, &id) }
    }

    /// The thing that a route's path names.
    async fn thing(&mut self, route: &Asked) -> String {
        let path = route.path.as_str();
        let name = route.name();
        match path.split('/').nth(1).unwrap_or_default() {
            _ if path.starts_with("/callbacks/payments/") => "test_card".to_owned(),
            "callbacks" => "local".to_owned(),
            _ if path.starts_with("/numbers/bulk/{run}/") => self.sheet(path).await,
            _ if path.starts_with("/numbers/bulk/") => self.run().await,
            "numbers" => {
                let (id, number) = self.number().await;
                match name.as_str() {
                    "POST /numbers/{id}/resume" => {
                        let form = "reason=pause&message=";
                        self.done("owner", &format!("/numbers/{id}/suspend"), form).await;
                    }
                    "POST /numbers/{id}/undo-release" => {
                        let path = format!("/numbers/{id}/release");
                        self.done("owner", &path, &release(&number)).await;
                    }
                    "POST /numbers/{id}/routing/roll-back"
                    | "POST /numbers/{id}/routing/discard" => {
                        self.versions(self.ours, id).await;
                    }
                    _ => {}
                }
                id.to_string()
            }
            "cart" => self.item("owner").await,
            "orders" => self.order(name.ends_with("/pay")).await,
            "billing" => self.invoice().await,
            "payments" => self.payment().await.0,
            "test-card" => {
                let (_, card) = self.payment().await;
                if path.ends_with("/confirm") {
                    self.done(
                        "owner",
                        &format!("/test-card/{card}/pay"),
                        &typed("4000002760003184"),
                    )
                    .await;
                }
                card
            }
            "notifications" => self.notification().await,
            "campaigns" => self.campaign(path.ends_with("/restore")).await,
            "calls" => self.call().await,
            _ if path.starts_with("/settings/people/invitations") => self.invitation().await.0,
            _ if path.starts_with("/settings/people") => self.colleague().await,
            "settings" => SessionId::from_uuid(self.device().await).to_string(),
            "help" => "routing".to_owned(),
            "admin" if path.starts_with("/admin/jobs/") => self.job().await,
            "admin" if path.starts_with("/admin/drift/") => {
                self.drift(path.ends_with("/roll-back")).await
            }
            "admin" if path.starts_with("/admin/carriers/") => "fake".to_owned(),
            "admin" if path.starts_with("/admin/trunks/") => self.trunk().await,
            "admin" if path.starts_with("/admin/edges/") => self.edge().await,
            "admin" => {
                self.suspend(path.ends_with("/restore")).await;
                self.ours.to_string()
            }
            // A kind of thing that nobody has taught the proof: its owner will find nothing, and
            // that is reported.
            _ => "nothing".to_owned(),
        }
    }

    /// The form of a route, filled in.
    async fn form(&mut self, name: &str, who: &str, id: &str) -> String {
        let n = self.next();
        match name {
            "POST /register" => format!(
                "full_name=New&company=New&email=new{n}@people.example.com&password={PASSWORD}&time_zone=UTC&accepts_terms=on"
            ),
            "POST /sign-in" => {
                self.passwords().await;
                format!("email=viewer@people.example.com&password={PASSWORD}")
            }
            "POST /settings/password" => {
                self.passwords().await;
                format!("present={PASSWORD}&wanted={PASSWORD}+{n}")
            }
            "POST /forgot" => "email=viewer@people.example.com".to_owned(),
            "POST /reset" => {
                let token = self.token("reset_password").await;
                format!("token={token}&password={PASSWORD}+{n}")
            }
            "POST /invitation" => format!(
                "token={}&full_name=Joined&password={PASSWORD}&time_zone=UTC&accepts_terms=on",
                self.invitation().await.1
            ),
            "POST /settings/people/invite" => {
                format!("email=invited{n}@people.example.com&role=viewer&via=link")
            }
            "POST /settings/people/leave" => "confirm=leave".to_owned(),
            "POST /settings/people/{id}/role" => "role=manager".to_owned(),
            "POST /settings/people/{id}/remove" => {
                let user: UserId = id.parse().unwrap();
                format!("confirm={}@people.example.com", user.uuid())
            }
            "POST /admin/accounts/{id}/notes" => "note=proof".to_owned(),
            "POST /admin/accounts/{id}/adjust" => "hand=give&amount=5&why=proof".to_owned(),
            "POST /verify" => format!("token={}", self.token("verify_email").await),
            "POST /settings" => format!("full_name=Somebody+{n}&time_zone=UTC&language=en"),
            "POST /billing/address" | "POST /checkout/address" => format!("company=Ours&vat_number=&tax_id=&{ADDRESS}"),
            "POST /billing/low-balance" => "amount=5".to_owned(),
            "POST /billing/invoices/{id}/card" => "processor=test_card".to_owned(),
            "POST /admin/settings" => "name=Seller&line1=1+Main+Street&line2=&city=Boston&region=MA&postal_code=02108&country=US&email=billing@seller.example&registrations=EIN:+00-0000000&payment_terms=Due+soon.&payment_days=14&bank=&invoice_prefix=VL&footer=".to_owned(),
            // Another priority each time, and sold as before: other scenes buy there.
            "POST /admin/carriers/{key}" => format!("state=enabled&priority={}&mark_up=1.5&reason=proof", 1 + n % 1000),
            "POST /admin/carriers/{key}/credentials" => format!("FAKE_ID=proof&FAKE_TOKEN=proof-{n}&untested=true"),
            "POST /admin/carriers/{key}/papers" => format!("country=DE&number_type=local&bundle=proof-{n}"),
            "POST /admin/carriers/{key}/papers/remove" => "country=DE&number_type=local".to_owned(),
            // Another place each time: two trunks or edges do not share one.
            "POST /admin/trunks" => format!("name=trunk-{n}&host=192.0.2.1&port={}&transport=udp&carries=both&username=&password=&priority=100", 1024 + n % 60_000),
            "POST /admin/trunks/{id}" => format!("host=192.0.2.2&port={}&transport=udp&carries=both&username=&password=&priority=100", 1024 + n % 60_000),
            "POST /admin/edges" => format!("name=edge-{n}&kind=kamailio&host=192.0.2.1&port={}&transport=udp", 1024 + n % 60_000),
            "POST /admin/trunks/{id}/remove" | "POST /admin/edges/{id}/remove" => format!("confirm={id}"),
            "POST /billing/top-up" => "choice=25&amount=&processor=test_card".to_owned(),
            "POST /cart/promotion" => {
                self.cart(who).await;
                "code=PROOF".to_owned()
            }
            "POST /cart/clear" | "POST /cart/promotion/remove" | "GET /checkout" => {
                self.cart(who).await;
                String::new()
            }
            "POST /checkout" => {
                self.cart(who).await;
                format!("{ADDRESS}&payment=credit&terms=on&expected=")
            }
            "POST /search/hold" => format!("one=fake:%2B{}&back=/search", for_sale(n).digits()),
            "POST /numbers/bulk" => {
                format!("do=tag&tags=proof&id={}", self.number().await.0)
            }
            "POST /numbers/bulk/new" => furniture::tagged(&self.number().await.1),
            "POST /numbers/{id}/campaign" => format!("campaign={}", self.campaign(false).await),
            "POST /campaigns/{id}/numbers" => {
                format!("numbers=%2B{}", self.number().await.1.digits())
            }
            "POST /campaigns/{id}/remove" => format!("id={}", self.assigned(id).await),
            "POST /admin/drift" | "POST /admin/drift/settle" => "carrier=fake".to_owned(),
            "POST /admin/drift/{id}/apply" => "remedy=take_over".to_owned(),
            "POST /admin/drift/{id}/ignore" => "reason=proof".to_owned(),
            "POST /numbers/{id}/name" | "POST /campaigns" | "POST /campaigns/{id}/name" => {
                format!("name=zq-canary+{n}")
            }
            "POST /numbers/{id}/notes" => format!("notes=note+{n}"),
            "POST /numbers/{id}/tags" => format!("tags=tag{n}"),
            "POST /numbers/{id}/suspend" => "reason=pause&message=".to_owned(),
            "POST /numbers/{id}/release" => release(&self.e164(id).await),
            "POST /numbers/{id}/routing" => "op=none:none".to_owned(),
            "POST /numbers/{id}/routing/roll-back" => format!("version={}", self.version(id).await),
            "POST /theme" => "theme=dark&back=/".to_owned(),
            "POST /admin/accounts/{id}/suspend" | "POST /admin/accounts/{id}/restore" => {
                "reason=proof&message=".to_owned()
            }
            "POST /admin/audit/verify" => format!("tenant={}", self.ours),
            "POST /test-card/{id}/pay" => typed("4242424242424242"),
            "POST /test-card/{id}/confirm" => "answer=yes".to_owned(),
            _ => String::new(),
        }
    }

    /// A number of tenant A's.
    pub async fn number(&mut self) -> (NumberId, E164) {
        let number: E164 = format!("+1617555{:04}", 1000 + self.next()).parse().unwrap();
        let id = self.house.test.number(self.ours, number.as_str()).await;
        let named =
            sqlx::query("update subscriptions set friendly_name = 'zq-canary' where id = $1");
        named.bind(id.uuid()).execute(&self.house.test.platform.db().owner).await.unwrap();
        (id, number)
    }

    async fn e164(&self, id: &str) -> E164 {
        let id: NumberId = id.parse().unwrap();
        let found: String = sqlx::query_scalar("select e164 from subscriptions where id = $1")
            .bind(id.uuid())
            .fetch_one(&self.house.test.platform.db().owner)
            .await
            .unwrap();
        found.parse().unwrap()
    }

    /// Two published versions and a draft.
    pub async fn versions(&self, tenant: TenantId, id: NumberId) {
        for (language, publish) in [("en-GB", true), ("de-DE", true), ("nl-NL", false)] {
            let mut cx = self.house.platform().work_for(tenant, "proof").await.unwrap();
            let mut plan = Plan::neutral();
            plan.language = language.to_owned();
            routing::save_draft(&mut cx, id, plan, None).await.unwrap();
            if publish {
                routing::publish(&mut cx, id, None).await.unwrap();
            }
            cx.commit().await.unwrap();
        }
    }

    /// The first version of a number.
    pub async fn version(&self, number: &str) -> String {
        let number: NumberId = number.parse().unwrap();
        let id: Uuid = sqlx::query_scalar(
            "select id from number_configurations where subscription_id = $1 and version = 1",
        )
        .bind(number.uuid())
        .fetch_one(&self.house.test.platform.db().owner)
        .await
        .unwrap();
        ConfigurationId::from_uuid(id).to_string()
    }

    /// Something in somebody's cart, if they may have one.
    async fn cart(&mut self, who: &str) {
        if matches!(who, "owner" | "manager" | "other") {
            let n = self.next();
            let form = format!("one=fake:%2B{}&back=/search", for_sale(n).digits());
            self.done(who, "/search/hold", &form).await;
        }
    }

    async fn item(&mut self, who: &str) -> String {
        self.cart(who).await;
        let user = self.user(who).unwrap();
        let id: Uuid = sqlx::query_scalar(
            "select i.id from cart_items i join carts c on c.id = i.cart_id
             where c.user_id = $1 and c.state = 'open' order by i.xmin::text::bigint desc limit 1",
        )
        .bind(user.uuid())
        .fetch_one(&self.house.test.platform.db().owner)
        .await
        .unwrap();
        CartItemId::from_uuid(id).to_string()
    }

    /// An order that nobody works on yet.
    pub async fn order(&mut self, by_card: bool) -> String {
        self.cart("owner").await;
        let payment = if by_card { "test_card" } else { "credit" };
        let form = format!("{ADDRESS}&payment={payment}&terms=on&expected=");
        self.done("owner", "/checkout", &form).await;
        let newest =
            "select id from orders where tenant_id = $1 order by xmin::text::bigint desc limit 1";
        let id = sqlx::query_scalar(newest).bind(self.ours.uuid());
        OrderId::from_uuid(id.fetch_one(&self.house.test.platform.db().owner).await.unwrap())
            .to_string()
    }

    async fn run(&mut self) -> String {
        let (id, _) = self.number().await;
        let answer = self.done("owner", "/numbers/bulk", &format!("do=tag&tags=x&id={id}")).await;
        answer.location().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    /// A top-up at the processor's page: its id, and the processor's.
    async fn payment(&mut self) -> (String, String) {
        let form = "choice=25&amount=&processor=test_card";
        let answer = self.done("owner", "/billing/top-up", form).await;
        let card = answer.location().unwrap().rsplit('/').next().unwrap().to_owned();
        let id = sqlx::query_scalar("select id from payments where external_id = $1").bind(&card);
        let id = id.fetch_one(&self.house.test.platform.db().owner).await.unwrap();
        (PaymentId::from_uuid(id).to_string(), card)
    }

    async fn invoice(&mut self) -> String {
        let (id, n) = (InvoiceId::new(u64::from(self.turn)), self.next());
        let made = sqlx::query(
            "insert into invoices (id, tenant_id, billing_account_id, invoice_number, state, issued_at, period_start,
                 period_end, billing_zone, subtotal_minor, total_minor, currency, bill_to, seller)
             select $1, $2, b.id, 'ZQ-CANARY-' || $3, 'sent', now(), timestamptz '2020-01-01' + $3 * interval '1 hour',
                 '2026-11-01', 'UTC', 100, 100, 'USD', '{\"company\": \"zq-canary\"}', '{}'
             from billing_accounts b where b.tenant_id = $2",
        );
        let made = made.bind(id.uuid()).bind(self.ours.uuid()).bind(i32::try_from(n).unwrap());
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        // Its line, under the same UUID.
        let line = sqlx::query(
            "insert into invoice_lines (id, tenant_id, invoice_id, position, kind, description, quantity, unit, unit_price,
                 exact_amount, amount_minor, currency, period_start, period_end, derivation)
             values ($1, $2, $1, 1, 'usage', 'zq-canary', 1, 'minute', 1, 1, 100, 'USD', '2026-10-01', '2026-11-01',
                 '{\"records\": 0}')",
        );
        let line = line.bind(id.uuid()).bind(self.ours.uuid());
        line.execute(&self.house.test.platform.db().owner).await.unwrap();
        id.to_string()
    }

    async fn notification(&mut self) -> String {
        let (id, user) = (NotificationId::new(u64::from(self.next())), self.user("owner").unwrap());
        let made = sqlx::query(
            "insert into notifications (id, tenant_id, user_id, kind, title, message)
             values ($1, $2, $3, 'system', 'zq-canary', 'Something happened.')",
        );
        let made = made.bind(id.uuid()).bind(self.ours.uuid()).bind(user.uuid());
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        id.to_string()
    }

    async fn call(&mut self) -> String {
        let (number, _) = self.number().await;
        let id = CallId::new(u64::from(self.next()));
        for sql in [
            "insert into call_records (id, tenant_id, subscription_id, carrier, carrier_call_id, from_number, to_number,
                 direction, status, started_at)
             values ($1, $2, $3, 'local', $1::text, '+12025550100', '+16175550123', 'inbound', 'completed', '2026-11-16T14:00:00Z')",
            "insert into call_keys (carrier, carrier_call_id, call_id, tenant_id, started_at)
             select carrier, carrier_call_id, id, tenant_id, started_at from call_records
             where id = $1 and tenant_id = $2 and $3::uuid is not null",
        ] {
            let made = sqlx::query(sql).bind(id.uuid()).bind(self.ours.uuid()).bind(number.uuid());
            made.execute(&self.house.test.platform.db().owner).await.unwrap();
        }
        id.to_string()
    }

    async fn job(&mut self) -> String {
        let mut cx = self.house.platform().work("proof").await.unwrap();
        cx.enqueue_keyed(&SweepHolds {}, &format!("proof:{}", self.turn)).await.unwrap();
        cx.commit().await.unwrap();
        let newest: i64 = sqlx::query_scalar("select max(id) from queued_jobs()")
            .fetch_one(&self.house.test.platform.db().owner)
            .await
            .unwrap();
        newest.to_string()
    }

    async fn passwords(&self) {
        let owner = &self.house.test.platform.db().owner;
        let set = sqlx::query("update users set password_hash = $1").bind(&self.hash);
        set.execute(owner).await.unwrap();
        sqlx::query("delete from sign_in_failures").execute(owner).await.unwrap();
    }

    /// A link's token, for the viewer.
    async fn token(&mut self, purpose: &'static str) -> String {
        let token = format!("token-{}", self.next());
        let made = sqlx::query(
            "insert into one_time_tokens (token_hash, user_id, purpose, expires_at)
             values ($1, $2, $3, '2026-12-01')",
        );
        let hash: [u8; 32] = Sha256::digest(&token).into();
        let user = self.user("viewer").unwrap();
        let made = made.bind(hash.as_slice()).bind(user.uuid()).bind(purpose);
        made.execute(&self.house.test.platform.db().owner).await.unwrap();
        token
    }
}

/// The path with an id in it; what comes after a step of a call is any position.
fn filled(path: &str, id: &str) -> String {
    let part = |part: &str| match part {
        "{*position}" => "n1".to_owned(),
        "{line}" => {
            let invoice: InvoiceId = id.parse().unwrap();
            InvoiceLineId::from_uuid(invoice.uuid()).to_string()
        }
        part if part.starts_with('{') => id.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn typed(card: &str) -> String {
    format!("number={card}&expiry=12%2F30&cvc=123")
}

/// The words that release a number.
fn release(number: &E164) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("confirm", &number.international()).append_pair("reason", "proof").finish()
}
