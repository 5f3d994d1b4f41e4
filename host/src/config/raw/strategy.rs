//! `strategy`

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::model::Codec;
use super::super::units::{Bytes, Span};
use super::words::{FileName, HeaderValue, MimeType, Recipient};

/// What a run does.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key: the name of a strategy can be checked beside a broken artifact"
)]
pub(super) struct Strategy {
    /// `database_dump`, `file_archive`, `custom`, or a name under `modules`. `postgres`, `mysql` and
    /// `mariadb` mean `database_dump`, `filesystem` means `file_archive`; case is ignored.
    #[schemars(length(min = 1), extend("examples" = ["database_dump", "file_archive", "custom"]))]
    r#type: String,
    /// A run that takes longer is cancelled and failed; 0 means no limit.
    #[schemars(extend("default" = "2h"))]
    timeout: Option<Span>,
    artifact: Option<Artifact>,
    /// The strategy's own configuration, checked with the schema that its module brings.
    config: Option<Map<String, Value>>,
}

/// How the artifact is named and made.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Artifact {
    /// A plain file name.
    #[schemars(extend("default" = "backup.dat"))]
    pub(in super::super) filename: Option<FileName>,
    /// A free word for the orchestrator.
    #[schemars(extend("default" = "binary"))]
    pub(in super::super) format: Option<HeaderValue>,
    /// The MIME type of the artifact.
    #[schemars(extend("default" = "application/octet-stream"))]
    pub(in super::super) content_type: Option<MimeType>,
    /// What the host does to the bytes.
    #[schemars(extend("default" = "none"))]
    pub(in super::super) compression: Option<Codec>,
    /// The codec's own scale: gz and bz2 1 to 9, xz 0 to 9, zst 1 to 22.
    #[schemars(range(max = 22))]
    pub(in super::super) level: Option<u32>,
    pub(in super::super) encryption: Option<Encryption>,
    /// A smaller artifact is a failed run.
    #[schemars(extend("default" = 1))]
    pub(in super::super) min_size: Option<Bytes>,
}

/// What only the holder of a key can read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Encryption {
    pub(in super::super) age: Age,
}

/// Encryption by `age`: the stock program can decrypt the artifact.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the passphrase is read key by key, so that one message serves all secrets"
)]
pub(in super::super) struct Age {
    /// Public keys; the holder of any of them can decrypt.
    #[schemars(length(min = 1), extend("examples" = [["age1…"]]))]
    pub(in super::super) recipients: Option<Vec<Recipient>>,
    /// Instead of keys: whoever knows it can decrypt. Keys are better for machines.
    #[schemars(extend("writeOnly" = true))]
    pub(in super::super) passphrase: Option<String>,
    /// A file with the passphrase.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/age.passphrase"]))]
    pub(in super::super) passphrase_file: Option<String>,
    /// The private key, only where backups are read back.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/age.key"]))]
    pub(in super::super) identity_file: Option<String>,
}
