//! `sidecar schema`: JSON Schemas, for editors.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::options::Options;
use super::print::outln;
use crate::config::{self, Registry};
use crate::error::Result;
use crate::service::ModuleProbe;

/// Arguments of `sidecar schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    #[command(subcommand)]
    subject: SchemaSubject,
}

#[derive(Debug, Subcommand)]
enum SchemaSubject {
    /// Print the schema of the configuration file
    Config,
    /// Print the schema of the configuration file of `sidecar fleet`
    Fleet,
    /// Print the schema of a module's strategy.config
    Module {
        /// A file, a built-in strategy, or a name under `modules` of the configuration
        #[arg(value_name = "NAME|FILE")]
        module: String,
    },
}

pub(super) fn run(options: &Options, args: &SchemaArgs) -> Result<ExitCode> {
    let schema = match &args.subject {
        SchemaSubject::Config => config::schema(),
        SchemaSubject::Fleet => config::fleet_schema(),
        SchemaSubject::Module { module } => {
            ModuleProbe::find(module, |_| Ok(Registry::default()), || options.load())?.schema()?
        }
    };
    outln!("{schema:#}");
    Ok(ExitCode::SUCCESS)
}
