//! Work by a sheet: rehearsed, agreed to, carried out once, whatever a row says.

use crate::{
    numbers::{BOSTON, LONDON, NEW_YORK, begin},
    orders::shop::{Shop, number, usd},
};
use voxlink_domain::{
    bulk::{self, Action, BulkError, ContinueSheet, Line, LineState, Run, RunState},
    numbers, orders, routing,
};
use voxlink_gateways::{
    carrier::fake::Mood,
    fault::{Fault, Script},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    PageRequest,
    ids::{BulkRunId, NumberId, TenantId, UserId},
    number::Requirement,
    routing::{Plan, describe},
};

/// Who sends sheets.
struct Sender<'a> {
    test: &'a TestPlatform,
    tenant: TenantId,
    user: UserId,
}

impl Sender<'_> {
    /// Sends a sheet and has it looked at.
    async fn send(&self, action: Action, text: &str) -> BulkRunId {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        let run = bulk::create(&mut cx, action, "sheet.csv", text).await.unwrap();
        cx.commit().await.unwrap();
        self.carry_on(run).await;
        run
    }

    async fn carry_on(&self, run: BulkRunId) {
        let job = ContinueSheet { tenant: self.tenant, run };
        bulk::carry_on(&self.test.platform, &job).await.unwrap();
    }

    /// Starts a run at the price that it shows, and works on it.
    async fn start(&self, run: BulkRunId) {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        let cost = bulk::get(&mut cx, run).await.unwrap().cost;
        bulk::start(&mut cx, run, Some(cost)).await.unwrap();
        cx.commit().await.unwrap();
        self.carry_on(run).await;
    }

    async fn run(&self, run: BulkRunId) -> Run {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        bulk::get(&mut cx, run).await.unwrap()
    }

    async fn lines(&self, run: BulkRunId) -> Vec<Line> {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        bulk::lines(&mut cx, run, None, PageRequest::new(1, 200)).await.unwrap().rows
    }

    async fn tags(&self, number: NumberId) -> Vec<String> {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        numbers::rows(&mut cx, &[number]).await.unwrap().pop().unwrap().tags
    }

    async fn does(&self, number: NumberId) -> String {
        let mut cx = begin(self.test, self.tenant, self.user).await;
        describe(&routing::editing(&mut cx, number).await.unwrap().in_service())
    }
}

fn states(lines: &[Line]) -> Vec<LineState> {
    lines.iter().map(|line| line.state).collect()
}

#[tokio::test]
async fn numbers_whose_papers_are_not_on_file_are_refused_by_name_and_passed_over() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.carrier.offers(|offer| {
        if offer.number != number(7) {
            offer.requirement = Requirement::AnyAddress;
        }
    });
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let sheet = "number,country,count\n+12125550003,,\n,US,1\n,US,2\n";
    let run = sender.send(Action::Buy, sheet).await;
    let lines = sender.lines(run).await;
    assert_eq!(states(&lines), [LineState::Refused, LineState::Ready, LineState::Refused]);
    assert_eq!(lines[1].numbers, [number(7)]);
    let said = "+12125550003 needs papers that are not on file here yet: ask your administrator.";
    assert_eq!(lines[0].message.as_deref(), Some(said));
    assert!(lines[2].message.as_deref().is_some_and(|why| why.contains("Others need papers")));
}

