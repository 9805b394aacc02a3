//! Campaigns: made, renamed, archived; numbers assigned; calls and cost that stay with them.

use super::{BOSTON, Books, NEW_YORK, id_of};
use voxlink_domain::campaigns::{self, CampaignError};
use voxlink_types::ids::CampaignId;

#[tokio::test]
async fn a_campaign_has_one_name_and_an_end() {
    let books = Books::agreeing(&[BOSTON]).await;
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    for bad in ["", " \n ", &"x".repeat(121)] {
        assert!(matches!(campaigns::create(&mut cx, bad).await, Err(CampaignError::Name)));
    }
    let spring = campaigns::create(&mut cx, " Spring ").await.unwrap();
    cx.commit().await.unwrap();
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    assert!(matches!(campaigns::create(&mut cx, "SPRING").await, Err(CampaignError::NameTaken)));
    drop(cx);
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    campaigns::rename(&mut cx, spring, "Summer").await.unwrap();
    assert_eq!(campaigns::find(&mut cx, "summer").await.unwrap(), spring);
    assert_eq!(campaigns::assign_typed(&mut cx, spring, "(617) 555-0123").await.unwrap(), 1);
    assert_eq!(campaigns::assign_typed(&mut cx, spring, BOSTON).await.unwrap(), 0, "twice is once");
    let unknown = campaigns::assign_typed(&mut cx, spring, NEW_YORK).await;
    assert!(matches!(unknown, Err(CampaignError::Unknown(_))));
    let several = format!("one, {BOSTON}, {NEW_YORK}, 3, 4, 5, 6");
    let refused = campaigns::assign_typed(&mut cx, spring, &several).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("“one”, “{NEW_YORK}”, “3”, “4”, “5” and 1 more are no numbers in your account.")
    );
    assert_eq!(campaigns::numbers(&mut cx, spring).await.unwrap().len(), 1);
    campaigns::archive(&mut cx, spring).await.unwrap();
    assert!(campaigns::numbers(&mut cx, spring).await.unwrap().is_empty());
    let refused = campaigns::assign_typed(&mut cx, spring, BOSTON).await;
    assert!(matches!(refused, Err(CampaignError::Archived)));
    assert!(campaigns::list(&mut cx, false).await.unwrap().is_empty());
    campaigns::restore(&mut cx, spring).await.unwrap();
    assert_eq!(campaigns::list(&mut cx, false).await.unwrap()[0].name, "Summer");
}

#[tokio::test]
async fn somebody_elses_campaign_does_not_exist() {
    let books = Books::agreeing(&[BOSTON]).await;
    let (theirs, _) = books.test.tenant("Theirs").await;
    let mut cx = books.test.platform.work_for(theirs, "test").await.unwrap();
    let id = campaigns::create(&mut cx, "Theirs").await.unwrap();
    cx.commit().await.unwrap();
    let number = id_of(&books, BOSTON).await;
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    let refusals = [
        campaigns::get(&mut cx, id).await.map(drop),
        campaigns::rename(&mut cx, id, "Ours").await,
        campaigns::archive(&mut cx, id).await,
        campaigns::restore(&mut cx, id).await,
        campaigns::assign(&mut cx, Some(id), &[number]).await.map(drop),
        campaigns::assign_typed(&mut cx, id, BOSTON).await.map(drop),
        campaigns::find(&mut cx, "Theirs").await.map(drop),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(CampaignError::NotFound)), "{refusal:?}");
    }
    drop(cx);
    let mut cx = books.test.platform.work_for(theirs, "test").await.unwrap();
    let stolen = campaigns::assign(&mut cx, Some(id), &[number]).await;
    assert!(matches!(stolen, Err(CampaignError::Number)));
}

#[tokio::test]
async fn calls_and_their_cost_stay_with_the_campaign_they_came_in_for() {
    let books = Books::agreeing(&[BOSTON]).await;
    let number = id_of(&books, BOSTON).await;
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    let spring = campaigns::create(&mut cx, "Spring").await.unwrap();
    campaigns::assign(&mut cx, Some(spring), &[number]).await.unwrap();
    cx.commit().await.unwrap();
    for (call, at, price) in
        [("CA1", "2026-11-16T14:00:00Z", "0.25"), ("CA2", "2026-10-01T14:00:00Z", "1.5")]
    {
        sqlx::query(
            "insert into call_records (id, tenant_id, subscription_id, campaign_id, carrier, carrier_call_id,
                 from_number, to_number, direction, status, started_at, billable_seconds, price, currency)
             select gen_random_uuid(), tenant_id, id, campaign_id, 'fake', $1, '+12025550100', e164, 'inbound',
                 'completed', $2::text::timestamptz, 60, $3::text::numeric, 'USD' from subscriptions",
        )
        .bind(call)
        .bind(at)
        .bind(price)
        .execute(&books.test.platform.db().owner)
        .await
        .unwrap();
    }
    let shown = async |id: CampaignId| {
        let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
        let c = campaigns::get(&mut cx, id).await.unwrap();
        (c.numbers, c.calls, c.cost.normalize().to_string(), c.recent_calls)
    };
    assert_eq!(shown(spring).await, (1, 2, "1.75".to_owned(), 1));
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    campaigns::assign(&mut cx, None, &[number]).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(shown(spring).await, (0, 2, "1.75".to_owned(), 1), "they stay when the number goes");
}
