//! The people of a company: invited, given roles, removed; and an installation without mail.

use voxlink_domain::{
    RequestInfo,
    accounts::{
        self, Acceptance, AccountError, AccountLetter, Credentials, Member, Purpose, Via, admin,
        sessions,
    },
    jobs::Job,
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    PageRequest,
    error::Explain,
    ids::{TenantId, UserId},
    role::TenantRole,
};

const PASSWORD: &str = "a short sentence does";

async fn member(test: &TestPlatform, user: UserId, token: u8) -> Member {
    let new = sessions::NewSession { user, remember: false, user_agent: None, ip: None };
    sessions::open(&test.platform, [token; 32], &new).await.unwrap();
    sessions::find(&test.platform, [token; 32]).await.unwrap().unwrap()
}

fn typed() -> Acceptance {
    Acceptance {
        full_name: "Bob Newcomer".to_owned(),
        password: PASSWORD.to_owned(),
        time_zone: "Europe/London".to_owned(),
        accepts_terms: true,
        wants_news: false,
    }
}

async fn invited(test: &TestPlatform, by: &Member, email: &str, role: TenantRole) -> String {
    let mut cx = by.begin(&test.platform, RequestInfo::default()).await.unwrap();
    let link = accounts::invite(&mut cx, &test.platform, email, role, Via::Link).await.unwrap();
    cx.commit().await.unwrap();
    link.unwrap().split_once("token=").unwrap().1.to_owned()
}

async fn accept(test: &TestPlatform, token: &str) -> Result<UserId, AccountError> {
    accounts::accept(&test.platform, token, &typed(), RequestInfo::default()).await
}

async fn actions(test: &TestPlatform, tenant: TenantId) -> Vec<String> {
    sqlx::query_scalar("select action from audit_log where tenant_id = $1 order by seq")
        .bind(tenant.uuid())
        .fetch_all(&test.platform.db().platform)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_invitation_works_once_and_makes_a_colleague() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let owner = member(&test, owner, 1).await;
    let old = invited(&test, &owner, " Bob@Example.org ", TenantRole::Viewer).await;
    let token = invited(&test, &owner, "bob@example.org", TenantRole::Manager).await;
    assert!(matches!(accept(&test, &old).await, Err(AccountError::LinkSpent)), "replaced");
    let bob = accept(&test, &token).await.unwrap();
    assert!(matches!(accept(&test, &token).await, Err(AccountError::LinkSpent)), "spent");
    let bob = member(&test, bob, 2).await;
    assert_eq!((bob.tenant, bob.tenant_role), (tenant, TenantRole::Manager));
    assert!(!bob.email_verified, "a link that was handed over proves no address");
    let mut cx = owner.begin(&test.platform, RequestInfo::default()).await.unwrap();
    let colleagues = accounts::colleagues(&mut cx).await.unwrap();
    let seen: Vec<_> = colleagues.iter().map(|c| c.last_sign_in_at.is_some()).collect();
    assert_eq!(seen.iter().filter(|seen| **seen).count(), 1, "who joins is signed in with it");
    let names: Vec<_> =
        accounts::colleagues(&mut cx).await.unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["Ours", "Bob Newcomer"]);
    assert!(accounts::invitations(&mut cx).await.unwrap().is_empty());
    let again =
        accounts::invite(&mut cx, &test.platform, "bob@example.org", TenantRole::Owner, Via::Link);
    assert_eq!(again.await.unwrap_err().fields()[0].field, "email");
    assert_eq!(
        actions(&test, tenant).await,
        ["invitation.create", "invitation.create", "user.join"]
    );
}

#[tokio::test]
async fn a_letter_carries_the_link_and_proves_the_address() {
    let test = TestPlatform::new().await;
    let (_, owner) = test.tenant("Ours").await;
    let owner = member(&test, owner, 1).await;
    let mut cx = owner.begin(&test.platform, RequestInfo::default()).await.unwrap();
    let role = TenantRole::Viewer;
    let shown = accounts::invite(&mut cx, &test.platform, "bob@example.org", role, Via::Letter);
    assert_eq!(shown.await.unwrap(), None, "the inviter does not see it");
    let id = accounts::invitations(&mut cx).await.unwrap()[0].id;
    cx.commit().await.unwrap();
    let job = accounts::InvitationLetter { tenant: owner.tenant, invitation: id };
    job.run(&test.platform).await.unwrap();
    let letter = test.outbox.letters().pop().unwrap();
    assert_eq!(letter.to, "bob@example.org");
    let token = letter.text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let bob = accept(&test, token).await.unwrap();
    assert!(member(&test, bob, 2).await.email_verified);
}

