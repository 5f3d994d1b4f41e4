//! What lies in folders, and what of theirs is held open without a name, as room that it takes on a disk.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::disk_room::taken;
use super::nameless;

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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::path::Path;

    use super::super::disk_room::ENTRY;
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
