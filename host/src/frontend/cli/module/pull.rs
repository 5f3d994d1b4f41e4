//! `sidecar module pull`: downloads a component from a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::registry_args::RegistryArgs;
use crate::config::Reference;
use crate::error::Result;
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print;
use crate::frontend::cli::print::outln;
use crate::service;

/// Arguments of `sidecar module pull`.
#[derive(Debug, Args)]
pub(super) struct ModulePullArgs {
    /// The component: registry.example/acme/hello:1.2, or …/hello@sha256:…
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The file to write, once it is complete; a signature is written to FILE.minisig
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) fn run(options: &Options, args: &ModulePullArgs) -> Result<ExitCode> {
    let ModulePullArgs {
        reference,
        output,
        registry: registry_args,
    } = args;
    let registry = registry_args.registry(options, reference)?;
    let pulled = service::pull(reference, &registry, output)?;
    if options.json {
        outln!("{}", serde_json::json!(pulled));
    } else {
        outln!("{}", pulled.path.display());
        outln!(
            "  size    {} ({} bytes)",
            print::size(pulled.size),
            pulled.size
        );
        outln!("  signed  {}", if pulled.signed { "yes" } else { "no" });
        outln!("  sha256  {}", pulled.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
