//! What the walk hands its finds to.

use sidecar_sdk::files::{self, File};
use sidecar_sdk::{Entry, Result, log};

/// An archive that is being written.
pub(crate) trait Format {
    /// Adds what was found under `name`, which has no slash at its ends. With `follow`, a link at
    /// the end of the entry's path leads to its content. Returns false if the format cannot hold
    /// it, or if it is gone: the operator was told then.
    fn add(&mut self, name: &[u8], entry: &Entry, follow: bool) -> Result<bool>;

    /// Writes the archive's end.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A path for the operator's eyes.
pub(crate) fn shown(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

/// Opens a file that the walk has found. None if it is gone by now, which happens in a living tree.
/// The file's own facts may differ from those that were found.
pub(crate) fn open(entry: &Entry, follow: bool) -> Result<Option<File>> {
    match files::open(&entry.path, follow) {
        Ok(file) => Ok(Some(file)),
        Err(failure) if files::vanished(&failure) => {
            log::warn(&format!(
                "{} vanished while it was archived: left out",
                shown(&entry.path)
            ));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}
