//! Backs up what dump commands (`pg_dump`, `mysqldump`) write: the operator's own, or those of a
//! built-in engine.

mod client;
mod config;
mod coverage;
mod elsewhere;
mod emptiness;
mod engine;
mod engines;
mod identity;
mod layout;
mod mysql;
mod postgres;
mod redis;
mod restore;
mod scratch;
mod selection;
mod sqlite;
mod url;
mod version_text;

use sidecar_sdk::restore::{FoundTargets, Outcome, Plan as RestorePlan, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Findings, Plan, Result, Run, Strategy};

pub use config::{Config, EngineName};
pub use coverage::Content;

const CAPTURE_BY_DEFAULT: bool = true;

struct DatabaseDump;

impl Strategy for DatabaseDump {
    type Config = Config;

    const NAME: &'static str = "database_dump";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Dumps every database of a server, or runs a dump command; the artifact is what it writes.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        if let Some(engine) = config.engine {
            return engines::plan(engine, &config);
        }
        let unused = config.unused_keys();
        match commands::plan(&config.commands, CAPTURE_BY_DEFAULT) {
            Ok(plan) if unused.is_empty() => Ok(plan),
            Ok(_) => Err(unused),
            Err(errors) => Err([unused, errors].concat()),
        }
    }

    fn preflight(config: Config) -> Findings {
        match config.engine {
            Some(engine) => engines::preflight(engine, &config),
            None => Findings::default(),
        }
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        match config.engine {
            Some(engine) => engines::backup(engine, &config, artifact),
            None => commands::backup(&config.commands, CAPTURE_BY_DEFAULT, artifact),
        }
    }
}

impl Restore for DatabaseDump {
    fn plan_restore(request: Request<Config>) -> Result<RestorePlan, Vec<Failure>> {
        match request.config.engine {
            Some(engine) => engines::plan_restore(engine, &request),
            None => commands::plan_restore(&request.config.commands, &request),
        }
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        match request.config.engine {
            Some(engine) => engines::restore(engine, &request),
            None => commands::restore(&request.config.commands, &request),
        }
    }

    fn find_refusals(request: Request<Config>) -> Vec<Failure> {
        match request.config.engine {
            Some(engine) => engines::find_refusals(engine, &request),
            None => Vec::new(),
        }
    }

    fn find_targets(request: Request<Config>) -> Result<FoundTargets> {
        match request.config.engine {
            Some(engine) => engines::find_targets(engine, &request),
            None => Ok(FoundTargets {
                targets: Vec::new(),
                server: None,
            }),
        }
    }

    fn preflight_restore(config: Config, into: Option<String>) -> Findings {
        match (config.engine, into) {
            (Some(engine), Some(into)) => engines::preflight_restore(engine, &config, &into),
            _ => Findings::default(),
        }
    }
}

sidecar_sdk::export_restorable!(DatabaseDump);
