//! What an entry is, beyond its name: whether it is still the one that it was.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags, statx};
use rustix::io::{Errno, Result};
use serde::{Deserialize, Serialize};

/// Seconds and nanoseconds.
pub(super) type Time = (i64, u32);

/// What one entry has, and no other one of its file system. An inode alone does not say it: its number is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EntryId {
    pub(super) inode: u64,
    pub(super) directory: bool,
    /// When it was made, where the file system knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<Time>,
}

/// An entry, as it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) id: EntryId,
    /// When its content was written last.
    pub(super) written: Time,
    /// When anything of it was changed last.
    pub(super) changed: Time,
    /// Whether its owner has forbidden that it changes (`chattr +i`, `+a`).
    pub(super) is_fixed: bool,
}

/// Looks at an entry; none if there is none.
pub(super) fn sight(folder: impl AsFd, name: &Path) -> Result<Option<Sighting>> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    match statx(folder, name, AtFlags::SYMLINK_NOFOLLOW, wanted) {
        Ok(found) => Ok(Some(sighting(&found))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn sighting(found: &Statx) -> Sighting {
    let time = |time: rustix::fs::StatxTimestamp| (time.tv_sec, time.tv_nsec);
    let knows_birth = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
    let kind = FileType::from_raw_mode(found.stx_mode.into());
    Sighting {
        id: EntryId {
            inode: found.stx_ino,
            directory: kind == FileType::Directory,
            made: knows_birth.then(|| time(found.stx_btime)),
        },
        written: time(found.stx_mtime),
        changed: time(found.stx_ctime),
        is_fixed: found
            .stx_attributes
            .intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND),
    }
}
