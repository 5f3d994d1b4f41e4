//! `strategy.artifact`: how the artifact is named and made.

use schemars::JsonSchema;
use serde::Deserialize;

use super::codec::{self, Codec, Compression};
use super::encryption::{self, Encryption, RawEncryption};
use super::section_reader::SectionReader;
use super::size::RawSize;

/// How the artifact is named and made.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Artifact")]
pub(super) struct RawArtifact {
    /// A plain file name.
    #[schemars(extend("default" = "backup.dat"))]
    pub(super) filename: Option<RawFileName>,
    /// A free word for the orchestrator.
    #[schemars(extend("default" = "binary"))]
    pub(super) format: Option<RawHeaderValue>,
    /// The MIME type of the artifact.
    #[schemars(extend("default" = "application/octet-stream"))]
    pub(super) content_type: Option<RawMimeType>,
    /// What the host does to the bytes.
    #[schemars(extend("default" = "none"))]
    pub(super) compression: Option<Codec>,
    /// The codec's own scale: gz and bz2 1 to 9, xz 0 to 9, zst 1 to 22.
    #[schemars(range(max = 22))]
    pub(super) level: Option<u32>,
    pub(super) encryption: Option<RawEncryption>,
    /// A smaller artifact is a failed run.
    #[schemars(extend("default" = 1))]
    pub(super) min_size: Option<RawSize>,
}

/// One component of a path.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "FileName",
    title = "plain file name",
    extend("format" = "sidecar-file-name", "examples" = ["backup.dump"])
)]
pub(super) struct RawFileName(pub(super) String);

/// What an HTTP header can carry.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "HeaderValue",
    title = "word in printable ASCII",
    extend("format" = "sidecar-header-value", "examples" = ["postgres-custom"])
)]
pub(super) struct RawHeaderValue(pub(super) String);

/// `type/subtype`, with parameters if need be.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "MimeType",
    title = "MIME type",
    extend(
        "pattern" = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[A-Za-z0-9_.-]+=[A-Za-z0-9_.:+-]+)*$",
        "examples" = ["application/gzip"]
    )
)]
pub(super) struct RawMimeType(pub(super) String);

/// `strategy.artifact`
#[derive(Debug, Clone)]
pub struct ArtifactSpec {
    /// A plain file name.
    pub filename: String,
    /// A free word for the orchestrator ("postgres-custom").
    pub format: String,
    /// A MIME type.
    pub content_type: String,
    /// What the host does to the bytes.
    pub compression: Compression,
    /// What it does to them after that.
    pub encryption: Option<Encryption>,
    /// A smaller artifact (bytes, as published) is a failed run.
    pub min_size: u64,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> ArtifactSpec {
    let raw: RawArtifact = reader.read_or_default("/strategy/artifact");
    ArtifactSpec {
        filename: raw
            .filename
            .map_or_else(|| "backup.dat".to_owned(), |name| name.0),
        format: raw
            .format
            .map_or_else(|| "binary".to_owned(), |word| word.0),
        content_type: raw
            .content_type
            .map_or_else(|| "application/octet-stream".to_owned(), |mime| mime.0),
        compression: codec::read(reader, raw.compression, raw.level),
        encryption: raw
            .encryption
            .map(|encryption| encryption::read(reader, encryption)),
        min_size: raw.min_size.map_or(1, |size| size.0),
    }
}
