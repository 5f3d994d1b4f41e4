//! `sidecar prune`: the retention, applied now.

use std::process::ExitCode;

use clap::Args;

use super::Options;
use crate::error::Result;
use crate::service::Service;

/// Whether for real.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Say what would happen, and why, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let pruned = Service::new(options.load()?)?.prune(arguments.dry_run)?;
    if options.json {
        println!("{}", serde_json::json!({"backups": pruned}));
    } else {
        for backup in &pruned {
            let verdict = if backup.keep { "keep  " } else { "delete" };
            println!(
                "{verdict}  {}  {}  {}",
                backup.store, backup.key, backup.reason
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
