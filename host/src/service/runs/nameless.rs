//! Files without a name, which take room on a disk for as long as a process holds them: no walk through folders finds them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::disk_room::{ENTRY, taken};
use crate::command;

/// What the kernel says of a file behind the path that it had, or would have.
const DELETED: &[u8] = b" (deleted)";

/// The device and number of a file, and the room that it takes.
type Files = HashMap<(u64, u64), u64>;

#[derive(Default)]
pub(super) struct NamelessFiles {
    pub(super) files: Files,
    /// A process could not be asked: it runs as another user, and this one may not look into it.
    pub(super) hidden: bool,
}

/// Those of this process, of a module's in it, and of all its commands, that were made below `places`, which have no links
/// in them. Not found is a file that a process has sent into a socket and closed.
pub(super) fn held(places: &[PathBuf]) -> NamelessFiles {
    let mut held = NamelessFiles::default();
    held.add_open(Path::new("/proc/self"), places);
    for id in command::running() {
        let process = PathBuf::from(format!("/proc/{}", id.as_raw_nonzero()));
        held.hidden |= !held.add_open(&process, places);
        held.add_mapped(&process, places);
    }
    held
}

impl NamelessFiles {
    /// Whether the process could be asked; one that has ended holds nothing.
    fn add_open(&mut self, process: &Path, places: &[PathBuf]) -> bool {
        let entries = match fs::read_dir(process.join("fd")) {
            Ok(entries) => entries,
            Err(error) => return error.kind() != std::io::ErrorKind::PermissionDenied,
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_nameless = fs::read_link(&path)
                .is_ok_and(|link| is_nameless_below(link.as_os_str().as_bytes(), places));
            // The link leads to the file itself, whatever its text names now.
            let facts = is_nameless.then(|| fs::metadata(&path).ok()).flatten();
            if let Some(facts) = facts {
                self.files.insert((facts.dev(), facts.ino()), taken(&facts));
            }
        }
        true
    }

    /// A file can be mapped and closed: then as much of it counts as is mapped.
    fn add_mapped(&mut self, process: &Path, places: &[PathBuf]) {
        let maps = fs::read(process.join("maps")).unwrap_or_default();
        for line in maps.split(|byte| *byte == b'\n') {
            let Some((id, end, path)) = mapped(line) else {
                continue;
            };
            if is_nameless_below(path, places) {
                let bytes = self.files.entry(id).or_insert(ENTRY);
                *bytes = (*bytes).max(end);
            }
        }
    }
}

fn is_nameless_below(text: &[u8], places: &[PathBuf]) -> bool {
    let Some(path) = text.strip_suffix(DELETED) else {
        return false;
    };
    let path = Path::new(OsStr::from_bytes(path));
    places.iter().any(|place| path.starts_with(place))
}

/// `START-END MODE OFFSET MAJOR:MINOR INODE   PATH`: the file, where the mapped part of it ends, and the path.
fn mapped(line: &[u8]) -> Option<((u64, u64), u64, &[u8])> {
    let path_at = line.iter().position(|byte| *byte == b'/')?;
    let (facts, path) = line.split_at(path_at);
    let facts = std::str::from_utf8(facts).ok()?;
    let mut fields = facts.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let offset = hexadecimal(fields.nth(1)?)?;
    let (major, minor) = fields.next()?.split_once(':')?;
    let inode = fields.next()?.parse().ok()?;
    let device = rustix::fs::makedev(
        u32::from_str_radix(major, 16).ok()?,
        u32::from_str_radix(minor, 16).ok()?,
    );
    let length = hexadecimal(end)?.checked_sub(hexadecimal(start)?)?;
    Some(((device, inode), offset.saturating_add(length), path))
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_map_names_the_file_and_where_its_mapped_part_ends() {
        let line = b"7f10-9f10 rw-s 00002000 fd:01 4711    /data/a b (deleted)";
        let (id, end, path) = mapped(line).unwrap();
        assert_eq!(id, (rustix::fs::makedev(0xfd, 1), 4711));
        assert_eq!(end, 0x2000 + 0x2000);
        assert!(is_nameless_below(path, &["/data".into()]));
        assert!(!is_nameless_below(
            path,
            &["/dat".into(), "/data/a b/c".into()]
        ));
        assert_eq!(mapped(b"7f10-9f10 rw-p 00000000 00:00 0"), None);
    }

    #[test]
    fn a_name_with_the_word_in_it_is_a_name() {
        assert!(!is_nameless_below(b"/data/file", &["/data".into()]));
        assert!(!is_nameless_below(
            b"/data/ (deleted)/file",
            &["/data".into()]
        ));
    }
}
