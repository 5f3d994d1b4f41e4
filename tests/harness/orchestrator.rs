//! The client that is not ours: `clients/orchestrator.py`, which knows contract v1 and nothing else.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use super::{Finished, Running, Server, TOKEN, repository};

/// The orchestrator of one sidecar.
pub(crate) struct Orchestrator {
    url: String,
    token: Option<String>,
}

impl Orchestrator {
    /// One that knows the token.
    pub(crate) fn of(server: &Server) -> Self {
        Self {
            url: server.url.clone(),
            token: Some(TOKEN.to_owned()),
        }
    }

    /// Sends this as the `Authorization` header instead; none sends no such header.
    pub(crate) fn authorization(mut self, header: Option<&str>) -> Self {
        self.token = header.map(|header| format!("={header}"));
        self
    }

    /// `{"status", "headers", "json"}` of GET /backup/capabilities.
    pub(crate) fn capabilities(&self) -> Value {
        Running::start(self.client(&["capabilities"]))
            .finish()
            .succeeds()
            .json()
    }

    /// The same of POST /backup/export; instead of "json", a body has "size" and "sha256".
    pub(crate) fn export(&self, arguments: &[&str]) -> Value {
        self.start_export(arguments).finish().succeeds().json()
    }

    /// Starts an export; its stdout is what [`export`](Self::export) returns.
    pub(crate) fn start_export(&self, arguments: &[&str]) -> Running {
        Running::start(self.client(&[&["export"], arguments].concat()))
    }

    fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(python());
        command
            .arg(repository().join("tests/clients/orchestrator.py"))
            .arg(&self.url);
        if let Some(token) = &self.token {
            command.arg(format!("--token={token}"));
        }
        command.args(arguments);
        command
    }
}

/// The first Python that knows `requests`.
fn python() -> &'static PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let own = std::env::var("SIDECAR_TEST_PYTHON").ok();
        let candidates = own
            .into_iter()
            .chain(["python3".into(), "/usr/bin/python3".into()]);
        candidates
            .map(PathBuf::from)
            .find(|python| {
                imports_requests(python).is_some_and(|finished| finished.code == Some(0))
            })
            .expect("a Python with `requests`: tests/setup installs it")
    })
}

fn imports_requests(python: &PathBuf) -> Option<Finished> {
    let output = Command::new(python)
        .args(["-c", "import requests"])
        .output()
        .ok()?;
    Some(Finished::new(&output, std::time::Duration::ZERO))
}
