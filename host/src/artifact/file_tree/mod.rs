//! A backup that is a tree of files, on its way from the run into a repository.
//!
//! ```text
//! module ──► sink ──► bounded channel ──► stream ──► repository
//!            names     opened, unread     read there: what is found then
//!            checked   entries            comes back as late failures
//! ```

mod change;
mod entry;
mod order;
mod sink;
mod state;
mod stream;

pub use change::change;
pub use entry::{FileTreeEntry, UnreadFile};
pub use sink::{FileTreeSink, FileTreeTotals, NewEntry};
pub use state::LateFailure;
pub use stream::{FileTreeEnd, FileTreeEntries, FileTreeStream};

use std::sync::Arc;

use tokio::sync::mpsc;

use state::TreeState;

/// Entries that wait to be read, each with a descriptor.
const WAITING: usize = 64;

/// The two ends of a tree.
pub fn channel() -> (FileTreeSink, FileTreeStream) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let state = Arc::new(TreeState::default());
    (
        FileTreeSink::new(sender, state.clone()),
        FileTreeStream::new(receiver, state),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
