//! Files that are read again before they get their name.

use std::io;
use std::path::Path;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::fs_atomic::AtomicFile;

/// Writes under a temporary name, reads that again, and renames it.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    // Two processes may pull the same module at once.
    name.push(format!(".{}", std::process::id()));
    let mut written = AtomicFile::create_as(file.with_file_name(name), file, 0o666)?;
    written.write(bytes)?;
    written.sync()?;
    let mut back = written.file();
    let found = io::Seek::rewind(&mut back).and_then(|()| Digest::of(&mut back));
    let found = found.map_err(|error| Error::io("read", file, error))?;
    if found != Digest::of_bytes(bytes) {
        let error = io::Error::other("the disk holds other bytes than were written");
        return Err(Error::io("write", file, error));
    }
    Ok(written.commit()?)
}
