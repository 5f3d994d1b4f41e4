//! `file_archive`: what goes in, and that it comes out again as it was.

pub(crate) mod attributes;
pub(crate) mod facts;
mod formats;
mod gaps;
pub(crate) mod living;
mod parents;
mod restored;
mod selection;
pub(crate) mod tree;
mod volumes;

use serde_json::Value;

use crate::harness::Sidecar;

/// A sidecar that archives `paths` of its work directory.
fn archive_of(paths: impl Into<Value>) -> Sidecar {
    Sidecar::new()
        .strategy("file_archive")
        .set("strategy.config.paths", paths.into())
}