#[tokio::test]
async fn a_withdrawn_or_lapsed_invitation_lets_nobody_in() {
    let test = TestPlatform::new().await;
    let (_, owner) = test.tenant("Ours").await;
    let owner = member(&test, owner, 1).await;
    let withdrawn = invited(&test, &owner, "bob@example.org", TenantRole::Viewer).await;
    let mut cx = owner.begin(&test.platform, RequestInfo::default()).await.unwrap();
    let id = accounts::invitations(&mut cx).await.unwrap()[0].id;
    accounts::withdraw(&mut cx, id).await.unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(accept(&test, &withdrawn).await, Err(AccountError::LinkSpent)));
    let lapsed = invited(&test, &owner, "bob@example.org", TenantRole::Viewer).await;
    test.clock.advance(chrono::TimeDelta::days(8));
    assert!(matches!(accept(&test, &lapsed).await, Err(AccountError::LinkSpent)));
}

#[tokio::test]
async fn a_company_always_keeps_an_owner() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let ann = member(&test, owner, 1).await;
    let token = invited(&test, &ann, "bob@example.org", TenantRole::Viewer).await;
    let bob = accept(&test, &token).await.unwrap();
    let role = async |by: &Member, who, role| {
        accounts::change_role(&test.platform, by, who, role, RequestInfo::default()).await
    };
    let remove = async |by: &Member, who| {
        accounts::remove(&test.platform, by, who, RequestInfo::default()).await
    };
    let refused = role(&ann, ann.user, TenantRole::Manager).await;
    assert!(matches!(refused, Err(AccountError::LastOwner(_))));
    assert!(matches!(remove(&ann, ann.user).await, Err(AccountError::LastOwner(_))));
    let viewer = member(&test, bob, 2).await;
    assert!(matches!(remove(&viewer, ann.user).await, Err(AccountError::NotFound)));
    role(&ann, bob, TenantRole::Owner).await.unwrap();
    let bob = member(&test, bob, 4).await;
    // Two owners who remove each other at the same moment: one stays.
    let (first, second) = tokio::join!(remove(&ann, bob.user), remove(&bob, ann.user));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let owners: i64 = sqlx::query_scalar(
        "select count(*) from users where tenant_id = $1 and tenant_role = 'owner' and is_active",
    )
    .bind(tenant.uuid())
    .fetch_one(&test.platform.db().platform)
    .await
    .unwrap();
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn who_is_removed_is_signed_out_and_may_come_back_by_invitation() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let (_, stranger) = test.tenant("Theirs").await;
    let (ann, eve) = (member(&test, owner, 1).await, member(&test, stranger, 3).await);
    let token = invited(&test, &ann, "bob@example.org", TenantRole::Viewer).await;
    let bob = member(&test, accept(&test, &token).await.unwrap(), 2).await;
    let request = RequestInfo::default;
    let stolen = accounts::remove(&test.platform, &eve, bob.user, request()).await;
    assert!(matches!(stolen, Err(AccountError::NotFound)), "another company's person");
    accounts::remove(&test.platform, &ann, bob.user, request()).await.unwrap();
    assert!(sessions::find(&test.platform, [2; 32]).await.unwrap().is_none());
    let creds = Credentials { email: "bob@example.org".to_owned(), password: PASSWORD.to_owned() };
    let refused = accounts::sign_in(&test.platform, &creds, request()).await;
    assert!(matches!(refused, Err(AccountError::WrongCredentials)));
    let token = invited(&test, &ann, "bob@example.org", TenantRole::Viewer).await;
    accept(&test, &token).await.unwrap();
    let told = actions(&test, tenant).await;
    assert!(told.contains(&"user.remove".to_owned()), "{told:?}");
}

#[tokio::test]
async fn who_is_no_owner_any_more_cannot_come_back_by_their_own_invitation() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let ann = member(&test, owner, 1).await;
    let token = invited(&test, &ann, "bob@example.org", TenantRole::Owner).await;
    let bob = member(&test, accept(&test, &token).await.unwrap(), 2).await;
    let demoted = invited(&test, &bob, "bob2@example.org", TenantRole::Owner).await;
    let request = RequestInfo::default;
    accounts::change_role(&test.platform, &ann, bob.user, TenantRole::Viewer, request())
        .await
        .unwrap();
    assert!(matches!(accept(&test, &demoted).await, Err(AccountError::LinkSpent)));
    accounts::change_role(&test.platform, &ann, bob.user, TenantRole::Owner, request())
        .await
        .unwrap();
    assert!(matches!(accept(&test, &demoted).await, Err(AccountError::LinkSpent)), "it is gone");
    let bob = member(&test, bob.user, 3).await;
    let removed = invited(&test, &bob, "bob3@example.org", TenantRole::Owner).await;
    accounts::remove(&test.platform, &ann, bob.user, request()).await.unwrap();
    assert!(matches!(accept(&test, &removed).await, Err(AccountError::LinkSpent)));
    let told = actions(&test, tenant).await;
    assert_eq!(told.iter().filter(|a| *a == "invitation.withdraw").count(), 2, "{told:?}");
    // However the inviter stopped to be an owner: the link asks again.
    let late = invited(&test, &ann, "carol@example.org", TenantRole::Viewer).await;
    sqlx::query("update users set tenant_role = 'viewer' where id = $1")
        .bind(ann.user.uuid())
        .execute(&test.platform.db().platform)
        .await
        .unwrap();
    assert!(matches!(accept(&test, &late).await, Err(AccountError::LinkSpent)));
}