#[tokio::test]
async fn numbers_are_bought_as_agreed_and_the_cart_stays_as_it_is() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let cart = shop.cart([7]).await;
    let sheet = "number,country,count\n+12125550003,,\n,US,2\n+12125559999,,\n,US,many\n";
    let run = sender.send(Action::Buy, sheet).await;
    let looked = sender.run(run).await;
    assert_eq!((looked.state, looked.cost, looked.numbers), (RunState::Ready, usd(510), 3));
    let lines = sender.lines(run).await;
    let (ready, refused) = (LineState::Ready, LineState::Refused);
    assert_eq!(states(&lines), [ready, ready, refused, refused]);
    assert_eq!(lines[2].message.as_deref(), Some("+12125559999 is not for sale."));
    assert!(lines[3].message.as_deref().is_some_and(|why| why.contains("no count")));
    assert!(!lines[1].numbers.contains(&number(3)), "another row's number is left to it");
    assert_eq!(shop.credit().await, 1000, "nothing is changed by looking");

    let mut cx = begin(&shop.test, shop.tenant, shop.user).await;
    let cheaper = bulk::start(&mut cx, run, Some(usd(500))).await;
    assert!(matches!(cheaper, Err(BulkError::OtherTotal(now)) if now == usd(510)));
    drop(cx);
    sender.start(run).await;
    // The job comes twice: nothing is ordered again.
    sender.carry_on(run).await;
    let lines = sender.lines(run).await;
    let placed: Vec<_> = lines.iter().filter_map(|line| line.order.clone()).collect();
    assert_eq!(placed.len(), 2);
    assert_eq!(states(&lines)[..2], [LineState::Ordered, LineState::Ordered]);
    for (order, _) in &placed {
        shop.finish(*order, 3).await;
    }
    sender.carry_on(run).await;
    let done = sender.run(run).await;
    assert_eq!((done.state, done.counts.done, done.counts.refused), (RunState::Finished, 2, 2));
    assert_eq!(shop.credit().await, 490);
    assert_eq!(shop.carrier.sales().len(), 3);
    let told: Vec<String> = sqlx::query_scalar(
        "select title from notifications where tenant_id = $1 and kind = 'system'",
    )
    .bind(shop.tenant.uuid())
    .fetch_all(&shop.test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(told, ["Your sheet is done: 2 bought, 2 not"], "one for all its orders");
    let mut cx = begin(&shop.test, shop.tenant, shop.user).await;
    assert_eq!(orders::open_cart(&mut cx, shop.user).await.unwrap(), Some(cart));
}

#[tokio::test]
async fn what_became_dearer_is_not_bought() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let run = sender.send(Action::Buy, "number\n+12125550003\n").await;
    sqlx::query("update price_books set monthly = 2")
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
    sender.start(run).await;
    let lines = sender.lines(run).await;
    assert_eq!(states(&lines), [LineState::Refused]);
    let why = lines[0].message.clone().unwrap();
    assert!(why.starts_with("It costs $2.50 now, and you agreed to $1.70."), "{why}");
    assert_eq!(sender.run(run).await.state, RunState::Finished);
    assert_eq!(shop.credit().await, 1000);
    assert!(shop.carrier.sales().is_empty());
}

#[tokio::test]
async fn where_a_carrier_does_not_sell_the_next_match_is_bought() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let run = sender.send(Action::Buy, "country,count\nUS,1\n").await;
    sender.start(run).await;
    let first = sender.lines(run).await.remove(0);
    shop.carrier.tell(Some(Fault::Unavailable));
    shop.finish(first.order.unwrap().0, 3).await;
    sender.carry_on(run).await;
    sender.carry_on(run).await;
    let second = sender.lines(run).await.remove(0);
    assert_eq!(second.state, LineState::Ordered);
    assert_ne!(second.numbers, first.numbers);
    shop.finish(second.order.unwrap().0, 3).await;
    sender.carry_on(run).await;
    assert_eq!(sender.run(run).await.counts.done, 1);
    assert_eq!(shop.credit().await, 830, "one number is paid");
}

#[tokio::test]
async fn a_purchase_that_cannot_be_says_why_and_a_silent_carrier_is_asked_once() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.test.number(shop.tenant, BOSTON).await;
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let sheet = format!("number,country,max_monthly\n{BOSTON},,\n,US,0.50\n,ZZ,\n");
    let run = sender.send(Action::Buy, &sheet).await;
    let lines = sender.lines(run).await;
    let why: Vec<&str> = lines.iter().filter_map(|line| line.message.as_deref()).collect();
    let said = [
        "+16175550123 is yours already.",
        "Nothing like it costs so little: the cheapest is $1.20 a month. Raise max_monthly.",
        "There is no country ZZ.",
    ];
    assert_eq!(why, said);
    shop.carrier.feels(Mood::Dead);
    let before = (shop.carrier.searches(), shop.carrier.inquiries());
    let sheet = "number,country,digits\n,US,1\n,US,2\n+12125550003,,\n";
    let run = sender.send(Action::Buy, sheet).await;
    assert_eq!((shop.carrier.searches(), shop.carrier.inquiries()), (before.0 + 1, before.1));
    let lines = sender.lines(run).await;
    assert_eq!(states(&lines), [LineState::Refused; 3]);
    for line in lines {
        let why = line.message.unwrap();
        assert!(why.contains("Fake carrier did not answer."), "{why}");
    }
}

