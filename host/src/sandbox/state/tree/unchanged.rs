//! What the operator is told of a restore that replaces and failed.

use crate::error::Error;

const NOTHING_CHANGED: &str = "what was there is as it was; restore --into an empty directory without --replace to get what can be had";

/// A restore that replaces is all or nothing: after this error it is nothing.
pub(in crate::sandbox) fn rolled_back(error: Error) -> Error {
    match error.hint_text() {
        None => error.hint(NOTHING_CHANGED),
        Some(hint) => {
            let hint = format!("{hint}; {NOTHING_CHANGED}");
            error.hint(hint)
        }
    }
}
