//! Small objects that several sidecars change, under a file lock. The version of one is its text.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::OFlags;

use super::folder::{Folder, create_parent};
use crate::clock;
use crate::display::visible_line;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::store::backend::LARGEST_SMALL_OBJECT;
use crate::store::error::StoreOperation;

/// For how long the lock is waited for, and how often it is tried.
const LOCK_TIMEOUT: Duration = Duration::from_secs(20);
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// Writes the text if the object still has the expected one, or with none, if it is not there.
/// Returns whether it was written.
pub(super) fn replace(
    folder: &Folder,
    key: &str,
    text: &str,
    expected: Option<&str>,
) -> Result<bool> {
    let failed = |error| folder.failed(StoreOperation::Write, key, error);
    let path = folder.path(key).map_err(failed)?;
    create_parent(&path).map_err(failed)?;
    let lock = path.with_extension("lock");
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
        .open(&lock);
    // A pipe would be waited for for ever.
    let locked = opened.and_then(|file| match file.metadata()?.is_file() {
        true => take(file, LOCK_TIMEOUT),
        false => Err(io::Error::other("it is not a file")),
    });
    let _locked = locked.map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => folder.failed(StoreOperation::Write, key, error),
        _ => Error::io("lock", &lock, error),
    })?;
    if read(folder, key).as_deref() != expected {
        return Ok(false);
    }
    fs_atomic::write(&path, text.as_bytes(), 0o600)?;
    Ok(true)
}

/// Waits for the file lock, which lasts as long as it takes to write a small file. Its owner is written
/// into it, for one that waits in vain: a process that was stopped holds it for as long as it is.
fn take(mut file: File, limit: Duration) -> io::Result<File> {
    let begun = clock::monotonic();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if clock::monotonic() - begun < limit => {
                sleep(LOCK_INTERVAL);
            }
            Err(TryLockError::WouldBlock) => return Err(held(&file, limit)),
        }
    }
    // It tells people; the lock is ours without it.
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let told = format!("process {} on {machine}", std::process::id());
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(told.as_bytes()));
    if let Err(error) = written {
        tracing::debug!("cannot say who has a lock: {error}");
    }
    Ok(file)
}

fn held(file: &File, limit: Duration) -> io::Error {
    let mut owner = [0; 200];
    let length = file.read_at(&mut owner, 0).unwrap_or(0);
    let owner = String::from_utf8_lossy(&owner[..length]);
    let owner = match owner.lines().next().map(visible_line) {
        Some(owner) if !owner.is_empty() => owner,
        _ => "another process".to_owned(),
    };
    let seconds = limit.as_secs();
    let message = format!("{owner} has held its lock for {seconds} s, and seems to be stopped");
    io::Error::new(io::ErrorKind::TimedOut, message)
}

/// The text of an object; none if there is none that can be read. What is too large to be one of ours
/// is not read, and what is no file is not opened: a pipe would never end.
pub(super) fn read(folder: &Folder, key: &str) -> Option<String> {
    let path = folder.path(key).ok()?;
    let found = fs::metadata(&path).ok()?;
    let is_ours = found.is_file() && found.len() < LARGEST_SMALL_OBJECT;
    is_ours.then(|| fs::read_to_string(path).ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn open(path: &std::path::Path) -> File {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(path).unwrap()
    }

    #[test]
    fn a_lock_that_is_not_given_back_is_waited_for_for_a_while_and_its_owner_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease.lock");
        let held = take(open(&path), LOCK_TIMEOUT).unwrap();
        let limit = Duration::from_millis(100);
        let error = take(open(&path), limit).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let owner = format!("process {} on ", std::process::id());
        assert!(error.to_string().starts_with(&owner), "{error}");
        drop(held);
        take(open(&path), limit).unwrap();
    }
}
