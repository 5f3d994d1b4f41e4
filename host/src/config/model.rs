//! A configuration as the rest of the house sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::document::Document;
use super::drill::Drill;
use super::notify::Receiver;
use super::registries::{Reference, Registry, SCHEME};
use super::retention::Policy;
use super::schedule::ScheduleSpec;
use super::stores::StoreSpec;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// How the API listens.
    pub app: App,
    /// What the orchestrator is told.
    pub capabilities: Capabilities,
    /// What a run does.
    pub strategy: Strategy,
    /// Where a run works.
    pub paths: Paths,
    /// What callers must know.
    pub secrets: Secrets,
    /// Strategies from elsewhere, by name.
    pub modules: BTreeMap<String, ModuleSpec>,
    /// How registries are reached, by host.
    pub registries: BTreeMap<String, Registry>,
    /// Where backups are kept.
    pub stores: Vec<StoreSpec>,
    /// How long it keeps them.
    pub retention: Policy,
    /// When runs start by themselves.
    pub schedule: Vec<ScheduleSpec>,
    /// Who is told about runs.
    pub notify: Vec<Receiver>,
    /// How backups are tried.
    pub drill: Option<Drill>,
    /// The file's values and their places, for those who find a mistake later.
    pub document: Arc<Document>,
}

/// `app`
#[derive(Debug, Clone)]
pub struct App {
    /// 0 lets the system choose.
    pub port: u16,
    /// An address or a name to listen on.
    pub host: String,
    /// HTTPS instead of HTTP.
    pub tls: Option<Tls>,
    /// A longer run starts streaming after this time; zero streams at once.
    pub first_byte_within: Duration,
}

/// `app.tls`: PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate with its chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `capabilities`
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
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

/// `strategy`
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The canonical name: "database_dump", "file_archive", "custom", or a key of `modules`.
    pub name: String,
    /// A run that takes longer is cancelled and failed.
    pub timeout: Option<Duration>,
    /// How the artifact is named and made.
    pub artifact: ArtifactSpec,
    /// The strategy's own configuration as JSON: variables substituted, but not in command lines.
    pub config: serde_json::Value,
}

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

/// `strategy.artifact.compression` and `level`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// Which codec.
    pub codec: Codec,
    /// The codec's own scale; left out: its default.
    pub level: Option<u32>,
}

/// A codec of the host.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Bytes as they are.
    None,
    /// gzip, levels 1 to 9, default 6.
    Gz,
    /// bzip2, levels 1 to 9, default 9.
    Bz2,
    /// xz, levels 0 to 9, default 6.
    Xz,
    /// Zstandard, levels 1 to 22, default 3.
    Zst,
}

impl Codec {
    /// The levels that it has.
    pub fn levels(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::None => None,
            Self::Gz | Self::Bz2 => Some(1..=9),
            Self::Xz => Some(0..=9),
            Self::Zst => Some(1..=22),
        }
    }
}

/// `strategy.artifact.encryption`: by age.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// Public keys ("age1…"): the holder of any of them can decrypt. Empty with a passphrase.
    pub recipients: Vec<String>,
    /// Whoever knows it can decrypt.
    pub passphrase: Option<Secret>,
    /// The private key, only where backups are read back.
    pub identity_file: Option<PathBuf>,
}

/// `paths`
#[derive(Debug, Clone)]
pub struct Paths {
    /// Commands run here.
    pub workdir: PathBuf,
    /// Where artifacts are published.
    pub artifacts: PathBuf,
    /// Where a command may leave the artifact; may be an existing FIFO.
    pub temp_dump: PathBuf,
    /// How long a finished artifact waits for its delivery.
    pub keep_undelivered: Duration,
}

/// `secrets`
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The bearer token.
    pub api_token: Secret,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: only for comparing it or sending it where it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `modules.NAME`
#[derive(Debug, Clone)]
pub struct ModuleSpec {
    /// Where the component is.
    pub source: Origin,
    /// The digest that it must have: lower-case hex. Always there for one in a registry.
    pub sha256: Option<String>,
    /// The minisign key that it must be signed with.
    pub signed_by: Option<String>,
    /// What it may do at most.
    pub allow: Allow,
    /// What it may use at most.
    pub limits: Limits,
}

/// `modules.NAME.source`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// In a registry.
    Registry(Reference),
}

/// As in the configuration, but with a whole path.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Registry(reference) => write!(f, "{SCHEME}{reference}"),
        }
    }
}

/// `modules.NAME.allow`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// Command lines; `*` stands for characters that mean nothing to a shell.
    pub commands: Vec<String>,
    /// Command lines in which every character stands for itself, and shells.
    pub lines: Vec<String>,
    /// Absolute files and directories, with what lies below.
    pub read: Vec<PathBuf>,
    /// Whether links may lead out of `read`.
    pub follow_links: bool,
    /// "host:port"; `*` may stand for the port.
    pub net: Vec<String>,
    /// Names of environment variables.
    pub env: Vec<String>,
}

/// `modules.NAME.limits`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory.
    pub memory: u64,
    /// Replaces `strategy.timeout` for this module.
    pub timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            timeout: None,
        }
    }
}
