//! Why nothing can be made at a place, in words.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::io::Errno;

use super::name::Name;
use crate::error::{Error, Result};
use crate::fs_atomic::Space;

/// Something is there that stays.
pub(super) fn exists(target: &Path, name: &Name, replace: bool) -> Error {
    let place = target.join(name.path());
    let error = Error::run("exists", format!("{} is there already", place.display()));
    error.hint(match replace {
        true => "a directory is never replaced by something else: move it away",
        false => "restore into another directory (--into), or allow it to be replaced (--replace)",
    })
}

/// The system refuses.
pub(super) fn failed(target: &Path, doing: &str, name: &Name, error: Errno) -> Error {
    let place = target.join(name.path());
    match error {
        Errno::LOOP | Errno::XDEV => Error::run(
            "outside-target",
            format!(
                "{} lies behind a symbolic link, which a restore does not follow",
                place.display()
            ),
        )
        .hint("restore into another directory, or replace the link by a directory"),
        Errno::NOTDIR => Error::run(
            "exists",
            format!(
                "{} cannot be: something on the way to it is no directory",
                place.display()
            ),
        )
        .hint("restore into another directory (--into), or move it away"),
        error => Error::io(doing, &place, error.into()),
    }
}

/// Fails if the volume has no room for so much.
pub(super) fn require_room(open: impl AsFd, target: &Path, entries: u64, bytes: u64) -> Result<()> {
    let space = Space::at(open);
    let space = space.map_err(|error| Error::io("inspect", target, error.into()))?;
    space.require(target, bytes, entries).map_err(|error| {
        error.hint("free space on that volume or make it larger; nothing was written. Files with holes may need less: --accept space")
    })
}
