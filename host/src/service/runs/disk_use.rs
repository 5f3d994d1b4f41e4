//! What lies in folders, and what of theirs is held open without a name, as room that it takes on a disk.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::nameless;

/// What an entry takes at least: of each of the inodes that ext4 makes, its share of the disk. A limit of half the
/// disk is one of half of the inodes, too.
pub(super) const ENTRY: u64 = 16 << 10;

/// The room that folders take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DiskUse {
    pub(super) bytes: u64,
    /// A process of the run could not be asked for the files that it holds open.
    pub(super) hidden: bool,
}

/// What `places` take with all that is in them, and the files that had a name there, or never had one, and are held
/// open by this process or a command.
pub(super) fn used(places: &[PathBuf]) -> DiskUse {
    let held = nameless::held(&resolved(places));
    let bytes = held
        .files
        .values()
        .copied()
        .fold(named(places), u64::saturating_add);
    DiskUse {
        bytes,
        hidden: held.hidden,
    }
}

/// As the kernel names them. One that is not there yet holds nothing.
fn resolved(places: &[PathBuf]) -> Vec<PathBuf> {
    let resolved = places
        .iter()
        .filter_map(|place| fs::canonicalize(place).ok());
    resolved.collect()
}

/// One directory after the other is open, whatever lies in them.
fn named(places: &[PathBuf]) -> u64 {
    let mut bytes = 0_u64;
    let mut left = places.to_vec();
    while let Some(path) = left.pop() {
        let facts = match fs::symlink_metadata(&path) {
            Ok(facts) => facts,
            // Below what has a path, nothing can be counted.
            Err(error) if error.kind() == ErrorKind::InvalidFilename => return u64::MAX,
            Err(_) => continue,
        };
        bytes = bytes.saturating_add(taken(&facts));
        if facts.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            left.extend(entries.map(|entry| entry.path()));
        }
    }
    bytes
}

/// By an inode and its blocks; a hole takes none.
pub(super) fn taken(facts: &fs::Metadata) -> u64 {
    facts.blocks().saturating_mul(512).max(ENTRY)
}

/// What is left on the disks of some places: bytes, and inodes by their share.
pub(super) struct Room(HashMap<PathBuf, [u64; 2]>);

impl Room {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn size(place: &Path) -> u64 {
        used(&[place.to_owned()]).bytes
    }

    #[test]
    fn what_takes_place_is_counted_and_holes_and_what_links_lead_to_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("work");
        fs::create_dir_all(place.join("below")).unwrap();
        let before = size(&place);
        fs::write(place.join("below/file"), vec![1; 100_000]).unwrap();
        let hole = fs::File::create(place.join("hole")).unwrap();
        hole.set_len(4 << 40).unwrap();
        std::os::unix::fs::symlink("/usr", place.join("link")).unwrap();
        let added = size(&place) - before;
        assert!((100_000..200_000).contains(&added), "{added}");
        assert_eq!(size(&folder.path().join("missing")), 0);
    }

    #[test]
    fn what_is_empty_takes_an_inode() {
        let folder = tempfile::tempdir().unwrap();
        let before = size(folder.path());
        for at in 0..1_000 {
            fs::write(folder.path().join(at.to_string()), "").unwrap();
        }
        let added = size(folder.path()) - before;
        assert!(added >= 1_000 * ENTRY, "{added}");
    }

    #[test]
    fn a_file_that_is_held_open_without_a_name_takes_what_it_took() {
        use std::io::Write as _;
        let folder = tempfile::tempdir().unwrap();
        let beside = tempfile::tempdir().unwrap();
        let before = size(folder.path());
        let [held, not_ours] = [&folder, &beside].map(|folder| {
            let path = folder.path().join("file");
            let mut file = fs::File::create(&path).unwrap();
            file.write_all(&[1; 100_000]).unwrap();
            fs::remove_file(path).unwrap();
            file
        });
        let added = size(folder.path()) - before;
        assert!((100_000..200_000).contains(&added), "{added}");
        drop((held, not_ours));
        assert_eq!(size(folder.path()), before);
    }
}
