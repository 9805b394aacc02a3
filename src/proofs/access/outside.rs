//! What comes from elsewhere: signed requests of programs, ids of somebody else's things in queries
//! and forms, paths that lead out of the site's folder.

use super::{
    Report,
    cast::{CANARY, Cast, OURS},
    house::{Asked, CARRIER_SECRET, FILE, HOME, METRICS_TOKEN},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use voxlink_adapters::{payments::test_card::SIGNATURE, switchboards::sign_form};

/// The same route, asked by the program it is for.
pub async fn signed(cast: &Cast<'_>, route: &Asked) -> StatusCode {
    let request = Request::builder().method(route.method.clone());
    let request = if route.path == "/metrics" {
        let bearer = format!("Bearer {METRICS_TOKEN}");
        request.uri("/metrics").header(header::AUTHORIZATION, bearer).body(Body::empty())
    } else if route.path.starts_with("/callbacks/payments/") {
        let body = r#"{"id":"ev_proof","kind":"payment","payment":"tc_proof"}"#;
        let (time, secret) =
            (cast.house.platform().clock().now().timestamp(), processor_secret(cast).await);
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        let signature = format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()));
        request
            .uri("/callbacks/payments/test_card")
            .header(SIGNATURE, signature)
            .body(Body::from(body))
    } else {
        let path = route.path.replace("{carrier}", "local").replace("{*position}", "n1");
        let form = [
            ("CallSid", "CA1"),
            ("AccountSid", "AC1"),
            ("From", "+442079460000"),
            ("To", "+16175550123"),
            ("CallStatus", "ringing"),
            ("RecordingSid", "RE1"),
            ("RecordingUrl", "https://r.test/RE1"),
            ("RecordingDuration", "4"),
        ];
        let pairs: Vec<_> = form.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        let signature = sign_form(CARRIER_SECRET, &format!("{HOME}{path}"), &pairs);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        request
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature)
            .body(Body::from(body))
    };
    cast.house.send(request.unwrap()).await.status
}

