//! Backs up what dump commands (`pg_dump`, `mysqldump`) write.

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy, Strings};

const CAPTURE_BY_DEFAULT: bool = true;

/// `strategy.config` of `database_dump`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    #[serde(flatten)]
    commands: commands::Config,
    /// Which database system to dump without writing commands.
    #[serde(default)]
    #[schemars(with = "Engine")]
    engine: Option<Engine>,
    /// How to reach it.
    #[serde(default)]
    #[schemars(with = "String")]
    url: Option<String>,
    /// Which databases: "all" or a list of names.
    #[serde(default)]
    #[schemars(with = "Strings")]
    databases: Option<Strings>,
}

/// A database system.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Engine {
    Postgres,
    Mysql,
    Mariadb,
    Sqlite,
    Redis,
}

struct DatabaseDump;

impl Strategy for DatabaseDump {
    type Config = Config;

    const NAME: &'static str = "database_dump";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Runs a dump command; the artifact is what it writes to stdout.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        let keys = [
            ("engine", config.engine.is_some()),
            ("url", config.url.is_some()),
            ("databases", config.databases.is_some()),
        ];
        let later: Vec<Failure> = keys
            .into_iter()
            .filter(|(_, used)| *used)
            .map(|(key, _)| not_built_yet(key))
            .collect();
        if !later.is_empty() {
            return Err(later);
        }
        commands::plan(&config.commands, CAPTURE_BY_DEFAULT)
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        commands::backup(&run.config.commands, CAPTURE_BY_DEFAULT, artifact)
    }
}

fn not_built_yet(key: &str) -> Failure {
    Failure::new(
        "not-built-yet",
        format!("strategy.config.{key} is not built yet"),
    )
    .hint("write the dump command itself under strategy.config.command")
}

sidecar_sdk::export!(DatabaseDump);
