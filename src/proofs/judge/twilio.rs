//! Twilio. Kinds that no example of its index of countries has (national, shared cost) cannot be
//! asked for: the adapter only asks for kinds that a country has.

use crate::stand::{Ids, Stand};
use secrecy::SecretString;
use voxlink_adapters::carriers::twilio::{Account, Twilio};
use voxlink_types::number::NumberType;

pub static STAND: Stand = Stand {
    key: Twilio::KEY,
    specifications: &[("/2010-04-01/", "twilio_api_v2010"), ("/v1/", "twilio_pricing_v1")],
    unspecified: &[],
    preferred: &[],
    adapter: |at, wire| {
        let account = Account {
            sid: "AC00000000000000000000000000000001".to_owned(),
            token: SecretString::from("token"),
            api: at.clone(),
            pricing: at.clone(),
        };
        Box::new(Twilio::new(account, wire))
    },
    ids: Ids {
        number: "PN00000000000000000000000000000002",
        hold: "none",
        call: "CA00000000000000000000000000000003",
        address: "AD00000000000000000000000000000004",
        bundle: "BU00000000000000000000000000000005",
        identity: "RI00000000000000000000000000000006",
        emergency_address: "AD00000000000000000000000000000007",
        trunk: "TK00000000000000000000000000000008",
        owned_cursor: "/2010-04-01/Accounts/AC00000000000000000000000000000001/IncomingPhoneNumbers.json\
            ?PageSize=1000&Page=1&PageToken=PAPN00000000000000000000000000000002",
        subaccounts_cursor: "/2010-04-01/Accounts.json\
            ?PageSize=1000&Page=1&PageToken=PAAC00000000000000000000000000000009",
    },
    abroad: &[("AU", NumberType::Mobile), ("DK", NumberType::Local)],
    silent: &["let_go"],
    sends: &[
        "/AvailablePhoneNumbers.json?PageSize=",
        "/AvailablePhoneNumbers/US.json",
        "/US/Local.json?",
        "/US/TollFree.json?",
        "/AU/Mobile.json?",
        "AreaCode=",
        "Contains=",
        "InLocality=",
        "InRegion=",
        "InPostalCode=",
        "InRateCenter=",
        "InLata=",
        "NearLatLong=",
        "Distance=",
        "VoiceEnabled=",
        "SmsEnabled=",
        "MmsEnabled=",
        "FaxEnabled=",
        "ExcludeAllAddressRequired=",
        "/IncomingPhoneNumbers.json?PageSize=1000&PhoneNumber=",
        "/IncomingPhoneNumbers.json?PageSize=1000&Page=1&PageToken=",
        "/IncomingPhoneNumbers.json PhoneNumber=",
        "FriendlyName=",
        "VoiceUrl=",
        "VoiceMethod=",
        "VoiceFallbackUrl=",
        "VoiceFallbackMethod=",
        "StatusCallback=",
        "StatusCallbackMethod=",
        "SmsUrl=http",
        "SmsMethod=",
        "AddressSid=",
        "BundleSid=",
        "IdentitySid=",
        "TrunkSid=",
        "EmergencyAddressSid=",
        "EmergencyStatus=",
        "GET /2010-04-01/Accounts/AC00000000000000000000000000000001.json",
        "GET /2010-04-01/Accounts/AC00000000000000000000000000000001/IncomingPhoneNumbers/PN",
        "POST /2010-04-01/Accounts/AC00000000000000000000000000000001/IncomingPhoneNumbers/PN",
        "DELETE /2010-04-01/Accounts/AC00000000000000000000000000000001/IncomingPhoneNumbers/PN",
        "/v1/PhoneNumbers/Countries/",
        "/v1/Voice/Countries/",
        "GET /2010-04-01/Accounts.json?PageSize=1000&Page=1",
        "POST /2010-04-01/Accounts.json FriendlyName=",
        "/Messages.json To=",
        "Body=",
        "MediaUrl=",
        "/Calls.json To=",
        "&Url=",
        "Timeout=",
        "StatusCallbackEvent=",
        "/Calls/CA",
    ],
};
