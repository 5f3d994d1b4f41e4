//! A Redis server of our own.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{Daemon, Finished, free_port, sh};

/// A server on a loopback port; its data go away with it.
pub(crate) struct Redis {
    // Dropped in this order: first the server, then its folder.
    daemon: Daemon,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
}

impl Redis {
    /// Starts an empty server.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts an empty server with more options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), options)
    }

    /// Starts a server that holds what the snapshot in `file` holds.
    pub(crate) fn start_from(file: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(file, folder.path().join("dump.rdb")).unwrap();
        Self::start_in(folder, &[])
    }

    fn start_in(folder: TempDir, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        for _ in 0..5 {
            let port = free_port();
            let mut daemon = serve(&folder, port, &options);
            if is_ready(&mut daemon) {
                return Self {
                    daemon,
                    folder,
                    port,
                    options,
                };
            }
            assert!(
                daemon.log().contains("Address already in use"),
                "{}",
                daemon.log()
            );
        }
        panic!("no free port for Redis");
    }

    /// Ends the server with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.daemon.end_with(Signal::KILL);
    }

    /// Starts it again, with what its files have.
    pub(crate) fn start_again(&mut self) {
        self.daemon = serve(&self.folder, self.port, &self.options);
        assert!(is_ready(&mut self.daemon), "{}", self.daemon.log());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `redis-cli ARGUMENTS`.
    pub(crate) fn cli(&self, arguments: &str) -> Finished {
        sh(&format!("redis-cli -p {} {arguments}", self.port)).succeeds()
    }

    /// What the server itself computes over all keys and values.
    pub(crate) fn digest(&self) -> String {
        self.cli("debug digest").stdout
    }
}

fn serve(folder: &TempDir, port: u16, options: &[String]) -> Daemon {
    let port = port.to_string();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--enable-debug-command", "yes"]);
    command.args(["--repl-diskless-sync-delay", "0"]);
    command.arg("--dir").arg(folder.path()).args(options);
    Daemon::start(command)
}

fn is_ready(daemon: &mut Daemon) -> bool {
    let ready = |line: &str| line.contains("Ready to accept").then_some(());
    daemon.next_line(ready).is_some()
}
