//! A released number is had back by its last owner, in time, and by nobody else.

use super::{BOSTON, begin};
use chrono::TimeDelta;
use std::sync::Arc;
use uuid::Uuid;
use voxlink_domain::{
    RequestInfo,
    accounts::{Member, Theme},
    bulk::{self, Action, ContinueSheet, LineState},
    cart::{self, Buyer, CartError},
    numbers::{self, CarryOutRelease, Filter, Sort},
    orders::{self, Checkout, CheckoutError, PaymentChoice},
};
use voxlink_gateways::{
    Carrier, Clock,
    carrier::{Bought, Papers, Purchase, fake::FakeCarrier},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform, top_up};
use voxlink_types::{
    E164, PageRequest,
    ids::{NumberId, SessionId, TenantId, UserId},
    order::{OrderState, Strategy},
    role::{PlatformRole, TenantRole},
};

fn member((tenant, user): (TenantId, UserId)) -> Member {
    Member {
        user,
        tenant,
        session: SessionId::new(1),
        name: "Buyer".to_owned(),
        email: "a@example.com".to_owned(),
        company: "Buyer".to_owned(),
        tenant_role: TenantRole::Owner,
        platform_role: PlatformRole::User,
        suspended: None,
        time_zone: "UTC".to_owned(),
        email_verified: true,
        language: "en".to_owned(),
        theme: Theme::default(),
    }
}

struct World {
    test: TestPlatform,
    number: E164,
    ours: (TenantId, UserId),
    id: NumberId,
}

impl World {
    /// A number of ours at a carrier that has what was given back for us for ten days.
    async fn open() -> (Self, FakeCarrier) {
        let number: E164 = BOSTON.parse().unwrap();
        let carrier = FakeCarrier::new([number.clone()], Script::calm());
        let carrier = carrier.called("local", "Fake").giving_back(10);
        let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
        let test = TestPlatform::with(outside).await;
        let ours = test.tenant("Ours").await;
        let id = test.number(ours.0, BOSTON).await;
        (Self { test, number, ours, id }, carrier)
    }

    /// Buys the number at the carrier, as our own order would have.
    async fn bought(&self, carrier: &FakeCarrier) {
        let purchase = Purchase {
            number: self.number.clone(),
            key: Uuid::from_u128(7),
            hold_id: None,
            settings: numbers::settings_for(self.test.platform.settings(), "local", BOSTON),
            papers: Papers::default(),
        };
        let Bought::Done(owned) = carrier.buy(&purchase).await.unwrap() else { panic!("pending") };
        sqlx::query("update inventory set carrier_number_id = $1")
            .bind(owned.id)
            .execute(&self.test.platform.db().platform)
            .await
            .unwrap();
    }

    async fn released(&self) {
        let mut cx = begin(&self.test, self.ours.0, self.ours.1).await;
        numbers::release(&mut cx, &self.test.platform, self.id, BOSTON, "").await.unwrap();
        cx.commit().await.unwrap();
        self.test.clock.advance(TimeDelta::days(11));
        let job = CarryOutRelease { tenant: self.ours.0, number: self.id };
        numbers::carry_out(&self.test.platform, &job).await.unwrap();
    }

    async fn hold(&self, who: (TenantId, UserId)) -> Result<(), CartError> {
        let (member, request) = (member(who), RequestInfo::default());
        let buyer = Buyer { member: &member, request: &request };
        cart::hold(&self.test.platform, buyer, "local", &self.number).await.map(drop)
    }

    async fn buy(
        &self,
        (tenant, user): (TenantId, UserId),
    ) -> Result<orders::Order, CheckoutError> {
        let mut cx = begin(&self.test, tenant, user).await;
        let wish = Checkout {
            cart: orders::open_cart(&mut cx, user).await.unwrap().unwrap(),
            user,
            payment: PaymentChoice::Credit,
            expected: None,
            strategy: Strategy::BestEffort,
            source: "web",
        };
        let order = orders::checkout(&mut cx, &self.test.platform, &wish).await?.order;
        cx.commit().await?;
        orders::fulfil(&self.test.platform, tenant, order).await.unwrap();
        let mut cx = begin(&self.test, tenant, user).await;
        Ok(orders::get(&mut cx, order).await.unwrap().unwrap())
    }

