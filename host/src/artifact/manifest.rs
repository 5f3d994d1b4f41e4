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

use super::set::{SetMember, is_id};
use super::{Omission, Part};
use crate::config::{Codec, Tier};
use crate::error::{Error, Kind, Result};

/// The version of a backup whose artifact lies beside its manifest.
const VERSION: u32 = 1;
/// The version of one that lies in a repository, and the newest that this sidecar reads.
const IN_REPOSITORY: u32 = 2;

/// The key of the digest that protects the rest.
const SEAL: &str = "manifest_sha256";

/// What a store knows about one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Manifest of a backup made by sidecar")]
pub struct Manifest {
    /// Of this format.
    #[serde(rename = "manifest_version")]
    #[schemars(extend("enum" = [VERSION, IN_REPOSITORY]))]
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
    /// Under which lease of its store it was written; none where the store has no leases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<u64>,
    /// What lies beside this.
    pub artifact: Contents,
    /// Named ranges of the artifact before compression and encryption, such as one for each database.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// What belongs in the backup and is not in it, because the operator has allowed that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omissions: Vec<Omission>,
    /// Its place in the order in which backups arrived in this store, which no clock decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// `false` if it followed the one before sooner than half the schedule's period; left out if that
    /// is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spaced: Option<bool>,
    /// The id of the sidecar that made it, and of its replicas. Earlier sidecars had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Of a set: the backups that belong together, as the artifact says. Of one backup: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<SetMember>,
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
    /// Bytes, as they lie in the store; in a repository, those that the backup added to it.
    pub size: u64,
    /// Of the bytes as they lie in the store; in a repository, as they come out of it. Of a tree of files, its
    /// id: the SHA-256 of what it says, and it names the digests of all that is in it.
    pub sha256: Sha256,
    /// Bytes before compression and encryption.
    pub raw_size: u64,
    /// Of the bytes before compression and encryption; of a tree of files as `sha256`.
    pub raw_sha256: Sha256,
    /// What the sidecar did to the raw bytes first.
    pub compression: Codec,
    /// What it did to them after that; none leaves them readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encrypted>,
    /// Where it lies, if it is no object of its own but shares its bytes with other backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<InRepository>,
}

/// A backup in a repository that restic reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InRepository {
    /// The repository's own id: 64 hexadecimal digits.
    pub id: String,
    /// The snapshot, by the same kind of id.
    pub snapshot: String,
    /// The tree that the snapshot names.
    pub tree: String,
    /// The folder in it: its files, in the order of their names, are the artifact; or the files of the backup
    /// themselves, if there are `files`.
    pub path: String,
    /// Of a backup of files as files: what it has. A tar of them is what comes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesInTree>,
}

/// What a tree of files has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilesInTree {
    /// Files, directories, links and FIFOs.
    pub entries: u64,
    /// Regular files.
    pub count: u64,
    /// In these files.
    pub bytes: u64,
    /// Files that were as in the backup before, and not read again.
    pub unchanged: u64,
}

impl Contents {
    /// Bytes that come out of the store.
    pub fn stored_size(&self) -> u64 {
        match self.repository {
            Some(_) => self.raw_size,
            None => self.size,
        }
    }

    /// What it has, if it is a tree of files.
    pub fn files(&self) -> Option<&FilesInTree> {
        self.repository.as_ref()?.files.as_ref()
    }

    /// Whether all bytes that came out of the store are what was backed up. Those of a tree were compared on their
    /// way, each file by its own digests: the tar has none.
    pub fn is_intact(&self, sha256: &Sha256) -> bool {
        self.files().is_some() || *sha256 == self.sha256
    }
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

impl From<crate::digest::Digest> for Sha256 {
    fn from(digest: crate::digest::Digest) -> Self {
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

    /// The same of a backup that lies in a repository. Of a tree of files, `size` is what a tar of them has.
    #[must_use]
    pub fn in_repository(&self, at: InRepository, size: u64, added: u64) -> Self {
        let mut manifest = self.clone();
        manifest.version = IN_REPOSITORY;
        if at.files.is_some()
            && let Some(tree) = Sha256::parse(at.tree.as_str())
        {
            manifest.artifact.raw_size = size;
            manifest.artifact.raw_sha256 = tree.clone();
            manifest.artifact.sha256 = tree;
        }
        manifest.artifact.size = added;
        manifest.artifact.repository = Some(at);
        manifest
    }

    /// Bytes that a manifest stays below: what is written can be read back.
    pub const LARGEST: usize = 16 << 20;

    /// Fails if it could not be read back. Asked before the backup is published.
    pub fn fits(&self) -> Result<()> {
        match self.to_json().len() < Self::LARGEST {
            true => Ok(()),
            false => Err(too_large()),
        }
    }

    /// Of what it says of the backup itself: the same in every store and tier.
    pub fn identity(&self) -> Sha256 {
        let mut own = Self {
            version: VERSION,
            tier: Tier::Daily,
            lease: None,
            seq: None,
            spaced: None,
            owner: None,
            ..self.clone()
        };
        own.artifact.size = own.artifact.stored_size();
        own.artifact.repository = None;
        let value = serde_json::to_value(own);
        seal(&value.expect("a manifest has nothing that JSON cannot say"))
    }

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
        if found.manifest_version > IN_REPOSITORY {
            let message = format!(
                "the manifest has version {}, this sidecar reads up to {IN_REPOSITORY}",
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
        let manifest = Self::deserialize(value).map_err(damaged)?;
        if !is_id(&manifest.id) || !manifest.members.iter().all(SetMember::has_id) {
            return Err(Error::new(
                Kind::Verification,
                "damaged-manifest",
                "the manifest is damaged: an id in it is none",
            ));
        }
        match manifest.parts.iter().find(|part| !manifest.holds(part)) {
            None => Ok(manifest),
            Some(part) => Err(Error::new(
                Kind::Verification,
                "damaged-manifest",
                format!("the part {} does not lie in the artifact", part.name),
            )),
        }
    }

    /// Whether the part lies in the artifact.
    fn holds(&self, part: &Part) -> bool {
        let end = part.offset.checked_add(part.length);
        end.is_some_and(|end| end <= self.artifact.raw_size)
    }
}

/// About the bytes of a part in a manifest: its name as JSON, and what stands around it, indented.
pub(super) fn part_size(name: &str) -> usize {
    const AROUND: usize = 200;
    AROUND + Value::from(name).to_string().len()
}

/// The parts of an artifact are more than its manifest can say.
pub(super) fn too_large() -> Error {
    let most = Manifest::LARGEST >> 20;
    let message = format!("the names of the parts make a manifest of more than {most} MiB");
    Error::run("manifest-too-large", message)
        .hint("name fewer parts, or shorter ones; nothing was published")
}

/// The digest of everything else that a manifest says, however it is laid out.
fn seal(value: &Value) -> Sha256 {
    crate::digest::Digest::of_bytes(value.to_string().as_bytes()).into()
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
mod tests;
