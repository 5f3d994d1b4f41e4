//! `sidecar module lock`: what the operator accepts of each module.

use std::process::ExitCode;

use clap::Args;

use crate::error::{Error, Kind, Result};
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print::outln;
use crate::frontend::cli::{exit, print};
use crate::service::{LockReport, Service};

/// Arguments of `sidecar module lock`.
#[derive(Debug, Args)]
pub(super) struct ModuleLockArgs {
    /// Accept the changes, and write them to modules.lock
    #[arg(long)]
    accept: bool,
}

pub(super) fn run(options: &Options, args: &ModuleLockArgs) -> Result<ExitCode> {
    let report = Service::new(options.load()?)?.lock(args.accept)?;
    if options.json {
        outln!("{}", serde_json::json!(report));
    } else {
        text(&report);
    }
    if report.accepted {
        return Ok(ExitCode::SUCCESS);
    }
    let message = format!("{} says something else", report.file.display());
    let error = Error::new(Kind::Denied, "module-not-accepted", message)
        .hint("if all of this is wanted: `sidecar module lock --accept`");
    if !options.json {
        print::error(options, &error);
    }
    Ok(exit::code(&error))
}

fn text(report: &LockReport) {
    let mut module = None;
    for change in &report.changes {
        if module != Some(&change.module) {
            outln!("{}", change.module);
            module = Some(&change.module);
        }
        outln!("  {}", print::plain(&change.what));
    }
    match (report.accepted, report.changes.is_empty()) {
        (true, true) => outln!("{}: nothing has changed", report.file.display()),
        (true, false) => outln!("accepted in {}", report.file.display()),
        (false, _) => {}
    }
}
