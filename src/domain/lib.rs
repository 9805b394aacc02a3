//! VoxLink's rules and its SQL.
//!
//! A verb is a function: `async fn release(cx: &mut Ctx, id: NumberId, …) -> Result<…, …Error>`.
//! [`Ctx`] carries who asks, for which tenant, the transaction and the clock; nothing here reads
//! the time, the session or the environment behind the caller's back. No call to the outside
//! happens inside a transaction: a verb stores the intent and enqueues a job, the job calls.

pub mod accounts;
pub mod audit;
pub mod billing;
pub mod bulk;
pub mod calls;
pub mod campaigns;
pub mod carriers;
pub mod cart;
pub mod catalog;
pub mod ctx;
pub mod db;
pub mod fault;
pub mod idempotency;
pub mod inventory;
pub mod jobs;
pub mod notifications;
pub mod numbers;
pub mod orders;
pub mod overview;
pub mod platform;
pub mod quota;
pub mod routing;
pub mod sealing;
pub mod sheet;
pub mod trunks;

pub use ctx::{Actor, Ctx, Installation, RequestInfo};
pub use db::Db;
pub use fault::Fault;
pub use platform::{Platform, Settings};

/// The migrations, in order; `make run` and every test apply them.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
