//! Names of the same file.

use std::collections::HashMap;

use rustic_core::repofile::Node;

/// The first names of files that have several.
#[derive(Debug, Default)]
pub(super) struct HardLinks(HashMap<(u64, u64), LinkedFile>);

#[derive(Debug)]
struct LinkedFile {
    name: Vec<u8>,
    /// Its size, and when it was modified: another file may have got its number.
    facts: (u64, Option<jiff::Timestamp>),
    /// Names that were not met yet.
    remaining: u64,
}

impl HardLinks {
    /// The name under which the file was met before; none if this is the first.
    pub(super) fn first_name(&mut self, name: &[u8], node: &Node) -> Option<Vec<u8>> {
        let meta = &node.meta;
        if meta.links < 2 {
            return None;
        }
        let key = (meta.device_id, meta.inode);
        let facts = (meta.size, meta.mtime);
        let known = self.0.get_mut(&key).filter(|known| known.facts == facts);
        let Some(known) = known else {
            let file = LinkedFile {
                name: name.to_owned(),
                facts,
                remaining: meta.links - 1,
            };
            self.0.insert(key, file);
            return None;
        };
        known.remaining -= 1;
        match known.remaining {
            0 => self.0.remove(&key).map(|known| known.name),
            _ => Some(known.name.clone()),
        }
    }
}
