//! The options that every command understands.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::{self, Config};
use crate::error::Result;
use crate::service;

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(super) struct Options {
    /// The configuration file [default: $SIDECAR_CONFIG_PATH, else /etc/sidecar/config.yaml, else
    /// config/config.yaml]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Log more: -v for debugging, -vv for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Log only errors, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// When to use colours in logs and messages
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// Print the result as one JSON object on stdout
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Which of several strategies a command is about.
#[derive(Debug, Args)]
pub(super) struct StrategyArg {
    /// Only this one of several strategies, or `sets`; left out: all of them, the set
    #[arg(long, value_name = "NAME")]
    pub(super) strategy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Options {
    /// Reads and checks the configuration.
    pub(super) fn load(&self) -> Result<Config> {
        let environment = config::Environment::of_process().with_schemas(service::builtin_schema);
        Ok(config::load(self.config.as_deref(), &environment)?)
    }

    /// Whether a stream may be coloured.
    pub(super) fn colored(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }
}
