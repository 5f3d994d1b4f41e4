//! Extended attributes of files, with POSIX ACLs and file capabilities among them.

use crate::files::File;
use crate::imports::attributes;
use crate::types::Result;

pub use crate::bindings::attributed::sidecar::strategy::attributes::Attribute;

/// Those at `path`, sorted by name; with `follow`, of the target of a symbolic link there.
pub fn read(path: &[u8], follow: bool) -> Result<Vec<Attribute>> {
    attributes::read(path, follow)
}

/// Those of an open file.
pub fn of_file(file: &File) -> Result<Vec<Attribute>> {
    attributes::of_file(file)
}
