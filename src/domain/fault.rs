//! Failures that are nobody's input: the database, a row that makes no sense.

use voxlink_types::error::{Explain, Status};

/// Our own failure. Its text goes to the log; people get a sentence and a request id.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database did not do it.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored value cannot be read: table, column and row.
    #[error("inconsistent data in {place}: {detail}")]
    Inconsistent {
        /// `table.column` and the row's id.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// Anything else that must not happen.
    #[error("internal: {0}")]
    Internal(String),
}

impl Fault {
    /// A stored value that cannot be read.
    pub fn inconsistent(place: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Inconsistent { place: place.into(), detail: detail.to_string() }
    }

    /// True when the same work may succeed if repeated: lost connections, deadlocks, restarts.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Database(error) if transient(error))
    }
}

/// True for what lies with the connection or the moment, not with the statement.
pub(crate) fn transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Class 40 transaction rollback, 53 resources, 57 operator intervention, 08 connection.
        sqlx::Error::Database(db) => db
            .code()
            .is_some_and(|c| ["40", "53", "57", "08"].iter().any(|class| c.starts_with(class))),
        _ => false,
    }
}

impl Explain for Fault {
    fn code(&self) -> &'static str {
        if self.is_transient() { "unavailable" } else { "internal" }
    }
    fn status(&self) -> Status {
        if self.is_transient() { Status::Unavailable } else { Status::Internal }
    }
}

/// The name of the constraint that a statement broke, to turn it into a field's error.
pub fn broken_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
