//! A set: several backups that belong together, as the artifact of the run that made them.
//!
//! It lies in a store like any other artifact, with a manifest that names the same members, and is written after
//! all of them. A published version never changes its meaning; fields may be added.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::Sha256;
use crate::error::{Error, Kind, Result};

/// The version that this sidecar writes, and the newest that it reads.
const VERSION: u32 = 1;

/// What a set is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Set of backups made by sidecar")]
pub struct SetContents {
    /// Of this format.
    #[serde(rename = "set_version")]
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// Of the run that made it.
    pub id: String,
    /// From here on the application held still. Left out where nothing makes it hold still: then the members are
    /// of one run, and not of one moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiesced_at: Option<Timestamp>,
    /// Until here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
    /// In the order of the configuration.
    pub members: Vec<SetMember>,
}

/// One backup of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetMember {
    /// The strategy's name in the configuration.
    pub strategy: String,
    /// Of the backup.
    pub id: String,
    /// SHA-256 of what its manifest says of the backup itself, as compact JSON with `tier` "daily" and without
    /// what each store adds to it (`lease`, `seq`, `spaced`, `owner`, `manifest_sha256`).
    pub manifest_sha256: Sha256,
}

/// Whether it may be the id of a run. Ids become parts of addresses: one that says anything else leads elsewhere.
pub(super) fn is_id(id: &str) -> bool {
    const LONGEST: usize = 64;
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_of_it)
}

impl SetMember {
    pub(super) fn has_id(&self) -> bool {
        is_id(&self.id)
    }
}

impl SetContents {
    /// The version that new sets have.
    pub const VERSION: u32 = VERSION;

    /// JSON that people can read.
    pub fn to_json(&self) -> Vec<u8> {
        let text = serde_json::to_vec_pretty(self);
        let mut text = text.expect("a set has nothing that JSON cannot say");
        text.push(b'\n');
        text
    }

    /// Reads what [`SetContents::to_json`] wrote, or a later sidecar of the same version.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let damaged = |why: String| Error::new(Kind::Verification, "damaged-set", why);
        let read = serde_json::from_slice::<Self>(text);
        let read = read.map_err(|error| damaged(format!("the set is damaged: {error}")))?;
        if !is_id(&read.id) || !read.members.iter().all(SetMember::has_id) {
            return Err(damaged(
                "the set is damaged: an id in it is none".to_owned(),
            ));
        }
        match read.version <= VERSION {
            true => Ok(read),
            false => {
                let message = format!(
                    "the set has version {}, this sidecar reads up to {VERSION}",
                    read.version
                );
                Err(Error::new(Kind::Verification, "newer-set", message)
                    .hint("use the sidecar that wrote it, or a later one"))
            }
        }
    }
}

/// The JSON Schema of a set, as published in `config/set.schema.json`.
pub fn schema() -> Value {
    schemars::schema_for!(SetContents).to_value()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/set.schema.json");

    #[test]
    fn what_was_written_is_read_and_fits_the_schema() {
        let set = SetContents {
            version: VERSION,
            id: "0199".to_owned(),
            quiesced_at: "2023-12-01T03:00:00Z".parse().ok(),
            resumed_at: None,
            members: vec![SetMember {
                strategy: "db".to_owned(),
                id: "0198".to_owned(),
                manifest_sha256: Sha256::parse("a".repeat(64)).unwrap(),
            }],
        };
        let text = set.to_json();
        assert_eq!(SetContents::from_json(&text).unwrap(), set);
        let mut value: Value = serde_json::from_slice(&text).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        validator.validate(&value).unwrap();
        let mut other = value.clone();
        other["members"][0]["id"] = "//evil.example".into();
        let error = SetContents::from_json(other.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), "damaged-set");
        value["set_version"] = 2.into();
        let error = SetContents::from_json(value.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), "newer-set");
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
