//! The directory that files are restored into: the approved plan's `directory`.
//!
//! Names are relative to it, raw bytes; no name can lead out of it.

use std::time::SystemTime;

use crate::bindings::restorer::sidecar::strategy::target;

pub use target::{
    Content, Node, make_directory, make_fifo, make_file, make_hard_link, make_symlink,
};

impl Node {
    /// A file of root's that is made now.
    pub fn file(name: &str, mode: u32) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            name: name.as_bytes().to_owned(),
            mode,
            uid: 0,
            gid: 0,
            mtime_seconds: now.map_or(0, |since| since.as_secs().cast_signed()),
            mtime_nanoseconds: 0,
        }
    }
}

/// The same for nodes with extended attributes: each call returns those that cannot be set.
pub mod attributed {
    use crate::bindings::attributed::sidecar::strategy::attributed_target;

    pub use attributed_target::{Refused, make_directory, make_fifo, make_file, make_symlink};
}

/// What a restore is about to make, and how what it restores was chosen.
pub mod unpacking {
    use crate::bindings::attributed::sidecar::strategy::unpacking;

    pub use unpacking::{expect, make_parent, written_as_one};
}
