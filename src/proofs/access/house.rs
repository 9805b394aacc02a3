//! The server under proof: its own router with all that answers, over a database of its own.

use super::plants::Plant;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use std::{path::PathBuf, sync::Arc};
use tower::ServiceExt;
use voxlink_adapters::{
    carriers::clec::Clec,
    payments::test_card::TestCard,
    sip::{EdgePasses, OwnTelephony},
    switchboards::FormSwitchboard,
};
use voxlink_app::{App, error_words, mounted_pages, nothing_here, refusal_page};
use voxlink_domain::{Platform, platform::Own, sealing::Seal};
use voxlink_gateways::{
    Carrier, CarrierError, PaymentProcessor, carrier::fake::FakeCarrier, fault::Script,
    sip::Directory,
};
use voxlink_server::{
    Assembly, Dress, Stock, callbacks::Callbacks, config::Config, router, web::Admission,
};
use voxlink_testkit::{FakeAccounts, Outside, TestPlatform};
use voxlink_types::E164;

/// Where the server believes to be.
pub const HOME: &str = "https://voxlink.test";
/// What the local carrier signs with.
pub const CARRIER_SECRET: &str = "a secret of the proof's carrier";
/// What `/metrics` asks for.
pub const METRICS_TOKEN: &str = "a token of the proof's metrics";
/// A file of the build.
pub const FILE: &str = "/proof.txt";
/// Stands for all files in the table: no route of axum's, but answered.
pub const FILE_ROW: &str = "GET (a file)";
/// Stands for all addresses where nothing is.
pub const NOTHING_ROW: &str = "GET (nothing)";

/// A route that the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: Method,
    pub path: String,
}

impl Asked {
    /// As the table names it.
    pub fn name(&self) -> String {
        match self.path.as_str() {
            FILE => FILE_ROW.to_owned(),
            "/nowhere" => NOTHING_ROW.to_owned(),
            path => format!("{} {path}", self.method),
        }
    }

    /// Whether its path has ids.
    pub fn has_id(&self) -> bool {
        self.path.contains('{')
    }

    /// What programs call: signed, and mounted beside the pages.
    pub fn is_for_programs(&self) -> bool {
        self.path.starts_with("/callbacks/") || self.path == "/metrics"
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// Where it sends the browser.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION)?.to_str().ok()
    }
}

/// The server and its world.
pub struct House {
    pub test: TestPlatform,
    pub router: Router,
    callbacks: Callbacks,
    folder: PathBuf,
}

