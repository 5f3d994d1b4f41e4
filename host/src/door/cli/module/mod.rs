//! `sidecar module`: for those who make modules, and those who decide whether to run one.

mod inspect;
mod list;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Options, exit, print};
use crate::config::{self, Alone};
use crate::error::{Error, Result};

/// What to do with modules.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the built-in strategies and the modules of the configuration
    List,
    /// Say what a module is, what it imports, how it is configured and what it would ask for
    Inspect(inspect::Arguments),
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.action {
        Action::List => list::run(options),
        Action::Inspect(arguments) => inspect::run(options, arguments),
    }
}

/// A `strategy.config` to try a module with.
#[derive(Debug, Args)]
struct With {
    /// A YAML file with what would stand under strategy.config
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
}

impl With {
    fn load(&self) -> Result<Option<Alone>> {
        let Some(file) = &self.with else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
        let environment = config::Environment::of_process();
        Ok(Some(config::strategy_config(file, &text, &environment)?))
    }
}
