//! Applications: where calls and messages of the account call us back. At Bandwidth a number has
//! no URLs of its own: it belongs to a location (SIP peer), the location to an application, and
//! the application has the URLs (dev.bandwidth.com/docs/account/applications). So the settings of
//! one number are the settings of all, and the application must be this installation's alone.
//!
//! Bandwidth signs nothing: it shows a user and a password with every callback, which belong to
//! the application and are set together with its URLs.

use super::{Bandwidth, xml};
use crate::wire::Expect;
use http::Method;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use voxlink_gateways::{CarrierError, carrier::NumberSettings};

#[derive(Debug, Deserialize)]
struct Wrapper {
    #[serde(rename = "Application")]
    application: Application,
}

/// An application as Bandwidth has it. Passwords are never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Application {
    call_initiated_callback_url: Option<String>,
    call_initiated_fallback_url: Option<String>,
    call_status_callback_url: Option<String>,
    callback_creds: Option<Shown>,
    inbound_callback_url: Option<String>,
    outbound_callback_url: Option<String>,
    inbound_callback_creds: Option<Shown>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Shown {
    user_id: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Creds {
    user_id: String,
    password: String,
}

/// What a voice application is changed to. A PATCH leaves everything else as it is.
#[derive(Serialize)]
#[serde(rename = "Application", rename_all = "PascalCase")]
struct Voice<'a> {
    call_initiated_callback_url: &'a str,
    call_initiated_method: &'static str,
    call_status_callback_url: &'a str,
    call_status_method: &'static str,
    callback_creds: Creds,
    call_initiated_fallback_url: &'a str,
    call_initiated_fallback_method: &'static str,
    call_initiated_fallback_creds: Creds,
}

/// What a messaging application is changed to. What becomes of our own messages is told to the
/// same address as messages that come in: the events say which they are.
#[derive(Serialize)]
#[serde(rename = "Application", rename_all = "PascalCase")]
struct Messaging<'a> {
    inbound_callback_url: &'a str,
    inbound_callback_creds: Creds,
    outbound_callback_url: &'a str,
    outbound_callback_creds: Creds,
}

/// What every number of the location calls back now.
pub(super) async fn settings(
    bandwidth: &Bandwidth,
    operation: &'static str,
    label: String,
) -> Result<NumberSettings, CarrierError> {
    let account = &bandwidth.account;
    let voice = read(bandwidth, operation, &account.voice_application).await?;
    let messaging = match &account.messaging_application {
        Some(id) => read(bandwidth, operation, id).await?,
        None => Application::default(),
    };
    Ok(NumberSettings {
        voice_url: voice.call_initiated_callback_url.unwrap_or_default(),
        voice_fallback_url: voice.call_initiated_fallback_url.unwrap_or_default(),
        status_url: voice.call_status_callback_url.unwrap_or_default(),
        message_url: messaging.inbound_callback_url.unwrap_or_default(),
        label,
    })
}

