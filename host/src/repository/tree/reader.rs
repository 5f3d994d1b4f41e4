//! The content of a file that has changed since the last backup: exactly as many bytes as it had when it was
//! added, whatever happens to it meanwhile.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustic_core::{ErrorKind, ReadSourceOpen, RusticError, RusticResult};
use rustix::fs::{Stat, fstat};

use crate::artifact::file_tree::{UnreadFile, change};
use crate::error::Error;
use crate::repository::gate::VerdictGate;

/// A file that is opened only if it has changed.
pub(in crate::repository) struct TreeFile {
    pub(super) unread: UnreadFile,
    pub(super) facts: Stat,
    pub(super) gate: Arc<VerdictGate>,
    /// Counts those that were opened.
    pub(super) opened: Arc<AtomicU64>,
}

/// A file that is being read.
pub(in crate::repository) struct TreeFileReader {
    file: File,
    left: u64,
    of: TreeFile,
    /// Nothing more is in it: the rest is zeros.
    is_short: bool,
    is_compared: bool,
}

impl ReadSourceOpen for TreeFile {
    type Reader = TreeFileReader;

    /// What cannot be opened is left out, and told: the library leaves out what fails here.
    fn open(self) -> RusticResult<TreeFileReader> {
        self.opened.fetch_add(1, Relaxed);
        match self.unread.open() {
            Ok(file) => Ok(TreeFileReader {
                file,
                left: self.facts.st_size.cast_unsigned(),
                of: self,
                is_short: false,
                is_compared: false,
            }),
            Err(error) => {
                let path = self.unread.path();
                let lost = Error::io("open", path.as_ref(), error);
                self.unread.is_lost(&lost);
                Err(RusticError::new(
                    ErrorKind::InputOutput,
                    lost.message().to_owned(),
                ))
            }
        }
    }
}

impl Read for TreeFileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.min(buffer.len() as u64) as usize;
        if most == 0 {
            if self.left == 0 {
                self.compare();
            }
            return Ok(0);
        }
        let gate = &self.of.gate;
        gate.require_not_failed().map_err(io::Error::other)?;
        let read = match self.is_short {
            true => 0,
            false => match self.file.read(&mut buffer[..most]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => {
                    let failed = io::Error::from(error.kind());
                    let path = self.of.unread.path();
                    // The library would save the snapshot without the file.
                    gate.fail(Error::io("read", path.as_ref(), error));
                    return Err(failed);
                }
            },
        };
        let given = match read {
            0 => {
                self.is_short = true;
                buffer[..most].fill(0);
                most
            }
            read => read,
        };
        self.left -= given as u64;
        Ok(given)
    }
}

impl TreeFileReader {
    /// Tells once how the file has changed while it was read.
    fn compare(&mut self) {
        if std::mem::replace(&mut self.is_compared, true) {
            return;
        }
        let now = fstat(&self.file).ok();
        let changed = match self.is_short {
            true => Some("shrank"),
            false => now.and_then(|now| change(&self.of.facts, &now)),
        };
        if let Some(changed) = changed {
            self.of.unread.has_changed(changed);
        }
    }
}