#[tokio::test]
async fn a_carrier_that_keeps_silent_is_asked_for_one_number_of_a_row_and_named() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let sender = Sender { test: &shop.test, tenant: shop.tenant, user: shop.user };
    let run = sender.send(Action::Buy, "country,count\nUS,2\n").await;
    // What it answered to the search is kept; the numbers themselves are asked for.
    shop.carrier.feels(Mood::Dead);
    sender.start(run).await;
    assert_eq!(shop.carrier.inquiries(), 1);
    let lines = sender.lines(run).await;
    assert_eq!(states(&lines), [LineState::Refused]);
    let why = lines[0].message.as_deref().unwrap();
    assert!(why.ends_with("Fake carrier did not answer."), "{why}");
    assert_eq!(shop.credit().await, 1000);
}

#[tokio::test]
async fn a_bad_row_sinks_nothing_and_a_stopped_run_goes_on_where_it_was() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let (others, _) = test.tenant("Theirs").await;
    let (boston, new_york) =
        (test.number(tenant, BOSTON).await, test.number(tenant, NEW_YORK).await);
    test.number(others, LONDON).await;
    let sender = Sender { test: &test, tenant, user };
    let sheet = format!(
        "number,add\n{BOSTON},\"Sales, US\"\n{LONDON},stolen\n+199,x\n{BOSTON},again\n{NEW_YORK},sales\n"
    );
    let run = sender.send(Action::Tag, &sheet).await;
    let lines = sender.lines(run).await;
    let (ready, refused) = (LineState::Ready, LineState::Refused);
    assert_eq!(states(&lines), [ready, refused, refused, refused, ready]);
    assert_eq!(lines[0].does.as_deref(), Some("Tags put on: sales, us"));
    for (line, why) in [(1, "no number in your account"), (2, "no number:"), (3, "line 2 already")]
    {
        let said = lines[line].message.clone().unwrap();
        assert!(said.contains(why), "{said}");
    }
    assert!(sender.tags(boston).await.is_empty(), "nothing is changed by looking");

    let mut cx = begin(&test, tenant, user).await;
    bulk::start(&mut cx, run, None).await.unwrap();
    bulk::stop(&mut cx, run).await.unwrap();
    cx.commit().await.unwrap();
    sender.carry_on(run).await;
    assert!(sender.tags(boston).await.is_empty(), "it was stopped");
    let mut cx = begin(&test, tenant, user).await;
    bulk::resume(&mut cx, run).await.unwrap();
    cx.commit().await.unwrap();
    // The page and the worker at once: every row is done by one of them.
    tokio::join!(sender.carry_on(run), sender.carry_on(run));
    let done = sender.run(run).await;
    assert_eq!((done.state, done.counts.done, done.counts.refused), (RunState::Finished, 2, 3));
    assert_eq!(sender.tags(boston).await, ["sales", "us"]);
    assert_eq!(sender.tags(new_york).await, ["sales"]);
    let mut cx = begin(&test, tenant, user).await;
    let file = String::from_utf8(bulk::result(&mut cx, run).await.unwrap()).unwrap();
    assert!(file.starts_with("number,add,remove,result,why,does,numbers,order\r\n"), "{file}");
    assert!(file.contains(&format!("'{LONDON},stolen,,Not done,")), "{file}");
    let again = bulk::read_rows(Action::Tag, &file).unwrap();
    assert_eq!(again[0].cells, [BOSTON, "Sales, US", ""], "a result can be sent again");
    assert!(matches!(bulk::start(&mut cx, run, None).await, Err(BulkError::Moved)));
    let mut foreign = begin(&test, others, UserId::new(1)).await;
    assert!(matches!(bulk::get(&mut foreign, run).await, Err(BulkError::NotFound)));
}

