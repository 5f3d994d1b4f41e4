//! What an archive says of one of its members.

use sidecar_sdk::target::{Content, Node};

/// A member, in terms of what can be made of it.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) kind: Kind,
}

/// What it is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    File(Content),
    Directory,
    /// With what is written in it.
    Symlink(Vec<u8>),
    /// Another name of the member of this name.
    HardLink(Vec<u8>),
    Fifo,
    /// What no backup of ours holds.
    Foreign(&'static str),
}

/// A name without the slash that marks a directory, and without a leading "./".
pub(crate) fn plain(name: &[u8]) -> &[u8] {
    let mut name = name;
    while let Some(rest) = name.strip_suffix(b"/") {
        name = rest;
    }
    match name.strip_prefix(b"./") {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}
