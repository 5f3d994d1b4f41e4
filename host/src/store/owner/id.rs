//! The id of a sidecar, as its stores know it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::artifact::manifest::Manifest;

/// How many digits an id has.
const LENGTH: usize = 32;
/// How many of them tell two sidecars apart, for people and in the names of leases.
const SHORT: usize = 8;

/// Names a sidecar, and all its replicas: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OwnerId(String);

impl OwnerId {
    /// One that no other sidecar has.
    pub fn random() -> Self {
        // A hash of it: the digits of a UUID begin with the time, and those of two first nights agree.
        Self::hashed(Uuid::now_v7().as_bytes())
    }

    /// The one that `owner: NAME` means, on every machine.
    pub fn named(name: &str) -> Self {
        Self::hashed(name.as_bytes())
    }

    /// Takes nothing else than what an id looks like.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == LENGTH && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first digits.
    pub fn short(&self) -> &str {
        &self.0[..SHORT]
    }

    fn hashed(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(digits[..LENGTH].to_owned())
    }
}

/// Whose a backup is; none for one of an earlier sidecar.
pub fn owner_of(manifest: &Manifest) -> Option<&str> {
    manifest.owner.as_deref()
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OwnerId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an owner is 32 lower-case hexadecimal digits")
    }
}

impl From<OwnerId> for String {
    fn from(id: OwnerId) -> Self {
        id.0
    }
}
