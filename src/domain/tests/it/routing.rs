//! Tests of `domain::routing`.

use chrono::{DateTime, Utc};
use voxlink_domain::{
    Actor, Ctx, RequestInfo,
    routing::{
        Question, RoutingError, Service, Table, answer, discard_draft, editing, history, plan_of,
        publish, roll_back, save_draft,
    },
};
use voxlink_gateways::carrier::IncomingCall;
use voxlink_testkit::{TestPlatform, monday};
use voxlink_types::{
    ids::{NumberId, TenantId, UserId},
    routing::{Address, Forward, Kind, Next, Plan, RejectReason, Ring, Step, Typed},
};

const NUMBER: &str = "+16175550142";

struct World {
    test: TestPlatform,
    tenant: TenantId,
    user: UserId,
    number: NumberId,
    table: Table,
}

impl World {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (tenant, user) = test.tenant("Ours").await;
        let number = test.number(tenant, NUMBER).await;
        let table = test.platform.in_service().clone();
        let world = Self { test, tenant, user, number, table };
        world.reload().await;
        world
    }

    async fn cx(&self) -> Ctx {
        let actor = Actor::User { id: self.user, name: "Ours".to_owned(), staff: false };
        let request = RequestInfo::default();
        Ctx::begin(&self.test.platform, self.tenant, actor, request).await.unwrap()
    }

    async fn reload(&self) {
        let platform = &self.test.platform;
        self.table.refresh(&platform.db().voice, platform.settings(), monday()).await.unwrap();
    }

    async fn put(&self, plan: &Plan) {
        let mut cx = self.cx().await;
        save_draft(&mut cx, self.number, plan.clone(), None).await.unwrap();
        publish(&mut cx, self.number, None).await.unwrap();
        cx.commit().await.unwrap();
        self.reload().await;
    }

    async fn sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.test.platform.db().owner).await.unwrap();
    }

    fn ask(&self, position: Option<&str>, dial: Option<&str>) -> Vec<Step> {
        self.ask_for(NUMBER, position, dial)
    }

    fn ask_for(&self, to: &str, position: Option<&str>, dial: Option<&str>) -> Vec<Step> {
        let call = IncomingCall {
            carrier_call_id: "CA1".to_owned(),
            from: "+442079460000".to_owned(),
            to: to.to_owned(),
            account: None,
            digits: None,
            dial_status: dial.map(str::to_owned),
            caller_place: (None, None, None),
            at: None,
        };
        let at: DateTime<Utc> = monday();
        let base = "https://voxlink.test/callbacks/local";
        let question = Question { carrier: "local", call: &call, at, position, base };
        answer(&self.table, &question).steps
    }
}

fn rings(target: &str) -> Plan {
    Plan::of_one(
        "Desk",
        Kind::Forward(Forward {
            targets: vec![Address(target.to_owned())],
            ring: Ring::AllAtOnce,
            timeout_seconds: 20.into(),
            no_answer: Some(Next::HangUp),
            busy: None,
        }),
    )
}

