//! Telnyx, twice: with applications and messaging profiles that are made here, and with those that
//! the account names, by which calls are placed: the application of a number of ours cannot be
//! found among examples of other numbers.
//!
//! Managed accounts are in none of the specifications at hand.

use crate::stand::{Ids, Stand};
use secrecy::SecretString;
use std::sync::Arc;
use url::Url;
use voxlink_adapters::{
    carriers::telnyx::{Account, Telnyx},
    wire::Wire,
};
use voxlink_gateways::{Carrier, SystemClock};
use voxlink_types::number::NumberType;

const SPECIFICATIONS: &[(&str, &str)] = &[
    ("/v2/", "telnyx_numbers"),
    ("/v2/messages", "telnyx_messaging_voice"),
    ("/v2/messaging_profiles", "telnyx_messaging_voice"),
    ("/v2/calls", "telnyx_messaging_voice"),
    ("/v2/call_control_applications", "telnyx_messaging_voice"),
    ("/v2/texml", "telnyx_messaging_voice"),
    ("/v2/connections", "telnyx_messaging_voice"),
    ("/v2/porting", "telnyx_porting"),
    ("/v2/portability", "telnyx_porting"),
];

const IDS: Ids = Ids {
    number: "1293384261075731499",
    hold: "12ade33a-21c0-473b-b055-b3c836e1c292",
    call: "v3:KBnLO0ZK3DhKM5s7bE9VluaSmKsOchKht_fUYvxcp8ysbmzCCtpkmA",
    address: "none",
    bundle: "5d1f1e2a-0000-4000-8000-000000000003",
    identity: "none",
    emergency_address: "none",
    trunk: "1293384261075731500",
    owned_cursor: "2",
    subaccounts_cursor: "2",
};

fn telnyx(at: &Url, wire: Wire, given: bool) -> Box<dyn Carrier> {
    let id = |id: &str| given.then(|| id.to_owned());
    let account = Account {
        id: "5d1f1e2a-0000-4000-8000-000000000001".to_owned(),
        key: SecretString::from("KEY0000"),
        api: at.clone(),
        connection: id("1293384261075731501"),
        messaging_profile: id("5d1f1e2a-0000-4000-8000-000000000002"),
        outbound_profile: Some("1293384261075731502".to_owned()),
    };
    Box::new(Telnyx::new(account, wire, Arc::new(SystemClock)))
}

/// With applications and profiles made here.
pub static STAND: Stand = Stand {
    key: Telnyx::KEY,
    specifications: SPECIFICATIONS,
    unspecified: &["/v2/managed_accounts"],
    preferred: &[],
    adapter: |at, wire| telnyx(at, wire, false),
    ids: IDS,
    abroad: &[("DE", NumberType::Local)],
    silent: &["let_go"],
    sends: &[
        "GET /v2/balance ",
        "GET /v2/country_coverage ",
        "GET /v2/country_coverage/countries/US ",
        "GET /v2/country_coverage/countries/DE ",
        "GET /v2/available_phone_numbers?filter%5Bcountry_code%5D=US",
        "filter%5Bcountry_code%5D=DE",
        "filter%5Bphone_number_type%5D=local",
        "filter%5Bphone_number_type%5D=toll_free",
        "filter%5Blimit%5D=",
        "filter%5Bbest_effort%5D=false",
        "filter%5Bphone_number%5D%5Bcontains%5D=9251",
        "filter%5Bnational_destination_code%5D=808",
        "filter%5Blocality%5D=Hilo",
        "filter%5Badministrative_area%5D=HI",
        "filter%5Brate_center%5D=HILO",
        "filter%5Bfeatures%5D=",
        "GET /v2/regulatory_requirements?filter%5Bcountry_code%5D=",
        "filter%5Baction%5D=ordering",
        "GET /v2/number_reservations?page%5Bnumber%5D=1&page%5Bsize%5D=250",
        "filter%5Bphone_numbers.phone_number%5D=%2B18089251571",
        "POST /v2/number_reservations {",
        "GET /v2/number_orders?page%5Bnumber%5D=1",
        "filter%5Bcustomer_reference%5D=",
        "POST /v2/number_orders {",
        "\"requirement_group_id\"",
        "\"connection_id\":\"1293384261075731500\"",
        "\"customer_reference\"",
        "\"messaging_profile_id\"",
        "GET /v2/texml_applications?page%5Bnumber%5D=1",
        "filter%5Bfriendly_name%5D=VoxLink",
        "sort=created_at",
        "POST /v2/texml_applications {",
        "\"outbound_voice_profile_id\"",
        "GET /v2/texml_applications/",
        "GET /v2/messaging_profiles?page%5Bnumber%5D=1",
        "filter%5Bname%5D%5Beq%5D=VoxLink",
        "POST /v2/messaging_profiles {",
        "\"whitelisted_destinations\"",
        "GET /v2/messaging_profiles/",
        "GET /v2/phone_numbers?page%5Bnumber%5D=1",
        "GET /v2/phone_numbers?page%5Bnumber%5D=2",
        "sort=phone_number",
        "GET /v2/phone_numbers/1293384261075731499 ",
        "PATCH /v2/phone_numbers/1293384261075731499 {",
        "PATCH /v2/phone_numbers/1293384261075731499/messaging {",
        "\"messaging_profile_id\":\"\"",
        "DELETE /v2/phone_numbers/1293384261075731499 ",
        "GET /v2/managed_accounts?page%5Bnumber%5D=1",
        "GET /v2/managed_accounts?page%5Bnumber%5D=2",
        "POST /v2/managed_accounts {",
        "POST /v2/messages {",
        "\"text\"",
        "\"media_urls\"",
        "\"type\":\"MMS\"",
        "\"webhook_url\"",
        "\"use_profile_webhooks\":false",
        "filter%5Bphone_number%5D=18089251571",
        "GET /v2/texml/Accounts/5d1f1e2a-0000-4000-8000-000000000001/Calls/",
    ],
};

/// With an application and a messaging profile that the account names.
pub static WITH_AN_APPLICATION: Stand = Stand {
    key: Telnyx::KEY,
    specifications: SPECIFICATIONS,
    unspecified: &["/v2/managed_accounts"],
    preferred: &[],
    adapter: |at, wire| telnyx(at, wire, true),
    ids: IDS,
    abroad: &[],
    silent: &["let_go"],
    sends: &[
        "\"connection_id\":\"1293384261075731501\"",
        "\"messaging_profile_id\":\"5d1f1e2a-0000-4000-8000-000000000002\"",
        "POST /v2/texml/Accounts/5d1f1e2a-0000-4000-8000-000000000001/Calls {",
        "\"ApplicationSid\":\"1293384261075731501\"",
        "\"Url\"",
        "\"UrlMethod\"",
        "\"StatusCallback\"",
        "\"StatusCallbackEvent\"",
        "\"Timeout\":25",
    ],
};
