//! `sidecar verify`: are backups still what they were?

use std::process::ExitCode;

use clap::Args;

use super::Options;
use crate::error::Result;
use crate::service::Service;

/// Which backups.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// An id, or "latest"
    #[arg(default_value = "latest", value_name = "ID|latest")]
    which: String,
    /// Every copy of every backup in the stores
    #[arg(long, conflicts_with = "which")]
    all: bool,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    let which = (!arguments.all).then_some(arguments.which.as_str());
    let verified = service.verify(which)?;
    if options.json {
        println!("{}", serde_json::json!({"verified": verified}));
    } else {
        for backup in &verified {
            println!(
                "unaltered  {}  {}  {}",
                backup.id, backup.place, backup.sha256
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