fn dialled(steps: &[Step]) -> (String, String) {
    match steps {
        [Step::Dial { targets, then_url, .. }] => (format!("{targets:?}"), then_url.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_plan_a_number_takes_messages() {
    let world = World::new().await;
    let steps = world.ask(None, None);
    assert!(
        matches!(steps.as_slice(), [Step::Say { .. }, Step::Record { .. }, Step::Hangup]),
        "{steps:?}"
    );
    let stranger = world.ask_for("+16175550199", None, None);
    assert_eq!(stranger, [Step::Reject { reason: RejectReason::Rejected }]);
}

#[tokio::test]
async fn a_published_plan_answers_and_a_draft_does_not() {
    let world = World::new().await;
    let mut cx = world.cx().await;
    let typed = rings("(617) 555-0100");
    save_draft(&mut cx, world.number, typed, None).await.unwrap();
    cx.commit().await.unwrap();
    world.reload().await;
    assert!(matches!(world.ask(None, None)[0], Step::Say { .. }));
    let mut cx = world.cx().await;
    let first = publish(&mut cx, world.number, Some("first")).await.unwrap();
    cx.commit().await.unwrap();
    world.test.platform.follow_now().await;
    let (targets, then) = dialled(&world.ask(None, None));
    assert!(targets.contains("+16175550100"), "typed in national form, kept as E.164: {targets}");
    assert_eq!(then, format!("https://voxlink.test/callbacks/local/voice/{first}/start/rang.0"));
}

#[tokio::test]
async fn a_call_under_way_goes_on_by_the_plan_it_began_with() {
    let world = World::new().await;
    let mut plan = rings("+16175550100");
    plan.add("voicemail", "UTC");
    let mail = Next::Node("voicemail".parse().unwrap());
    *plan.nodes.get_mut(&plan.entry).unwrap().kind.branch_mut("no_answer").unwrap() = Some(mail);
    world.put(&plan).await;
    let (_, then) = dialled(&world.ask(None, None));
    let position = then.strip_prefix("https://voxlink.test/callbacks/local/voice/").unwrap();
    world.put(&rings("+16175550101")).await;
    let steps = world.ask(Some(position), Some("no-answer"));
    assert!(matches!(steps[1], Step::Record { .. }), "{steps:?}");
}

#[tokio::test]
async fn rolling_back_publishes_a_copy() {
    let world = World::new().await;
    world.put(&rings("+16175550100")).await;
    world.put(&rings("+16175550101")).await;
    let mut cx = world.cx().await;
    let before = editing(&mut cx, world.number).await.unwrap();
    let all = history(&mut cx, world.number, 1).await.unwrap();
    assert_eq!(
        all.iter().map(|v| (v.version, v.plan.is_some())).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
    let first = all.last().unwrap();
    let first_plan = plan_of(&mut cx, world.number, first.id).await.unwrap();
    let current = before.published.clone().unwrap();
    let same = roll_back(&mut cx, world.number, current.id).await;
    assert!(matches!(same, Err(RoutingError::NoChange)), "{same:?}");
    roll_back(&mut cx, world.number, first.id).await.unwrap();
    let after = editing(&mut cx, world.number).await.unwrap();
    let all = history(&mut cx, world.number, 0).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(all.len(), 3);
    let now = after.published.unwrap();
    assert_eq!((now.version, &now.plan), (3, &first_plan));
    assert_eq!(now.note.as_deref(), Some("Back to version 1"));
    world.reload().await;
    assert!(dialled(&world.ask(None, None)).0.contains("+16175550100"));
    let actions: Vec<String> =
        sqlx::query_scalar("select action from audit_log where tenant_id = $1 order by seq")
            .bind(world.tenant.uuid())
            .fetch_all(&world.test.platform.db().platform)
            .await
            .unwrap();
    assert_eq!(
        actions,
        [
            "routing.draft",
            "routing.publish",
            "routing.draft",
            "routing.publish",
            "routing.roll_back"
        ]
    );
}

#[tokio::test]
async fn what_is_wrong_is_kept_but_not_published() {
    let world = World::new().await;
    let mut cx = world.cx().await;
    save_draft(&mut cx, world.number, rings(NUMBER), None).await.unwrap();
    let refused = publish(&mut cx, world.number, None).await;
    assert!(matches!(&refused, Err(RoutingError::Problems(p)) if p[0].message.contains("itself")));
    assert!(editing(&mut cx, world.number).await.unwrap().draft.is_some());
    discard_draft(&mut cx, world.number).await.unwrap();
    let nothing = publish(&mut cx, world.number, None).await;
    assert!(matches!(nothing, Err(RoutingError::NoDraft)));
    assert!(history(&mut cx, world.number, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_circle_is_refused_at_publishing() {
    let world = World::new().await;
    let mut plan = rings("+16175550100");
    let again = Some(Next::Node(plan.entry.clone()));
    *plan.nodes.get_mut(&plan.entry).unwrap().kind.branch_mut("no_answer").unwrap() = again;
    let mut cx = world.cx().await;
    save_draft(&mut cx, world.number, plan, None).await.unwrap();
    let refused = publish(&mut cx, world.number, None).await;
    let Err(RoutingError::Problems(problems)) = refused else { panic!("{refused:?}") };
    assert!(problems.iter().any(|p| p.message.contains("for ever")), "{problems:?}");
}

#[tokio::test]
async fn a_draft_saved_meanwhile_is_not_written_over() {
    let world = World::new().await;
    let mut cx = world.cx().await;
    let opened = editing(&mut cx, world.number).await.unwrap().revision();
    let (mine, theirs) = (rings("+16175550100"), rings("+16175550101"));
    save_draft(&mut cx, world.number, theirs.clone(), Some(&opened)).await.unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx().await;
    let refused = save_draft(&mut cx, world.number, mine.clone(), Some(&opened)).await;
    assert!(matches!(refused, Err(RoutingError::Changed)), "{refused:?}");
    assert_eq!(editing(&mut cx, world.number).await.unwrap().plan(), theirs);
    // The same again is no conflict, and who has seen theirs may replace it.
    save_draft(&mut cx, world.number, theirs, Some(&opened)).await.unwrap();
    let seen = editing(&mut cx, world.number).await.unwrap().revision();
    save_draft(&mut cx, world.number, mine.clone(), Some(&seen)).await.unwrap();
    assert_eq!(editing(&mut cx, world.number).await.unwrap().plan(), mine);
    save_draft(&mut cx, world.number, mine, None).await.unwrap();
    cx.commit().await.unwrap();
    let told: Vec<String> = sqlx::query_scalar(
        "select new_values::text from audit_log where tenant_id = $1 and action = 'routing.draft' order by seq",
    )
    .bind(world.tenant.uuid())
    .fetch_all(&world.test.platform.db().platform)
    .await
    .unwrap();
    assert_eq!(told.len(), 2, "a row for each saving that changed something: {told:?}");
    assert!(told[1].contains("0100") && told[1].contains("changes"), "{}", told[1]);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_typed() {
    let world = World::new().await;
    let mut plan = rings("+16175550100");
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&plan.entry).unwrap().kind {
        f.timeout_seconds = Typed::of("a while");
    }
    let mut cx = world.cx().await;
    save_draft(&mut cx, world.number, plan.clone(), None).await.unwrap();
    assert_eq!(editing(&mut cx, world.number).await.unwrap().plan(), plan);
    let refused = publish(&mut cx, world.number, None).await.unwrap_err();
    let fields = voxlink_types::error::Explain::fields(&refused);
    assert_eq!(fields[0].field, "n.start.timeout");
    assert!(fields[0].message.contains("“a while” is not a whole number"), "{fields:?}");
}

#[tokio::test]
async fn another_tenant_finds_nothing() {
    let world = World::new().await;
    let (theirs, _) = world.test.tenant("Theirs").await;
    let mut cx = world.test.platform.work_for(theirs, "test").await.unwrap();
    assert!(matches!(editing(&mut cx, world.number).await, Err(RoutingError::NoNumber)));
    let saved = save_draft(&mut cx, world.number, rings("+16175550100"), None).await;
    assert!(matches!(saved, Err(RoutingError::NoNumber)));
}

#[tokio::test]
async fn suspension_is_heard_and_ends() {
    let world = World::new().await;
    world.put(&rings("+16175550100")).await;
    world.sql("update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid', suspension_message = 'Closed for now.'").await;
    world.reload().await;
    let steps = world.ask(None, None);
    let Step::Say { text, .. } = &steps[0] else { panic!("{steps:?}") };
    assert_eq!((text.as_str(), &steps[1]), ("Closed for now.", &Step::Hangup));
    world.sql("update tenants set state = 'active'").await;
    world.sql("update subscriptions set state = 'suspended', suspension_reason = 'lost'").await;
    world.reload().await;
    let steps = world.ask(None, None);
    assert!(matches!(&steps[0], Step::Say { text, .. } if text.contains("not in service")));
    world.sql("update subscriptions set state = 'released', released_at = now()").await;
    world.reload().await;
    assert!(matches!(world.ask(None, None)[0], Step::Reject { .. }));
    assert!(world.table.is_empty());
}

#[tokio::test]
async fn the_table_stands_while_the_database_is_away() {
    let world = World::new().await;
    world.put(&rings("+16175550100")).await;
    let dead = sqlx::postgres::PgPoolOptions::new()
        .acquire_timeout(std::time::Duration::from_millis(200))
        .connect_lazy("postgres://nobody@127.0.0.1:1/none")
        .unwrap();
    let settings = world.test.platform.settings();
    assert!(world.table.refresh(&dead, settings, monday()).await.is_err());
    assert!(world.table.load(&dead, settings, monday()).await.is_err());
    dialled(&world.ask(None, None));
    let line = world.table.line(&NUMBER.parse().unwrap()).unwrap();
    assert!(matches!(line.service, Service::Plan(Some(_), _)));
}
