//! What became of a part of a restore.

use crate::error::Error;

/// How it went for one part, or one selection.
#[derive(Debug)]
pub struct RestoredPart {
    /// Its name.
    pub name: String,
    /// "3 tables", "restored as app1_copy".
    pub note: String,
    /// Why it was not restored.
    pub error: Option<Error>,
}
