//! The keys of `strategy.config` that every command-driven strategy has.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Strings, is_connection_variable};

use crate::variables::INTO;

/// `strategy.config` of a strategy that runs commands.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("examples" = [{"command": "echo 'SELECT 1;'", "capture_stdout": true}]))]
pub struct Config {
    /// Commands to run first. When one fails, the run fails and the main commands do not run.
    pub pre: Strings,
    /// The main command: a shell line.
    pub command: Strings,
    /// The main commands, one after the other; instead of `command`.
    pub commands: Strings,
    /// Commands to run at the end, also when the run failed: SIDE_CAR_OUTCOME says "succeeded" or
    /// "failed". When one fails, a whole backup stays one, and the run has a warning.
    pub post: Strings,
    /// Whether the stdout of the main command is the artifact. Otherwise the artifact is what the
    /// commands leave in SIDE_CAR_TEMP_DUMP.
    #[schemars(with = "bool")]
    pub capture_stdout: Option<bool>,
    /// Environment variables for every command.
    pub env: BTreeMap<String, Value>,
    /// Where the commands run; left out: `paths.workdir`. A relative path is below it.
    #[schemars(with = "String")]
    pub workdir: Option<String>,
    /// The shell that runs the lines: a name or a path. Left out: the first on the machine that
    /// can do `pipefail`.
    #[schemars(with = "String")]
    pub shell: Option<String>,
    /// Commands that restore a backup, one after the other: each gets the backup on its standard input, or
    /// as the file at SIDE_CAR_TEMP_DUMP if it names that.
    pub restore: Strings,
}

impl Config {
    /// The same for commands that work for another server: with nothing that leads to the configured one, or lets
    /// anybody in there.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        let mut config = self.clone();
        config.env.retain(|name, _| !is_connection_variable(name));
        let yes = Value::Text("yes".to_owned());
        config.env.insert(INTO.to_owned(), yes);
        config
    }

    /// Whether they work for another server.
    pub fn is_elsewhere(&self) -> bool {
        self.env.contains_key(INTO)
    }

    /// The main commands, whichever key names them.
    pub fn main(&self) -> &[String] {
        match self.command.as_slice() {
            [] => self.commands.as_slice(),
            command => command,
        }
    }
}

/// The value of an environment variable: YAML's numbers and booleans need no quotes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// `NAME: text`
    Text(String),
    /// `NAME: 5432`
    Number(i64),
    /// `NAME: true`
    Boolean(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
        }
    }
}
