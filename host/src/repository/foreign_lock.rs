//! Other programs at work in the repository. `rustic_core` sets no locks and heeds none; restic does both.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::store::{REPOSITORY, Store};

/// Restic renews its locks every five minutes, and takes one that is older than this for dead.
const FRESH: Duration = Duration::from_secs(30 * 60);

/// Fails while another program has locked the repository: its prune could delete what a backup counts on,
/// and ours what it does.
pub async fn require_unlocked(store: &Store) -> Result<()> {
    for lock in store.list(&format!("{REPOSITORY}locks/")).await? {
        // What cannot be told is taken for fresh: to wait costs nothing.
        let age = store.age(&lock.key).await?;
        if age.is_none_or(|age| age < FRESH) {
            let (name, shown) = (store.name(), store.shown(&lock.key));
            let message =
                format!("another program is at work in the repository of store `{name}`: {shown}");
            return Err(Error::new(Kind::Busy, "repository-locked", message).hint(
                "wait for it to end; `restic unlock` removes a lock whose program has died",
            ));
        }
    }
    Ok(())
}
