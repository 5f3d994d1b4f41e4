//! The manifest: all that is needed to check and to restore a backup, without the sidecar's own disk.
//!
//! It lies beside the artifact in the store, and is written last. A published version never changes
//! its meaning; fields may be added, and readers ignore what they do not know.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Part;
use crate::config::{Codec, Tier};
use crate::error::{Error, Kind, Result};

/// The version that this sidecar writes, and the newest that it reads.
const VERSION: u32 = 1;

/// The key of the digest that protects the rest.
const SEAL: &str = "manifest_sha256";

/// What a store knows about one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Manifest of a backup made by sidecar")]
pub struct Manifest {
    /// Of this format.
    #[serde(rename = "manifest_version")]
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// Of the run; the same in every store and tier.
    pub id: String,
    /// Which one of the retention's tiers it is kept in.
    pub tier: Tier,
    /// When the run began; the name in the store has it too.
    pub started_at: Timestamp,
    /// When the artifact was complete.
    pub finished_at: Timestamp,
    /// How it was made.
    pub strategy: MadeBy,
    /// The tools that it was made with, and their versions: `{"pg_dump": "16.4"}`.
    #[serde(default)]
    pub tools: BTreeMap<String, String>,
    /// The version of the sidecar.
    pub sidecar: String,
    /// What lies beside this.
    pub artifact: Contents,
    /// Named ranges of the artifact before compression and encryption, such as one for each database.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// How a backup was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeBy {
    /// The strategy's name: `database_dump`.
    pub name: String,
    /// Of its component.
    pub sha256: Sha256,
}

/// What an artifact is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contents {
    /// What the orchestrator calls it: `backup.dump`.
    pub filename: String,
    /// The configuration's word for it: `postgres-custom`.
    pub format: String,
    /// A MIME type.
    pub content_type: String,
    /// Bytes, as they lie in the store.
    pub size: u64,
    /// Of the bytes as they lie in the store.
    pub sha256: Sha256,
    /// Bytes before compression and encryption.
    pub raw_size: u64,
    /// Of the bytes before compression and encryption.
    pub raw_sha256: Sha256,
    /// What the sidecar did to the raw bytes first.
    pub compression: Codec,
    /// What it did to them after that; none leaves them readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encrypted>,
}

/// By which method, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encrypted {
    /// By age.
    Age {
        /// Public keys: the holder of any of their private halves can read it. None: a passphrase.
        recipients: Vec<String>,
    },
}

/// A SHA-256 in 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sha256(String);