#[tokio::test]
async fn who_is_removed_is_not_the_companys_face() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let (_, staff) = test.tenant("Staff").await;
    let (ann, staff) = (member(&test, owner, 1).await, member(&test, staff, 9).await);
    let token = invited(&test, &ann, "bob@example.org", TenantRole::Owner).await;
    let bob = member(&test, accept(&test, &token).await.unwrap(), 2).await;
    accounts::remove(&test.platform, &bob, ann.user, RequestInfo::default()).await.unwrap();
    let mut cx = staff.begin_staff(&test.platform, RequestInfo::default()).await.unwrap();
    let filter = admin::AccountFilter { search: "Ours".to_owned(), state: None };
    let page = admin::accounts(&mut cx, &filter, PageRequest::default()).await.unwrap();
    let row = &page.rows[0];
    assert_eq!((row.owner.as_deref(), row.people), (Some("bob@example.org"), 1));
    let people = admin::account(&mut cx, tenant).await.unwrap().people;
    assert_eq!(people.iter().map(|p| p.id).collect::<Vec<_>>(), [bob.user]);
}

#[tokio::test]
async fn a_list_of_addresses_cannot_be_tried_out_by_invitations() {
    let test = TestPlatform::new().await;
    let (_, owner) = test.tenant("Ours").await;
    test.tenant("Theirs").await;
    let ann = member(&test, owner, 1).await;
    let token = invited(&test, &ann, "theirs@example.com", TenantRole::Viewer).await;
    let request = RequestInfo { ip: Some([198, 51, 100, 7].into()), ..RequestInfo::default() };
    let again = async || {
        accounts::accept(&test.platform, &token, &typed(), request.clone()).await.unwrap_err()
    };
    for _ in 0..4 {
        let told = again().await;
        let said = &told.fields()[0];
        assert!(said.message.contains("Ask Ours to invite another address"), "{said:?}");
    }
    assert_eq!(again().await.code(), "too_many_attempts");
}

#[tokio::test]
async fn strangers_letter_boxes_are_not_filled_by_invitations() {
    let test = TestPlatform::new().await;
    let (_, owner) = test.tenant("Ours").await;
    let (_, other) = test.tenant("Theirs").await;
    let (ann, eve) = (member(&test, owner, 1).await, member(&test, other, 2).await);
    let letter = async |by: &Member, email: &str| {
        let mut cx = by.begin(&test.platform, RequestInfo::default()).await.unwrap();
        let sent =
            accounts::invite(&mut cx, &test.platform, email, TenantRole::Viewer, Via::Letter).await;
        cx.commit().await.unwrap();
        sent.map_err(|e| e.fields()[0].message.clone())
    };
    letter(&ann, "bob@example.org").await.unwrap();
    let told = letter(&eve, "bob@example.org").await.unwrap_err();
    assert!(told.contains("less than a minute"), "whoever sends: {told}");
    for _ in 0..4 {
        test.clock.advance(chrono::TimeDelta::minutes(2));
        letter(&eve, "bob@example.org").await.unwrap();
    }
    test.clock.advance(chrono::TimeDelta::minutes(2));
    assert!(letter(&ann, "bob@example.org").await.unwrap_err().contains("five letters"));
    for n in 0..49 {
        letter(&ann, &format!("n{n}@example.org")).await.unwrap();
    }
    assert!(letter(&ann, "n50@example.org").await.unwrap_err().contains("fifty"));
    invited(&test, &ann, "n50@example.org", TenantRole::Viewer).await;
    test.clock.advance(chrono::TimeDelta::days(1));
    let ann = member(&test, owner, 3).await;
    letter(&ann, "bob@example.org").await.unwrap();
}

