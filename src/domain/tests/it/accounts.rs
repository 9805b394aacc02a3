//! Registration, sign-in, sessions and suspension.

use chrono::TimeDelta;
use voxlink_domain::{
    Platform, RequestInfo,
    accounts::{
        self, AccountError, AccountLetter, Credentials, Member, Purpose, Registered, Registration,
        admin, sessions,
    },
    idempotency::{self, Answer, Claim},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{PageRequest, error::Explain, ids::UserId};

const PASSWORD: &str = "a short sentence does";

fn form(email: &str) -> Registration {
    Registration {
        full_name: "Ada Byron".to_owned(),
        company: "Engines Ltd".to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        time_zone: "Europe/London".to_owned(),
        accepts_terms: true,
        wants_news: false,
        key: None,
    }
}

async fn registered(test: &TestPlatform, email: &str) -> Registered {
    accounts::register(&test.platform, &form(email), RequestInfo::default()).await.unwrap()
}

async fn try_in(platform: &Platform, email: &str, password: &str) -> Result<UserId, AccountError> {
    let typed = Credentials { email: email.to_owned(), password: password.to_owned() };
    loop {
        match accounts::sign_in(platform, &typed, RequestInfo::default()).await {
            Err(AccountError::Busy(_)) => {}
            other => return other.map(|who| who.user),
        }
    }
}

async fn device(test: &TestPlatform, user: UserId, token: u8, remember: bool) -> Option<Member> {
    let new = sessions::NewSession { user, remember, user_agent: None, ip: None };
    sessions::open(&test.platform, [token; 32], &new).await.unwrap();
    found(test, token).await
}

async fn found(test: &TestPlatform, token: u8) -> Option<Member> {
    sessions::find(&test.platform, [token; 32]).await.unwrap()
}

async fn actions(test: &TestPlatform) -> Vec<String> {
    sqlx::query_scalar("select action from audit_log order by occurred_at, seq")
        .fetch_all(&test.platform.db().platform)
        .await
        .unwrap()
}

#[tokio::test]
async fn registering_makes_company_owner_and_billing_account_or_nothing() {
    let test = TestPlatform::new().await;
    let who = registered(&test, " Ada@Engines.example ").await;
    assert_eq!(try_in(&test.platform, "ADA@engines.example", PASSWORD).await.unwrap(), who.user);
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from billing_accounts where tenant_id = $1")
            .bind(who.tenant.uuid())
            .fetch_one(&test.platform.db().platform)
            .await
            .unwrap();
    assert_eq!(accounts, 1);
    let same = form("ada@engines.example");
    let again = accounts::register(&test.platform, &same, RequestInfo::default());
    assert_eq!(again.await.unwrap_err().fields()[0].field, "email");
    let tenants: i64 = sqlx::query_scalar("select count(*) from tenants")
        .fetch_one(&test.platform.db().platform)
        .await
        .unwrap();
    assert_eq!(tenants, 1, "the refused registration left no company behind");
    assert_eq!(actions(&test).await, ["account.create", "session.create"]);
}

#[tokio::test]
async fn a_registration_sent_twice_opens_one_account_and_both_get_it() {
    let test = TestPlatform::new().await;
    let from = RequestInfo { ip: "198.51.100.7".parse().ok(), ..RequestInfo::default() };
    let send = async |form: &Registration| {
        accounts::register(&test.platform, form, from.clone()).await.map_err(|e| e.code())
    };
    let keyed =
        |key: &str| Registration { key: Some(key.to_owned()), ..form("ada@engines.example") };
    let sent = keyed("a key of the form's own");
    let (one, two) = tokio::join!(send(&sent), send(&sent));
    let first = one.unwrap();
    assert_eq!(two, Ok(first), "pressed twice");
    for _ in 0..5 {
        assert_eq!(send(&sent).await, Ok(first), "nothing of it is probing");
    }
    let guess = Registration { password: "another short sentence".to_owned(), ..sent.clone() };
    assert_eq!(send(&guess).await, Err("invalid_fields"), "the key alone opens nothing");
    assert_eq!(send(&keyed("a key of another form")).await, Err("invalid_fields"));
    let seen: bool =
        sqlx::query_scalar("select last_sign_in_at is not null from users where id = $1")
            .bind(first.user.uuid())
            .fetch_one(&test.platform.db().platform)
            .await
            .unwrap();
    assert!(seen, "who registers is signed in with it");
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let test = TestPlatform::new().await;
    let empty = Registration { time_zone: "Mars/Base".to_owned(), ..Registration::default() };
    let refused =
        accounts::register(&test.platform, &empty, RequestInfo::default()).await.unwrap_err();
    let fields: Vec<String> = refused.fields().into_iter().map(|f| f.field).collect();
    assert_eq!(fields, ["full_name", "email", "password", "time_zone", "company", "accepts_terms"]);
}

#[tokio::test]
async fn a_list_of_addresses_cannot_be_tried_out_by_registering() {
    let test = TestPlatform::new().await;
    let try_from = async |ip: &str, email: &str| {
        let request = RequestInfo { ip: Some(ip.parse().unwrap()), ..RequestInfo::default() };
        accounts::register(&test.platform, &form(email), request).await.map_err(|e| e.code())
    };
    for n in 0..8 {
        try_from("198.51.100.7", &format!("new{n}@engines.example")).await.unwrap();
    }
    for n in 0..4 {
        let told = try_from("198.51.100.7", &format!("new{n}@engines.example")).await;
        assert_eq!(told, Err("invalid_fields"), "a person may be mistaken now and then");
    }
    let told = try_from("198.51.100.7", "new4@engines.example").await;
    assert_eq!(told, Err("too_many_attempts"));
    let told = try_from("198.51.100.7", "nobody@engines.example").await;
    assert_eq!(told, Err("too_many_attempts"), "known or not");
    try_from("198.51.100.8", "neighbour@engines.example").await.unwrap();
    test.clock.advance(TimeDelta::seconds(3));
    assert_eq!(try_from("198.51.100.7", "new4@engines.example").await, Err("invalid_fields"));
    test.clock.advance(TimeDelta::seconds(3));
    let told = try_from("198.51.100.7", "new5@engines.example").await;
    assert_eq!(told, Err("too_many_attempts"), "the pause doubles");
    test.clock.advance(TimeDelta::days(2));
    try_from("198.51.100.7", "later@engines.example").await.unwrap();
    for network in ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2::3", "2001:db8:1:2::4"] {
        assert_eq!(try_from(network, "new6@engines.example").await, Err("invalid_fields"));
    }
    let told = try_from("2001:db8:1:2:ffff::", "new6@engines.example").await;
    assert_eq!(told, Err("too_many_attempts"), "one customer's network is one");
}

