//! `sidecar drill`: restores the latest backup, or the members of the latest set, into scratch targets.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{exit, print, progress, restore, signals};
use crate::error::Result;
use crate::service::{RestoreReport, RunRequest, Service};

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
        [] => restore::finish(options, drill(options, service, LATEST)),
        several => drill_set(options, service, several),
    };
    service.finish_notifying(NOTIFY_TIMEOUT);
    code
}

/// Which backup of a strategy is tried that is in no set.
const LATEST: &str = "latest";

/// Tries the members of the latest set, each in its own target; the first failure is that of all.
fn drill_set(options: &Options, service: &Service, members: &[&Service]) -> Result<ExitCode> {
    let set = service.latest_set()?;
    let mut failed = None;
    let mut reports = Vec::new();
    for member in members {
        let name = member.config().member.clone().unwrap_or_default();
        let mut named = set.iter().flat_map(|set| &set.members);
        let named = named.find(|one| one.strategy == name);
        let which = named.map_or(LATEST, |one| one.id.as_str());
        if !options.json {
            outln!("{}", print::plain(&name));
        }
        let mut report = serde_json::json!({});
        let error = match drill(options, member, which) {
            Ok(done) if options.json => {
                report = restore::object(&done);
                done.error
            }
            Ok(done) => {
                restore::parts(&done);
                done.error
            }
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            match options.json {
                true => report["error"] = print::object(&error),
                false => print::error(options, &error),
            }
            failed.get_or_insert(exit::code(&error));
        }
        report["strategy"] = name.into();
        reports.push(report);
        if signals::exit_code().is_some() {
            break;
        }
    }
    let id = set.map(|set| set.id);
    if options.json {
        outln!("{}", serde_json::json!({"set": id, "members": reports}));
    }
    Ok(signals::exit_code().or(failed).unwrap_or(ExitCode::SUCCESS))
}

fn drill(options: &Options, service: &Service, which: &str) -> Result<RestoreReport> {
    let job = Arc::new(service.job(RunRequest::drill()));
    signals::cancel_on_signal(job.cancel())?;
    let display = progress::show(options, &job);
    let done = service.drill(&job, which);
    drop(display);
    done
}
