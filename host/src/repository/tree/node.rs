//! An entry of a tree as restic has it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustic_core::repofile::{Metadata, Node, NodeType};
use rustix::fs::FileType;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::mode;
use super::owners::Owners;
use crate::artifact::file_tree::FileTreeEntry;

/// The node of an entry, called `name` in its directory.
pub(super) fn node(entry: &FileTreeEntry, name: &OsStr, owners: &Owners) -> Node {
    let kind = match FileType::from_raw_mode(entry.facts.st_mode) {
        FileType::Directory => NodeType::Dir,
        FileType::Symlink => {
            let link = entry.link.as_deref().unwrap_or_default();
            NodeType::from_link(Path::new(OsStr::from_bytes(link)))
        }
        FileType::Fifo => NodeType::Fifo,
        _ => NodeType::File,
    };
    Node::new_node(name, kind, metadata(entry, owners))
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
fn metadata(entry: &FileTreeEntry, owners: &Owners) -> Metadata {
    let facts = &entry.facts;
    let time = |seconds: i64, nanoseconds: u64| {
        Timestamp::new(seconds, i32::try_from(nanoseconds).ok()?).ok()
    };
    let mtime = time(facts.st_mtime as i64, facts.st_mtime_nsec as u64);
    let is_directory = FileType::from_raw_mode(facts.st_mode) == FileType::Directory;
    Metadata {
        mode: Some(mode::to_go(facts.st_mode)),
        mtime,
        // A backup that changes whenever something is read would be a new one each time.
        atime: mtime,
        ctime: time(facts.st_ctime as i64, facts.st_ctime_nsec as u64),
        uid: Some(facts.st_uid),
        gid: Some(facts.st_gid),
        user: owners.user(facts.st_uid),
        group: owners.group(facts.st_gid),
        inode: facts.st_ino as u64,
        device_id: facts.st_dev as u64,
        size: match &entry.content {
            Some(_) => facts.st_size as u64,
            None => 0,
        },
        // Those of a directory change with the directories in it.
        links: match is_directory {
            true => 0,
            false => facts.st_nlink as u64,
        },
        extended_attributes: attributes(&entry.attributes),
    }
}

/// Of a type that the library has not published: it is made as it is read from a repository.
fn attributes<T: DeserializeOwned + Default>(found: &[(String, Vec<u8>)]) -> T {
    let attribute =
        |(name, value): &(String, Vec<u8>)| json!({"name": name, "value": STANDARD.encode(value)});
    let attributes = found.iter().map(attribute).collect();
    serde_json::from_value(Value::Array(attributes)).unwrap_or_default()
}
