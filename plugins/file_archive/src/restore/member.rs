//! A member of an archive, in either format, and the failure for a damaged one.

use std::fmt::Display;

use sidecar_sdk::Failure;
use sidecar_sdk::attributes::Attribute;
use sidecar_sdk::target::{Content, Node};

/// A member, in terms of what is restored from it.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveMember {
    pub(crate) node: Node,
    pub(crate) kind: MemberKind,
    pub(crate) attributes: Vec<Attribute>,
    /// Names of attributes that are in the archive in a form that means nothing here.
    pub(crate) unreadable_attributes: Vec<&'static [u8]>,
}

/// The kind of a member.
#[derive(Debug, Clone)]
pub(crate) enum MemberKind {
    File(Content),
    Directory,
    /// With its text.
    Symlink(Vec<u8>),
    /// Another name of the member of this name.
    HardLink(Vec<u8>),
    Fifo,
    /// What this strategy never archives.
    Unsupported(&'static str),
}

/// A name without the slash that marks a directory, and without a leading "./".
pub(crate) fn normalized(name: &[u8]) -> &[u8] {
    let mut name = name;
    while let Some(rest) = name.strip_suffix(b"/") {
        name = rest;
    }
    match name.strip_prefix(b"./") {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}

/// The failure for an archive that cannot be read.
pub(crate) fn damaged(reason: impl Display) -> Failure {
    Failure::new("damaged", format!("the archive cannot be read: {reason}"))
        .hint("restore another backup; sidecar verify says which ones are whole")
}

/// The failure for a part of it that cannot be read.
pub(crate) fn unreadable(what: &str) -> Failure {
    damaged(format!("{what} in it cannot be read"))
}
