//! `sidecar upload --pending`: what a store has missed.

use std::process::ExitCode;

use clap::Args;

use super::Options;
use crate::error::Result;
use crate::service::Service;

/// What to upload.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Backups that are kept here because a store has missed them
    #[arg(long, required = true)]
    pending: bool,
}

pub(super) fn run(options: &Options, _: &Arguments) -> Result<ExitCode> {
    let complete = Service::new(options.load()?)?.upload_pending()?;
    if options.json {
        println!("{}", serde_json::json!({"complete": complete}));
    } else {
        println!("{complete} backups are in every store now");
    }
    Ok(ExitCode::SUCCESS)
}
