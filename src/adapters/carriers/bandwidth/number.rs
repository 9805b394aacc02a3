//! Numbers of ours: what Bandwidth says of them, lists of them, and giving them back, which is an
//! order like buying (dev.bandwidth.com/docs/numbers/guides/disconnectNumbers).

use super::{Bandwidth, application, error::Faults, order, xml};
use crate::wire::Expect;
use serde::{Deserialize, Serialize};
use voxlink_gateways::{
    CarrierError,
    carrier::{NumberSettings, OwnedNumber},
};

/// How often a disconnect is looked at before the caller is sent away to come back later.
const LOOKS: u32 = 3;

/// Numbers in one page of a list, at most.
const PAGE: &str = "500";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapper {
    telephone_number_details: Details,
}

/// `tns/{tn}/tndetails`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Details {
    full_number: String,
    status: Option<String>,
    account_id: Option<String>,
    sip_peer: Option<Peer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Peer {
    peer_id: Option<String>,
}

/// `tns/{tn}`: the order that brought it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Origin {
    order_id: Option<String>,
}

/// `sites/{site}/sippeers/{peer}/tns`. What lacks the list is no list: a page of a proxy must not
/// pass for a location without numbers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    sip_peer_telephone_numbers: There,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct There {
    sip_peer_telephone_number: Vec<Listed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Listed {
    full_number: String,
}

#[derive(Serialize)]
#[serde(rename = "DisconnectTelephoneNumberOrder", rename_all = "PascalCase")]
struct Disconnect {
    disconnect_telephone_number_order_type: Which,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Which {
    telephone_number_list: xml::Numbers,
}

/// A disconnect as Bandwidth has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disconnected {
    #[serde(rename = "orderRequest")]
    request: Request,
    #[serde(rename = "OrderStatus")]
    status: Option<String>,
    #[serde(rename = "ErrorList")]
    errors: Option<Faults>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    id: Option<String>,
}

impl Details {
    fn is(&self, word: &str) -> bool {
        self.status.as_deref().is_some_and(|status| status.trim().eq_ignore_ascii_case(word))
    }

    /// True for a number that this account has. After a disconnect it ages for some weeks and is
    /// then for sale again; until then its former account stays with it.
    fn ours(&self, account: &str) -> bool {
        let elsewhere = self.account_id.as_deref().is_some_and(|id| id.trim() != account);
        !elsewhere && !["Aging", "Available", "Reserved"].iter().any(|word| self.is(word))
    }

    /// True when it belongs to another location than ours, whose application is not ours.
    fn elsewhere(&self, peer: &str) -> bool {
        let there = self.sip_peer.as_ref().and_then(|there| there.peer_id.as_deref());
        there.is_some_and(|there| there.trim() != peer)
    }
}

impl Disconnected {
    /// Whether it is done; `None` while Bandwidth works on it, as after any word nobody knows.
    fn done(&self) -> Option<Result<(), CarrierError>> {
        match self.status.as_deref().map(str::trim)? {
            "COMPLETE" => Some(Ok(())),
            "FAILED" | "PARTIAL" => match self.errors.clone().unwrap_or_default().meaning() {
                // It left before.
                CarrierError::Gone { .. } => Some(Ok(())),
                why => Some(Err(why)),
            },
            _ => None,
        }
    }
}

async fn details(
    bandwidth: &Bandwidth,
    operation: &'static str,
    tn: &str,
) -> Result<Details, CarrierError> {
    let url = bandwidth.root(&["tns", tn, "tndetails"]);
    let answer = bandwidth.ask(bandwidth.get(operation, url)).await?;
    let details = xml::read::<Wrapper>(&answer)?.telephone_number_details;
    if details.ours(&bandwidth.account.id) {
        Ok(details)
    } else {
        let state = details.status.as_deref().unwrap_or("of unknown state");
        Err(CarrierError::Gone { detail: format!("{tn} is {state} and not ours") })
    }
}

/// The order that brought a number, where Bandwidth tells.
pub(super) async fn origin(
    bandwidth: &Bandwidth,
    operation: &'static str,
    tn: &str,
) -> Result<Option<String>, CarrierError> {
    let url = bandwidth.root(&["tns", tn]);
    let answer = bandwidth.ask(bandwidth.get(operation, url)).await?;
    let id = xml::read::<Origin>(&answer)?.order_id.map(|id| id.trim().to_owned());
    Ok(id.filter(|id| !id.is_empty()))
}

