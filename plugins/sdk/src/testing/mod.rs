//! A mock host for unit tests: it simulates commands and files, and enforces the plan like the real
//! one. Plain `cargo test` needs no WebAssembly then.
//!
//! ```
//! # use sidecar_sdk::{Artifact, Command, Failure, Plan, Result, Run, Strategy, testing::Host};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Config {}
//! # struct Dump;
//! # impl Strategy for Dump {
//! #     type Config = Config;
//! #     const NAME: &'static str = "dump";
//! #     const VERSION: &'static str = "0.1.0";
//! #     const SUMMARY: &'static str = "Dumps.";
//! #     fn plan(_: Config) -> Result<Plan, Vec<Failure>> {
//! #         Ok(Plan { commands: vec!["dump".into()], ..Plan::default() })
//! #     }
//! #     fn backup(_: Run<Config>, artifact: &mut Artifact) -> Result<()> {
//! #         artifact.append_stdout(&Command::new("dump")).map(drop)
//! #     }
//! # }
//! let made = Host::new().prints("dump", "rows").backup::<Dump>(serde_json::json!({}));
//! assert_eq!(made.unwrap().artifact, b"rows");
//! ```

pub(crate) mod imports;
mod mock_host;

use serde_json::Value;

use crate::artifact::Artifact;
use crate::findings::Findings;
use crate::strategy::{Run, Strategy, parse};
use crate::types::{Failure, Omission, Plan, Result};

use mock_host::{MockHost, run_with};

/// A mock host. Commands and files that were not registered do not exist.
#[derive(Debug, Default)]
pub struct Host {
    host: MockHost,
    parameters: Vec<(String, String)>,
}

/// What a strategy produced.
#[derive(Debug)]
pub struct Backup {
    /// The bytes, before any compression.
    pub artifact: Vec<u8>,
    /// Its plan.
    pub plan: Plan,
    /// Its parts: name and bytes.
    pub parts: Vec<(String, Vec<u8>)>,
    /// The command lines that ran, in order.
    pub ran: Vec<String>,
    /// What it logged: level and message.
    pub log: Vec<(String, String)>,
    /// What it left out.
    pub omissions: Vec<Omission>,
}

impl Host {
    /// A host without any command or file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a command that succeeds, and its stdout. A program is registered as plans name it:
    /// [`Program::planned`](crate::Program::planned).
    #[must_use]
    pub fn prints(mut self, line: &str, stdout: impl Into<Vec<u8>>) -> Self {
        self.host
            .commands
            .insert(line.to_owned(), (0, stdout.into()));
        self
    }

    /// Registers a command that fails.
    #[must_use]
    pub fn fails(mut self, line: &str, exit_code: i32) -> Self {
        self.host
            .commands
            .insert(line.to_owned(), (exit_code, Vec::new()));
        self
    }

    /// Registers a file at an absolute path; the directories above it exist with it.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.host
            .files
            .insert(path.as_bytes().to_vec(), content.into());
        self
    }

    /// Sets what the commands leave at `SIDE_CAR_TEMP_DUMP`.
    #[must_use]
    pub fn temp_dump(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.host.temp_dump = Some(content.into());
        self
    }

    /// A crashed run has left a file at `SIDE_CAR_TEMP_DUMP`, which no strategy may take for its own.
    #[must_use]
    pub fn left_over(mut self) -> Self {
        self.host.left_over = true;
        self
    }

    /// Sets a parameter of the run.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The plan of the strategy.
    pub fn plan<S: Strategy>(&self, config: Value) -> Result<Plan, Vec<Failure>> {
        S::plan(parse(&config.to_string()).map_err(|failure| vec![failure])?)
    }

    /// Grants the plan, and asks whether a run would succeed now.
    pub fn preflight<S: Strategy>(mut self, config: Value) -> Result<Findings> {
        let planned = self.plan::<S>(config.clone());
        self.host.plan = planned.map_err(|mut failures| failures.remove(0))?;
        let config = parse(&config.to_string())?;
        Ok(run_with(self.host, || S::preflight(config)).0)
    }

    /// Grants the plan, and makes a backup. Any failure on the way fails it, the first one counts.
    pub fn backup<S: Strategy>(mut self, config: Value) -> Result<Backup> {
        let plan = self
            .plan::<S>(config.clone())
            .map_err(|mut failures| failures.remove(0))?;
        self.host.plan = plan.clone();
        let run = Run {
            id: "test".to_owned(),
            config: parse(&config.to_string())?,
            parameters: self.parameters,
        };
        let (result, host) = run_with(self.host, || {
            let mut artifact = Artifact::new();
            S::backup(run, &mut artifact)?;
            artifact.flush_buffer()
        });
        if let Some(failure) = host.first_failure {
            return Err(failure);
        }
        result?;
        if host.artifact.is_empty() {
            return Err(Failure::new(
                "nothing-generated",
                "the strategy wrote nothing",
            ));
        }
        Ok(Backup {
            artifact: host.artifact,
            parts: host.parts,
            plan,
            ran: host.ran,
            log: host.log,
            omissions: host.omissions,
        })
    }
}
