//! One run at a time, in all processes that share the artifacts folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::post::owed;
use super::{download_cache, publish_journal};
use crate::artifact::remove_leftovers;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::exchange;
use crate::sandbox::CommandFolder;
use crate::service::catalogue::upload_journal;
use crate::service::context::Context;
use crate::service::folders;

/// The right to run now. The system releases it when this process dies.
#[derive(Debug)]
pub(in crate::service) struct RunLock {
    /// The state folder.
    pub(in crate::service) folder: PathBuf,
    #[allow(dead_code, reason = "holding it open is holding the lock")]
    file: Arc<File>,
}

impl RunLock {
    /// Prepares the folders, takes the lock, and tidies up after processes that died with it, whichever of
    /// several strategies they ran.
    pub(in crate::service) fn acquire(context: &Context) -> Result<Self> {
        let paths = &context.config().paths;
        let folder = folders::prepare(paths)?;
        let shared = folders::shared_folder(paths);
        folders::make_private(&shared)?;
        let file = lock(&shared.join("lock"))?;
        let history = context.history();
        history.mend();
        history.catch_up();
        let configs = || context.configs().iter().filter(|config| is_used(config));
        for config in configs() {
            let folder = folders::state_folder(&config.paths);
            publish_journal::recover(history, &config.paths.artifacts, &folder);
            upload_journal::recover(&folder);
            remove_leftovers(&folder)?;
            CommandFolder::remove_leftovers(&folder);
            exchange::recover(&folders::restores(&folder))?;
        }
        history.interrupt_unfinished();
        download_cache::remove_expired(context);
        for config in configs() {
            owed::run_owed(config, &folders::state_folder(&config.paths));
        }
        context.time();
        Ok(Self {
            folder,
            file: Arc::new(file),
        })
    }

    /// The same lock for the run of a member, in its own folder.
    pub(in crate::service) fn of_member(&self, member: &Context) -> Result<Self> {
        Ok(Self {
            folder: folders::prepare(&member.config().paths)?,
            file: self.file.clone(),
        })
    }
}

/// Whether a run of this strategy has made its folder.
fn is_used(config: &Config) -> bool {
    folders::state_folder(&config.paths).is_dir()
}

/// A program that another thread starts has a copy of every open file until it is executed, and so of a lock that
/// has just been given back: on a busy machine that takes a while.
const COPIES_GONE_AFTER: Duration = Duration::from_millis(100);

fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("open", path, error))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < COPIES_GONE_AFTER => {
                sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
        }
    }
}

/// What a second run is told.
pub(super) fn busy() -> Error {
    Error::new(Kind::Busy, "busy", "another run is in progress")
        .hint("wait for it to end, or cancel it")
}
