//! A host for unit tests: it plays commands and files, and is as strict about the plan as the real
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

pub(crate) mod border;
mod played;

use serde_json::Value;

use crate::strategy::parse;
use crate::{Artifact, Failure, Plan, Result, Run, Strategy};

use played::Played;

/// A host that is played. What nobody told it about does not exist.
#[derive(Debug, Default)]
pub struct Host {
    played: Played,
    parameters: Vec<(String, String)>,
}

/// What a strategy made.
#[derive(Debug)]
pub struct Backup {
    /// The bytes, before any compression.
    pub artifact: Vec<u8>,
    /// What it asked for.
    pub plan: Plan,
    /// Its parts: name and bytes.
    pub parts: Vec<(String, Vec<u8>)>,
    /// The lines that ran, in order.
    pub ran: Vec<String>,
    /// What it logged: level and message.
    pub log: Vec<(String, String)>,
}

impl Host {
    /// One without any command or file.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line that succeeds, and its stdout.
    #[must_use]
    pub fn prints(mut self, line: &str, stdout: impl Into<Vec<u8>>) -> Self {
        self.played
            .commands
            .insert(line.to_owned(), (0, stdout.into()));
        self
    }

    /// A line that fails.
    #[must_use]
    pub fn fails(mut self, line: &str, exit_code: i32) -> Self {
        self.played
            .commands
            .insert(line.to_owned(), (exit_code, Vec::new()));
        self
    }

    /// A file at an absolute path; the directories above it exist with it.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.played
            .files
            .insert(path.as_bytes().to_vec(), content.into());
        self
    }

    /// What commands will have left at `SIDE_CAR_TEMP_DUMP`.
    #[must_use]
    pub fn temp_dump(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.played.temp_dump = Some(content.into());
        self
    }

    /// What the caller gives for the run.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the strategy asks for.
    pub fn plan<S: Strategy>(&self, config: Value) -> Result<Plan, Vec<Failure>> {
        S::plan(parse(&config.to_string()).map_err(|failure| vec![failure])?)
    }

    /// Grants what the strategy asks for, and makes a backup: the first failure of anything fails it.
    pub fn backup<S: Strategy>(mut self, config: Value) -> Result<Backup> {
        let plan = self
            .plan::<S>(config.clone())
            .map_err(|mut failures| failures.remove(0))?;
        self.played.plan = plan.clone();
        let run = Run {
            id: "test".to_owned(),
            config: parse(&config.to_string())?,
            parameters: self.parameters,
        };
        let (made, played) = played::on_stage(self.played, || {
            let mut artifact = Artifact::new();
            S::backup(run, &mut artifact)?;
            artifact.flush_buffer()
        });
        if let Some(broken) = played.broken {
            return Err(broken);
        }
        made?;
        if played.artifact.is_empty() {
            return Err(Failure::new(
                "nothing-generated",
                "the strategy wrote nothing",
            ));
        }
        Ok(Backup {
            artifact: played.artifact,
            parts: played.parts,
            plan,
            ran: played.ran,
            log: played.log,
        })
    }
}
