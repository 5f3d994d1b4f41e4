//! The directory that files are restored into: the approved plan's `directory`.
//!
//! Names are relative to it, raw bytes; no name can lead out of it.

use crate::bindings::restorer::sidecar::strategy::target;

pub use target::{
    Content, Node, make_directory, make_fifo, make_file, make_hard_link, make_symlink,
};
