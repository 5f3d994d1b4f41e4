//! What belongs in the backup and is not in it, for its manifest.

use crate::imports::omissions;
use crate::types::Omission;

/// Reports one. The run can still succeed: only what the operator has allowed to be missing is reported,
/// anything else is a failure.
///
/// `what` is a path or a name, `code` a kebab-case word, `message` one sentence.
pub fn report(what: impl Into<String>, code: impl Into<String>, message: impl Into<String>) {
    omissions::report(&Omission {
        what: what.into(),
        code: code.into(),
        message: message.into(),
    });
}
