//! Backs up what the operator's own scripts produce.

use commands::Config;
use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

const CAPTURE_BY_DEFAULT: bool = false;

struct Custom;

impl Strategy for Custom {
    type Config = Config;

    const NAME: &'static str = "custom";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Runs your own commands; the artifact is what they leave in SIDE_CAR_TEMP_DUMP or write to stdout.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        commands::plan(&config, CAPTURE_BY_DEFAULT)
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        commands::backup(&run.config, CAPTURE_BY_DEFAULT, artifact)
    }
}

impl Restore for Custom {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        commands::plan_restore(&request.config, &request)
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        commands::restore(&request.config, &request)
    }
}

sidecar_sdk::export_restorable!(Custom);