#[tokio::test]
async fn unknown_address_and_wrong_password_are_one_answer() {
    let test = TestPlatform::new().await;
    registered(&test, "ada@engines.example").await;
    let wrong =
        try_in(&test.platform, "ada@engines.example", "not the right one").await.unwrap_err();
    let unknown =
        try_in(&test.platform, "bob@engines.example", "not the right one").await.unwrap_err();
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert_eq!((wrong.code(), wrong.status()), (unknown.code(), unknown.status()));
}

#[tokio::test]
async fn failures_cost_a_pause_from_the_fifth_on_known_or_not() {
    let test = TestPlatform::new().await;
    registered(&test, "ada@engines.example").await;
    for email in ["ada@engines.example", "nobody@engines.example"] {
        for _ in 0..5 {
            let refused = try_in(&test.platform, email, "not the right one").await.unwrap_err();
            assert_eq!(refused.code(), "wrong_credentials");
        }
        let paused = try_in(&test.platform, email, PASSWORD).await.unwrap_err();
        assert!(matches!(paused, AccountError::TryLater(1..=3)), "{paused:?}");
    }
    test.clock.advance(TimeDelta::seconds(3));
    try_in(&test.platform, "ada@engines.example", PASSWORD).await.unwrap();
    let wrong =
        try_in(&test.platform, "ada@engines.example", "not the right one").await.unwrap_err();
    assert_eq!(wrong.code(), "wrong_credentials", "the right password begins the count anew");
}

