//! `--with`: a `strategy.config` to try a module with.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{self, StrategyConfig};
use crate::error::{Error, Result};

/// A `strategy.config` to try a module with.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// A YAML file with the strategy.config to try the module with
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
}

impl ConfigArgs {
    pub(super) fn load(&self) -> Result<Option<StrategyConfig>> {
        let environment = config::Environment::of_process();
        match self.read()? {
            Some((file, text)) => Ok(Some(config::strategy_config(file, &text, &environment)?)),
            None => Ok(None),
        }
    }

    /// The file and its text.
    pub(super) fn read(&self) -> Result<Option<(&Path, String)>> {
        let Some(file) = &self.with else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
        Ok(Some((file.as_path(), text)))
    }
}