#[tokio::test]
async fn without_mail_nothing_is_promised_and_the_shell_helps() {
    let test = TestPlatform::new().await;
    let (_, owner) = test.tenant("Ours").await;
    let ann = member(&test, owner, 1).await;
    test.outbox.switch_off();
    accounts::ask_for_reset(&test.platform, "ours@example.com", RequestInfo::default())
        .await
        .unwrap();
    let mut cx = test.platform.work("test").await.unwrap();
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from queued_jobs()").fetch_one(cx.tx()).await.unwrap();
    drop(cx);
    assert_eq!(waiting, 0, "no job that could only fail");
    let email = "ours@example.com".to_owned();
    let job = AccountLetter { email, purpose: Purpose::ResetPassword };
    job.run(&test.platform).await.unwrap();
    let mut cx = ann.begin(&test.platform, RequestInfo::default()).await.unwrap();
    let role = TenantRole::Viewer;
    let refused = accounts::invite(&mut cx, &test.platform, "b@example.org", role, Via::Letter);
    assert_eq!(refused.await.unwrap_err().fields()[0].field, "via");
    drop(cx);
    assert_eq!(accounts::reset_link(&test.platform, "nobody@example.com").await.unwrap(), None);
    let link = accounts::reset_link(&test.platform, "Ours@example.com ").await.unwrap().unwrap();
    let token = link.split_once("/reset?token=").unwrap().1;
    accounts::reset(&test.platform, token, "quite another sentence", RequestInfo::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn staff_put_a_balance_right_and_write_notes_that_customers_cannot_read() {
    let test = TestPlatform::new().await;
    let (tenant, owner) = test.tenant("Ours").await;
    let (_, staff) = test.tenant("Staff").await;
    let staff = member(&test, staff, 9).await;
    member(&test, owner, 1).await;
    let mut cx = staff.begin_staff(&test.platform, RequestInfo::default()).await.unwrap();
    let take = admin::adjust(&mut cx, tenant, admin::Hand::Take, "1.00", "a mistake", None).await;
    assert_eq!(take.unwrap_err().fields()[0].field, "amount", "never below nothing");
    let left =
        admin::adjust(&mut cx, tenant, admin::Hand::Give, "25", "for the outage", None).await;
    assert_eq!(left.unwrap().minor, 2500);
    let left = admin::adjust(&mut cx, tenant, admin::Hand::Take, "5.50", "too much", None).await;
    assert_eq!(left.unwrap().minor, 1950);
    let form = Some(uuid::Uuid::now_v7());
    for _ in 0..2 {
        let left = admin::adjust(&mut cx, tenant, admin::Hand::Take, "10", "once", form).await;
        assert_eq!(left.unwrap().minor, 950, "a form sent twice takes once");
    }
    let own = admin::adjust(&mut cx, staff.tenant, admin::Hand::Give, "25", "for me", None).await;
    assert!(matches!(own, Err(AccountError::Oneself)), "nobody gives to themselves");
    admin::add_note(&mut cx, tenant, "Prefers the telephone.").await.unwrap();
    assert_eq!(admin::notes(&mut cx, tenant).await.unwrap()[0].author, "Staff");
    assert_eq!(admin::sign_out_all(&mut cx, tenant).await.unwrap(), 1);
    cx.commit().await.unwrap();
    assert!(sessions::find(&test.platform, [1; 32]).await.unwrap().is_none());
    assert_eq!(
        actions(&test, tenant).await,
        ["account.adjust", "account.adjust", "account.adjust", "account.note", "account.sign_out"]
    );
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    let read = sqlx::query("select text from account_notes").fetch_all(cx.tx()).await;
    assert!(read.is_err(), "the customers' role has no right on notes");
}

#[tokio::test]
async fn an_export_holds_every_row_that_fits_once() {
    use futures::TryStreamExt;
    let test = TestPlatform::new().await;
    for n in 0..450 {
        test.tenant(&format!("=Company {n}")).await;
    }
    let (_, staff) = test.tenant("Staff").await;
    let staff = member(&test, staff, 9).await;
    let cx = staff.begin_staff(&test.platform, RequestInfo::default()).await.unwrap();
    let filter = admin::AccountFilter { search: "company".to_owned(), state: None };
    let stream = admin::export(cx, admin::Exported::Accounts(filter)).await.unwrap();
    let bytes: Vec<Vec<u8>> = stream.try_collect().await.unwrap();
    assert_eq!(bytes.len(), 3, "a piece at a time");
    let text = String::from_utf8(bytes.concat()).unwrap();
    let ids: std::collections::HashSet<_> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!((text.lines().count(), ids.len()), (451, 450));
    assert!(text.starts_with("id,company,") && text.contains(",'=Company 7,"), "no formula");
}
