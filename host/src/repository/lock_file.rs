//! What restic writes down of a program that is at work in a repository, encrypted as all of it is.

use std::fmt;

use jiff::Timestamp;
use rustic_core::repofile::MasterKey;
use serde::{Deserialize, Serialize};

use super::sealed;
use crate::clock;
use crate::error::Result;

/// Bytes that no lock has, however well it compressed.
const LARGEST: usize = 64 << 10;
/// The first byte of what restic has compressed (zst).
const COMPRESSED: u8 = 2;

/// A program that is at work: restic's own fields, and one that it passes over.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LockHolder {
    time: Timestamp,
    /// No other program may be at work meanwhile.
    pub(super) exclusive: bool,
    hostname: String,
    /// Restic says it to those that have to wait.
    username: String,
    pid: i64,
    uid: u32,
    gid: u32,
    /// A sidecar holds it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) sidecar: bool,
}

impl LockHolder {
    /// This process, now.
    pub(super) fn own(exclusive: bool) -> Self {
        let name = rustix::system::uname();
        Self {
            // Other machines compare it with their clocks.
            time: clock::machine(),
            exclusive,
            hostname: name.nodename().to_string_lossy().into_owned(),
            username: "sidecar".to_owned(),
            pid: std::process::id().into(),
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            sidecar: true,
        }
    }

    /// As it lies in the repository.
    pub(super) fn sealed(&self, key: &MasterKey) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        sealed::seal(text, &sealed::master(key)?)
    }

    /// The lock that lies there as `bytes`; none if it is none, or was written with another key.
    pub(super) fn open(bytes: &[u8], key: &MasterKey) -> Option<Self> {
        let text = sealed::open(bytes, &sealed::master(key).ok()?)?;
        let text = match text.split_first()? {
            (&COMPRESSED, packed) => zstd::bulk::decompress(packed, LARGEST).ok()?,
            _ => text,
        };
        serde_json::from_slice(&text).ok()
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pid, username, hostname) = (self.pid, &self.username, &self.hostname);
        write!(f, "process {pid} of {username} on {hostname}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_alone() {
        let key = MasterKey::new();
        let lock = LockHolder::own(true);
        let sealed = lock.sealed(&key).unwrap();
        assert_eq!(LockHolder::open(&sealed, &key), Some(lock));
        assert_eq!(LockHolder::open(&sealed, &MasterKey::new()), None);
        assert_eq!(LockHolder::open(&sealed[..20], &key), None);
        assert_eq!(LockHolder::open(&[], &key), None);
    }
}
