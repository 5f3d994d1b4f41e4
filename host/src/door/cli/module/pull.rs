//! `sidecar module pull`: a component comes from a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::reach::Reach;
use super::{Options, print};
use crate::config::Reference;
use crate::error::Result;
use crate::service;

/// Which, and where to.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where from: registry.example/acme/hello:1.2, or …/hello@sha256:…
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The file to write: it appears when it is whole; a signature goes to FILE.minisig
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let Arguments {
        reference,
        output,
        reach,
    } = arguments;
    let registry = reach.registry(options, reference)?;
    let pulled = service::pull(reference, &registry, output)?;
    if options.json {
        println!("{}", serde_json::json!(pulled));
    } else {
        println!("{}", pulled.path.display());
        println!(
            "  size    {} ({} bytes)",
            print::size(pulled.size),
            pulled.size
        );
        println!("  signed  {}", if pulled.signed { "yes" } else { "no" });
        println!("  sha256  {}", pulled.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
