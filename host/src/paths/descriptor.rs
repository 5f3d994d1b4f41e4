//! What is open, and what stands in a folder that is open.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, openat2, readlinkat, statat,
};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::error::{Error, Result};

/// How something is opened to be read: without ever waiting for it.
pub(super) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);
/// The same, unless it is a link.
pub(crate) const NO_LINK: OFlags = READ.union(OFlags::NOFOLLOW);

/// A name for what is open that no renaming changes.
pub(crate) fn by_descriptor(open: &impl AsRawFd) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_raw_fd()).into()
}

/// Opens one of the run's own folders where it really is: a link that comes into being on the way is
/// an error.
pub(super) fn open_own(path: &Path) -> Result<OwnedFd> {
    let wrong = |error: Errno| failed("open", path, error);
    let real = std::fs::canonicalize(path).map_err(|error| Error::io("open", path, error))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(CWD, &real, flags, Mode::empty(), resolve).map_err(wrong)
}

/// What stands at `name` in `folder`, and where it points if it is a link.
pub(crate) fn inspect_entry(
    folder: impl AsFd,
    name: impl Arg + Copy,
) -> rustix::io::Result<(Stat, Option<CString>)> {
    let facts = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let link = match FileType::from_raw_mode(facts.st_mode) {
        FileType::Symlink => Some(readlinkat(&folder, name, Vec::new())?),
        _ => None,
    };
    Ok((facts, link))
}

/// Bytes of a guest's path.
pub(crate) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// What stands there may have been replaced since a module listed it: that has codes of its own.
pub(crate) fn failed(doing: &str, path: &Path, error: Errno) -> Error {
    let (code, what) = match error {
        Errno::LOOP => ("not-a-file", "a symbolic link"),
        Errno::NOTDIR => ("not-a-directory", "not a directory"),
        other => return Error::io(doing, path, other.into()),
    };
    Error::run(
        code,
        format!("cannot {doing} {}: it is {what}", path.display()),
    )
}
