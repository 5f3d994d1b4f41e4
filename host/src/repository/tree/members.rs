//! The nodes of a tree as the members of a tar. The same when the backup is made, where only their sizes
//! count, and when it is read.

use rustic_core::repofile::{Metadata, Node, NodeType};

use super::hard_links::HardLinks;
use super::mode;
use super::tar_member::{MemberKind, TarMember, padded};

/// Two blocks of zeros end a tar.
pub(super) const END: u64 = 1024;

/// A node as a member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) headers: Vec<u8>,
    /// Bytes of content that follow.
    pub(super) content: u64,
}

impl Member {
    /// Bytes of all of it.
    pub(super) fn size(&self) -> u64 {
        self.headers.len() as u64 + padded(self.content)
    }
}

/// Makes members of nodes, in their order.
#[derive(Debug, Default)]
pub(super) struct Members(HardLinks);

impl Members {
    /// None for a directory that was made up: it is on the way to what belongs in the backup. `name` is the
    /// one in the tree.
    pub(super) fn of(&mut self, name: &[u8], node: &Node) -> Option<Member> {
        let meta = &node.meta;
        if node.is_dir() && meta.inode == 0 {
            return None;
        }
        let first = match &node.node_type {
            NodeType::File => self.0.first_name(name, node),
            _ => None,
        };
        let (kind, link) = match &node.node_type {
            NodeType::Dir => (MemberKind::Directory, None),
            NodeType::Symlink { .. } => {
                let link = node.node_type.to_link().as_os_str();
                (MemberKind::Symlink, Some(link.as_encoded_bytes()))
            }
            NodeType::Fifo => (MemberKind::Fifo, None),
            _ => match &first {
                Some(first) => (MemberKind::HardLink, Some(first.as_slice())),
                None => (MemberKind::File, None),
            },
        };
        let content = match kind {
            MemberKind::File => meta.size,
            _ => 0,
        };
        let mtime = meta.mtime.unwrap_or_default();
        let member = TarMember {
            name,
            kind,
            link: link.unwrap_or_default(),
            size: content,
            mode: mode::from_go(meta.mode.unwrap_or_default()),
            uid: meta.uid.unwrap_or_default(),
            gid: meta.gid.unwrap_or_default(),
            mtime: (mtime.as_second(), mtime.subsec_nanosecond()),
            // Those of a hard link are with its first name.
            attributes: match kind {
                MemberKind::HardLink => Vec::new(),
                _ => attributes(meta),
            },
        };
        Some(Member {
            headers: member.headers(),
            content,
        })
    }
}

fn attributes(meta: &Metadata) -> Vec<(&str, &[u8])> {
    let attributes = meta.extended_attributes.iter();
    let attributes = attributes.map(|attribute| {
        let value = attribute.value.as_deref().unwrap_or_default();
        (attribute.name.as_str(), value)
    });
    attributes.collect()
}
