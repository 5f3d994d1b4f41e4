//! `sidecar schema`: JSON Schema, for editors.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::config;
use crate::error::Result;

/// Which schema.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[arg(value_enum)]
    what: What,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Of the configuration
    Config,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match arguments.what {
        What::Config => println!("{:#}", config::schema()),
    }
    Ok(ExitCode::SUCCESS)
}
