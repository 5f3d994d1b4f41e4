//! What stands at a path: the link, or what it leads to.

use sidecar_sdk::{Entry, Result, files, log};

use crate::format::shown;

/// An entry, and whether a link at the end of its path was followed to get there.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    pub(crate) followed: bool,
}

impl Found {
    /// What stands at a path that only a pattern names. None if nothing does.
    pub(crate) fn named(path: &[u8], follow: bool) -> Result<Option<Self>> {
        match files::inspect(path, false) {
            Ok(entry) => Ok(Some(Self::listed(entry, follow))),
            Err(failure) if files::vanished(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What an entry of a listing is, with links followed if asked. A link that leads nowhere
    /// stays a link.
    pub(crate) fn listed(entry: Entry, follow: bool) -> Self {
        if !follow || entry.kind != "symlink" {
            return Self {
                entry,
                followed: false,
            };
        }
        match files::inspect(&entry.path, true) {
            Ok(entry) => Self {
                entry,
                followed: true,
            },
            Err(failure) => {
                if !files::vanished(&failure) {
                    let message = format!(
                        "{} cannot be followed: {}",
                        shown(&entry.path),
                        failure.message
                    );
                    log::warn(&message);
                }
                Self {
                    entry,
                    followed: false,
                }
            }
        }
    }

    /// Device and inode.
    pub(crate) fn identity(&self) -> (u64, u64) {
        (self.entry.device, self.entry.inode)
    }
}
