//! Our `sessions` table as the store of tower-sessions.
//!
//! Only signed-in sessions are stored. A session is opened by inserting [`NewSession`] under
//! [`accounts::sessions::OPENING`]; every later load finds the [`Member`](accounts::Member) under
//! [`accounts::sessions::MEMBER`], read with the session in one query. Nothing else is kept.

use async_trait::async_trait;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use voxlink_domain::{
    Platform,
    accounts::sessions::{self, MEMBER, NewSession, OPENING},
};

/// The store.
#[derive(Debug, Clone)]
pub struct PgSessions {
    platform: Platform,
}

impl PgSessions {
    /// Over the platform's database.
    pub const fn new(platform: Platform) -> Self {
        Self { platform }
    }
}

/// What stands in the table in the place of the cookie's token.
fn hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_le_bytes()).into()
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for PgSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let opening = record.data.get(OPENING).cloned();
        let new: NewSession =
            serde_json::from_value(opening.ok_or_else(|| failed("nobody signed in"))?)
                .map_err(failed)?;
        sessions::open(&self.platform, hash(&record.id), &new).await.map_err(failed)
    }

    async fn save(&self, _: &Record) -> Result<()> {
        // What a session is follows from its row; there is nothing else to write back.
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = sessions::find(&self.platform, hash(id)).await.map_err(failed)?;
        Ok(found.map(|member| Record {
            id: *id,
            data: HashMap::from([(MEMBER.to_owned(), json!(member))]),
            // The table's own limits decide; this one is never looked at.
            expiry_date: OffsetDateTime::now_utc(),
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::close(&self.platform, hash(id)).await.map_err(failed)
    }
}
