//! The runs of the journal, and who asked for them.

use crate::history::{AuditEntry, Run};
use crate::service::context::Context;
use crate::service::folders;

/// Who asked for what, youngest first; none where nothing has run yet.
pub(in crate::service) fn audited(context: &Context, at_most: usize) -> Vec<AuditEntry> {
    match folders::shared_folder(&context.config().paths).is_dir() {
        true => context.history().audited(at_most),
        false => Vec::new(),
    }
}

/// The youngest runs, youngest first: of one of several strategies its own. A sidecar that has never run has no
/// journal: none is made.
pub(in crate::service) fn list(context: &Context, at_most: usize) -> Vec<Run> {
    let config = context.config();
    if !folders::shared_folder(&config.paths).is_dir() {
        return Vec::new();
    }
    match config.member {
        Some(_) => context.history().own(at_most),
        None => context.history().list(at_most),
    }
}
