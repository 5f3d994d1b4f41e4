//! `sidecar prune`: applies the retention now.

use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{exit, print};
use crate::error::Result;
use crate::service::{PruneOptions, Pruning, Service};

/// Arguments of `sidecar prune`.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// Print what would be kept and deleted, and why, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete all that is to go, also where that is much: after a retention was shortened
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(options: &Options, args: &PruneArgs) -> Result<ExitCode> {
    let order = PruneOptions {
        dry_run: args.dry_run,
        yes: args.yes,
    };
    let all = Service::new(options.load()?)?;
    let Pruning {
        backups: pruned,
        failed,
    } = all.strategy(args.of.strategy.as_deref())?.prune(order)?;
    if options.json {
        outln!("{}", serde_json::json!({"backups": pruned}));
    } else {
        for backup in &pruned {
            let verdict = if backup.keep { "keep  " } else { "delete" };
            outln!(
                "{verdict}  {}  {}  {}",
                backup.store,
                print::key(backup.strategy.as_deref(), &backup.key),
                backup.reason
            );
        }
        for error in pruned.iter().filter_map(|backup| backup.error.as_ref()) {
            print::error(options, &error.into());
        }
    }
    for error in &failed {
        print::error(options, error);
    }
    if let Some(error) = failed.first() {
        return Ok(exit::code(error));
    }
    let refused = pruned.iter().find_map(|backup| backup.error.as_ref());
    Ok(refused.map_or(ExitCode::SUCCESS, |error| exit::code(&error.into())))
}