#[tokio::test]
async fn what_was_not_started_can_be_thrown_away() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let boston = test.number(tenant, BOSTON).await;
    let sender = Sender { test: &test, tenant, user };
    let sheet = format!("number,add\n{BOSTON},sales\n");
    let (run, started) =
        (sender.send(Action::Tag, &sheet).await, sender.send(Action::Tag, &sheet).await);
    sender.start(started).await;
    let mut cx = begin(&test, tenant, user).await;
    bulk::discard(&mut cx, run).await.unwrap();
    assert!(matches!(bulk::discard(&mut cx, started).await, Err(BulkError::Moved)));
    cx.commit().await.unwrap();
    sender.carry_on(run).await;
    let mut cx = begin(&test, tenant, user).await;
    assert!(matches!(bulk::get(&mut cx, run).await, Err(BulkError::NotFound)));
    assert!(matches!(bulk::start(&mut cx, run, None).await, Err(BulkError::NotFound)));
    let listed = bulk::list(&mut cx, PageRequest::new(1, 25)).await.unwrap();
    assert_eq!(listed.rows.iter().map(|run| run.id).collect::<Vec<_>>(), [started]);
    assert_eq!(sender.tags(boston).await, ["sales"]);
}

#[tokio::test]
async fn what_numbers_do_is_published_and_no_draft_is_lost() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let mut ids = Vec::new();
    for number in [BOSTON, NEW_YORK, LONDON] {
        ids.push(test.number(tenant, number).await);
    }
    let mut cx = begin(&test, tenant, user).await;
    let mut plan = Plan::neutral();
    plan.language = "de-DE".to_owned();
    routing::save_draft(&mut cx, ids[2], plan, None).await.unwrap();
    cx.commit().await.unwrap();
    let sender = Sender { test: &test, tenant, user };
    let sheet = format!(
        "number,copy_from,forward_to\n{BOSTON},,+12025550100\n{NEW_YORK},,{NEW_YORK}\n{LONDON},{BOSTON},\n"
    );
    let run = sender.send(Action::Configure, &sheet).await;
    let lines = sender.lines(run).await;
    let (ready, refused) = (LineState::Ready, LineState::Refused);
    assert_eq!(states(&lines), [ready, refused, refused], "{lines:?}");
    assert!(lines[2].message.as_deref().is_some_and(|why| why.contains("being written")));
    sender.start(run).await;
    let copied =
        sender.send(Action::Configure, &format!("number,copy_from\n{NEW_YORK},{BOSTON}")).await;
    sender.start(copied).await;
    assert_eq!(sender.run(copied).await.state, RunState::Finished);
    assert_eq!(sender.does(ids[0]).await, sender.does(ids[1]).await);
    assert!(sender.does(ids[1]).await.contains("202"), "{}", sender.does(ids[1]).await);
}

#[tokio::test]
async fn a_run_stops_where_its_person_may_not_go_on() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let boston = test.number(tenant, BOSTON).await;
    let sender = Sender { test: &test, tenant, user };
    let run = sender.send(Action::Release, &format!("number,reason\n{BOSTON},closed")).await;
    sqlx::query(
        "update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid'
         where id = $1",
    )
    .bind(tenant.uuid())
    .execute(&test.platform.db().owner)
    .await
    .unwrap();
    sender.start(run).await;
    let stopped = sender.run(run).await;
    assert_eq!(stopped.state, RunState::Stopped);
    assert!(stopped.stop_reason.is_some());
    let mut cx = begin(&test, tenant, user).await;
    let row = numbers::rows(&mut cx, &[boston]).await.unwrap().pop().unwrap();
    assert_eq!(row.release_at, None);
}
