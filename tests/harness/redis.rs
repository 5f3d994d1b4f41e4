//! A Redis server of our own.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{Daemon, Finished, free_port, sh};

/// A server on a loopback port; its data go away with it.
pub(crate) struct Redis {
    // Dropped in this order: first the server, then its folder.
    _daemon: Daemon,
    _folder: TempDir,
    port: u16,
}

impl Redis {
    /// Starts an empty server.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// Starts a server that holds what the snapshot in `file` holds.
    pub(crate) fn start_from(file: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(file, folder.path().join("dump.rdb")).unwrap();
        Self::start_in(folder)
    }

    fn start_in(folder: TempDir) -> Self {
        for _ in 0..5 {
            let port = free_port();
            let mut command = Command::new("redis-server");
            command.args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ]);
            command.args([
                "--enable-debug-command",
                "yes",
                "--repl-diskless-sync-delay",
                "0",
            ]);
            command.arg("--dir").arg(folder.path());
            let mut daemon = Daemon::start(command);
            if daemon
                .next_line(|line| line.contains("Ready to accept").then_some(()))
                .is_some()
            {
                return Self {
                    _daemon: daemon,
                    _folder: folder,
                    port,
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
