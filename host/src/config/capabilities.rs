//! `capabilities`: what the orchestrator is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::section_reader::SectionReader;

/// What the orchestrator is told about this backup.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Capabilities")]
pub(super) struct RawCapabilities {
    /// The version of the contract with the orchestrator.
    #[schemars(extend("enum" = ["v1"], "examples" = ["v1"]))]
    pub(super) version: String,
    /// What is backed up, in free words.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("examples" = [["database"]]))]
    pub(super) types: Vec<String>,
    /// About how many seconds a run takes.
    #[schemars(extend("examples" = [120]))]
    pub(super) est_seconds: Option<u64>,
    /// About how many bytes the artifact has.
    #[schemars(extend("examples" = [104857600]))]
    pub(super) est_size: Option<u64>,
}

/// `capabilities`
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Capabilities {
    /// The contract's version.
    pub version: String,
    /// Free words ("database", "files").
    pub types: Vec<String>,
    /// Seconds that a run takes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub est_seconds: Option<u64>,
    /// Bytes that an artifact has, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub est_size: Option<u64>,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Option<Capabilities> {
    let raw: RawCapabilities = reader.read("/capabilities")?;
    Some(Capabilities {
        version: raw.version,
        types: raw.types,
        est_seconds: raw.est_seconds,
        est_size: raw.est_size,
    })
}
