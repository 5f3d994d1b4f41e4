//! What both ends of a tree share.

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::error::{Error, Result};

/// What was found and the module has not asked for.
const MOST_LATE: usize = 10_000;

/// A file that is not in the backup, or not as it was when it was added.
#[derive(Debug)]
pub struct LateFailure {
    /// Where it lies.
    pub path: Vec<u8>,
    /// "grew", "shrank", "rewritten", or why it could not be opened.
    pub error: Error,
}

/// How far a tree is.
#[derive(Debug, Default)]
struct TreeProgress {
    /// Something was added.
    begun: bool,
    /// Files that were added and not read.
    unread: u64,
    /// The repository has taken all entries.
    drained: bool,
    /// It takes no more.
    stopped: bool,
}

#[derive(Debug, Default)]
pub(super) struct TreeState {
    progress: watch::Sender<TreeProgress>,
    late: Mutex<Vec<LateFailure>>,
    /// Files that could not be opened.
    lost: Mutex<u64>,
    /// Why it takes no more.
    cause: Mutex<Option<Error>>,
}

impl TreeState {
    pub(super) fn begin(&self) {
        self.progress
            .send_if_modified(|progress| !std::mem::replace(&mut progress.begun, true));
    }

    pub(super) async fn begun(&self) {
        let mut progress = self.progress.subscribe();
        // The sender is here: it cannot be gone.
        let _ = progress.wait_for(|progress| progress.begun).await;
    }

    pub(super) fn add_unread(&self) {
        self.progress.send_modify(|progress| progress.unread += 1);
    }

    pub(super) fn end_unread(&self) {
        self.progress.send_modify(|progress| progress.unread -= 1);
    }

    pub(super) fn drain(&self) {
        self.progress
            .send_modify(|progress| progress.drained = true);
    }

    pub(super) fn is_drained(&self) -> bool {
        self.progress.borrow().drained
    }

    /// The first cause counts.
    pub(super) fn stop(&self, cause: Error) {
        self.cause.lock().get_or_insert(cause);
        self.progress
            .send_modify(|progress| progress.stopped = true);
    }

    /// Waits until it takes no more.
    pub(super) async fn stopped(&self) -> Error {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|progress| progress.stopped).await;
        self.why()
    }

    /// Waits until every file was read.
    pub(super) async fn all_read(&self) -> Result<()> {
        let mut progress = self.progress.subscribe();
        let ended = progress
            .wait_for(|progress| progress.stopped || (progress.drained && progress.unread == 0));
        match ended.await {
            Ok(progress) if !progress.stopped => Ok(()),
            _ => Err(self.why()),
        }
    }

    fn why(&self) -> Error {
        let cause = self.cause.lock().take();
        cause.unwrap_or_else(stopped)
    }

    pub(super) fn note(&self, path: &[u8], error: &Error) {
        let mut copy = Error::run(error.code().to_owned(), error.message());
        if let Some(hint) = error.hint_text() {
            copy = copy.hint(hint);
        }
        let mut late = self.late.lock();
        match late.len() < MOST_LATE {
            true => late.push(LateFailure {
                path: path.to_owned(),
                error: copy,
            }),
            false => self.stop(too_many_late()),
        }
    }

    pub(super) fn lose(&self, path: &[u8], error: &Error) {
        *self.lost.lock() += 1;
        self.note(path, error);
    }

    pub(super) fn lost(&self) -> u64 {
        *self.lost.lock()
    }

    pub(super) fn take_late(&self) -> Vec<LateFailure> {
        std::mem::take(&mut self.late.lock())
    }
}

pub(super) fn stopped() -> Error {
    Error::run("tree-stopped", "the repository takes no more files")
}

fn too_many_late() -> Error {
    let message = format!(
        "more than {MOST_LATE} files could not be opened or changed while they were read, and the module has not asked for them"
    );
    Error::run("too-many-late-failures", message)
        .hint("back up while the application rests, or a snapshot")
}
