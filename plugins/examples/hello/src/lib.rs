//! A minimal strategy: it writes a greeting, a file and the output of a command and of a program.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{
    Artifact, Command, Failure, Findings, Plan, Program, Result, Run, Strategy, files, omissions,
};

/// `strategy.config` of this strategy.
///
/// `sidecar module test` uses the examples.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [
    {"greeting": "Hello"},
    {"greeting": "Hello", "file": "${SIDE_CAR_WORKDIR}/letter.txt", "command": "echo from a command"},
    {"greeting": "Hello", "program": ["echo", "from a program; $HOME is not read"]},
]))]
pub struct Config {
    /// What the artifact begins with.
    greeting: String,
    /// A file whose content follows the greeting: an absolute path.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^/[^\\p{Cc}]*$"))]
    file: Option<String>,
    /// Whether the file may be missing: the backup then says that it is not in there.
    #[serde(default)]
    allow_missing: bool,
    /// A command whose output ends the artifact.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "\\S"))]
    command: Option<String>,
    /// A program and its arguments, whose output ends the artifact; no shell reads them.
    #[serde(default)]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    program: Vec<String>,
}

impl Config {
    fn program(&self) -> Option<Program> {
        (!self.program.is_empty()).then(|| Program::new(self.program.clone()))
    }
}

struct Hello;

impl Strategy for Hello {
    type Config = Config;

    const NAME: &'static str = "hello";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Writes a greeting, a file and the output of a command.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        let program = config.program().map(|program| program.planned());
        Ok(Plan {
            commands: config.command.into_iter().chain(program).collect(),
            read: config.file.into_iter().collect(),
            ..Plan::default()
        })
    }

    fn preflight(config: Config) -> Findings {
        open(&config).map(drop).into()
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        writeln!(artifact, "{}", config.greeting)?;
        match (open(&config)?, &config.file) {
            (Some(file), _) => {
                artifact.append_file(&file, file.inspect().size)?;
            }
            (None, Some(path)) => omissions::report(path, "missing", "there is no such file"),
            (None, None) => {}
        }
        if let Some(line) = &config.command {
            artifact.append_stdout(&Command::new(line))?;
        }
        if let Some(program) = config.program() {
            artifact.append_stdout(&program)?;
        }
        Ok(())
    }
}

/// The file, if one is configured and there.
fn open(config: &Config) -> Result<Option<files::File>> {
    let Some(path) = &config.file else {
        return Ok(None);
    };
    match files::open(path.as_bytes(), true) {
        Err(failure) if config.allow_missing && failure.code == "not-found" => Ok(None),
        opened => opened.map(Some),
    }
}

sidecar_sdk::export!(Hello);