/// One number of ours. At another location than ours it calls somebody else.
pub(super) async fn get(
    bandwidth: &Bandwidth,
    operation: &'static str,
    tn: &str,
) -> Result<OwnedNumber, CarrierError> {
    let details = details(bandwidth, operation, tn).await?;
    let settings = if details.elsewhere(&bandwidth.account.peer) {
        NumberSettings::default()
    } else {
        let label = match origin(bandwidth, operation, tn).await? {
            Some(order_id) => order::name(bandwidth, operation, &order_id).await?,
            None => String::new(),
        };
        application::settings(bandwidth, operation, label).await?
    };
    let number = xml::number(&details.full_number).ok_or_else(|| CarrierError::Transient {
        detail: format!("{} is no number", details.full_number),
    })?;
    Ok(OwnedNumber {
        id: xml::written(&number),
        number,
        account: bandwidth.account.id.clone(),
        active: details.is("Inservice"),
        settings: Some(settings),
    })
}

/// Makes a number call back as wanted: the applications for all numbers, the label for this one.
pub(super) async fn configure(
    bandwidth: &Bandwidth,
    tn: &str,
    settings: &NumberSettings,
) -> Result<OwnedNumber, CarrierError> {
    let details = details(bandwidth, "configure", tn).await?;
    if details.elsewhere(&bandwidth.account.peer) {
        let there = details.sip_peer.and_then(|peer| peer.peer_id).unwrap_or_default();
        return Err(CarrierError::Rejected {
            detail: format!(
                "{tn} is at location {there}, and only numbers at location {} call VoxLink: move \
                 it there in the Bandwidth dashboard",
                bandwidth.account.peer
            ),
        });
    }
    application::ensure(bandwidth, "configure", settings).await?;
    if let Some(order_id) = origin(bandwidth, "configure", tn).await? {
        order::rename(bandwidth, &order_id, &settings.label).await?;
    }
    get(bandwidth, "configure", tn).await
}

/// Numbers of ours, one page: those of our location, because others of the account do not call us.
/// The list has their digits and nothing else; all of them call what the location's applications
/// say, which are read once a page. Labels are with the orders, and not told here.
///
/// The specification has pages by number and tells neither how many there are nor what comes after
/// the last: a page with nothing, or with what the page before had, is the end. So a cursor is the
/// page's number and the first number of the page before it, `2-2125550100`.
pub(super) async fn list(
    bandwidth: &Bandwidth,
    cursor: Option<String>,
) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
    let cursor = cursor.unwrap_or_else(|| "1".to_owned());
    let (page, before) = cursor.split_once('-').unwrap_or((cursor.as_str(), ""));
    let account = &bandwidth.account;
    let mut url = bandwidth.own(&["sites", &account.site, "sippeers", &account.peer, "tns"]);
    url.query_pairs_mut()
        .append_pair("page", page)
        .append_pair("size", PAGE)
        .append_pair("includeAttributes", "false");
    let ask = bandwidth.get("list_owned", url).expecting(Expect::Anything);
    let answer = match bandwidth.ask(ask).await {
        Ok(answer) => answer,
        Err(CarrierError::Gone { .. }) if page != "1" => return Ok((Vec::new(), None)),
        Err(error) => return Err(error),
    };
    // 204 without a word where there are none.
    if answer.body.trim_ascii().is_empty() {
        return Ok((Vec::new(), None));
    }
    let listed = xml::read::<Location>(&answer)?.sip_peer_telephone_numbers;
    let listed = listed.sip_peer_telephone_number;
    let first = listed.first().map(|tn| tn.full_number.trim()).unwrap_or_default();
    if first == before {
        return Ok((Vec::new(), None));
    }
    let next = format!("{}-{first}", page.parse::<u32>().unwrap_or(1).saturating_add(1));
    let settings = application::settings(bandwidth, "list_owned", String::new()).await?;
    let owned = listed.iter().filter_map(|tn| xml::number(&tn.full_number));
    let owned = owned.map(|number| OwnedNumber {
        id: xml::written(&number),
        number,
        account: account.id.clone(),
        active: true,
        settings: Some(settings.clone()),
    });
    Ok((owned.collect(), Some(next)))
}

