//! A file that a module has opened.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{FileType, Stat, fstat};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::paths::{Attribute, failed};

/// A regular file.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenFile {
    pub(in crate::sandbox) file: Arc<OwnedFd>,
    pub(in crate::sandbox) path: PathBuf,
    /// Whether its own position is no longer its start.
    pub(in crate::sandbox) moved: bool,
    /// When it was opened.
    pub(in crate::sandbox) facts: Stat,
    /// Its first bytes, if they were read already.
    pub(in crate::sandbox) content: Bytes,
    /// Whether those are all, and nothing changed from its listing until they were read.
    pub(in crate::sandbox) read_at_once: bool,
    /// Its extended attributes, if they were read already.
    pub(in crate::sandbox) attributes: Option<Vec<Attribute>>,
}

impl OpenFile {
    /// What was opened at `path`, unless it is something else.
    pub(in crate::sandbox) fn new(file: OwnedFd, path: PathBuf) -> Result<Self> {
        let facts = fstat(&file).map_err(|error| failed("inspect", &path, error))?;
        match FileType::from_raw_mode(facts.st_mode) {
            FileType::RegularFile => Ok(Self {
                file: Arc::new(file),
                path,
                moved: false,
                facts,
                content: Bytes::new(),
                read_at_once: false,
                attributes: None,
            }),
            _ => Err(Error::run(
                "not-a-file",
                format!("{} is not a regular file", path.display()),
            )),
        }
    }

    /// Whether it was read at once, and has no extended attributes.
    pub(super) fn is_plain(&self) -> bool {
        self.read_at_once && self.attributes.as_ref().is_some_and(Vec::is_empty)
    }

    /// Bytes, when it was opened.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the widths of stat's fields differ between machines"
    )]
    pub(super) fn size(&self) -> u64 {
        self.facts.st_size as u64
    }
}

/// A file from its start, however often the module reads it; its end once the run is cancelled.
pub(in crate::sandbox) struct FileSource {
    file: Arc<OwnedFd>,
    position: u64,
    cancel: Cancel,
}

impl FileSource {
    pub(in crate::sandbox) fn new(file: &OpenFile, cancel: &Cancel) -> Self {
        Self {
            file: file.file.clone(),
            position: 0,
            cancel: cancel.clone(),
        }
    }
}

impl Read for FileSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("the run was cancelled"));
        }
        let read = rustix::io::pread(&self.file, buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// What became shorter than its length when it was opened is filled up, which the operator should know.
pub(in crate::sandbox) fn warn_short(path: &Path, promised: u64, found: u64) {
    tracing::warn!(
        path = %path.display(), promised, found,
        "the file became shorter while it was read; the rest is filled with zeros"
    );
}