impl Sha256 {
    /// Takes nothing else than 64 lower-case hexadecimal digits.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(lower)).then_some(Self(text))
    }

    /// The end of a calculation.
    pub fn of(hash: sha2::Sha256) -> Self {
        use sha2::Digest as _;
        let digits = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<super::Digest> for Sha256 {
    fn from(digest: super::Digest) -> Self {
        Self(digest.to_string())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "a SHA-256 in 64 lower-case hexadecimal digits";
        Self::parse(text).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

impl JsonSchema for Sha256 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

impl Manifest {
    /// The version that new manifests have.
    pub const VERSION: u32 = VERSION;

    /// As it is stored: JSON that people can read, and a digest of what it says.
    pub fn to_json(&self) -> Vec<u8> {
        let sayable = "a manifest has nothing that JSON cannot say";
        let mut value = serde_json::to_value(self).expect(sayable);
        value[SEAL] = seal(&value).as_str().into();
        let mut text = serde_json::to_vec_pretty(&value).expect(sayable);
        text.push(b'\n');
        text
    }

    /// Reads what [`Manifest::to_json`] wrote, or a later sidecar of the same version.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            manifest_version: u32,
        }
        let damaged = |error: serde_json::Error| {
            Error::new(
                Kind::Verification,
                "damaged-manifest",
                format!("the manifest is damaged: {error}"),
            )
        };
        let mut value: Value = serde_json::from_slice(text).map_err(damaged)?;
        let found = Versioned::deserialize(&value).map_err(damaged)?;
        if found.manifest_version > VERSION {
            let message = format!(
                "the manifest has version {}, this sidecar reads up to {VERSION}",
                found.manifest_version
            );
            return Err(Error::new(Kind::Verification, "newer-manifest", message)
                .hint("use the sidecar that wrote it, or a later one"));
        }
        // The first manifests had none.
        let sealed = value.as_object_mut().and_then(|fields| fields.remove(SEAL));
        if sealed.is_some_and(|sealed| sealed != seal(&value).as_str()) {
            return Err(Error::new(
                Kind::Verification,
                "damaged-manifest",
                "the manifest is damaged: it does not say what it said when it was written",
            ));
        }
        Self::deserialize(value).map_err(damaged)
    }
}

/// The digest of everything else that a manifest says, however it is laid out.
fn seal(value: &Value) -> Sha256 {
    super::Digest::of_bytes(value.to_string().as_bytes()).into()
}

/// The JSON Schema of a manifest, as published in `config/manifest.schema.json`.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Manifest).to_value();
    schema["properties"][SEAL] = serde_json::json!({
        "description": "SHA-256 of this manifest as compact JSON, in this order and without this key.",
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
    });
    schema
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PUBLISHED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../config/manifest.schema.json"
    );

    pub(crate) fn manifest() -> Manifest {
        let digest = |digit: &str| Sha256::parse(digit.repeat(64)).unwrap();
        Manifest {
            version: VERSION,
            id: "0199".to_owned(),
            tier: Tier::Daily,
            started_at: "2023-12-01T03:00:00Z".parse().unwrap(),
            finished_at: "2023-12-01T03:00:07Z".parse().unwrap(),
            strategy: MadeBy {
                name: "database_dump".to_owned(),
                sha256: digest("a"),
            },
            tools: BTreeMap::from([("pg_dump".to_owned(), "16.4".to_owned())]),
            sidecar: "0.1.0".to_owned(),
            artifact: Contents {
                filename: "backup.dump".to_owned(),
                format: "postgres-custom".to_owned(),
                content_type: "application/octet-stream".to_owned(),
                size: 4,
                sha256: digest("b"),
                raw_size: 9,
                raw_sha256: digest("c"),
                compression: Codec::Zst,
                encryption: Some(Encrypted::Age {
                    recipients: vec!["age1…".to_owned()],
                }),
            },
            parts: vec![Part {
                name: "app1".to_owned(),
                offset: 0,
                length: 9,
                sha256: Some(digest("d")),
            }],
        }
    }

    #[test]
    fn what_was_written_is_read_and_fits_the_schema() {
        let text = manifest().to_json();
        assert_eq!(Manifest::from_json(&text).unwrap(), manifest());
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        validator.validate(&value).unwrap();
    }

    #[test]
    fn fields_of_a_later_sidecar_are_ignored_and_a_later_version_is_refused() {
        let mut value = serde_json::to_value(manifest()).unwrap();
        value["colour"] = "green".into();
        assert_eq!(
            Manifest::from_json(value.to_string().as_bytes()).unwrap(),
            manifest()
        );
        value["manifest_version"] = 2.into();
        let error = Manifest::from_json(value.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), "newer-manifest");
        let altered = String::from_utf8(manifest().to_json()).unwrap();
        let altered = altered.replace("backup.dump", "other.dump");
        let error = Manifest::from_json(altered.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "damaged-manifest");
        let error = Manifest::from_json(b"{\"manifest_version\": 1, \"id\": 3").unwrap_err();
        assert_eq!(error.code(), "damaged-manifest");
    }

    /// `UPDATE_GOLDEN=1` writes it anew.
    #[test]
    fn the_published_schema_is_up_to_date() {
        let current = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(PUBLISHED, &current).unwrap();
        }
        let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
        assert_eq!(published, current, "UPDATE_GOLDEN=1 writes it anew");
    }
}
