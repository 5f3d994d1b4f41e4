//! What was read before stands for what lies in the store, until it is another object or everything is read anew.

use std::sync::Arc;

use super::fixtures::{backup, fs, manifest, open};
use crate::store::{KnownObjects, Store, StoredBackup, keys};

const TIME: &str = "2023-12-01T03:00:00Z";

/// A store with a backup `made`, of which `told` is what was read before.
async fn store_and_memory(folder: &std::path::Path) -> (Store, StoredBackup) {
    let known = Arc::new(KnownObjects::in_folder(folder));
    let store = open(&fs(folder, "app")).remembering(&known);
    let made = backup(&store, "made", b"bytes", TIME).await;
    let manifests = store.list("daily/").await.unwrap();
    let listed = manifests
        .iter()
        .find(|one| one.key == keys::manifest(&made.key));
    let told = manifest("told", b"bytes", TIME).to_json();
    known.put(&store.spec().location(), listed.unwrap(), &told);
    (store, made)
}

async fn ids(store: &Store) -> Vec<String> {
    let backups = store.catalogue().await.unwrap().backups.into_iter();
    backups.map(|one| one.manifest.id).collect()
}

#[tokio::test]
async fn a_manifest_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_and_memory(folder.path()).await;
    assert_eq!(ids(&store).await, ["told"]);
}

#[tokio::test]
async fn one_that_was_written_over_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, made) = store_and_memory(folder.path()).await;
    let text = manifest("over", b"bytes", TIME).to_json();
    store.put(&keys::manifest(&made.key), text).await.unwrap();
    assert_eq!(ids(&store).await, ["over"]);
}

#[tokio::test]
async fn who_reads_anew_sees_what_lies_there_and_so_does_everyone_after() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_and_memory(folder.path()).await;
    assert_eq!(ids(&store.clone().read_anew()).await, ["made"]);
    assert_eq!(ids(&store).await, ["made"]);
}

#[tokio::test]
async fn what_a_deletion_leans_on_is_compared_with_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, made) = store_and_memory(folder.path()).await;
    let told = store.catalogue().await.unwrap().backups.remove(0);
    assert!(!store.still_has(&told).await.unwrap());
    assert!(store.still_has(&made).await.unwrap());
    store.delete(&keys::manifest(&made.key)).await.unwrap();
    assert!(!store.still_has(&made).await.unwrap());
}