#[tokio::test]
async fn after_a_hundred_failures_only_a_reset_helps() {
    let test = TestPlatform::new().await;
    registered(&test, "ada@engines.example").await;
    try_in(&test.platform, "ada@engines.example", "not the right one").await.unwrap_err();
    sqlx::query("update sign_in_failures set failures = 100")
        .execute(&test.platform.db().platform)
        .await
        .unwrap();
    let locked = try_in(&test.platform, "ada@engines.example", PASSWORD).await.unwrap_err();
    assert!(matches!(locked, AccountError::Locked));
    let letter =
        AccountLetter { email: "ada@engines.example".to_owned(), purpose: Purpose::ResetPassword };
    letter.send(&test.platform).await.unwrap();
    let text = test.outbox.letters().pop().unwrap().text;
    let token = text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let reset = async |password| {
        accounts::reset(&test.platform, token, password, RequestInfo::default()).await
    };
    assert!(matches!(reset("too short").await, Err(AccountError::Fields(_))));
    reset("quite another sentence").await.unwrap();
    assert!(matches!(reset("quite another sentence").await, Err(AccountError::LinkSpent)));
    try_in(&test.platform, "ada@engines.example", "quite another sentence").await.unwrap();
}

#[tokio::test]
async fn nobody_gets_a_letter_at_an_unknown_address_and_nobody_two_in_a_minute() {
    let test = TestPlatform::new().await;
    registered(&test, "ada@engines.example").await;
    for email in ["ada@engines.example", "ada@engines.example", "nobody@engines.example"] {
        let letter = AccountLetter { email: email.to_owned(), purpose: Purpose::VerifyEmail };
        letter.send(&test.platform).await.unwrap();
    }
    assert_eq!(test.outbox.letters().len(), 1);
}

