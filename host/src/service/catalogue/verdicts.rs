//! Keeps what reading a copy has told of it: the retention and the next reader go by it.

use crate::clock;
use crate::error::Result;
use crate::repository::examine;
use crate::store::{BackupHealth, Store, StoredBackup};

/// Keeps what came of reading the whole of `copy`, if that tells anything of its bytes; of a damaged one in a repository
/// also which objects are, so that later backups build on none of them. Some
/// credentials may only read: then it is said, and nothing fails.
pub(in crate::service) async fn record<T>(store: &Store, copy: &StoredBackup, read: &Result<T>) {
    let Some(health) = BackupHealth::told_by(read, clock::now()) else {
        return;
    };
    if let Err(error) = store.record_health(copy, &health).await {
        let (store, key, hint) = (store.name(), &copy.key, error.hint_text());
        tracing::warn!(
            store,
            key,
            hint,
            "`{health}` cannot be kept beside the backup, and so will be forgotten: {error}"
        );
    }
    if let Some(at) = copy
        .manifest
        .artifact
        .repository
        .as_ref()
        .filter(|_| health.is_damaged())
        && let Err(error) = examine(store, at).await
    {
        let (store, hint) = (store.name(), error.hint_text());
        tracing::warn!(
            store,
            hint,
            "later backups may build on what is damaged, as it cannot be found out what is: {error}"
        );
    }
}
