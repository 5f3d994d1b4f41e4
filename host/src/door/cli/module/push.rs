//! `sidecar module push`: a component goes to a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::reach::Reach;
use super::{Options, print};
use crate::config::Reference;
use crate::error::Result;
use crate::service;

/// What, and where to.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The component; FILE.minisig goes along if it is there
    file: PathBuf,
    /// Where to: registry.example/acme/hello:1.2
    #[arg(value_name = "REF")]
    reference: Reference,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let Arguments {
        file,
        reference,
        reach,
    } = arguments;
    let registry = reach.registry(options, reference)?;
    let pushed = service::push(file, reference, &registry)?;
    if options.json {
        println!("{}", serde_json::json!(pushed));
    } else {
        println!("{}", pushed.reference);
        println!(
            "  size    {} ({} bytes)",
            print::size(pushed.size),
            pushed.size
        );
        println!("  signed  {}", if pushed.signed { "yes" } else { "no" });
        println!("  to run it:");
        println!("    source: oci://{reference}");
        println!("    sha256: {}", pushed.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
