//! SignalWire: numbers by its REST API, messages, calls and subprojects by its compatibility API,
//! at one host.

use crate::stand::{Ids, Stand};
use secrecy::SecretString;
use voxlink_adapters::carriers::signalwire::{Project, SignalWire};

pub static STAND: Stand = Stand {
    key: SignalWire::KEY,
    specifications: &[
        ("/api/relay/rest/", "signalwire_rest"),
        ("/api/laml/2010-04-01/", "signalwire_compat"),
    ],
    unspecified: &[],
    preferred: &[],
    adapter: |at, wire| {
        let project = Project {
            id: "5d1f1e2a-0000-4000-8000-000000000001".to_owned(),
            token: SecretString::from("PT0000"),
            space: at.clone(),
        };
        Box::new(SignalWire::new(project, wire))
    },
    ids: Ids {
        number: "5d1f1e2a-0000-4000-8000-000000000002",
        hold: "none",
        call: "5d1f1e2a-0000-4000-8000-000000000003",
        address: "5d1f1e2a-0000-4000-8000-000000000004",
        bundle: "5d1f1e2a-0000-4000-8000-000000000005",
        identity: "5d1f1e2a-0000-4000-8000-000000000006",
        emergency_address: "5d1f1e2a-0000-4000-8000-000000000007",
        trunk: "5d1f1e2a-0000-4000-8000-000000000008",
        owned_cursor: "/api/relay/rest/phone_numbers\
            ?page_number=1&page_size=1000&page_token=PA5d1f1e2a-0000-4000-8000-000000000002",
        subaccounts_cursor: "/api/laml/2010-04-01/Accounts\
            ?Page=1&PageSize=50&PageToken=PA5d1f1e2a-0000-4000-8000-000000000009",
    },
    abroad: &[],
    silent: &["coverage", "let_go"],
    sends: &[
        "/phone_numbers/search?number_type=local",
        "/phone_numbers/search?number_type=toll-free",
        "max_results=",
        "areacode=",
        "contains=",
        "region=",
        "city=",
        "/phone_numbers?page_size=1 ",
        "/phone_numbers?page_size=1000&filter_number=",
        "/phone_numbers?page_number=1&page_size=1000&page_token=",
        "POST /api/relay/rest/phone_numbers {",
        "GET /api/relay/rest/phone_numbers/5d1f",
        "PUT /api/relay/rest/phone_numbers/",
        "DELETE /api/relay/rest/phone_numbers/",
        "\"name\"",
        "\"call_handler\"",
        "\"call_receive_mode\"",
        "\"call_request_url\"",
        "\"call_request_method\"",
        "\"call_fallback_url\"",
        "\"call_fallback_method\"",
        "\"call_status_callback_url\"",
        "\"call_status_callback_method\"",
        "\"message_handler\"",
        "\"message_request_url\"",
        "\"message_request_method\"",
        "GET /api/laml/2010-04-01/Accounts?Page=1",
        "POST /api/laml/2010-04-01/Accounts FriendlyName=",
        "/Messages To=",
        "Body=",
        "MediaUrl=",
        "/Calls To=",
        "&Url=",
        "Timeout=",
        "StatusCallbackEvent=",
        "GET /api/laml/2010-04-01/Accounts/5d1f1e2a-0000-4000-8000-000000000001/Calls/",
    ],
};
