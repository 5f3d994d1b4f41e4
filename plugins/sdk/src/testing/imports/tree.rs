//! A test has no repository: a module writes its artifact.

use crate::bindings::tree_maker::sidecar::strategy::tree::LateFailure;
use crate::types::{Failure, Result};

pub(crate) fn wanted() -> bool {
    false
}

pub(crate) fn add(_name: &[u8], _path: &[u8], _follow: bool) -> Result<()> {
    Err(no_tree())
}

pub(crate) fn late_failures() -> Vec<LateFailure> {
    Vec::new()
}

pub(crate) fn finish() -> Result<Vec<LateFailure>> {
    Err(no_tree())
}

fn no_tree() -> Failure {
    Failure::new("no-tree", "nothing takes a tree of files")
}
