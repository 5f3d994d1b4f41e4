//! Hard links: which file was archived first, for each that has more than one name.

use std::collections::HashMap;

use sidecar_sdk::Entry;

/// Files with several names, by device and inode. A file is forgotten once its last name was seen,
/// so that only trees full of links to elsewhere cost memory.
#[derive(Debug, Default)]
pub(crate) struct Links {
    seen: HashMap<(u64, u64), Seen>,
}

#[derive(Debug)]
struct Seen {
    name: Vec<u8>,
    missing: u64,
}

impl Links {
    /// The name under which this file is in the archive already; otherwise remembers `name`.
    pub(crate) fn first(&mut self, entry: &Entry, name: &[u8]) -> Option<Vec<u8>> {
        if entry.links < 2 {
            return None;
        }
        let key = (entry.device, entry.inode);
        let Some(seen) = self.seen.get_mut(&key) else {
            self.seen.insert(
                key,
                Seen {
                    name: name.to_owned(),
                    missing: entry.links - 1,
                },
            );
            return None;
        };
        seen.missing -= 1;
        if seen.missing > 0 {
            return Some(seen.name.clone());
        }
        self.seen.remove(&key).map(|seen| seen.name)
    }

    /// The file is not in the archive after all.
    pub(crate) fn forget(&mut self, entry: &Entry) {
        self.seen.remove(&(entry.device, entry.inode));
    }
}
