//! Three carriers: the local one, whose books are in the database, and stand-ins for Twilio and
//! Telnyx, whose books are in the proof and survive every server. The server reaches those two by
//! its real adapters.

use crate::{
    lab::Lab,
    stand::{SID, Stand},
    stand_in::{StandIn, lock},
    telnyx_server::{Books, KEY, Shared, open},
};
use std::collections::VecDeque;
use voxlink_gateways::{
    carrier::{Offer, SearchQuery},
    fault::Script,
};
use voxlink_types::{
    E164,
    number::{Capability, NumberType, Requirement},
};

/// Orders at Telnyx are done when they are looked at so often.
const PATIENCE: u64 = 1;
/// Percent of requests that go wrong.
pub const FAULTS: u8 = 20;
/// The same of the local carrier's purchases.
const LOCAL_FAULTS: &str =
    "fail=0.05,refuse=0.03,lose_request=0.03,lose_answer=0.05,duplicate=0.04";

/// The carriers outside the database.
pub struct Carriers {
    twilio: Stand,
    telnyx: StandIn,
    telnyx_books: Shared,
}

/// A number that nobody else's catalogue has: no such area is assigned.
fn number(area: u32, n: u32) -> E164 {
    format!("+1{area}{:07}", 2_000_000 + n).parse().unwrap()
}

fn offer(carrier: &str, number: E164) -> Offer {
    Offer {
        carrier: carrier.to_owned(),
        number,
        country: "US".to_owned(),
        number_type: NumberType::Local,
        capabilities: vec![Capability::Voice, Capability::Sms],
        area_code: None,
        locality: Some("New York".to_owned()),
        region: Some("NY".to_owned()),
        postal_code: None,
        rate_centre: None,
        lata: None,
        position: None,
        time_zone: Some("America/New_York".to_owned()),
        distance_km: None,
        requirement: Requirement::None,
        cost: None,
    }
}

impl Carriers {
    /// Two stand-ins with `numbers` for sale each.
    pub async fn open(numbers: u32) -> Self {
        let twilio = Stand::open().await;
        let for_sale = (0..numbers).map(|n| number(300, n).to_string()).collect();
        let books = Books { for_sale, patience: PATIENCE, ..Books::default() };
        let (telnyx, telnyx_books) = open(books).await;
        Self { twilio, telnyx, telnyx_books }
    }

    /// What makes a server buy at them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TWILIO_ACCOUNT_SID", SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", "token".to_owned()),
            ("TWILIO_BASE_URL", self.twilio.url.to_string()),
            ("TWILIO_PRICING_URL", self.twilio.url.to_string()),
            ("TWILIO_TIMEOUT", "2000".to_owned()),
            ("TELNYX_API_KEY", KEY.to_owned()),
            ("TELNYX_ACCOUNT_ID", "61bf923e-5e4d-4595-a110-56190ea18a1b".to_owned()),
            ("TELNYX_BASE_URL", self.telnyx.url.to_string()),
            ("TELNYX_CONNECTION_ID", "1293384261075731499".to_owned()),
            ("TELNYX_TIMEOUT", "2000".to_owned()),
        ]
    }

    /// From now on a fifth of the requests goes wrong; the local carrier's by the setting.
    pub fn misbehave(&self, seed: u64) -> (&'static str, String) {
        self.twilio.misbehave(seed, FAULTS);
        // Of eight faults that a script draws, five befall requests.
        self.telnyx.misbehave(Script::seeded(seed, FAULTS * 8 / 5));
        ("LOCAL_CARRIER_FAULTS", LOCAL_FAULTS.to_owned())
    }

    /// From now on all goes well.
    pub fn be_well(&self) -> (&'static str, String) {
        self.twilio.misbehave(0, 0);
        self.telnyx.misbehave(Script::calm());
        ("LOCAL_CARRIER_FAULTS", "fail=0".to_owned())
    }

    /// What each of the three sells, `numbers` at most.
    pub async fn stock(&self, lab: &Lab, numbers: u32) -> Vec<VecDeque<Offer>> {
        let carrier = lab.platform.carrier("local").unwrap();
        let mut local = VecDeque::new();
        let all = usize::try_from(numbers).unwrap();
        while local.len() < all {
            let query = SearchQuery {
                country: "US".to_owned(),
                offset: u32::try_from(local.len()).unwrap(),
                limit: 200,
                ..SearchQuery::default()
            };
            let page = carrier.search(&query).await.unwrap().offers;
            assert!(!page.is_empty(), "the local carrier has only {} numbers", local.len());
            local.extend(page);
        }
        let at = |carrier, area| (0..numbers).map(move |n| offer(carrier, number(area, n)));
        vec![local, at("twilio", 200).collect(), at("telnyx", 300).collect()]
    }

    /// Writes the books of all three side by side, for the comparison.
    pub async fn copy_books(&self, lab: &Lab) {
        let (mut carriers, mut ids, mut numbers, mut released) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut line = |carrier: &str, id: String, number: String, gone: bool| {
            carriers.push(carrier.to_owned());
            ids.push(id);
            numbers.push(number);
            released.push(gone);
        };
        for sale in self.twilio.sales() {
            line("twilio", sale.sid, sale.number, sale.released);
        }
        for record in &lock(&self.telnyx_books).numbers {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            line("telnyx", text("id"), text("phone_number"), text("status") == "deleted");
        }
        sqlx::raw_sql(
            "create schema proof;
             create table proof.owned as
                 select 'local' as carrier, id, e164::text as e164, released_at is not null as released
                 from local_carrier.owned;
             create table proof.purchases as
                 select 'local' as carrier, e164::text as e164 from local_carrier.purchases",
        )
        .execute(&lab.pool)
        .await
        .unwrap();
        for sql in [
            "insert into proof.owned select * from unnest($1::text[], $2::text[], $3::text[], $4::bool[])",
            "insert into proof.purchases
             select carrier, e164
             from unnest($1::text[], $2::text[], $3::text[], $4::bool[]) as t (carrier, id, e164, released)",
        ] {
            sqlx::query(sql)
                .bind(&carriers)
                .bind(&ids)
                .bind(&numbers)
                .bind(&released)
                .execute(&lab.pool)
                .await
                .unwrap();
        }
    }
}
