//! Numbers from a file: what is brought in, what is refused and why, and a rehearsal.

use super::{BOSTON, Books, LONDON, NEW_YORK};
use voxlink_domain::{
    campaigns,
    inventory::{self, Columns, Imported, RowOutcome},
};

async fn import(books: &Books, text: &str, dry_run: bool) -> Vec<Imported> {
    let rows = inventory::read_rows(text, Columns::default(), false);
    inventory::import(&books.test.platform, rows, dry_run).await.unwrap()
}

#[tokio::test]
async fn a_row_at_a_time_and_a_bad_one_sinks_nothing() {
    let books = Books::agreeing(&[NEW_YORK]).await;
    books.listed(&[BOSTON]);
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    campaigns::create(&mut cx, "Spring").await.unwrap();
    cx.commit().await.unwrap();
    let (theirs, _) = books.test.tenant("Theirs").await;
    let ours = books.tenant;
    let text = format!(
        "{BOSTON},{ours},spring,fake\n{NEW_YORK},{ours},Spring,fake\n{LONDON},{ours},,fake\n\
         +16175550190,{ours},Autumn,fake\n+16175550191,{ours},,lunar\nnonsense,{ours},,fake\n"
    );
    let rehearsed = import(&books, &text, true).await;
    let count = "select count(*)::text from subscriptions where campaign_id is not null";
    assert_eq!(books.text(count).await.as_deref(), Some("0"), "a rehearsal changes nothing");
    let done = import(&books, &text, false).await;
    for outcome in [&rehearsed, &done] {
        assert!(matches!(outcome[0].outcome, RowOutcome::Added(_)), "{outcome:?}");
        assert!(matches!(outcome[1].outcome, RowOutcome::Already(_)), "{outcome:?}");
        for (at, why) in [
            (2, "does not list"),
            (3, "no such campaign"),
            (4, "not configured"),
            (5, "is no number"),
        ] {
            let RowOutcome::Refused(said) = &outcome[at].outcome else { panic!("{outcome:?}") };
            assert!(said.contains(why), "{said}");
        }
    }
    assert_eq!(books.text(count).await.as_deref(), Some("2"));
    assert!(books.found().await.is_empty());
    // Again, and for somebody else.
    let again = import(&books, &text, false).await;
    assert!(matches!(again[0].outcome, RowOutcome::Already(_)));
    let stolen = import(&books, &format!("{BOSTON},{theirs},,fake\n"), false).await;
    let RowOutcome::Refused(why) = &stolen[0].outcome else { panic!("{stolen:?}") };
    assert_eq!(why, "Another account has this number already.");
}
