//! Numbers: lists, names and tags, suspension, release with undo, many at once, the export.

mod bulk;
mod life;
mod take_back;

use futures::TryStreamExt;
use voxlink_domain::{
    Actor, Ctx, RequestInfo,
    numbers::{self, Export, Filter, NumberError, Sort, Tags},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    PageRequest,
    ids::{NumberId, TenantId, UserId},
    number::{Capability, NumberType, Standing},
};

pub(crate) const BOSTON: &str = "+16175550123";
pub(crate) const NEW_YORK: &str = "+12125550187";
pub(crate) const TOLL_FREE: &str = "+18885550142";
pub(crate) const LONDON: &str = "+442079460018";

/// Work of a person in their tenant.
pub(crate) async fn begin(test: &TestPlatform, tenant: TenantId, user: UserId) -> Ctx {
    let actor = Actor::User { id: user, name: "Ours".to_owned(), staff: false };
    Ctx::begin(&test.platform, tenant, actor, RequestInfo::default()).await.unwrap()
}

async fn found(cx: &mut Ctx, filter: Filter) -> Vec<String> {
    let page = numbers::list(cx, &filter, Sort::Number, PageRequest::default()).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.into_iter().map(|row| row.number.to_string()).collect()
}

async fn four(test: &TestPlatform, tenant: TenantId) -> [NumberId; 4] {
    let mut ids = Vec::new();
    for number in [BOSTON, NEW_YORK, TOLL_FREE, LONDON] {
        ids.push(test.number(tenant, number).await);
    }
    ids.try_into().unwrap()
}

#[tokio::test]
async fn a_list_is_narrowed_by_what_people_know() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let [boston, new_york, _, london] = four(&test, tenant).await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::rename(&mut cx, boston, " Front desk ").await.unwrap();
    numbers::set_tags(&mut cx, new_york, &Tags::parse("Sales, East Coast").unwrap()).await.unwrap();
    numbers::suspend(&mut cx, london, "holidays", "Back in June").await.unwrap();

    let text = |t: &str| Filter { text: Some(t.to_owned()), ..Filter::default() };
    let by_tag = |t: &str| Filter { tag: Some(t.to_owned()), ..Filter::default() };
    for (filter, expected) in [
        (Filter::default(), vec![NEW_YORK, BOSTON, TOLL_FREE, LONDON]),
        (text("(617) 555"), vec![BOSTON]),
        (text("020 7946"), vec![LONDON]),
        (text("FRONT"), vec![BOSTON]),
        (text("east-co"), vec![NEW_YORK]),
        (text("%"), vec![]),
        (text("_"), vec![]),
        (by_tag("sales"), vec![NEW_YORK]),
        (Filter { country: Some("GB".to_owned()), ..Filter::default() }, vec![LONDON]),
        (Filter { number_type: Some(NumberType::TollFree), ..Filter::default() }, vec![TOLL_FREE]),
        (Filter { standing: Some(Standing::Suspended), ..Filter::default() }, vec![LONDON]),
        (Filter { standing: Some(Standing::Releasing), ..Filter::default() }, vec![]),
        (Filter { capability: Some(Capability::Fax), ..Filter::default() }, vec![]),
        (
            Filter { capability: Some(Capability::Voice), ..text("boston") },
            vec![NEW_YORK, BOSTON, TOLL_FREE, LONDON],
        ),
    ] {
        assert_eq!(found(&mut cx, filter.clone()).await, expected, "{filter:?}");
    }
    let page = PageRequest::new(2, 3);
    let second = numbers::list(&mut cx, &Filter::default(), Sort::Name, page).await.unwrap();
    assert_eq!((second.rows.len(), second.total), (1, 4));
    let beyond = PageRequest::new(9, 3);
    let empty = numbers::list(&mut cx, &Filter::default(), Sort::Name, beyond).await.unwrap();
    assert_eq!((empty.rows.len(), empty.total), (0, 4), "the total is known on every page");
    let facets = numbers::facets(&mut cx).await.unwrap();
    assert_eq!(facets.total, 4);
    assert_eq!(facets.standings, [(Standing::Active, 3), (Standing::Suspended, 1)]);
    assert_eq!(facets.countries, [("GB".to_owned(), 1), ("US".to_owned(), 3)]);
    assert_eq!(facets.tags, [("east-coast".to_owned(), 1), ("sales".to_owned(), 1)]);
}

