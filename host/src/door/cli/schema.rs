//! `sidecar schema`: JSON Schema, for editors.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Options;
use crate::config;
use crate::error::Result;
use crate::service::Specimen;

/// Which schema.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Of the configuration
    Config,
    /// Of a module's strategy.config
    Module {
        /// A file, a built-in strategy, or a name under `modules` of the configuration
        #[arg(value_name = "NAME|FILE")]
        module: String,
    },
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let schema = match &arguments.what {
        What::Config => config::schema(),
        What::Module { module } => Specimen::find(module, || options.load())?.schema()?,
    };
    println!("{schema:#}");
    Ok(ExitCode::SUCCESS)
}
