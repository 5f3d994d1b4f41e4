//! A strategy that tries to break out, for the denial tests.
//!
//! What an attempt gains is written to the artifact and the run ends ok: a denial test that sees a
//! successful run has found a hole. An attempt that gains nothing fails.

mod attempt;
mod exhaust;
mod reach;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

use attempt::Attempt;

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// What to try.
    attempt: Attempt,
    /// Through the language's own functions ("wasi") or through the interface of the host ("host").
    #[serde(default)]
    via: Via,
    /// The path, the command or the address to try it on; left out: the attempt's own.
    #[serde(default)]
    #[schemars(with = "String")]
    target: Option<String>,
    /// What to ask for in the plan, so that it is granted: absolute paths.
    #[serde(default)]
    read: Vec<String>,
    /// The same: "host:port".
    #[serde(default)]
    net: Vec<String>,
    /// The same: environment variables.
    #[serde(default)]
    env: Vec<String>,
    /// The same: the shell for commands.
    #[serde(default)]
    #[schemars(with = "String")]
    shell: Option<String>,
    /// The same: whether links may lead out of `read`.
    #[serde(default)]
    follow_links: bool,
}

/// Which way the attempt goes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Via {
    /// Rust's `std`, and so WASI.
    #[default]
    Wasi,
    /// The interfaces of `sidecar:strategy`.
    Host,
}

struct Rogue;

impl Strategy for Rogue {
    type Config = Config;

    const NAME: &'static str = "rogue";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Tries to break out.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        Ok(Plan {
            commands: config.attempt.planned(),
            shell: config.shell,
            read: config.read,
            follow_links: config.follow_links,
            net: config.net,
            env: config.env,
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        run.config.attempt.carry_out(&run.config, artifact)
    }
}

sidecar_sdk::export!(Rogue);
