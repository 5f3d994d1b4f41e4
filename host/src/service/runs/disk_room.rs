//! Room on a disk: what an entry takes of it, and what is left.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What an entry takes at least: of each of the inodes that ext4 makes, its share of the disk. A limit of half the
/// disk is one of half of the inodes, too.
pub(super) const ENTRY: u64 = 16 << 10;

/// By an inode and its blocks; a hole takes none.
pub(super) fn taken(facts: &fs::Metadata) -> u64 {
    facts.blocks().saturating_mul(512).max(ENTRY)
}

/// What is left on the disks of some places: bytes, and inodes by their share.
pub(super) struct FreeRoom(HashMap<PathBuf, [u64; 2]>);

impl FreeRoom {
    pub(super) fn of(places: &[PathBuf]) -> Self {
        let left = places
            .iter()
            .filter_map(|place| Some((place.clone(), left(place)?)));
        Self(left.collect())
    }

    /// How much less there is now, of what has become less by most, and whatever has taken it.
    pub(super) fn lost(&self) -> u64 {
        let now = self
            .0
            .iter()
            .filter_map(|(place, before)| Some((before, left(place)?)));
        let lost = now.flat_map(|([bytes, inodes], now)| {
            [bytes.saturating_sub(now[0]), inodes.saturating_sub(now[1])]
        });
        lost.max().unwrap_or(0)
    }
}

/// A file system that makes inodes as it needs them has none left to tell of.
fn left(place: &Path) -> Option<[u64; 2]> {
    let disk = rustix::fs::statvfs(place).ok()?;
    Some([
        disk.f_bfree.saturating_mul(disk.f_frsize),
        disk.f_ffree.saturating_mul(ENTRY),
    ])
}
