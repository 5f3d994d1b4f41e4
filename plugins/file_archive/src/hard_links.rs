//! Hard links: under which name each file with several names was archived first.

use std::collections::HashMap;

use sidecar_sdk::Entry;

/// Files with several names, by device and inode. A file is dropped once its last name was archived,
/// so that only files with names outside of the tree cost memory.
#[derive(Debug, Default)]
pub(crate) struct HardLinks {
    archived: HashMap<(u64, u64), ArchivedFile>,
}

/// Size, and seconds and nanoseconds of the last change.
type FileFacts = (u64, i64, u32);

#[derive(Debug)]
struct ArchivedFile {
    name: Vec<u8>,
    /// Size and time: a number that is used again belongs to another file.
    facts: FileFacts,
    /// Names that have not been archived yet.
    remaining: u64,
}

impl HardLinks {
    /// The name under which this file was archived already; otherwise records `name`.
    pub(crate) fn first_name(&mut self, entry: &Entry, name: &[u8]) -> Option<Vec<u8>> {
        if entry.links < 2 {
            return None;
        }
        let key = (entry.device, entry.inode);
        let facts = (entry.size, entry.mtime_seconds, entry.mtime_nanoseconds);
        let known = self.archived.get_mut(&key);
        let Some(file) = known.filter(|file| file.facts == facts) else {
            let file = ArchivedFile {
                name: name.to_owned(),
                facts,
                remaining: entry.links - 1,
            };
            self.archived.insert(key, file);
            return None;
        };
        file.remaining -= 1;
        if file.remaining > 0 {
            return Some(file.name.clone());
        }
        self.archived.remove(&key).map(|file| file.name)
    }

    /// Drops a file that was not archived after all.
    pub(crate) fn forget(&mut self, entry: &Entry) {
        self.archived.remove(&(entry.device, entry.inode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(inode: u64, mtime: i64) -> Entry {
        Entry {
            path: Vec::new(),
            kind: "file".to_owned(),
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime_seconds: mtime,
            mtime_nanoseconds: 0,
            size: 3,
            link_target: None,
            device: 1,
            inode,
            links: 2,
        }
    }

    #[test]
    fn a_number_that_is_used_again_is_another_file() {
        let mut links = HardLinks::default();
        assert_eq!(links.first_name(&entry(7, 1), b"a"), None);
        assert_eq!(links.first_name(&entry(7, 2), b"b"), None);
        assert_eq!(links.first_name(&entry(7, 2), b"c"), Some(b"b".to_vec()));
    }
}