/// Makes the applications call back as wanted. Nothing is sent where they do already: twice does
/// what once does.
pub(super) async fn ensure(
    bandwidth: &Bandwidth,
    operation: &'static str,
    wanted: &NumberSettings,
) -> Result<(), CarrierError> {
    let account = &bandwidth.account;
    let creds = Creds {
        user_id: account.callback_user.clone(),
        password: account.callback_password.expose_secret().to_owned(),
    };
    let is = |there: &Option<String>, wanted: &str| there.as_deref() == Some(wanted);
    let ours = |creds: &Option<Shown>| {
        creds.as_ref().is_some_and(|shown| is(&shown.user_id, &account.callback_user))
    };
    let id = &account.voice_application;
    let voice = read(bandwidth, operation, id).await?;
    let set = is(&voice.call_initiated_callback_url, &wanted.voice_url)
        && is(&voice.call_initiated_fallback_url, &wanted.voice_fallback_url)
        && is(&voice.call_status_callback_url, &wanted.status_url)
        && ours(&voice.callback_creds);
    if !set {
        let change = Voice {
            call_initiated_callback_url: &wanted.voice_url,
            call_initiated_method: "POST",
            call_status_callback_url: &wanted.status_url,
            call_status_method: "POST",
            callback_creds: creds.clone(),
            call_initiated_fallback_url: &wanted.voice_fallback_url,
            call_initiated_fallback_method: "POST",
            call_initiated_fallback_creds: creds.clone(),
        };
        patch(bandwidth, operation, id, &change).await?;
    }
    if wanted.message_url.is_empty() {
        return Ok(());
    }
    let Some(id) = &account.messaging_application else {
        let detail = "messages are wanted and no messaging application is set".to_owned();
        return Err(CarrierError::NotConfigured { detail });
    };
    let messaging = read(bandwidth, operation, id).await?;
    let set = is(&messaging.inbound_callback_url, &wanted.message_url)
        && is(&messaging.outbound_callback_url, &wanted.message_url)
        && ours(&messaging.inbound_callback_creds);
    if set {
        return Ok(());
    }
    let change = Messaging {
        inbound_callback_url: &wanted.message_url,
        inbound_callback_creds: creds.clone(),
        outbound_callback_url: &wanted.message_url,
        outbound_callback_creds: creds,
    };
    patch(bandwidth, operation, id, &change).await
}

async fn read(
    bandwidth: &Bandwidth,
    operation: &'static str,
    id: &str,
) -> Result<Application, CarrierError> {
    let url = bandwidth.own(&["applications", id]);
    match bandwidth.ask(bandwidth.get(operation, url)).await {
        Ok(answer) => Ok(xml::read::<Wrapper>(&answer)?.application),
        // The number is there; its application is not.
        Err(CarrierError::Gone { detail }) => {
            Err(CarrierError::NotConfigured { detail: format!("application {id}: {detail}") })
        }
        Err(error) => Err(error),
    }
}

async fn patch<T: Serialize + Sync>(
    bandwidth: &Bandwidth,
    operation: &'static str,
    id: &str,
    change: &T,
) -> Result<(), CarrierError> {
    let url = bandwidth.own(&["applications", id]);
    let ask = bandwidth.post(operation, url, xml::write(change)?).by(Method::PATCH).safely();
    bandwidth.ask(ask.expecting(Expect::Anything)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Body;

    #[test]
    fn an_application_is_read_and_written() {
        let text = "<?xml version=\"1.0\"?><ApplicationProvisioningResponse><Application>\
            <ApplicationId>e5a9e103</ApplicationId><ServiceType>Voice</ServiceType>\
            <AppName>x</AppName><CallInitiatedCallbackUrl>https://a.example/?a=1&amp;b=2\
            </CallInitiatedCallbackUrl><!-- DEPRECATED --><CallbackCreds><UserId>u</UserId>\
            </CallbackCreds><CallbackTimeout>20</CallbackTimeout></Application>\
            </ApplicationProvisioningResponse>";
        let read = xml::parse::<Wrapper>(text.as_bytes()).unwrap().application;
        let url = read.call_initiated_callback_url.as_deref();
        assert_eq!(url, Some("https://a.example/?a=1&b=2"));
        assert_eq!(read.callback_creds.unwrap().user_id.as_deref(), Some("u"));
        let creds = || Creds { user_id: "u".to_owned(), password: "p<>".to_owned() };
        let change = Messaging {
            inbound_callback_url: "https://a.example/?a=1&b=2",
            inbound_callback_creds: creds(),
            outbound_callback_url: "https://a.example/",
            outbound_callback_creds: creds(),
        };
        let Body::Xml(written) = xml::write(&change).unwrap() else { panic!("XML") };
        assert!(
            written.contains("<Application><InboundCallbackUrl>https://a.example/?a=1&amp;b=2<")
        );
        assert!(written.contains("<UserId>u</UserId><Password>p&lt;&gt;</Password>"), "{written}");
    }
}
