//! When a server reads its configuration again: at SIGHUP, and when a file that it was made of has changed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::fs;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::signals;
use crate::config::Listen;
use crate::error::{Error, Kind, Result};

/// Between two looks at the files. What looks the same twice is not being written any more.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// The reasons to read a configuration again.
pub(super) struct Reloads {
    hangup: Signal,
    /// As the configuration in force, or the one that was refused last, has read them.
    read: FileStates,
    /// As they were at the last look.
    seen: FileStates,
}

/// What a file looks like; nothing if there is none.
type FileStates = BTreeMap<PathBuf, Option<FileState>>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    /// Device and inode: a file that takes the place of another one is another file.
    at: (u64, u64),
    size: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

impl Reloads {
    /// Starts to watch the files that the configuration in force was made of.
    pub(super) async fn watch(files: Vec<PathBuf>) -> Result<Self> {
        let mut reloads = Self {
            hangup: signal(SignalKind::hangup()).map_err(signals::failed)?,
            read: FileStates::new(),
            seen: FileStates::new(),
        };
        reloads.follow(files).await;
        Ok(reloads)
    }

    /// From now on one that was made of these files is in force.
    pub(super) async fn follow(&mut self, files: Vec<PathBuf>) {
        let mut read = FileStates::new();
        for file in files {
            let state = match self.read.remove(&file) {
                // It may have changed again since it was read.
                Some(state) => state,
                None => state_of(&file).await,
            };
            read.insert(file, state);
        }
        self.seen = read.clone();
        self.read = read;
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    tracing::info!("SIGHUP: reading the configuration again");
                    self.read = self.states().await;
                    return;
                }
                () = sleep(LOOK_INTERVAL) => {}
            }
            let found = self.states().await;
            let is_stable = found == self.seen;
            self.seen = found;
            if is_stable && self.seen != self.read {
                let files = self.changed();
                tracing::info!(
                    ?files,
                    "a file has changed: reading the configuration again"
                );
                self.read = self.seen.clone();
                return;
            }
        }
    }

    async fn states(&self) -> FileStates {
        let mut found = FileStates::new();
        for file in self.read.keys() {
            found.insert(file.clone(), state_of(file).await);
        }
        found
    }

    fn changed(&self) -> Vec<&PathBuf> {
        let pairs = self.seen.iter().zip(self.read.values());
        let changed = pairs.filter(|((_, seen), read)| seen != read);
        changed.map(|((file, _), _)| file).collect()
    }
}

/// Refuses another address than the one at which a server listens already.
pub(super) fn require_same_address(asked: &Listen, listen: &Listen) -> Result<()> {
    if (&asked.host, asked.port) == (&listen.host, listen.port) {
        return Ok(());
    }
    let message = "app.host and app.port are others, where a running server does not move to";
    Err(Error::new(Kind::Config, "address-fixed", message)
        .hint("start it again, or leave them as they were"))
}

/// Says why a configuration is not taken.
pub(super) fn refused(error: &Error) {
    let (code, hint) = (error.code(), error.hint_text());
    tracing::error!(
        code,
        hint,
        "the new configuration is refused, the one before stays in force: {error}"
    );
}

/// Says that one is taken.
pub(super) fn in_force() {
    tracing::info!("the new configuration is in force");
}

async fn state_of(file: &PathBuf) -> Option<FileState> {
    let facts = fs::metadata(file).await.ok()?;
    Some(FileState {
        at: (facts.dev(), facts.ino()),
        size: facts.len(),
        changed: (facts.mtime(), facts.mtime_nsec()),
    })
}