#[tokio::test]
async fn somebody_elses_number_does_not_exist() {
    let test = TestPlatform::new().await;
    let (ours, user) = test.tenant("Ours").await;
    let (theirs, _) = test.tenant("Theirs").await;
    let id = test.number(theirs, BOSTON).await;
    let mut cx = begin(&test, ours, user).await;
    assert!(found(&mut cx, Filter::default()).await.is_empty());
    assert!(numbers::rows(&mut cx, &[id]).await.unwrap().is_empty());
    let refusals = [
        numbers::detail(&mut cx, id).await.map(drop),
        numbers::carrier_facts(&mut cx, id).await.map(drop),
        numbers::rename(&mut cx, id, "mine").await,
        numbers::set_notes(&mut cx, id, "mine").await,
        numbers::set_tags(&mut cx, id, &Tags::default()).await,
        numbers::suspend(&mut cx, id, "mine", "").await,
        numbers::resume(&mut cx, id).await,
        numbers::consequences(&mut cx, &test.platform, id).await.map(drop),
        numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.map(drop),
        numbers::undo(&mut cx, id).await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(NumberError::NotFound)), "{refusal:?}");
    }
}

#[tokio::test]
async fn names_notes_and_tags_are_kept_and_audited() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let id = test.number(tenant, BOSTON).await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::rename(&mut cx, id, "Front desk").await.unwrap();
    numbers::rename(&mut cx, id, "Front desk").await.unwrap();
    numbers::set_notes(&mut cx, id, "rings\r\nupstairs").await.unwrap();
    numbers::set_tags(&mut cx, id, &Tags::parse("b, A").unwrap()).await.unwrap();
    let (add, remove) = (Tags::parse("c").unwrap(), Tags::parse("a").unwrap());
    numbers::change_tags(&mut cx, id, &add, &remove).await.unwrap();
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.name.as_deref(), Some("Front desk"));
    assert_eq!(shown.row.notes.as_deref(), Some("rings\nupstairs"));
    assert_eq!(shown.row.tags, ["b", "c"]);
    assert!(shown.pending_at_carrier, "wished for, not yet confirmed");
    let too_long = numbers::rename(&mut cx, id, &"x".repeat(65)).await;
    assert!(matches!(too_long, Err(NumberError::Name)));
    cx.commit().await.unwrap();
    let actions: Vec<(String, Option<serde_json::Value>)> = sqlx::query_as(
        "select action, new_values from audit_log where tenant_id = $1 order by seq",
    )
    .bind(tenant.uuid())
    .fetch_all(&test.platform.db().platform)
    .await
    .unwrap();
    let names: Vec<&str> = actions.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(names, ["number.rename", "number.annotate", "number.tag", "number.tag"]);
    assert_eq!(actions[0].1, Some(serde_json::json!({"name": "Front desk"})));
}

#[tokio::test]
async fn the_export_is_what_is_shown_and_no_cell_is_a_formula() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let [boston, ..] = four(&test, tenant).await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::rename(&mut cx, boston, "=HYPERLINK(\"x\"),1").await.unwrap();
    let wanted = Filter { country: Some("US".to_owned()), ..Filter::default() };
    let ids = numbers::matching(&mut cx, &wanted, Sort::Name).await.unwrap();
    let actor = cx.actor().clone();
    cx.commit().await.unwrap();
    let export = Export { platform: test.platform.clone(), tenant, actor, ids };
    let bytes: Vec<Vec<u8>> = numbers::export(export).try_collect().await.unwrap();
    let text = String::from_utf8(bytes.concat()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("id,number,number_digits,name,state,"));
    assert!(lines[1].contains(",'+16175550123,16175550123,\"'=HYPERLINK(\"\"x\"\"),1\",active,"));
    assert!(!text.contains(LONDON));
}
