//! Customers who order at three carriers at once, a quarter of them by the test card, whose page
//! they never come back from.

use crate::{
    carriers::Carriers,
    lab::{Lab, Scratch},
};
use anyhow::{Context, ensure};
use axum::{body::Body, http::Request};
use rand::{Rng, rngs::StdRng};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tower::ServiceExt;
use url::Url;
use voxlink_adapters::payments::test_card::TestCard;
use voxlink_domain::{
    billing::payments,
    orders::{self, Checkout, CheckoutError, PaymentChoice},
};
use voxlink_gateways::{PaymentProcessor, SystemClock, carrier::Offer};
use voxlink_types::{
    ids::{CartId, CartItemId, PaymentId, TenantId, UserId},
    order::Strategy,
};

/// Buyers in a lab.
pub struct Shop {
    pub lab: Lab,
    card: TestCard,
    customers: Vec<(TenantId, UserId)>,
    stock: Mutex<Vec<VecDeque<Offer>>>,
    /// How long a buyer tries again what fails, because the database may be away.
    patience: Duration,
}

/// Tries as long as that.
async fn again<T>(
    patience: Duration,
    mut step: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let since = Instant::now();
    loop {
        match step().await {
            Err(_) if since.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome,
        }
    }
}

impl Shop {
    /// A shop of the server at `address` with `numbers` for sale at each carrier.
    pub async fn open(
        scratch: &Scratch,
        address: Url,
        carriers: &Carriers,
        numbers: u32,
        buyers: u64,
        patience: Duration,
    ) -> Self {
        let card =
            TestCard::connect(&scratch.options, Arc::new(SystemClock), &address, &address).unwrap();
        let processor = Some(Arc::new(card.clone()) as Arc<dyn PaymentProcessor>);
        // Not all of its numbers are in the country that is searched.
        let catalogue = 1_000 + u64::from(numbers) * 4;
        let lab = Lab::open(&scratch.options, address, catalogue, processor).await;
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 cost_inbound_minute, monthly, setup, inbound_minute, outbound_minute, inbound_message,
                 increment_initial, increment_next, requirement, effective_from)
             select gen_random_uuid(), other, country, number_type, currency, cost_monthly, cost_setup,
                 cost_inbound_minute, monthly, setup, inbound_minute, outbound_minute, inbound_message,
                 increment_initial, increment_next, requirement, effective_from
             from price_books, unnest(array['twilio', 'telnyx']) as other
             where carrier = 'local' and country = 'US' and number_type = 'local'",
        )
        .execute(&lab.pool)
        .await
        .unwrap();
        let stock = Mutex::new(carriers.stock(&lab, numbers).await);
        let mut customers = Vec::new();
        for n in 0..buyers {
            customers.push(lab.customer(&format!("buyer-{n}"), 100_000_000).await);
        }
        Self { lab, card, customers, stock, patience }
    }

    /// One of the customers.
    pub fn customer(&self, n: usize) -> (TenantId, UserId) {
        self.customers[n % self.customers.len()]
    }

    /// The next number of one carrier or another.
    fn take(&self, dice: &mut StdRng) -> Offer {
        let mut stock = self.stock.lock().unwrap();
        let one = dice.random_range(0..stock.len());
        stock[one].pop_front().expect("a carrier is sold out")
    }

    /// Places an order for that many numbers; the id of its cart, once it is acknowledged. A
    /// customer places one at a time.
    pub async fn order(
        &self,
        (tenant, user): (TenantId, UserId),
        dice: &mut StdRng,
        count: u32,
    ) -> anyhow::Result<CartId> {
        let offers: Vec<Offer> = (0..count).map(|_| self.take(dice)).collect();
        let by_card = dice.random_ratio(1, 4);
        let payment = if by_card {
            PaymentChoice::Card { processor: self.card.key().to_owned() }
        } else {
            PaymentChoice::Credit
        };
        let cart = CartId::new(2);
        let owner = (tenant, user);
        again(self.patience, async || self.fill(cart, owner, &offers).await).await?;
        let strategy = strategy(dice, count);
        let wish = Checkout { cart, user, payment, expected: None, strategy, source: "cli" };
        again(self.patience, async || self.check_out(tenant, &wish).await).await?;
        if by_card {
            let payment = again(self.patience, async || self.payment_of(cart).await).await?;
            again(self.patience, async || self.pay(tenant, payment).await).await?;
        }
        Ok(cart)
    }

    /// Fills a cart, unless an earlier try whose answer was lost did.
    async fn fill(
        &self,
        cart: CartId,
        (tenant, user): (TenantId, UserId),
        offers: &[Offer],
    ) -> anyhow::Result<()> {
        let mut tx = self.lab.pool.begin().await?;
        let insert = "insert into carts (id, tenant_id, user_id) values ($1, $2, $3) on conflict (id) do nothing";
        let new = sqlx::query(insert)
            .bind(cart.uuid())
            .bind(tenant.uuid())
            .bind(user.uuid())
            .execute(&mut *tx)
            .await?;
        if new.rows_affected() == 0 {
            return Ok(());
        }
        for offer in offers {
            sqlx::query(
                "insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
                     monthly_minor, setup_minor, currency)
                 select $1, $2, $3, $7, $4, $5, id, round(monthly * 100), round(setup * 100), currency
                 from price_books where country = 'US' and number_type = $6 and carrier = $7
                 order by effective_from desc limit 1",
            )
            .bind(CartItemId::new(1).uuid())
            .bind(tenant.uuid())
            .bind(cart.uuid())
            .bind(offer.number.as_str())
            .bind(sqlx::types::Json(offer))
            .bind(offer.number_type.as_str())
            .bind(&offer.carrier)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Places the order. A cart that is closed was bought by an earlier try whose answer was lost.
    async fn check_out(&self, tenant: TenantId, wish: &Checkout) -> anyhow::Result<()> {
        let mut cx = self.lab.platform.work_for(tenant, "proof").await?;
        match orders::checkout(&mut cx, &self.lab.platform, wish).await {
            Ok(_) => Ok(cx.commit().await?),
            Err(CheckoutError::NoCart) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The card payment of an order.
    async fn payment_of(&self, cart: CartId) -> anyhow::Result<PaymentId> {
        let payment = sqlx::query_scalar(
            "select p.id from payments p join orders o on o.id = p.order_id where o.cart_id = $1",
        );
        Ok(payment.bind(cart.uuid()).fetch_one(&self.lab.pool).await?)
    }

    /// Fills in the card's page. Nobody comes back from it: the webhook alone must do.
    async fn pay(&self, tenant: TenantId, payment: PaymentId) -> anyhow::Result<()> {
        payments::open(&self.lab.platform, tenant, payment).await?;
        let mut cx = self.lab.platform.work_for(tenant, "proof").await?;
        let id = payments::get(&mut cx, tenant, payment, false).await?.external_id;
        let id = id.context("the payment has no page")?;
        drop(cx);
        let pay = Request::post(format!("/test-card/{id}/pay"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("number=4242424242424242&expiry=12%2F49&cvc=123"))?;
        let answer = self.card.pages().oneshot(pay).await?;
        ensure!(answer.status().is_redirection(), "the card was not taken: {}", answer.status());
        Ok(())
    }
}

/// What the buyer wants when not all of `count` numbers can be had.
fn strategy(dice: &mut StdRng, count: u32) -> Strategy {
    match dice.random_range(0..3) {
        0 => Strategy::BestEffort,
        1 => Strategy::AllOrNothing,
        _ => Strategy::AtLeast(dice.random_range(1..=u16::try_from(count).unwrap())),
    }
}
