//! `sidecar module push`: uploads a component to a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::config_args::ConfigArgs;
use super::registry_args::RegistryArgs;
use crate::config::Reference;
use crate::error::Result;
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print;
use crate::frontend::cli::print::outln;
use crate::service;

/// Arguments of `sidecar module push`.
#[derive(Debug, Args)]
pub(super) struct ModulePushArgs {
    /// The component; its signature FILE.minisig is uploaded too, if it exists
    file: PathBuf,
    /// The name in the registry: registry.example/acme/hello:1.2
    #[arg(value_name = "REF")]
    reference: Reference,
    // What is printed under `allow` is what its plan asks for with this, or with its own examples.
    #[command(flatten)]
    with: ConfigArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) fn run(options: &Options, args: &ModulePushArgs) -> Result<ExitCode> {
    let ModulePushArgs {
        file,
        reference,
        with,
        registry: registry_args,
    } = args;
    let registry = registry_args.registry(options, reference)?;
    let (pushed, allow) = service::push(file, reference, &registry, with.load()?.as_ref())?;
    if options.json {
        let mut object = serde_json::json!(pushed);
        object["allow"] = allow.into();
        outln!("{object}");
    } else {
        outln!("{}", pushed.reference);
        outln!(
            "  size    {} ({} bytes)",
            print::size(pushed.size),
            pushed.size
        );
        outln!("  signed  {}", if pushed.signed { "yes" } else { "no" });
        outln!("  to run it:");
        outln!("    source: oci://{reference}");
        outln!("    sha256: {}", pushed.sha256);
        allow.iter().for_each(|line| outln!("    {line}"));
    }
    Ok(ExitCode::SUCCESS)
}
