//! What lies in a tree of files, without reading one of them.

use rustic_core::repofile::{Node, NodeType};

use super::archive::TreeArchive;
use super::hard_links::HardLinks;
use crate::artifact::archive::{ArchiveEntry, EntryKind, Visit};
use crate::error::Result;

impl TreeArchive<'_> {
    /// Calls `visit` for each entry, in the order of the tar.
    pub(in crate::repository) fn entries(self, visit: Visit<'_>) -> Result<()> {
        let (mut walk, mut links) = (self.walk()?, HardLinks::default());
        while let Some((name, node)) = walk.next()? {
            let is_made_up = node.is_dir() && node.meta.inode == 0;
            if !is_made_up && visit(entry(&name, &node, &mut links)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn entry(name: &[u8], node: &Node, links: &mut HardLinks) -> ArchiveEntry {
    let kind = match &node.node_type {
        NodeType::Dir => EntryKind::Directory,
        NodeType::Symlink { .. } => EntryKind::Link,
        NodeType::File if links.first_name(name, node).is_some() => EntryKind::Link,
        NodeType::File => EntryKind::File,
        _ => EntryKind::Other,
    };
    ArchiveEntry {
        name: String::from_utf8_lossy(name).into_owned(),
        size: match kind {
            EntryKind::File => node.meta.size,
            _ => 0,
        },
        modified: node.meta.mtime,
        kind,
    }
}
