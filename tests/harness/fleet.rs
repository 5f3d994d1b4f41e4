//! `sidecar fleet`, over sidecars that a test has started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Daemon, Finished, Running, Server, Sidecar, TOKEN};

/// The token that sidecars of a fleet answer to.
pub(crate) const READING: &str = "a-token-of-a-sidecar-that-reads";

/// A configured fleet that asks as often as it may.
pub(crate) struct Fleet {
    folder: Rc<TempDir>,
    config: Value,
    environment: Vec<(String, String)>,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self {
            folder: Rc::new(tempfile::tempdir().unwrap()),
            config: json!({
                "app": {"host": "127.0.0.1", "port": 0},
                "secrets": {"api_token": TOKEN},
                "interval": "5s",
                "sidecars": [],
            }),
            environment: Vec::new(),
        }
    }

    /// The sidecar with a token that a fleet may have.
    pub(crate) fn member(sidecar: Sidecar) -> Sidecar {
        sidecar.set(
            "secrets.tokens.fleet",
            json!({"scope": "read", "token": READING}),
        )
    }

    /// Shows one that runs, and was prepared by [`Fleet::member`].
    pub(crate) fn shows(self, name: &str, server: &Server) -> Self {
        self.asks(json!({"name": name, "url": server.url, "token": READING}))
    }

    /// Shows whatever this entry of `sidecars` says.
    pub(crate) fn asks(mut self, sidecar: Value) -> Self {
        self.config["sidecars"]
            .as_array_mut()
            .unwrap()
            .push(sidecar);
        self
    }

    /// Sets a key of the configuration.
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config[key] = value.into();
        self
    }

    /// Where its configuration lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration, in which a fleet that runs already finds it.
    pub(crate) fn write_config(&self) -> PathBuf {
        let file = self.folder().join("fleet.yaml");
        std::fs::write(&file, self.config.to_string()).unwrap();
        file
    }

    fn command(&self) -> Command {
        let file = self.write_config();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar"));
        command.args(["fleet", "--config"]).arg(file);
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Runs to its end.
    pub(crate) fn run(&self) -> Finished {
        Running::start(self.command()).finish()
    }

    /// Starts it and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        Server::listening(Daemon::start(self.command()), Rc::clone(&self.folder))
    }
}
