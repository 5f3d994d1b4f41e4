//! A file that appears when it is complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::rename::{rename, rename_new};
use super::step::{PublishError, PublishStep, attempt};

/// A file under a temporary name. Dropped, it goes away, unless it was committed.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    temporary: PathBuf,
    to: PathBuf,
    committed: bool,
}

/// Replaces the file at `to` by one that holds `bytes`.
pub fn write(to: &Path, bytes: &[u8], mode: u32) -> Result<(), PublishError> {
    let mut file = AtomicFile::create(to, mode)?;
    file.write(bytes)?;
    file.commit()
}

impl AtomicFile {
    /// Begins the file that shall be `to`, as `.NAME.partial` beside it. The process's umask takes
    /// bits of `mode` away.
    pub fn create(to: &Path, mode: u32) -> Result<Self, PublishError> {
        let mut name = OsString::from(".");
        name.push(to.file_name().unwrap_or_default());
        name.push(".partial");
        Self::create_as(to.with_file_name(name), to, mode)
    }

    /// The same under a temporary name of the caller's choice, on the same file system.
    pub fn create_as(temporary: PathBuf, to: &Path, mode: u32) -> Result<Self, PublishError> {
        let file = attempt(PublishStep::Create, &temporary, || {
            match fs::remove_file(&temporary) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&temporary)
        })?;
        Ok(Self {
            file,
            temporary,
            to: to.to_owned(),
            committed: false,
        })
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        attempt(PublishStep::Write, &self.temporary, || {
            self.file.write_all(bytes)
        })
    }

    /// Appends all that `source` has. Its errors count as errors of writing.
    pub fn copy_from(&mut self, source: &mut impl Read) -> Result<u64, PublishError> {
        attempt(PublishStep::Write, &self.temporary, || {
            io::copy(source, &mut self.file)
        })
    }

    /// The file, for reading back what was written.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Waits until the disk has it.
    pub fn sync(&self) -> Result<(), PublishError> {
        attempt(PublishStep::Sync, &self.temporary, || self.file.sync_all())
    }

    /// Makes it the file at the destination, in place of what stands there.
    pub fn commit(mut self) -> Result<(), PublishError> {
        self.sync()?;
        let renamed = rename(&self.temporary, &self.to);
        self.end(renamed)
    }

    /// The same, where nothing may stand yet.
    pub fn commit_new(mut self) -> Result<(), PublishError> {
        self.sync()?;
        let renamed = rename_new(&self.temporary, &self.to);
        self.end(renamed)
    }

    /// Only a name that it did not get leaves the temporary one.
    fn end(&mut self, renamed: Result<(), PublishError>) -> Result<(), PublishError> {
        let failed = renamed.as_ref().err().map(|failed| failed.step);
        self.committed = failed != Some(PublishStep::Rename);
        renamed
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed
            && let Err(error) = fs::remove_file(&self.temporary)
        {
            tracing::warn!(path = %self.temporary.display(), %error, "cannot remove a file that was not completed");
        }
    }
}
