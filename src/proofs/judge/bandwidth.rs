//! Bandwidth: numbers by its XML API, messages and calls by its JSON APIs, here at one host.
//!
//! The specification of the numbers API is of 2023 and knows users and passwords only, so that the
//! account is opened by one. What is sent with a token differs in one header, and the request for
//! the token, which no specification has, is in the adapter's own tests.

use crate::stand::{Ids, Stand};
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use voxlink_adapters::carriers::bandwidth::{Account, Bandwidth, Login};
use voxlink_gateways::SystemClock;
use voxlink_types::number::NumberType;

pub static STAND: Stand = Stand {
    key: Bandwidth::KEY,
    specifications: &[
        ("/api/", "bandwidth_numbers_xml"),
        ("/api/v2/", "bandwidth_messaging_voice"),
        ("/v2/", "bandwidth_messaging_voice"),
    ],
    unspecified: &[],
    // The number that is bought is not ours before.
    preferred: &[("GET /api/accounts/12345678/inserviceNumbers/8089251571", "code=404")],
    adapter: |at, wire| {
        let api = |path: &str| {
            let mut url = at.clone();
            url.set_path(path);
            url
        };
        // Account and location are those of the specification's own example of a number.
        let account = Account {
            id: "12345678".to_owned(),
            login: Login::User { name: "api".to_owned(), password: SecretString::from("password") },
            site: "123".to_owned(),
            peer: "500001".to_owned(),
            voice_application: "5d1f1e2a-0000-4000-8000-000000000001".to_owned(),
            messaging_application: Some("5d1f1e2a-0000-4000-8000-000000000002".to_owned()),
            callback_user: "voxlink".to_owned(),
            callback_password: SecretString::from("a<long>&password"),
            reserve: true,
            pause: Duration::from_millis(1),
            numbers_api: api("api"),
            messaging_api: api("api/v2"),
            voice_api: api("api/v2"),
        };
        Box::new(Bandwidth::new(account, wire, Arc::new(SystemClock)))
    },
    ids: Ids {
        number: "8042105666",
        hold: "5d1f1e2a-0000-4000-8000-000000000003",
        call: "c-15ac29a2-1331029c-2cb0-4a07-b215-b22865662d85",
        address: "none",
        bundle: "none",
        identity: "none",
        emergency_address: "none",
        trunk: "500002",
        owned_cursor: "2",
        subaccounts_cursor: "2",
    },
    abroad: &[("CA", NumberType::Local)],
    silent: &["coverage"],
    sends: &[
        "GET /api/accounts/12345678/sites/123/sippeers/500001 ",
        "GET /api/accounts/12345678/sites ",
        "/availableNumbers?enableTNDetail=true&",
        "areaCode=808",
        "state=HI",
        "state=ON",
        "city=HILO",
        "zip=96720",
        "lata=834",
        "rateCenter=HILO",
        "LCA=false",
        "localVanity=9251",
        "npaNxxx=8089251",
        "tollFreeVanity=9251571",
        "tollFreeWildCardPattern=8**",
        "quantity=",
        "POST /api/accounts/12345678/tnreservation <?xml",
        "<ReservedTn>8089251571</ReservedTn>",
        "DELETE /api/accounts/12345678/tnreservation/",
        "GET /api/accounts/12345678/orders?page=1&size=100&customerOrderId=",
        "GET /api/accounts/12345678/orders/",
        "PUT /api/accounts/12345678/orders/",
        "POST /api/accounts/12345678/orders <?xml",
        "<CustomerOrderId>",
        "<Name>Front desk</Name>",
        "<ExistingTelephoneNumberOrderType><TelephoneNumberList><TelephoneNumber>8089251571<",
        "<ReservationIdList><ReservationId>",
        "<PartialAllowed>false</PartialAllowed>",
        "<SiteId>123</SiteId>",
        "<PeerId>500001</PeerId>",
        "<PeerId>500002</PeerId>",
        "/sites/123/sippeers/500001/tns?page=1&size=500&includeAttributes=false",
        "/sites/123/sippeers/500001/tns?page=2&size=500&includeAttributes=false",
        "GET /api/accounts/12345678/inserviceNumbers/8042105666",
        "POST /api/accounts/12345678/disconnects <?xml",
        "<DisconnectTelephoneNumberOrderType>",
        "GET /api/accounts/12345678/disconnects/",
        "GET /api/accounts/12345678/applications/5d1f1e2a",
        "PATCH /api/accounts/12345678/applications/5d1f1e2a",
        "<CallInitiatedCallbackUrl>",
        "<CallInitiatedMethod>",
        "<CallInitiatedFallbackUrl>",
        "<CallInitiatedFallbackMethod>",
        "<CallInitiatedFallbackCreds>",
        "<CallStatusCallbackUrl>",
        "<CallStatusMethod>",
        "<CallbackCreds>",
        "<InboundCallbackUrl>",
        "<InboundCallbackCreds>",
        "<OutboundCallbackUrl>",
        "<OutboundCallbackCreds>",
        "GET /api/tns/8042105666 ",
        "GET /api/tns/8042105666/tndetails ",
        "POST /api/v2/users/12345678/messages {",
        "\"text\"",
        "\"media\"",
        "POST /api/v2/accounts/12345678/calls {",
        "\"answerUrl\"",
        "\"disconnectUrl\"",
        "\"callTimeout\":25",
        "\"tag\"",
        "\"username\"",
        "GET /api/v2/accounts/12345678/calls/c-",
    ],
};
