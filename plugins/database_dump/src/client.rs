//! Runs an engine's tools: fixed lines, with all that varies in their environment.

use sidecar_sdk::{Command, Failure, Result};

/// SQL that a line hands to the server: in its environment, where no process list shows it.
pub(crate) const SQL: &str = "SIDE_CAR_SQL";

/// How the tools of an engine reach their server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    config: commands::Config,
    env: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(config: &commands::Config, env: Vec<(String, String)>) -> Self {
        Self {
            config: config.clone(),
            env,
        }
    }

    /// The names of the variables that its commands set.
    pub(crate) fn variables(&self) -> Vec<String> {
        self.env.iter().map(|(name, _)| name.clone()).collect()
    }

    /// One of the engine's lines. Where `url` says something, it wins over `env`.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = commands::command(&self.config, line);
        command.env.extend(self.env.iter().cloned());
        command
    }

    /// What a line prints, without the newline at its end.
    pub(crate) fn ask(&self, command: &Command) -> Result<String> {
        const LARGEST_ANSWER: u32 = 16 << 20;
        let captured = command.capture(LARGEST_ANSWER)?;
        let text = String::from_utf8(captured.stdout).map_err(|_| {
            Failure::new("not-utf-8", "the server's answer is not UTF-8")
                .hint("is there a database or role whose name was written in another encoding?")
        })?;
        Ok(text.trim_end_matches('\n').to_owned())
    }
}
