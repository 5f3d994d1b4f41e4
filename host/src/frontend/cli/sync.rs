//! `sidecar sync`: copies what one store has and another one lacks.

use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use crate::error::Result;
use crate::service::Service;

/// Arguments of `sidecar sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The store that has the backups
    #[arg(long, value_name = "STORE")]
    from: String,
    /// The store that is to have them, too
    #[arg(long, value_name = "STORE")]
    to: String,
}

pub(super) fn run(options: &Options, args: &SyncArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let synced = service.sync(&args.from, &args.to)?;
    if options.json {
        outln!("{}", serde_json::json!({"synced": synced}));
        return Ok(ExitCode::SUCCESS);
    }
    for one in &synced {
        for key in &one.copied {
            outln!("copied  {key}");
        }
    }
    let copied: usize = synced.iter().map(|one| one.copied.len()).sum();
    let present: usize = synced.iter().map(|one| one.present).sum();
    outln!(
        "store {} has all of store {} now: {copied} copied, {present} were there",
        args.to,
        args.from
    );
    Ok(ExitCode::SUCCESS)
}
