//! The smallest strategy that does something: it writes a greeting.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Command, Failure, Plan, Result, Run, Strategy, files};

/// `strategy.config` of this strategy.
///
/// The examples are what `sidecar module test` tries.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [
    {"greeting": "Hello"},
    {"greeting": "Hello", "file": "${SIDE_CAR_WORKDIR}/letter.txt", "command": "echo from a command"},
]))]
pub struct Config {
    /// What the artifact begins with.
    greeting: String,
    /// A file whose content follows the greeting: an absolute path.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^/[^\\p{Cc}]*$"))]
    file: Option<String>,
    /// A command whose output ends the artifact.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "\\S"))]
    command: Option<String>,
}

struct Hello;

impl Strategy for Hello {
    type Config = Config;

    const NAME: &'static str = "hello";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Writes a greeting, a file and what a command says.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        Ok(Plan {
            commands: config.command.into_iter().collect(),
            read: config.file.into_iter().collect(),
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        writeln!(artifact, "{}", config.greeting)?;
        if let Some(path) = config.file {
            let file = files::open(path.as_bytes(), true)?;
            artifact.append_file(&file, file.inspect().size)?;
        }
        if let Some(line) = config.command {
            artifact.append_stdout(&Command::new(line))?;
        }
        Ok(())
    }
}

sidecar_sdk::export!(Hello);
