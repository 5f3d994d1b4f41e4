//! An entry of a tree.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use rustix::fs::{OFlags, Stat};

use super::state::TreeState;
use crate::error::Error;

/// Something that belongs in the backup, as it was when it was added.
#[derive(Debug)]
pub struct FileTreeEntry {
    /// Relative, without `.` and `..`; "." is the tree itself.
    pub name: Vec<u8>,
    /// What the system knows of it.
    pub facts: Stat,
    /// Where it points if it is a symbolic link.
    pub link: Option<Vec<u8>>,
    /// Extended attributes: names and values.
    pub attributes: Vec<(String, Vec<u8>)>,
    /// Of a regular file.
    pub content: Option<UnreadFile>,
}

/// The content of a file. Dropped, it was read, or need not be.
#[derive(Debug)]
pub struct UnreadFile {
    /// Opened with `O_PATH`: whatever is renamed meanwhile, this is what was looked at.
    place: OwnedFd,
    path: Vec<u8>,
    state: Arc<TreeState>,
}

impl UnreadFile {
    pub(super) fn new(place: OwnedFd, path: Vec<u8>, state: Arc<TreeState>) -> Self {
        state.add_unread();
        Self { place, path, state }
    }

    /// Opens it for reading.
    pub fn open(&self) -> io::Result<File> {
        let place = format!("/proc/self/fd/{}", self.place.as_raw_fd());
        let flags = OFlags::NONBLOCK.bits();
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags.cast_signed());
        options.open(place)
    }

    /// Where it lies.
    pub fn path(&self) -> String {
        self.path.escape_ascii().to_string()
    }

    /// It could not be opened: it is not in the backup.
    pub fn is_lost(&self, error: &Error) {
        self.state.lose(&self.path, error);
    }

    /// It is in the backup, and otherwise than it was: see [`change`](super::change).
    pub fn has_changed(&self, change: &'static str) {
        let message = format!("{} {change} while it was read", self.path());
        self.state.note(&self.path, &Error::run(change, message));
    }
}

impl Drop for UnreadFile {
    fn drop(&mut self) {
        self.state.end_unread();
    }
}
