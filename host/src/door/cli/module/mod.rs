//! `sidecar module`: for those who make modules, and those who decide whether to run one.

mod inspect;
mod list;
mod lock;
mod new;
mod pull;
mod push;
mod reach;
mod test;

use std::path::{Path, PathBuf};
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
    /// Start a project for a module of your own
    New(new::Arguments),
    /// Put a module through the conformance kit: does it do what every module must?
    Test(test::Arguments),
    /// Compare the modules with modules.lock, and accept what has changed
    Lock(lock::Arguments),
    /// Send a component to a registry
    Push(push::Arguments),
    /// Bring a component from a registry into a file
    Pull(pull::Arguments),
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.action {
        Action::List => list::run(options),
        Action::Inspect(arguments) => inspect::run(options, arguments),
        Action::New(arguments) => new::run(options, arguments),
        Action::Test(arguments) => test::run(options, arguments),
        Action::Lock(arguments) => lock::run(options, arguments),
        Action::Push(arguments) => push::run(options, arguments),
        Action::Pull(arguments) => pull::run(options, arguments),
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
        let environment = config::Environment::of_process();
        match self.read()? {
            Some((file, text)) => Ok(Some(config::strategy_config(file, &text, &environment)?)),
            None => Ok(None),
        }
    }

    /// The file and its text.
    fn read(&self) -> Result<Option<(&Path, String)>> {
        let Some(file) = &self.with else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
        Ok(Some((file.as_path(), text)))
    }
}