#[tokio::test]
async fn a_session_ends_unused_in_all_and_when_revoked() {
    let test = TestPlatform::new().await;
    let who = registered(&test, "ada@engines.example").await;
    let member = device(&test, who.user, 1, false).await.unwrap();
    device(&test, who.user, 2, false).await.unwrap();
    device(&test, who.user, 3, true).await.unwrap();
    assert_eq!(sessions::devices(&test.platform, who.user).await.unwrap().len(), 3);
    // Used every 20 minutes the first lives on, the second ends, the third is remembered.
    for _ in 0..35 {
        test.clock.advance(TimeDelta::minutes(20));
        assert!(found(&test, 1).await.is_some());
    }
    assert!(found(&test, 2).await.is_none());
    assert!(found(&test, 3).await.is_some());
    test.clock.advance(TimeDelta::minutes(25));
    assert!(found(&test, 1).await.is_none(), "twelve hours are the end");
    let request = RequestInfo::default();
    let all = sessions::Revoke::AllBut(member.session);
    assert_eq!(sessions::revoke(&test.platform, &member, all, request).await.unwrap(), 2);
    assert!(found(&test, 3).await.is_none());
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_found() {
    let test = TestPlatform::new().await;
    let ada = registered(&test, "ada@engines.example").await;
    let bob = registered(&test, "bob@engines.example").await;
    let ada = device(&test, ada.user, 1, false).await.unwrap();
    let bob = device(&test, bob.user, 2, false).await.unwrap();
    let stolen = sessions::Revoke::One(ada.session);
    let refused = sessions::revoke(&test.platform, &bob, stolen, RequestInfo::default()).await;
    assert!(matches!(refused, Err(AccountError::NotFound)));
    assert!(found(&test, 1).await.is_some());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let test = TestPlatform::new().await;
    let who = registered(&test, "ada@engines.example").await;
    let member = device(&test, who.user, 1, false).await.unwrap();
    device(&test, who.user, 2, false).await;
    let change = async |present, wanted| {
        accounts::change_password(&test.platform, &member, present, wanted, RequestInfo::default())
            .await
    };
    let wrong = change("not the right one", "quite another sentence").await.unwrap_err();
    assert_eq!(wrong.fields()[0].field, "present");
    change(PASSWORD, "quite another sentence").await.unwrap();
    assert!(found(&test, 1).await.is_some());
    assert!(found(&test, 2).await.is_none());
    try_in(&test.platform, "ada@engines.example", "quite another sentence").await.unwrap();
}

#[tokio::test]
async fn suspending_signs_out_tells_why_and_is_undone() {
    let test = TestPlatform::new().await;
    let who = registered(&test, "ada@engines.example").await;
    let (_, staff) = test.tenant("Staff").await;
    sqlx::query("update users set platform_role = 'admin' where id = $1")
        .bind(staff.uuid())
        .execute(&test.platform.db().platform)
        .await
        .unwrap();
    let admin = device(&test, staff, 9, false).await.unwrap();
    device(&test, who.user, 1, false).await.unwrap();
    let begin = async || admin.begin_staff(&test.platform, RequestInfo::default()).await.unwrap();
    let mut cx = begin().await;
    assert!(matches!(
        admin::suspend(&mut cx, who.tenant, " ", None).await,
        Err(AccountError::Fields(_))
    ));
    assert!(matches!(
        admin::suspend(&mut cx, admin.tenant, "x", None).await,
        Err(AccountError::Oneself)
    ));
    admin::suspend(&mut cx, who.tenant, "unpaid", Some("Closed for now.")).await.unwrap();
    cx.commit().await.unwrap();
    assert!(found(&test, 1).await.is_none(), "signed out at once");
    let member = device(&test, who.user, 2, false).await.unwrap();
    assert_eq!(member.suspended.as_deref(), Some("unpaid"), "may look, and reads why");
    let mut cx = begin().await;
    admin::restore(&mut cx, who.tenant, "paid").await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(found(&test, 2).await.unwrap().suspended, None);
    let mut cx = begin().await;
    let filter = admin::AuditFilter { action: "account.".to_owned(), ..Default::default() };
    let log = admin::audit_log(&mut cx, &filter, PageRequest::default()).await.unwrap();
    let told: Vec<&str> = log.rows.iter().map(|r| r.action.as_str()).collect();
    assert_eq!(told, ["account.restore", "account.suspend", "account.create"]);
    assert_eq!(log.rows[1].reason.as_deref(), Some("unpaid"));
    assert!(log.rows[1].actor.starts_with("staff:"));
    let chain = admin::verify_chain(&mut cx, Some(who.tenant)).await.unwrap();
    assert_eq!(chain, admin::ChainState { entries: 3, broken: None });
}

#[tokio::test]
async fn an_answer_is_given_once_and_replayed() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let platform = &test.platform;
    let claim = async |hash: &[u8]| {
        idempotency::claim(platform, tenant, "key-0001", "POST /x", hash).await.unwrap()
    };
    assert_eq!(claim(b"a").await, Claim::First);
    assert_eq!(claim(b"a").await, Claim::Running);
    assert_eq!(claim(b"b").await, Claim::Mismatch);
    idempotency::free(platform, tenant, "key-0001").await.unwrap();
    assert_eq!(claim(b"b").await, Claim::First, "nothing was done: free again");
    let answer = Answer { status: 303, location: Some("/orders/1".to_owned()), body: Vec::new() };
    idempotency::keep(platform, tenant, "key-0001", &answer).await.unwrap();
    assert_eq!(claim(b"b").await, Claim::Repeat(answer));
    test.clock.advance(TimeDelta::hours(73));
    assert_eq!(claim(b"c").await, Claim::First, "after 72 hours it is forgotten");
}
