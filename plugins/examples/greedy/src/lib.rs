//! A strategy that takes more than it may: of texts, lists, files, bytes. For the tests of the limits.

mod config;
mod take;

use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

use config::{Config, Take};

struct Greedy;

impl Strategy for Greedy {
    type Config = Config;

    const NAME: &'static str = "greedy";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Takes more than it may.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        let text = "x".repeat(config.bytes);
        let commands = match config.take {
            Take::Refusals => {
                let refusal = Failure::new("greedy", text.clone()).hint(text);
                return Err(vec![refusal; config.number]);
            }
            Take::PlannedLines => vec![text; config.number],
            _ => take::dump_line(config.take)
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        Ok(Plan {
            commands,
            read: config.read,
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        take::take(&run.config, artifact)
    }
}

impl Restore for Greedy {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        let steps = match request.config.take {
            Take::Steps => vec!["x".repeat(request.config.bytes); request.config.number],
            _ => Vec::new(),
        };
        Ok(restore::Plan {
            steps,
            ..restore::Plan::default()
        })
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        let Config { number, bytes, .. } = request.config;
        let outcome = |at| Outcome::done(format!("part {at}"), "x".repeat(bytes));
        Ok((0..number).map(outcome).collect())
    }
}

sidecar_sdk::export_restorable!(Greedy);