/// Whether a number is in service with us.
pub(super) async fn in_service(
    bandwidth: &Bandwidth,
    operation: &'static str,
    tn: &str,
) -> Result<bool, CarrierError> {
    let url = bandwidth.own(&["inserviceNumbers", tn]);
    match bandwidth.ask(bandwidth.get(operation, url).expecting(Expect::Anything)).await {
        Ok(_) => Ok(true),
        Err(CarrierError::Gone { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives a number back. Ordering it twice does what once does: the second order finds nothing.
pub(super) async fn release(bandwidth: &Bandwidth, tn: &str) -> Result<(), CarrierError> {
    if !in_service(bandwidth, "release", tn).await? {
        return Ok(());
    }
    let body = xml::write(&Disconnect {
        disconnect_telephone_number_order_type: Which {
            telephone_number_list: xml::Numbers::one(tn),
        },
    })?;
    let ask = bandwidth.post("release", bandwidth.own(&["disconnects"]), body).safely();
    let answer = match bandwidth.ask(ask).await {
        Ok(answer) => answer,
        Err(CarrierError::Gone { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut disconnect: Disconnected = xml::read(&answer)?;
    let Some(id) = disconnect.request.id.clone() else {
        return Err(answer.unreadable(&"a disconnect without an id"));
    };
    let url = bandwidth.own(&["disconnects", id.trim()]);
    for _ in 0..LOOKS {
        if let Some(done) = disconnect.done() {
            return done;
        }
        tokio::time::sleep(bandwidth.account.pause).await;
        disconnect = xml::read(&bandwidth.ask(bandwidth.get("release", url.clone())).await?)?;
    }
    disconnect.done().unwrap_or_else(|| {
        let detail = format!("disconnect {id} of {tn} is under way");
        Err(CarrierError::Transient { detail })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(status: &str, account: &str) -> Details {
        let text = format!(
            "<?xml version=\"1.0\"?><TelephoneNumberResponse><TelephoneNumberDetails>\
             <City>JERSEY CITY</City><Lata>224</Lata><FullNumber>2018981023</FullNumber>\
             <Status>{status}</Status><AccountId>{account}</AccountId><Site><Id>479</Id>\
             <Name>s</Name></Site><SipPeer><PeerId>500014</PeerId><PeerName>p</PeerName></SipPeer>\
             <ServiceTypes><ServiceType>Voice</ServiceType></ServiceTypes><Features><E911>\
             <AccountId>15</AccountId></E911></Features></TelephoneNumberDetails>\
             </TelephoneNumberResponse>"
        );
        xml::parse::<Wrapper>(text.as_bytes()).unwrap().telephone_number_details
    }

    #[test]
    fn whose_a_number_is_its_details_tell() {
        assert!(details("Inservice", "14").ours("14"));
        assert!(details("Inservice", "14").is("Inservice"));
        assert!(!details("Inservice", "15").ours("14"));
        assert!(!details("Aging", "14").ours("14"), "given back");
        assert!(details("Teleported", "14").ours("14"), "kept until it is surely gone");
        assert!(!details("Teleported", "14").is("Inservice"), "and not said to ring");
        assert!(details("Inservice", "14").elsewhere("1"));
        assert!(!details("Inservice", "14").elsewhere("500014"));
    }

    #[test]
    fn lists_are_read() {
        let read = |inner: &str| {
            let text = format!(
                "<?xml version=\"1.0\"?><SipPeerTelephoneNumbersResponse>{inner}\
                 </SipPeerTelephoneNumbersResponse>"
            );
            let there = xml::parse::<Location>(text.as_bytes())?.sip_peer_telephone_numbers;
            let listed = there.sip_peer_telephone_number.into_iter();
            Ok::<Vec<String>, String>(listed.map(|tn| tn.full_number).collect())
        };
        let two = "<SipPeerTelephoneNumbers><SipPeerTelephoneNumber><FullNumber>2052160148\
            </FullNumber><CallingNameDisplay>true</CallingNameDisplay><TnAttributes><TnAttribute>\
            Protected</TnAttribute></TnAttributes></SipPeerTelephoneNumber><SipPeerTelephoneNumber>\
            <FullNumber>2053161118</FullNumber></SipPeerTelephoneNumber></SipPeerTelephoneNumbers>";
        assert_eq!(read(two).unwrap(), ["2052160148", "2053161118"]);
        assert!(read("<SipPeerTelephoneNumbers/>").unwrap().is_empty());
        assert!(read("<body>Maintenance</body>").is_err(), "no list is not an empty one");
    }

    #[test]
    fn a_disconnect_is_done_when_it_says_so() {
        let disconnect = |status: &str, errors: &str| {
            let text = format!(
                "<DisconnectTelephoneNumberOrderResponse>{errors}<orderRequest><id>ba05</id>\
                 </orderRequest><OrderStatus>{status}</OrderStatus>\
                 </DisconnectTelephoneNumberOrderResponse>"
            );
            xml::parse::<Disconnected>(text.as_bytes()).unwrap()
        };
        assert_eq!(disconnect("COMPLETE", "").done(), Some(Ok(())));
        for word in ["RECEIVED", "PROCESSING", "TELEPORTED"] {
            assert_eq!(disconnect(word, "").done(), None, "{word}");
        }
        let error =
            |code: u32| format!("<ErrorList><Error><Code>{code}</Code></Error></ErrorList>");
        assert_eq!(disconnect("FAILED", &error(5076)).done(), Some(Ok(())), "it was not ours");
        assert!(matches!(disconnect("FAILED", &error(5085)).done(), Some(Err(_))));
        assert_eq!(disconnect("RECEIVED", "").request.id.as_deref(), Some("ba05"));
    }
}
