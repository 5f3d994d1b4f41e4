//! Looking things up beneath folders that are held open, through no symbolic link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, openat, openat2, statat,
};
use rustix::io::{Errno, Result};

/// How a folder is opened to look up names in it.
pub(super) const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens what is below `root`, through no symbolic link.
pub(crate) fn beneath(root: impl AsFd, path: &Path, flags: OFlags) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(root, here(path), flags, Mode::empty(), resolve)
}

/// The same for a folder, and into no other mount.
pub(super) fn same_mount(root: impl AsFd, path: &Path) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    openat2(root, here(path), FOLDER, Mode::empty(), resolve)
}

/// Opens a folder by its absolute path, through no symbolic link.
pub(super) fn absolute(path: &Path) -> Result<OwnedFd> {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(CWD, path, FOLDER, Mode::empty(), resolve)
}

/// Opens a folder that is held open by its name, to be listed or changed itself.
pub(super) fn readable(folder: impl AsFd) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(folder, ".", flags, Mode::empty())
}

/// Whether there is a directory of that name.
pub(crate) fn is_directory(folder: impl AsFd, name: &Path) -> bool {
    matches!(facts(folder, name), Ok(Some(facts)) if is_dir(&facts))
}

pub(super) fn is_dir(facts: &Stat) -> bool {
    FileType::from_raw_mode(facts.st_mode) == FileType::Directory
}

/// What an entry is; none if there is none.
pub(super) fn facts(folder: impl AsFd, name: &Path) -> Result<Option<Stat>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(facts) => Ok(Some(facts)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names in a folder, in the order of their bytes.
pub(super) fn names(folder: impl AsFd) -> Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in Dir::new(readable(folder)?)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(PathBuf::from(OsStr::from_bytes(name)));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The folder that a name stands in, and how it is called there.
pub(super) fn split(name: &Path) -> (&Path, &Path) {
    let last = name.file_name().map_or(name, Path::new);
    (name.parent().unwrap_or(Path::new("")), last)
}

fn here(path: &Path) -> &Path {
    match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    }
}