    /// What a sheet that buys the number would do.
    async fn sheet(&self, (tenant, user): (TenantId, UserId)) -> LineState {
        let mut cx = begin(&self.test, tenant, user).await;
        let sheet = format!("number\n{BOSTON}\n");
        let run = bulk::create(&mut cx, Action::Buy, "sheet.csv", &sheet).await.unwrap();
        cx.commit().await.unwrap();
        bulk::carry_on(&self.test.platform, &ContinueSheet { tenant, run }).await.unwrap();
        let mut cx = begin(&self.test, tenant, user).await;
        bulk::lines(&mut cx, run, None, PageRequest::default()).await.unwrap().rows[0].state
    }

    async fn until(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        let mut cx = begin(&self.test, self.ours.0, self.ours.1).await;
        let back = numbers::to_take_back(&mut cx, &self.test.platform, &[self.id]).await.unwrap();
        back.get(&self.id).map(|back| back.until)
    }
}

#[tokio::test]
async fn a_number_that_rests_is_bought_back_by_its_last_owner() {
    let (world, carrier) = World::open().await;
    world.bought(&carrier).await;
    assert_eq!(world.until().await, None, "it is not released");
    world.released().await;
    assert_eq!(world.until().await, Some(world.test.clock.now() + TimeDelta::days(10)));
    world.hold(world.ours).await.unwrap();
    top_up(&world.test.platform, world.ours.0, 500).await;
    let order = world.buy(world.ours).await.unwrap();
    assert_eq!(order.state, OrderState::Completed);
    let mut cx = begin(&world.test, world.ours.0, world.ours.1).await;
    let mine = numbers::matching(&mut cx, &Filter::default(), Sort::Number).await.unwrap();
    assert!(matches!(mine.as_slice(), [id] if *id != world.id), "in service anew: {mine:?}");
    drop(cx);
    assert_eq!(world.until().await, None, "it is had");
}

#[tokio::test]
async fn nobody_else_gets_a_number_that_rests_for_its_last_owner() {
    let (world, carrier) = World::open().await;
    let before = world.test.tenant("Before").await;
    let after = world.test.tenant("After").await;
    // One has it in the cart since long ago, and the carrier cannot tell our tenants apart.
    world.hold(before).await.unwrap();
    world.bought(&carrier).await;
    world.released().await;
    for who in [before, after] {
        let refused = world.hold(who).await;
        assert!(matches!(refused, Err(CartError::Taken(_))), "{refused:?}");
    }
    top_up(&world.test.platform, before.0, 500).await;
    let refused = world.buy(before).await;
    assert!(matches!(refused, Err(CheckoutError::Taken(_))), "{refused:?}");
    let mut cx = begin(&world.test, after.0, after.1).await;
    let back = numbers::to_take_back(&mut cx, &world.test.platform, &[world.id]).await.unwrap();
    assert!(back.is_empty());
    drop(cx);
    world.test.clock.advance(TimeDelta::days(10));
    assert_eq!(world.until().await, None, "the days are over");
}

#[tokio::test]
async fn a_sheet_takes_back_what_rests_for_its_account_and_for_no_other() {
    let (world, carrier) = World::open().await;
    let other = world.test.tenant("Other").await;
    world.bought(&carrier).await;
    world.released().await;
    for who in [world.ours, other] {
        top_up(&world.test.platform, who.0, 500).await;
    }
    assert_eq!(world.sheet(other).await, LineState::Refused);
    assert_eq!(world.sheet(world.ours).await, LineState::Ready);
}
