//! What is known of the bytes of a backup, and so which backup is good: the one place that says so.
//! It is kept in the store: see [`super::verdicts`].

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::{StoreFailure, failure};
use crate::error::{Error, Kind, Result};

/// What reading a backup last told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum BackupHealth {
    /// Not read since it was stored.
    #[default]
    Never,
    /// All of it was read, and is what the manifest says.
    Verified {
        /// When it was read. RFC 3339, UTC.
        at: Timestamp,
    },
    /// It is not what the manifest says, or cannot be read.
    Damaged {
        /// When that was found. RFC 3339, UTC.
        at: Timestamp,
        /// What was found.
        reason: String,
    },
    /// There is a verdict that cannot be read.
    Unclear,
}

impl BackupHealth {
    /// What reading the whole of a backup has told; none if it only tells of the way to it.
    pub fn told_by<T>(read: &Result<T>, at: Timestamp) -> Option<Self> {
        match read {
            Ok(_) => Some(Self::Verified { at }),
            Err(error) if is_damage(error) => Some(Self::Damaged {
                at,
                reason: error.message().to_owned(),
            }),
            Err(_) => None,
        }
    }

    /// Whether the retention may delete others because this one is there.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Never | Self::Verified { .. })
    }

    /// Whether a restore would fail.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

impl fmt::Display for BackupHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never verified"),
            Self::Verified { at } => write!(f, "verified {at:.0}"),
            Self::Damaged { at, .. } => write!(f, "DAMAGED, found {at:.0}"),
            Self::Unclear => f.write_str("its verdict cannot be read: verify it again"),
        }
    }
}

/// Whether the bytes are to blame, and not the network, the credentials or the reader's disk.
pub fn is_damage(error: &Error) -> bool {
    let lost = matches!(
        failure(error),
        Some(StoreFailure::Missing | StoreFailure::Unreadable)
    );
    lost || error.kind() == Kind::Verification
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_backup_says_nothing_of_its_bytes() {
        let at = Timestamp::UNIX_EPOCH;
        let told = |error: Error| BackupHealth::told_by::<()>(&Err(error), at);
        assert_eq!(
            BackupHealth::told_by(&Ok(()), at),
            Some(BackupHealth::Verified { at })
        );
        for damage in [
            Error::new(Kind::Verification, "altered", "other bytes"),
            StoreFailure::Missing.error("it is not there"),
            StoreFailure::Unreadable.error("input/output error"),
        ] {
            assert!(told(damage).is_some_and(|health| health.is_damaged()));
        }
        for passing in [
            StoreFailure::TimedOut.error("no answer"),
            StoreFailure::Denied(crate::store::StoreOperation::Read).error("access denied"),
            Error::run("no-space", "the disk is full"),
        ] {
            assert_eq!(told(passing), None);
        }
    }
}