/// The key of the test card, once its delivery has made and read it.
async fn processor_secret(cast: &Cast<'_>) -> Vec<u8> {
    let owner = &cast.house.test.platform.db().owner;
    loop {
        let secret = sqlx::query_scalar("select secret from test_card.signing_key");
        if let Some(secret) = secret.fetch_optional(owner).await.unwrap() {
            // It was stored a moment before it is read back.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            return secret;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Ids of tenant A's things where they are not part of the path: tenant A finds them, tenant B
/// finds nothing and changes nothing.
pub async fn smuggle(cast: &mut Cast<'_>, report: &mut Report) {
    let (number, e164) = cast.number().await;
    cast.versions(cast.ours, number).await;
    let version = cast.version(&number.to_string()).await;
    let digits = e164.digits().to_owned();
    let order = cast.order(false).await;
    for path in [
        format!("/numbers?q={digits}"),
        format!("/numbers/bulk?do=tag&id={number}"),
        format!("/numbers/export.csv?q={digits}"),
        format!("/find?q={digits}"),
        "/orders".to_owned(),
        "/notifications".to_owned(),
        "/billing/invoices.csv?q=ZQ".to_owned(),
        "/settings".to_owned(),
    ] {
        let (own, foreign) = (shown(cast, "owner", &path).await, shown(cast, "other", &path).await);
        report.smuggled += 1;
        let marks = |text: &str| text.to_lowercase().contains(CANARY) || text.contains(&order);
        if !marks(&own) {
            report.wrong.push(format!("GET {path}: its owner finds nothing, so nothing is proved"));
        }
        if marks(&foreign) {
            report.wrong.push(format!("GET {path} as other: shows what is tenant A's"));
        }
    }
    let calls = format!("number={number}");
    for path in ["/calls", "/calls/export.csv", "/billing/usage", "/billing/usage.csv"] {
        let foreign = shown(cast, "other", &format!("{path}?{calls}")).await;
        report.smuggled += 1;
        if foreign.contains(CANARY) || foreign.contains("2025550100") {
            report.wrong.push(format!("GET {path}?{calls} as other: shows what is tenant A's"));
        }
    }
    // Forms of tenant B, about its own number or none, that name A's things beside.
    let theirs = cast.house.test.number(cast.other, "+16175559999").await;
    cast.versions(cast.other, theirs).await;
    let held = {
        let n = cast.next();
        let number = super::house::for_sale(n).digits().to_owned();
        cast.done("owner", "/search/hold", &format!("one=fake:%2B{number}&back=/search")).await;
        number
    };
    let campaign = cast.campaign(false).await;
    let forms = [
        (format!("/numbers/{theirs}/campaign"), format!("campaign={campaign}")),
        (format!("/campaigns/{campaign}/numbers"), format!("numbers=%2B{digits}")),
        (format!("/campaigns/{campaign}/remove"), format!("id={number}")),
        ("/numbers/bulk".to_owned(), format!("do=tag&tags=stolen&id={number}")),
        ("/numbers/bulk".to_owned(), format!("do=suspend&reason=x&message=&id={number}")),
        (
            "/numbers/bulk/new".to_owned(),
            format!("action=tag&rows=number,add%0A%2B{digits},stolen"),
        ),
        ("/numbers/bulk".to_owned(), format!("do=tag&tags=stolen&all=1&tenant_id={}", cast.ours)),
        (format!("/numbers/{theirs}/routing/roll-back"), format!("version={version}")),
        (format!("/numbers/{theirs}/name"), format!("name=x&id={number}&tenant_id={}", cast.ours)),
        ("/search/hold".to_owned(), format!("one=fake:%2B{held}&back=/search")),
        (
            "/settings".to_owned(),
            format!(
                "full_name=B&time_zone=UTC&language=en&tenant_id={}&tenant_role=owner&platform_role=super_admin",
                cast.ours
            ),
        ),
        (
            "/billing/address".to_owned(),
            format!(
                "company=B&line1=1&line2=&city=B&region=MA&postal_code=02108&country=US&vat_number=&tax_id=&tenant_id={}",
                cast.ours
            ),
        ),
    ];
    for (path, form) in forms {
        let before = cast.trace().await;
        let cookie = cast.cookie("other").await;
        let answer = cast.ask(Method::POST, &path, cookie.as_deref(), &form, OURS).await;
        report.smuggled += 1;
        if cast.trace().await != before || answer.text.contains(CANARY) {
            report.wrong.push(format!(
                "POST {path} {form} as other: changed something of tenant A, or shows it"
            ));
        }
        if answer.status.is_server_error() {
            report.wrong.push(format!("POST {path} {form} as other: {}", answer.status));
        }
    }
    let raised: i64 = sqlx::query_scalar(
        "select count(*) from users where platform_role <> 'user' and tenant_id = any ($1)",
    )
    .bind([cast.ours.uuid(), cast.other.uuid()])
    .fetch_one(&cast.house.test.platform.db().owner)
    .await
    .unwrap();
    if raised > 0 {
        report.wrong.push("a form made somebody staff".to_owned());
    }
}

async fn shown(cast: &Cast<'_>, who: &str, path: &str) -> String {
    let cookie = cast.cookie(who).await;
    cast.ask(Method::GET, path, cookie.as_deref(), "", &[]).await.text
}

/// The site's folder has one file and no way out.
pub async fn files(cast: &Cast<'_>, report: &mut Report) {
    if shown(cast, "anonymous", FILE).await != "a file" {
        report.wrong.push(format!("GET {FILE}: the file is not served"));
    }
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/./../secret.txt",
        "/proof.txt/../../secret.txt",
        "//secret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/proof.txt%00.css",
    ] {
        let answer = cast.ask(Method::GET, path, None, "", &[]).await;
        let leaks = answer.text.contains(CANARY) || answer.text.contains("root:");
        if answer.status != StatusCode::NOT_FOUND || leaks {
            report.wrong.push(format!("GET {path}: {} {}", answer.status, answer.text));
        }
    }
}
