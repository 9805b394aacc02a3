//! The list of all settings.

use std::fmt::Write;

/// One environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is unset; empty when nothing does.
    pub default: &'static str,
    /// The default in words, where it is not a fixed text.
    pub default_words: &'static str,
    /// A value that is right.
    pub example: &'static str,
    /// What it is for.
    pub about: &'static str,
}

const fn fixed(
    name: &'static str,
    default: &'static str,
    example: &'static str,
    about: &'static str,
) -> Variable {
    Variable { name, default, default_words: "", example, about }
}

const fn unset(
    name: &'static str,
    words: &'static str,
    example: &'static str,
    about: &'static str,
) -> Variable {
    Variable { name, default: "", default_words: words, example, about }
}

/// Every setting, in the order of the README's table.
pub const VARIABLES: &[Variable] = &[
    fixed("LISTEN", "127.0.0.1:3000", "0.0.0.0:3000", "Address and port to listen on"),
    fixed(
        "PUBLIC_URL",
        "http://127.0.0.1:3000",
        "https://numbers.example.com",
        "Where people and carriers reach the server; links and callbacks are built from it",
    ),
    unset(
        "DATABASE_URL",
        "a private PostgreSQL in `DATA_DIR`",
        "postgres://voxlink:secret@db.example.com/voxlink",
        "The PostgreSQL database (14 or newer); its user may create roles and extensions",
    ),
    unset(
        "REDIS_URL",
        "none",
        "redis://127.0.0.1:6379",
        "A Redis for several servers to share. Nothing uses it yet: PostgreSQL does, and `voxlink doctor` only looks whether it answers",
    ),
    unset(
        "DATA_DIR",
        "`/var/lib/voxlink` for root, else `~/.local/share/voxlink`",
        "/srv/voxlink",
        "What must survive a restart and is not in the database: the private cluster, the secret key, news of calls that waits for the database, a copy of the numbers in service",
    ),
    fixed(
        "SITE_DIR",
        "target/site",
        "/usr/share/voxlink/site",
        "The built style sheet, islands and public files",
    ),
    fixed(
        "LOG",
        "info,sqlx=warn,graphile_worker=warn",
        "debug,hyper=info",
        "What is logged: a level, or levels by module",
    ),
    fixed("LOG_FORMAT", "text", "json", "`text` for people, `json` for collectors"),
    fixed("POOL_APP", "12", "30", "Database connections for pages and API"),
    fixed(
        "POOL_PLATFORM",
        "10",
        "20",
        "Database connections for sign-in, worker and administrators",
    ),
    fixed("POOL_VOICE", "4", "8", "Database connections for calls alone"),
    fixed(
        "POOL_WAIT_SECONDS",
        "5",
        "3",
        "How long a request waits for a connection before it gets 503",
    ),
    unset(
        "REQUESTS_AT_ONCE",
        "twice `POOL_APP`",
        "60",
        "Pages and forms worked on at a time, of people with a session and of others each; more wait for their turn before they take a connection. Calls never wait here",
    ),
    fixed(
        "QUEUE_SECONDS",
        "120",
        "45",
        "How long a page or form waits for its turn before it gets 503; a proxy in front should wait half a minute longer",
    ),
    fixed(
        "WORKER_CONCURRENCY",
        "8",
        "16",
        "Jobs that run at a time, half of them at most buying at one carrier; 0 leaves them to other servers",
    ),
    fixed("HOLD_MINUTES", "15", "10", "How long a cart holds a number; extended, an hour in all"),
    fixed("RELEASE_GRACE_DAYS", "10", "7", "Days within which a release can be undone"),
    fixed(
        "SEARCH_DEADLINE_MS",
        "5000",
        "3000",
        "Milliseconds that a search waits for a carrier; then its last answer of up to an hour stands in, or the page says that it is missing",
    ),
    fixed(
        "SUSPENSION_MESSAGE",
        "The number you have called is not in service.",
        "This number is closed at the moment.",
        "What callers of a suspended account hear when it has no message of its own",
    ),
    unset(
        "MAIL_URL",
        "no letters are sent",
        "smtps://user:password@mail.example.com:465",
        "The mail server",
    ),
    fixed(
        "MAIL_FROM",
        "VoxLink <voxlink@localhost>",
        "VoxLink <numbers@example.com>",
        "Who letters are from",
    ),
    unset(
        "TWILIO_ACCOUNT_SID",
        "nothing is bought at Twilio",
        "AC00000000000000000000000000000000",
        "The Twilio account that numbers are bought with; `TWILIO_AUTH_TOKEN` belongs to it",
    ),
    unset(
        "TWILIO_AUTH_TOKEN",
        "none of its callbacks is believed",
        "the token of the account",
        "The account's auth token; Twilio signs its callbacks with it, too",
    ),
    fixed(
        "TWILIO_BASE_URL",
        "https://api.twilio.com",
        "https://api.dublin.ie1.twilio.com",
        "Where Twilio's API is reached; https, or this machine",
    ),
    fixed(
        "TWILIO_PRICING_URL",
        "https://pricing.twilio.com",
        "http://127.0.0.1:4010",
        "Where Twilio's prices are asked for; https, or this machine",
    ),
    fixed(
        "TWILIO_TIMEOUT",
        "30000",
        "10000",
        "Milliseconds until an answer of Twilio must be whole, for one try",
    ),
    fixed(
        "TWILIO_RATE_LIMIT",
        "100/200",
        "20/40",
        "Requests a second and at once that Twilio is asked by all servers together",
    ),
    unset(
        "SIGNALWIRE_PROJECT_ID",
        "nothing is bought at SignalWire",
        "00000000-0000-4000-8000-000000000000",
        "The SignalWire project that numbers are bought with; the next two belong to it",
    ),
    unset(
        "SIGNALWIRE_API_TOKEN",
        "none",
        "PT and the rest of the token",
        "The project's API token with the Numbers scope; not its signing key, which begins with `PSK_`",
    ),
    unset(
        "SIGNALWIRE_SPACE_URL",
        "none",
        "https://example.signalwire.com",
        "The space of the project; https, or this machine",
    ),
    fixed(
        "SIGNALWIRE_RATE_LIMIT",
        "100/200",
        "20/40",
        "Requests a second and at once that SignalWire is asked by all servers together",
    ),
    unset(
        "SIGNALWIRE_SIGNING_KEY",
        "none of its callbacks is believed",
        "PSK_ and the rest of the key",
        "What SignalWire signs its callbacks with; calls to numbers bought there are not answered without",
    ),
    unset(
        "TELNYX_API_KEY",
        "nothing is bought at Telnyx",
        "KEY and the rest of the key",
        "An API key of the Telnyx account that numbers are bought with; `TELNYX_ACCOUNT_ID` belongs to it",
    ),
    unset(
        "TELNYX_ACCOUNT_ID",
        "none",
        "00000000-0000-4000-8000-000000000000",
        "The id of the Telnyx account, under which it files calls",
    ),
    unset(
        "TELNYX_PUBLIC_KEY",
        "none of its callbacks is believed",
        "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=",
        "The account's public key, with which Telnyx's signatures are checked; calls to numbers bought there are not answered without",
    ),
    unset(
        "TELNYX_CONNECTION_ID",
        "applications are made as they are needed",
        "1293384261075731499",
        "A TeXML application for all numbers, whose addresses you set yourself",
    ),
    unset(
        "TELNYX_MESSAGING_PROFILE_ID",
        "profiles are made as they are needed",
        "00000000-0000-4000-8000-000000000000",
        "A messaging profile for all numbers, whose address you set yourself",
    ),
    unset(
        "TELNYX_OUTBOUND_PROFILE_ID",
        "applications made here place no calls",
        "1293384261075731500",
        "The outbound voice profile of the applications that are made here",
    ),
    fixed(
        "TELNYX_BASE_URL",
        "https://api.telnyx.com",
        "http://127.0.0.1:4012",
        "Where Telnyx's API is reached; https, or this machine",
    ),
    fixed(
        "TELNYX_TIMEOUT",
        "30000",
        "10000",
        "Milliseconds until an answer of Telnyx must be whole, for one try",
    ),
    fixed(
        "TELNYX_RATE_LIMIT",
        "100/200",
        "20/40",
        "Requests a second and at once that Telnyx is asked by all servers together",
    ),
    unset(
        "BANDWIDTH_ACCOUNT_ID",
        "nothing is bought at Bandwidth",
        "9900000",
        "The Bandwidth account that numbers are bought with; client, site, location, voice application and the callbacks' credentials belong to it",
    ),
    unset(
        "BANDWIDTH_CLIENT_ID",
        "none",
        "PROD-00000000-0000-4000-8000-000000000000",
        "The client id of API credentials of the account (Bandwidth App: Account, API Credentials)",
    ),
    unset(
        "BANDWIDTH_CLIENT_SECRET",
        "none",
        "the secret of the client",
        "A secret of that client, shown once when it is made",
    ),
    unset(
        "BANDWIDTH_API_USER",
        "none",
        "voxlink",
        "Instead of a client: an API user of the account, which Bandwidth takes until 2 December 2026 only",
    ),
    unset(
        "BANDWIDTH_API_PASSWORD",
        "none",
        "the password of the user",
        "The password of that user",
    ),
    unset(
        "BANDWIDTH_SITE_ID",
        "none",
        "1000",
        "The site (the dashboard says sub-account) that numbers are bought into",
    ),
    unset(
        "BANDWIDTH_PEER_ID",
        "none",
        "500000",
        "The location (SIP peer) of the site that numbers are bought into",
    ),
    unset(
        "BANDWIDTH_VOICE_APPLICATION_ID",
        "none",
        "00000000-0000-4000-8000-000000000000",
        "The voice application of the location; its addresses are set by VoxLink, so it serves one installation alone",
    ),
    unset(
        "BANDWIDTH_MESSAGING_APPLICATION_ID",
        "no messages",
        "00000000-0000-4000-8000-000000000000",
        "The messaging application of the location; its address is set by VoxLink, too",
    ),
    unset(
        "BANDWIDTH_CALLBACK_USER",
        "none",
        "voxlink",
        "The user that Bandwidth shows with its callbacks; of your choosing",
    ),
    unset(
        "BANDWIDTH_CALLBACK_PASSWORD",
        "none",
        "a long random text",
        "The password that Bandwidth shows with its callbacks, 16 characters or more, which nothing else proves",
    ),
    fixed(
        "BANDWIDTH_TOKEN_URL",
        "https://api.bandwidth.com",
        "http://127.0.0.1:4016",
        "Where Bandwidth changes a client's id and secret for tokens, without its path; https, or this machine",
    ),
    fixed(
        "BANDWIDTH_BASE_URL",
        "https://dashboard.bandwidth.com",
        "http://127.0.0.1:4013",
        "Where Bandwidth's numbers API is reached, without its path; https, or this machine",
    ),
    fixed(
        "BANDWIDTH_VOICE_URL",
        "https://voice.bandwidth.com",
        "http://127.0.0.1:4014",
        "Where Bandwidth's voice API is reached, without its path; https, or this machine",
    ),
    fixed(
        "BANDWIDTH_MESSAGING_URL",
        "https://messaging.bandwidth.com",
        "http://127.0.0.1:4015",
        "Where Bandwidth's messaging API is reached, without its path; https, or this machine",
    ),
    fixed(
        "BANDWIDTH_RATE_LIMIT",
        "100/200",
        "20/40",
        "Requests a second and at once that Bandwidth is asked by all servers together",
    ),
    unset(
        "LOCAL_CARRIER_SECRET",
        "made from `SECRET_KEY`",
        "a long random text",
        "What the local carrier signs its callbacks with",
    ),
    unset(
        "LOCAL_CARRIER_FAULTS",
        "none",
        "fail=0.1,lose_answer=0.2,pending=0.3,slow_ms=300,search_down=0.1",
        "How the local carrier misbehaves, for proofs and demonstrations. What befalls purchases, from 0 to 1: `fail`, `refuse`, `lose_answer`, `lose_request`, `duplicate` (it arrives twice), `pending` (an order that is worked off later); how often the rest fails: `search_down`, `configure_down`, `release_down`; milliseconds that each of them takes longer: `slow_ms`",
    ),
    unset(
        "TEST_CARD",
        "`on` where `PUBLIC_URL` is this machine, else `off`",
        "off",
        "Offers the test card, which takes no money",
    ),
    unset(
        "TEST_CARD_URL",
        "`PUBLIC_URL`",
        "http://localhost:3000",
        "Another address of this server under which the test card's pages are shown, as a processor's pages are elsewhere",
    ),
    unset(
        "SECRET_KEY",
        "made once and kept in `DATA_DIR/secret.key`",
        "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80=",
        "32 bytes in base64 that seal secrets in the database; the same on all servers",
    ),
    unset(
        "METRICS_TOKEN",
        "`/metrics` is open",
        "a long random text",
        "What `/metrics` asks for as `Authorization: Bearer`",
    ),
];

/// The table of the README.
pub fn table() -> String {
    let mut text =
        String::from("| variable | unset means | example | what it is for |\n|---|---|---|---|\n");
    for v in VARIABLES {
        let default = if v.default.is_empty() {
            v.default_words.to_owned()
        } else {
            format!("`{}`", v.default)
        };
        let _ = writeln!(text, "| `{}` | {default} | `{}` | {} |", v.name, v.example, v.about);
    }
    text
}
