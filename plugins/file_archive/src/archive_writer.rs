//! What an archive format implements.

use sidecar_sdk::{Entry, Result};

use crate::gaps::Gaps;

/// An archive that is being written.
pub(crate) trait ArchiveWriter {
    /// Adds an entry as `name`, which neither begins nor ends with a slash. With `follow`, a link at
    /// the end of the entry's path is followed to its content. Returns false if it is a gap instead.
    fn add(
        &mut self,
        name: &[u8],
        entry: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool>;

    /// Writes the end of the archive.
    fn finish(self: Box<Self>, gaps: &mut Gaps<'_>) -> Result<()>;
}
