//! `sidecar upload --pending`: uploads backups that a store has missed.

use std::process::ExitCode;

use clap::Args;

use super::options::Options;
use super::print::outln;
use crate::error::Result;
use crate::service::Service;

/// Arguments of `sidecar upload`.
#[derive(Debug, Args)]
pub(super) struct UploadArgs {
    /// Upload the backups that are kept here because a store has missed them
    #[arg(long, required = true)]
    pending: bool,
}

pub(super) fn run(options: &Options, _: &UploadArgs) -> Result<ExitCode> {
    let complete = Service::new(options.load()?)?.upload_missed()?;
    if options.json {
        outln!("{}", serde_json::json!({"complete": complete}));
    } else {
        outln!("{complete} backups are in every store now");
    }
    Ok(ExitCode::SUCCESS)
}
