//! The file as it may be written. The JSON Schema is derived from these types: their comments are
//! its descriptions, which editors show and `config/README.md` repeats.

mod drill;
mod modules;
mod notify;
mod registries;
mod retention;
mod schedule;
mod stores;
mod strategy;
mod words;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::Value;

use super::units::Span;

pub(super) use drill::Drill;
pub(super) use modules::Module;
pub(super) use registries::Registry;
pub(super) use retention::Retention;
pub(super) use schedule::Schedule;
pub(super) use stores::Store;
use strategy::Strategy;
pub(super) use strategy::{Artifact, Encryption};
pub(super) use words::Prefix;

/// The JSON Schema (2020-12) of a configuration.
pub(super) fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<File>();
    schema.insert("$id".to_owned(), "config.schema.json".into());
    schema.to_value()
}

/// The configuration of a sidecar.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Configuration of sidecar")]
#[expect(
    dead_code,
    reason = "the shape of the file; its sections are read one by one"
)]
struct File {
    app: Option<App>,
    capabilities: Capabilities,
    strategy: Strategy,
    paths: Paths,
    secrets: Secrets,
    /// Strategies from elsewhere, by the name that `strategy.type` may give.
    modules: Option<std::collections::BTreeMap<String, Module>>,
    /// How registries of modules are reached, by their host (`registry.example:5000`).
    registries: Option<std::collections::BTreeMap<String, registries::Registry>>,
    /// When runs start by themselves.
    schedule: Option<Vec<Schedule>>,
    /// Where backups are kept. Every backup goes to each of them.
    stores: Option<Vec<Store>>,
    retention: Option<retention::Retention>,
    drill: Option<Drill>,
    /// Who is told about runs.
    notify: Option<Vec<notify::Notify>>,
}

/// How the API listens.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    /// The TCP port; 0 lets the system choose.
    #[schemars(range(min = 0, max = 65535), extend("default" = 8000))]
    pub(super) port: Option<u16>,
    /// The address or name to listen on.
    #[schemars(length(min = 1), extend("default" = "0.0.0.0"))]
    pub(super) host: Option<String>,
    /// HTTPS instead of HTTP.
    pub(super) tls: Option<Tls>,
    /// How artifacts are sent.
    pub(super) export: Option<Export>,
}

/// The server's certificate and its key, as PEM files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    /// The certificate with its chain.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/tls.crt"]))]
    pub(super) cert: String,
    /// The private key.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/tls.key"]))]
    pub(super) key: String,
}

/// How artifacts are sent.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Export {
    /// A run that takes longer starts streaming then, so that no client times out; 0 streams at once.
    #[schemars(extend("default" = "4m"))]
    pub(super) first_byte_within: Option<Span>,
}

/// What the orchestrator is told about this backup.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Capabilities {
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

/// Where a run works. The sidecar must be able to write in all of them; relative paths start at the current directory.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paths {
    /// The directory in which commands run.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/workdir"]))]
    pub(super) workdir: String,
    /// The directory where artifacts are published.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/artifacts"]))]
    pub(super) artifacts: String,
    /// The file where commands may leave the artifact; may be an existing FIFO.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/tmp/dump.tmp"]))]
    pub(super) temp_dump: String,
    /// How long a finished artifact waits for its delivery.
    #[schemars(extend("default" = "24h"))]
    pub(super) keep_undelivered: Option<Span>,
}

/// What callers must know.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{"api_token": "${BACKUP_API_TOKEN}"}]))]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
struct Secrets {
    /// The bearer token of the API. Either this or `api_token_file` is required.
    #[schemars(extend("writeOnly" = true, "examples" = ["${BACKUP_API_TOKEN}"]))]
    api_token: Option<String>,
    /// A file that holds the token, such as a mounted secret.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/api_token"]))]
    api_token_file: Option<String>,
}
