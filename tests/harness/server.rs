//! A sidecar that serves.

use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{Answer, Daemon, Finished, TOKEN, within};

/// A running `sidecar serve`, ready for requests.
pub(crate) struct Server {
    // Dropped in this order: first the process, then its folder.
    daemon: Daemon,
    _folder: Rc<TempDir>,
    /// "http://127.0.0.1:PORT"
    pub(crate) url: String,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(command: Command, folder: Rc<TempDir>) -> Self {
        let server = Self::listening(Daemon::start(command), folder);
        let ready = Answer::get(&format!("{}/readyz", server.url), None);
        assert_eq!(ready.status, 200, "{ready:?}");
        server
    }

    /// Waits for the log line that names the address it got.
    pub(crate) fn listening(mut daemon: Daemon, folder: Rc<TempDir>) -> Self {
        let port = daemon.await_line(port_in);
        Self {
            daemon,
            _folder: folder,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// With the right token.
    pub(crate) fn get(&self, path: &str) -> Answer {
        Answer::get(&format!("{}{path}", self.url), Some(TOKEN))
    }

    /// With the right token, without a body.
    pub(crate) fn post(&self, path: &str) -> Answer {
        Answer::post(&format!("{}{path}", self.url), TOKEN)
    }

    /// With the right token and these headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let token = format!("Bearer {TOKEN}");
        let mut all = vec![("Authorization", token.as_str())];
        all.extend(headers);
        Answer::ask(method, &format!("{}{path}", self.url), &all)
    }

    /// With the right token: a run whose end no request waits for; its URL.
    pub(crate) fn start_run(&self) -> String {
        let answer = self.ask("POST", "/backup/export", &[("Prefer", "respond-async")]);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").to_owned()
    }

    /// Waits until the run at `url` is over; the run.
    pub(crate) fn over(&self, url: &str) -> Value {
        within(Duration::from_secs(30), "the run is over", || {
            let job = self.get(url).json();
            let state = job["state"].as_str().unwrap();
            (!["queued", "running"].contains(&state)).then_some(job.clone())
        })
    }

    /// With the right token: a whole export.
    pub(crate) fn export(&self) -> Answer {
        self.post("/backup/export")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    pub(crate) fn log(&mut self) -> String {
        self.daemon.log()
    }

    /// Sends `signal` and waits for the end.
    pub(crate) fn end_with(mut self, signal: Signal) -> Finished {
        self.daemon.end_with(signal)
    }
}

/// The port of a loopback address in a line of the log.
fn port_in(line: &str) -> Option<u16> {
    let (_, after) = line.split_once("127.0.0.1:")?;
    let end = after
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(after.len());
    after[..end].parse().ok().filter(|port| *port != 0)
}
