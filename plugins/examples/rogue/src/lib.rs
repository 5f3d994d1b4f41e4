//! A strategy that tries to escape from the sandbox, for the denial tests.
//!
//! An attempt that succeeds writes what it gained to the artifact, and the run succeeds: a denial test
//! that sees a successful run has found a vulnerability. A denied attempt fails.

mod attempt;
mod carry_out;
mod config;
mod exhaust;
mod reach;

use sidecar_sdk::{Artifact, Failure, Plan, Program, Result, Run, Strategy};

use carry_out::carry_out;
use config::Config;

struct Rogue;

impl Strategy for Rogue {
    type Config = Config;

    const NAME: &'static str = "rogue";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Tries to escape from the sandbox.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        let mut commands = config.attempt.planned();
        if !config.argv.is_empty() {
            commands.push(Program::new(config.argv).planned());
        }
        Ok(Plan {
            commands,
            shell: config.shell,
            read: config.read,
            follow_links: config.follow_links,
            net: config.net,
            env: config.env,
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        carry_out(&run.config, artifact)
    }
}

sidecar_sdk::export!(Rogue);
