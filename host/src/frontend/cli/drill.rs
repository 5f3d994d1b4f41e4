//! `sidecar drill`: restores the latest backup into the scratch target.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::{exit, print, progress, restore, signals};
use crate::error::{Error, Result};
use crate::service::{RunRequest, Service};

/// How long notifications may keep the command from ending.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments of `sidecar drill`.
#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    #[command(flatten)]
    of: StrategyArg,
}

pub(super) fn run(options: &Options, args: &DrillArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    // Of several, each that has a drill.
    let members = service.members().iter();
    let tried: Vec<&Service> = members.filter(|one| one.config().drill.is_some()).collect();
    let code = match tried.as_slice() {
        [] => drill(options, service),
        [one] => drill(options, one),
        several => {
            let mut code = ExitCode::SUCCESS;
            for one in several {
                let drilled = drill(options, one).unwrap_or_else(|error: Error| {
                    print::error(options, &error);
                    exit::code(&error)
                });
                if code == ExitCode::SUCCESS {
                    code = drilled;
                }
            }
            Ok(code)
        }
    };
    service.finish_notifying(NOTIFY_TIMEOUT);
    code
}

fn drill(options: &Options, service: &Service) -> Result<ExitCode> {
    let job = Arc::new(service.job(RunRequest::drill()));
    signals::cancel_on_signal(job.cancel())?;
    let display = progress::show(options, &job);
    let done = service.drill(&job);
    drop(display);
    restore::finish(options, done)
}
