//! Backs up what dump commands (`pg_dump`, `mysqldump`) write: those of the operator, or those that
//! an engine knows by itself.

mod chosen;
mod client;
mod config;
mod layout;
mod mysql;
mod postgres;
mod redis;
mod sqlite;
mod system;
mod url;

use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

pub use config::{Config, Engine};

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
            return system::plan(engine, &config);
        }
        let idle = config.idle();
        match commands::plan(&config.commands, CAPTURE_BY_DEFAULT) {
            Ok(plan) if idle.is_empty() => Ok(plan),
            Ok(_) => Err(idle),
            Err(mistakes) => Err([idle, mistakes].concat()),
        }
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        match config.engine {
            Some(engine) => {
                let system = system::open(engine, &config)?;
                commands::around(&config.commands, || system.backup(artifact))
            }
            None => commands::backup(&config.commands, CAPTURE_BY_DEFAULT, artifact),
        }
    }
}

impl Restore for DatabaseDump {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        match request.config.engine {
            Some(engine) => system::plan_restore(engine, &request),
            None => commands::plan_restore(&request.config.commands, &request),
        }
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        match request.config.engine {
            Some(engine) => system::restore(engine, &request),
            None => commands::restore(&request.config.commands, &request),
        }
    }
}

sidecar_sdk::export_restorable!(DatabaseDump);
