//! A strategy that calls every function of the host with what it was not granted or what is malformed, and one whose
//! commands shall do for it what it cannot: for the tests.
//!
//! Each probe is logged with what came of it: `probe: FUNCTION ATTACK: RESULT`. `tests/hostile_guest/expected` has all
//! of them, and a test fails if a function of `wit/` has none.

mod config;
mod deputy;
mod planter;
mod probe;
mod probes;

use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

use config::Config;
use probe::During;
use probes::carry_out;

struct Prober;

impl Strategy for Prober {
    type Config = Config;

    const NAME: &'static str = "prober";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Calls every function of the host with what it was not granted.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        Ok(Plan {
            commands: config.commands,
            read: config.read,
            net: config.net,
            env: config.env,
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        if let (false, Some(granted)) = (run.config.tree.is_empty(), run.config.read.first()) {
            return planter::plant(&run.config.tree, granted, artifact);
        }
        match &run.config.probe {
            Some(probe) => carry_out(During::Backup, probe, &run.config),
            None => return deputy::run(&run.config, artifact),
        }
        artifact.append(b"what a restore reads")
    }
}

impl Restore for Prober {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        Ok(restore::Plan {
            commands: request.config.commands,
            read: request.config.read,
            directory: request.into,
            ..restore::Plan::default()
        })
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        match &request.config.probe {
            Some(probe) => carry_out(During::Restore, probe, &request.config),
            None => deputy::restore(&request.config)?,
        }
        Ok(vec![Outcome::done("all", "probed")])
    }
}

sidecar_sdk::export_restorable!(Prober);