/// The numbers that the fake carrier sells.
pub fn for_sale(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

impl House {
    /// Builds it, with a fault planted or without.
    pub async fn open(plant: Option<Plant>) -> Self {
        let mut shown = None;
        let mut test = TestPlatform::joined(|options, clock| {
            let home = HOME.parse().unwrap();
            let carrier = FakeCarrier::new((0..2000).map(for_sale), Script::calm());
            let (passes, directory) = (EdgePasses::new(&[7; 32]), Directory::default());
            let own = Own {
                sip: Arc::new(OwnTelephony::new(passes, directory)),
                numbers: Arc::new(Clec::connect(options, 1, Arc::clone(&clock))),
                seal: Seal::new(&[7; 32]),
            };
            let card = TestCard::connect(options, clock, &home, &home).unwrap();
            shown = Some(card.clone());
            Outside {
                carriers: vec![Arc::new(carrier) as Arc<dyn Carrier>],
                switchboards: vec![Arc::new(FormSwitchboard::local(CARRIER_SECRET.into()))],
                edges: Vec::new(),
                own: Some(own),
                processors: vec![Arc::new(card) as Arc<dyn PaymentProcessor>],
                ..Outside::default()
            }
        })
        .await;
        let accounts = Arc::new(FakeAccounts::default());
        test.platform = test.platform.clone().connecting(accounts, Seal::new(&[7; 32])).unwrap();
        let card = shown.unwrap();
        let folder = std::env::temp_dir().join(format!("voxlink-proof-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(folder.join("site")).unwrap();
        std::fs::write(folder.join("site").join(&FILE[1..]), "a file").unwrap();
        std::fs::write(folder.join("secret.txt"), "zq-canary: not for the web").unwrap();
        let app = App {
            platform: test.platform.clone(),
            leptos: leptos::config::LeptosOptions::builder().output_name("voxlink").build(),
        };
        let rows = Plant::rows(plant, voxlink_app::routes());
        let parts = Assembly {
            platform: test.platform.clone(),
            // As `main` joins them.
            pages: mounted_pages(app.clone(), rows).merge(card.pages()),
            nothing_here: nothing_here(app),
            style: "/pkg/voxlink.css".to_owned(),
            dress: Dress {
                page: |r| refusal_page(r.status, r.sentence, r.request_id),
                words: error_words,
            },
            background: Vec::new(),
            stock: Arc::new(NoStock),
        };
        let callbacks = Callbacks::start(test.platform.clone(), &folder.join("calls")).await;
        let config = config(&folder);
        let admission = Admission::new(config.requests_at_once, config.queue_wait);
        let router = Plant::around(plant, router(&config, parts, &callbacks, &admission));
        // Its signing key is read by whoever delivers its webhooks; nobody hears them here.
        tokio::spawn(card.deliver());
        Plant::in_database(plant, &test).await;
        Self { test, router, callbacks, folder }
    }

    /// The domain's world.
    pub fn platform(&self) -> &Platform {
        &self.test.platform
    }

    /// Every route the running server answers, as axum has it: the paths by the router's own
    /// account of itself, the methods by asking each path. Files and nothing are two more.
    pub async fn routes(&self) -> Vec<Asked> {
        let mut found = Vec::new();
        for path in paths(&format!("{:?}", self.router)) {
            let filled = path.replace("{*", "").replace(['{', '}'], "");
            let request = Request::builder().method(Method::OPTIONS).uri(filled);
            let answer = self.send(request.body(Body::empty()).unwrap()).await;
            let allowed = answer.headers.get(header::ALLOW).and_then(|a| a.to_str().ok());
            for word in allowed.unwrap_or("GET").split(',').filter(|word| *word != "HEAD") {
                found.push(Asked { method: word.trim().parse().unwrap(), path: path.clone() });
            }
        }
        for path in [FILE, "/nowhere"] {
            found.push(Asked { method: Method::GET, path: path.to_owned() });
        }
        found.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
        found
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 8_000_000).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// Ends what runs beside it.
    pub async fn close(self) {
        self.callbacks.finish().await;
        self.platform().db().close().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The paths in the debug form of axum's router: `Node { paths: {RouteId(0): "/", …} }`. Routes
/// cannot be asked of it otherwise; were the form to change, the table's rows would have no routes.
fn paths(router: &str) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for part in router.split("Node { paths: {").skip(1) {
        let mut quoted = false;
        let mut path = String::new();
        for c in part.chars() {
            match c {
                '"' if quoted => {
                    found.insert(std::mem::take(&mut path));
                    quoted = false;
                }
                '"' => quoted = true,
                c if quoted => path.push(c),
                '}' => break,
                _ => {}
            }
        }
    }
    found.into_iter().filter(|path| !path.contains("__private__")).collect()
}

fn config(folder: &std::path::Path) -> Config {
    let site = folder.join("site");
    Config::read(&|name| {
        Some(match name {
            "PUBLIC_URL" => HOME.to_owned(),
            "SITE_DIR" => site.to_string_lossy().into_owned(),
            "DATA_DIR" => folder.to_string_lossy().into_owned(),
            "METRICS_TOKEN" => METRICS_TOKEN.to_owned(),
            _ => return None,
        })
    })
    .unwrap()
}

/// Nothing is generated here.
struct NoStock;

#[async_trait::async_trait]
impl Stock for NoStock {
    async fn fill(
        &self,
        _: u64,
        _: u32,
        _: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<u64, CarrierError> {
        Ok(0)
    }
}
