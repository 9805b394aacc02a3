//! Numbers that need papers: held where those are on file.

use super::{Shop, number};
use voxlink_domain::{
    carriers::{NewPapers, file_papers},
    catalog::{Wish, search},
};
use voxlink_gateways::{carrier::fake::FakeCarrier, fault::Script};
use voxlink_types::{number::Requirement, paper::Paper};

#[tokio::test]
async fn a_number_whose_papers_are_not_on_file_is_shown_and_not_held() {
    let carrier = FakeCarrier::new((0..2).map(number), Script::calm());
    let shop = Shop::of(carrier.clone()).await;
    let ann = shop.member("Ann").await;
    carrier.offers(|offer| {
        if offer.number == number(1) {
            offer.requirement = Requirement::Documents;
        }
    });
    let found = search(&shop.test.platform, &Wish::default()).await.unwrap();
    let mut shown: Vec<_> =
        found.hits.into_iter().map(|hit| (hit.offer.number, hit.lacks_papers)).collect();
    shown.sort();
    assert_eq!(shown, [(number(0), false), (number(1), true)]);
    let refused = shop.hold(&ann, 1).await.unwrap_err().to_string();
    let said = "+1 212-555-0001 needs papers that are not on file here yet: ask your administrator";
    assert_eq!(refused, said);
    assert_eq!(shop.rows().await, 0);
    shop.hold(&ann, 0).await.unwrap();
    let mut cx = shop.test.platform.work("test").await.unwrap();
    let new = NewPapers {
        country: "US".to_owned(),
        number_type: "local".to_owned(),
        ids: vec![(Paper::Bundle, "BU1".to_owned())],
    };
    assert!(file_papers(&shop.test.platform, &mut cx, "fake", &new).await.unwrap());
    cx.commit().await.unwrap();
    shop.hold(&ann, 1).await.unwrap();
}
