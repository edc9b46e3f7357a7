//! What can go wrong in the store.
//!
//! [`StoreError::Refused`] is for callers: a typed [`Problem`] with what they need to go on. The other
//! variants are for operators: their sources are logged, once, by [`StoreError::problem`], and never
//! reach a client.

use std::error::Error as _;

use domain::problem::Problem;

/// Why a use case did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Refused(#[from] Problem),
    /// No connection was to be had, or a lock or statement took longer than it may. Nothing was changed.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// The connection broke before anything was committed. Nothing was changed.
    #[error("the connection to the database broke")]
    Broken(#[source] sqlx::Error),
    /// Another transaction was in the way (40001, 40P01). Nothing was changed.
    #[error("the transaction met another one")]
    Conflict(#[source] sqlx::Error),
    /// The commit was sent, its answer did not come.
    #[error("the answer to a commit was lost")]
    CommitLost(#[source] sqlx::Error),
    /// A constraint or a type refused what was written.
    #[error("the database refused the data")]
    Data(#[source] sqlx::Error),
    /// What was read can't be.
    #[error("the stored data contradict themselves: {0}")]
    Corrupt(String),
    #[error("the database does not answer")]
    Database(#[source] sqlx::Error),
    #[error("the work was cut off")]
    Interrupted,
}

impl StoreError {
    /// What the caller is told. Logs the cause where the caller is not at fault.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => return problem.clone(),
            Self::Busy(_) | Self::Broken(_) | Self::Conflict(_) => {
                tracing::warn!(error = %self.in_full(), "refused as busy");
            }
            Self::CommitLost(_) | Self::Data(_) | Self::Corrupt(_) | Self::Database(_) | Self::Interrupted => {
                tracing::error!(error = %self.in_full(), "the store failed")
            }
        }
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Busy(_) | Self::Broken(_) | Self::Conflict(_) => Problem::Busy { retry_after_seconds: 1 },
            Self::CommitLost(_) => Problem::OutcomeUnknown,
            Self::Data(_) | Self::Corrupt(_) | Self::Database(_) | Self::Interrupted => Problem::Internal,
        }
    }

    /// The error with its causes, for operators.
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }

    /// The named constraint that refused the data.
    pub(crate) fn constraint(&self) -> Option<&str> {
        match self {
            Self::Data(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }

    /// Whether a lock was not to be had in time, so that those who need no such lock can go on.
    pub(crate) fn is_about_a_lock(&self) -> bool {
        matches!(self, Self::Busy(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("55P03"))
    }

    /// Whether one bad row or value may be the cause, so that its neighbours can go on without it.
    pub(crate) fn is_about_data(&self) -> bool {
        matches!(self, Self::Data(_) | Self::Corrupt(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => return Self::Busy(error),
            // It took its transaction with it; a lost commit is told apart in `tx::commit`.
            sqlx::Error::Io(_) => return Self::Broken(error),
            _ => {}
        }
        if let sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) = error {
            return Self::Corrupt(error.to_string());
        }
        let code = match &error {
            sqlx::Error::Database(cause) => cause.code().map(|code| code.into_owned()),
            _ => None,
        };
        match code.as_deref() {
            Some("40001" | "40P01") => Self::Conflict(error),
            // Query cancelled by its timeout, lock not to be had, too many connections.
            Some("57014" | "55P03" | "53300") => Self::Busy(error),
            // The server ended the session, or is on its way down or up.
            Some(code) if code.starts_with("57P") => Self::Broken(error),
            Some(code) if code.starts_with("22") || code.starts_with("23") => Self::Data(error),
            _ => Self::Database(error),
        }
    }
}

/// A stored value that the domain does not take.
pub(crate) fn corrupt(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what}: {error}"))
}

/// Any error of the domain that is a problem for the caller.
pub(crate) fn refused(error: impl Into<Problem>) -> StoreError {
    StoreError::Refused(error.into())
}
