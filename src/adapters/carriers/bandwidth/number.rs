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

/// Numbers in one page of a list.
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

/// `inserviceNumbers`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct InService {
    links: Option<xml::Links>,
    telephone_numbers: xml::Numbers,
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

/// One number of ours.
pub(super) async fn get(
    bandwidth: &Bandwidth,
    operation: &'static str,
    tn: &str,
) -> Result<OwnedNumber, CarrierError> {
    let details = details(bandwidth, operation, tn).await?;
    let settings = if details.elsewhere(&bandwidth.account.peer) {
        None
    } else {
        let label = match origin(bandwidth, operation, tn).await? {
            Some(order_id) => order::name(bandwidth, operation, &order_id).await?,
            None => String::new(),
        };
        Some(application::settings(bandwidth, operation, label).await?)
    };
    let number = xml::number(&details.full_number).ok_or_else(|| CarrierError::Transient {
        detail: format!("{} is no number", details.full_number),
    })?;
    Ok(OwnedNumber {
        id: xml::written(&number),
        number,
        account: bandwidth.account.id.clone(),
        active: details.is("Inservice"),
        settings,
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

/// Numbers of ours, one page: the list has their digits and nothing else.
pub(super) async fn list(
    bandwidth: &Bandwidth,
    cursor: Option<String>,
) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
    let page = cursor.as_deref().unwrap_or("1");
    let mut url = bandwidth.own(&["inserviceNumbers"]);
    url.query_pairs_mut().append_pair("page", page).append_pair("size", PAGE);
    // 204 without a word where there are none.
    let answer =
        bandwidth.ask(bandwidth.get("list_owned", url).expecting(Expect::Anything)).await?;
    if answer.body.trim_ascii().is_empty() {
        return Ok((Vec::new(), None));
    }
    let list: InService = xml::read(&answer)?;
    // A list that leads back to itself is at its end.
    let next = list.links.and_then(|links| links.next()).filter(|next| next != page);
    let owned = list.telephone_numbers.numbers.iter().filter_map(|tn| xml::number(tn));
    let owned = owned.map(|number| OwnedNumber {
        id: xml::written(&number),
        number,
        account: bandwidth.account.id.clone(),
        active: true,
        settings: None,
    });
    Ok((owned.collect(), next))
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
        let text = "<TNs><TotalCount>59</TotalCount><Links><first>Link=&lt;https://x:443/v1.0/\
            ?page=1&amp;size=2&gt;;rel=\"first\";</first><next>Link=&lt;https://x:443/v1.0/?page=3\
            &amp;size=2&gt;;rel=\"next\";</next></Links><TelephoneNumbers><Count>2</Count>\
            <TelephoneNumber>8043024183</TelephoneNumber><TelephoneNumber>8042121778\
            </TelephoneNumber><!-- SNIP --></TelephoneNumbers></TNs>";
        let list: InService = xml::parse(text.as_bytes()).unwrap();
        assert_eq!(list.links.unwrap().next().as_deref(), Some("3"));
        assert!(list.telephone_numbers.has("8042121778"));
        assert_eq!(list.telephone_numbers.numbers.len(), 2);
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
