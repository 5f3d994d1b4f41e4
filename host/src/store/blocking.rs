//! Work that waits for a disk.

use crate::error::{Error, Result};

/// Runs what waits for a disk on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            Err(Error::run("internal", "a task of the store ended early").caused_by(error))
        }
    }
}
