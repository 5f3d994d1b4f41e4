//! `sidecar fetch`: a backup comes back from a store.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Options, print};
use crate::error::Result;
use crate::service::Service;

/// Which backup, and where to.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A backup's id, or its beginning, or "latest"
    #[arg(value_name = "ID|latest")]
    which: String,
    /// The file to write: it appears when it is whole and verified
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    let backup = service.fetch(&arguments.which, &arguments.output)?;
    if options.json {
        println!("{}", serde_json::json!(backup.manifest));
    } else {
        let artifact = &backup.manifest.artifact;
        println!("{}", arguments.output.display());
        println!("  from    {} {}", backup.store, backup.key);
        println!(
            "  size    {} ({} bytes)",
            print::size(artifact.size),
            artifact.size
        );
        println!("  sha256  {}", artifact.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
