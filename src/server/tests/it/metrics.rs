//! `/metrics`: for whoever has the token, where one is set.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use secrecy::SecretString;
use tower::ServiceExt;
use voxlink_server::{metrics, mount};
use voxlink_testkit::TestPlatform;

const TOKEN: &str = "a token for the figures";

#[tokio::test]
async fn figures_are_for_whoever_has_the_token() {
    let test = TestPlatform::new().await;
    for (set, given, told) in [
        (None, None, true),
        (None, Some("Bearer anything"), true),
        (Some(TOKEN), Some("Bearer a token for the figures"), true),
        (Some(TOKEN), None, false),
        (Some(TOKEN), Some("Bearer "), false),
        (Some(TOKEN), Some("Bearer a token for the figure"), false),
        (Some(TOKEN), Some("Bearer a token for the figures!"), false),
        (Some(TOKEN), Some("Basic a token for the figures"), false),
        (Some(TOKEN), Some("a token for the figures"), false),
    ] {
        let router = mount::router(metrics::routes(&test.platform, set.map(SecretString::from)));
        let mut request = Request::get("/metrics");
        if let Some(given) = given {
            request = request.header(header::AUTHORIZATION, given);
        }
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = if told { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(answer.status(), status, "{set:?} {given:?}");
        assert_eq!(answer.headers().contains_key(header::WWW_AUTHENTICATE), !told);
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(text.contains("voxlink_pool_connections"), told, "{given:?}");
    }
}
