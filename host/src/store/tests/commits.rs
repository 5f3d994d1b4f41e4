//! What was called done is there; what another sidecar has taken over is never called done.

use serde_json::{Value, json};

use super::fixtures::{backup, manifest, removed_by, store_bytes, verify};
use crate::config::Tier;
use crate::store::{Store, StoreLock, Stored, keys};

const LEASE: &str = ".sidecar/lease-uploads.json";
const TIME: &str = "2023-12-01T03:00:00Z";

/// Locked, with an artifact that is no backup yet.
async fn uploaded(store: &Store, owner: &str) -> (StoreLock, Stored) {
    let mut lock = store.lock(owner).await.unwrap();
    let stored = store_bytes(store, b"bytes", TIME).await.unwrap();
    lock.note([stored.key.clone()]).await.unwrap();
    (lock, stored)
}

/// Its owner was silent for longer than it lasts.
async fn rob(store: &Store, by: &str) -> StoreLock {
    let mut record: Value = serde_json::from_slice(&store.get(LEASE).await.unwrap()).unwrap();
    record["process"]["up"] = json!(0);
    let text = record.to_string().into_bytes();
    store.put(LEASE, text).await.unwrap();
    store.try_lock(by).await.unwrap()
}

async fn clear(store: &Store) {
    for key in store.catalogue().await.unwrap().burned {
        store.delete(&keys::manifest(&key)).await.unwrap();
    }
    store.delete(LEASE).await.unwrap();
}

pub(super) async fn of_a_robbed_owner_fail(store: &Store) {
    let (mut paused, stored) = uploaded(store, "paused").await;
    let successor = rob(store, "successor").await;
    assert_eq!(store.size(&stored.key).await.unwrap(), None);
    let manifest = manifest("id", b"bytes", TIME);
    let error = paused.commit(&stored, &manifest).await.unwrap_err();
    assert_eq!(error.code(), "lease-lost", "{error}");
    // The request that was under way when it was paused arrives now.
    let late = store
        .put_new(&keys::manifest(&stored.key), manifest.to_json())
        .await;
    assert!(!late.unwrap());
    assert!(store.catalogue().await.unwrap().backups.is_empty());
    paused.release(false).await;
    successor.release(true).await;

    // It was taken over before it could promote or delete.
    clear(store).await;
    let daily = backup(store, "daily", b"daily", TIME).await;
    let mut paused = store.lock("paused").await.unwrap();
    let mut successor = rob(store, "successor").await;
    for error in [
        paused.promote(&daily, Tier::Monthly).await.unwrap_err(),
        paused.note([daily.key.clone()]).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), "lease-lost", "{error}");
    }
    assert_eq!(store.list("monthly/").await.unwrap(), []);
    verify(store, &daily).await.unwrap();
    removed_by(&mut successor, &daily).await;
    successor.release(true).await;
    clear(store).await;
}

/// Its manifest got through, and the answer did not.
pub(super) async fn are_found_again(store: &Store) {
    let (mut lock, stored) = uploaded(store, "first").await;
    let manifest = manifest("id", b"bytes", TIME);
    let made = lock.commit(&stored, &manifest).await.unwrap();
    assert!(made.manifest.lease.is_some());
    lock.release(false).await;
    let mut lock = store.lock("second").await.unwrap();
    assert!(made.is_made_by(&manifest));
    assert_eq!(
        store.catalogue().await.unwrap().backups,
        std::slice::from_ref(&made)
    );
    verify(store, &made).await.unwrap();

    // One that lost its artifact is no backup: it has to be sent again, under another name.
    store.delete(&made.key).await.unwrap();
    assert!(store.catalogue().await.unwrap().backups.is_empty());
    removed_by(&mut lock, &made).await;
    let error = lock.commit(&stored, &manifest).await.unwrap_err();
    assert_eq!(error.code(), "artifact-vanished", "{error}");
    assert_eq!(store.list("daily/").await.unwrap(), []);
    lock.release(true).await;
    clear(store).await;
}
