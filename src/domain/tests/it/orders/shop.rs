//! A shop to buy in: a fake carrier, a fake processor, prices, a customer with a full cart.

use std::sync::Arc;
use voxlink_domain::{
    Ctx,
    billing::journal::{Account, available_credit, balance},
    orders::{self, Checkout, CheckoutError, PaymentChoice, Placed},
};
use voxlink_gateways::{
    Carrier, PaymentProcessor, carrier::fake::FakeCarrier, fault::Script,
    payments::fake::FakeProcessor,
};
use voxlink_testkit::{Outside, TestPlatform, top_up};
use voxlink_types::{
    Currency, E164, Money,
    ids::{CartId, CartItemId, OrderId, PriceId, TenantId, UserId},
    order::{OrderState, Strategy},
};

pub struct Shop {
    pub test: TestPlatform,
    pub carrier: FakeCarrier,
    pub processor: FakeProcessor,
    pub tenant: TenantId,
    pub user: UserId,
}

pub fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::Usd)
}

pub fn number(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

impl Shop {
    /// A shop whose carrier has numbers 0 to 49 and fails by `script`; a number costs 1.20 a month
    /// and 0.50 once.
    pub async fn open(script: Script, credit: i64) -> Self {
        Self::with(50, None, script, credit).await
    }

    /// The same with so many numbers.
    pub async fn stocked(numbers: u32, script: Script, credit: i64) -> Self {
        Self::with(numbers, None, script, credit).await
    }

    /// The same beside another carrier.
    pub async fn beside(other: FakeCarrier, script: Script, credit: i64) -> Self {
        Self::with(50, Some(other), script, credit).await
    }

    async fn with(numbers: u32, other: Option<FakeCarrier>, script: Script, credit: i64) -> Self {
        let carrier = FakeCarrier::new((0..numbers).map(number), script);
        let processor = FakeProcessor::new(Script::calm());
        let test = TestPlatform::with(Outside {
            carriers: other
                .into_iter()
                .chain([carrier.clone()])
                .map(|carrier| Arc::new(carrier) as Arc<dyn Carrier>)
                .collect(),
            processors: vec![Arc::new(processor.clone()) as Arc<dyn PaymentProcessor>],
            ..Outside::default()
        })
        .await;
        let (tenant, user) = test.tenant("Buyer").await;
        let shop = Self { test, carrier, processor, tenant, user };
        let pool = &shop.test.platform.db().platform;
        sqlx::query("insert into carriers (key, display_name) values ('fake', 'Fake carrier')")
            .execute(pool)
            .await
            .unwrap();
        shop.price("1.2").await;
        if credit > 0 {
            top_up(&shop.test.platform, shop.tenant, credit).await;
        }
        shop
    }

    /// Sets the price of a month from now on.
    pub async fn price(&self, monthly: &'static str) {
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 monthly, setup, inbound_minute, increment_initial, increment_next, effective_from)
             values ($1, 'fake', 'US', 'local', 'USD', 0.65, 0, $2::numeric, 0.5, 0.0085, 60, 60, $3)",
        )
        .bind(PriceId::new(1).uuid())
        .bind(monthly)
        .bind(self.test.platform.clock().now())
        .execute(&self.test.platform.db().platform)
        .await
        .unwrap();
    }

    pub async fn begin(&self) -> Ctx {
        self.test.platform.work_for(self.tenant, "test").await.unwrap()
    }

    /// A cart with these numbers, as shown at 1.20 and 0.50.
    pub async fn cart(&self, numbers: impl IntoIterator<Item = u32>) -> CartId {
        let pool = &self.test.platform.db().platform;
        let cart = CartId::new(2);
        sqlx::query("insert into carts (id, tenant_id, user_id) values ($1, $2, $3)")
            .bind(cart.uuid())
            .bind(self.tenant.uuid())
            .bind(self.user.uuid())
            .execute(pool)
            .await
            .unwrap();
        for (position, n) in (1u64..).zip(numbers) {
            let offer = self.carrier.offer(&number(n)).await.unwrap().unwrap();
            sqlx::query(
                "insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
                     monthly_minor, setup_minor, currency)
                 select $1, $2, $3, 'fake', $4, $5, id, 120, 50, 'USD' from price_books limit 1",
            )
            .bind(CartItemId::new(position).uuid())
            .bind(self.tenant.uuid())
            .bind(cart.uuid())
            .bind(number(n).as_str())
            .bind(serde_json::to_value(offer).unwrap())
            .execute(pool)
            .await
            .unwrap();
        }
        cart
    }

    pub fn wish(&self, cart: CartId, payment: PaymentChoice) -> Checkout {
        Checkout {
            cart,
            user: self.user,
            payment,
            expected: None,
            strategy: Strategy::BestEffort,
            source: "web",
        }
    }

    pub async fn place(&self, wish: &Checkout) -> Result<Placed, CheckoutError> {
        let mut cx = self.begin().await;
        let placed = orders::checkout(&mut cx, &self.test.platform, wish).await?;
        cx.commit().await?;
        Ok(placed)
    }

    /// Places an order for these numbers, from the balance.
    pub async fn buy(&self, numbers: impl IntoIterator<Item = u32>) -> OrderId {
        let cart = self.cart(numbers).await;
        self.place(&self.wish(cart, PaymentChoice::Credit)).await.unwrap().order
    }

    /// By card, at the fake processor.
    pub fn card(&self) -> PaymentChoice {
        PaymentChoice::Card { processor: self.processor.key().to_owned() }
    }

    pub async fn order(&self, id: OrderId) -> orders::Order {
        orders::get(&mut self.begin().await, id).await.unwrap().unwrap()
    }

    /// Lets workers run until the order comes to its end, at most `rounds` of 20 seconds.
    pub async fn finish(&self, id: OrderId, rounds: usize) -> orders::Order {
        for _ in 0..rounds {
            orders::fulfil(&self.test.platform, self.tenant, id).await.unwrap();
            let order = self.order(id).await;
            if order.state.is_final() {
                return order;
            }
            self.test.clock.advance(chrono::Duration::seconds(30));
        }
        panic!("the order does not end: {:#?}", self.order(id).await);
    }

    pub async fn credit(&self) -> i64 {
        available_credit(&mut self.begin().await, self.tenant, Currency::Usd).await.unwrap().minor
    }

    pub async fn balance(&self, account: Account) -> i64 {
        balance(&mut self.begin().await, self.tenant, account, Currency::Usd).await.unwrap().minor
    }

    /// Compares the three books: the carrier's, ours of numbers, ours of money.
    pub async fn books_agree(&self, order: &orders::Order) {
        let sold: Vec<_> = self.carrier.sales().into_iter().map(|s| s.number).collect();
        let mut had: Vec<_> = order
            .items
            .iter()
            .filter(|i| i.subscription.is_some())
            .filter_map(|i| i.number.clone())
            .collect();
        had.sort();
        let mut sorted = sold.clone();
        sorted.sort();
        assert_eq!(had, sorted, "bought and recorded are the same");
        let cost: i64 =
            order.items.iter().filter(|i| i.subscription.is_some()).map(|i| i.total.minor).sum();
        assert_eq!(order.charged.minor, cost, "charged is what was had");
        assert_eq!(order.charged.minor + order.released.minor, order.total.minor);
        assert_eq!(self.balance(Account::Held).await, 0, "nothing stays held");
        let income = self.balance(Account::SetupIncome).await
            + self.balance(Account::RentalIncome).await
            + self.balance(Account::TaxPayable).await
            + self.balance(Account::Promotions).await;
        assert_eq!(income, -cost);
        let expected = match had.len() {
            0 => OrderState::Failed,
            n if n == order.items.len() => OrderState::Completed,
            _ => OrderState::Partial,
        };
        assert_eq!(order.state, expected);
        let sum: i64 = sqlx::query_scalar(
            "select coalesce(sum(amount_minor), 0)::bigint from journal_postings",
        )
        .fetch_one(&self.test.platform.db().platform)
        .await
        .unwrap();
        assert_eq!(sum, 0);
        let left: i64 = sqlx::query_scalar("select count(*) from holds")
            .fetch_one(&self.test.platform.db().platform)
            .await
            .unwrap();
        assert_eq!(left, 0, "no hold is left behind");
    }
}
