//! The entry at a path: a symbolic link itself, or its target.

use sidecar_sdk::attributes::{self, Attribute};
use sidecar_sdk::files::File;
use sidecar_sdk::{Entry, Result, files};

use crate::gaps::Gaps;

/// An entry, and whether a link at the end of its path was followed.
#[derive(Debug)]
pub(crate) struct ResolvedEntry {
    pub(crate) entry: Entry,
    pub(crate) followed: bool,
}

impl ResolvedEntry {
    /// The entry at a path that only a pattern names. None if nothing is there.
    pub(crate) fn at(path: &[u8], follow: bool, gaps: &mut Gaps<'_>) -> Result<Option<Self>> {
        match files::inspect(path, false) {
            Ok(entry) => Ok(Some(Self::resolve(entry, follow, gaps)?)),
            Err(failure) if files::vanished(&failure) => Ok(None),
            Err(failure) => gaps.failed(path, failure).map(|()| None),
        }
    }

    /// An entry of a listing; with `follow`, the target of a link. A dangling link stays a link.
    pub(crate) fn resolve(entry: Entry, follow: bool, gaps: &mut Gaps<'_>) -> Result<Self> {
        if !follow || entry.kind != "symlink" {
            return Ok(Self {
                entry,
                followed: false,
            });
        }
        match files::inspect(&entry.path, true) {
            Ok(entry) => Ok(Self {
                entry,
                followed: true,
            }),
            Err(failure) => {
                if !files::vanished(&failure) {
                    gaps.failed(&entry.path, failure)?;
                }
                Ok(Self {
                    entry,
                    followed: false,
                })
            }
        }
    }

    /// Device and inode.
    pub(crate) fn identity(&self) -> (u64, u64) {
        (self.entry.device, self.entry.inode)
    }
}

/// Opens a file that the walk has listed. None if it is a gap, as happens in a tree in use.
/// Its attributes may differ from those in the listing.
pub(crate) fn open(entry: &Entry, follow: bool, gaps: &mut Gaps<'_>) -> Result<Option<File>> {
    match files::open(&entry.path, follow) {
        Ok(file) => Ok(Some(file)),
        Err(failure) => gaps.failed(&entry.path, failure).map(|()| None),
    }
}

/// The extended attributes of what is not a file.
pub(crate) fn attributes(
    entry: &Entry,
    follow: bool,
    gaps: &mut Gaps<'_>,
) -> Result<Vec<Attribute>> {
    portable(attributes::read(&entry.path, follow), entry, gaps)
}

/// The extended attributes of an open file.
pub(crate) fn attributes_of_file(
    file: &File,
    entry: &Entry,
    gaps: &mut Gaps<'_>,
) -> Result<Vec<Attribute>> {
    portable(attributes::of_file(file), entry, gaps)
}

fn portable(
    read: Result<Vec<Attribute>>,
    entry: &Entry,
    gaps: &mut Gaps<'_>,
) -> Result<Vec<Attribute>> {
    match read {
        Ok(mut attributes) => {
            attributes.retain(|attribute| !is_label(&attribute.name));
            Ok(attributes)
        }
        Err(failure) => gaps.failed(&entry.path, failure).map(|()| Vec::new()),
    }
}

/// Labels of SELinux, IMA and their like belong to a machine's policy: elsewhere they do harm.
fn is_label(name: &[u8]) -> bool {
    name.starts_with(b"security.") && name != b"security.capability"
}
