//! What is listed after a backup could not be deleted.

use std::sync::Arc;

use parking_lot::Mutex;

use super::fixtures::manifest;
use super::stepwise::{self, MemoryObjects, RequestFate, RequestGate};
use crate::store::upload::Stored;
use crate::store::{Removal, Store, StoreLock, StoredBackup};

const ARTIFACT: &str = "daily/backup_20231201_120000.dump";

async fn made(store: &Store) -> StoredBackup {
    store.put(ARTIFACT, b"bytes".to_vec()).await.unwrap();
    let manifest = manifest("only", b"bytes", "2023-12-01T12:00:00Z");
    let stored = Stored::at(ARTIFACT.to_owned(), 5);
    let mut lock = StoreLock::without_lease(store);
    lock.commit(&stored, &manifest).await.unwrap()
}

/// Deletes the backup where this becomes of the request that deletes its artifact. `has_lease` says whether the store
/// knows conditions.
async fn removal(
    objects: &Arc<Mutex<MemoryObjects>>,
    backup: &StoredBackup,
    fate: RequestFate,
    has_lease: bool,
) -> Removal {
    let gate = Arc::<RequestGate>::default();
    let (store, backup) = (
        stepwise::store(objects, Some(gate.clone()), 0),
        backup.clone(),
    );
    let removing = tokio::spawn(async move {
        let mut lock = match has_lease {
            true => store.lock("deleting").await.unwrap(),
            false => StoreLock::without_lease(&store),
        };
        lock.remove(&backup).await.unwrap()
    });
    while !removing.is_finished() {
        tokio::task::yield_now().await;
        if let Some(request) = gate.next() {
            let is_meant = request.name == format!("delete {ARTIFACT}");
            request.meets(match is_meant {
                true => fate,
                false => RequestFate::Answered,
            });
        }
    }
    removing.await.unwrap()
}

#[tokio::test]
async fn a_backup_is_listed_as_long_as_its_artifact_is_there() {
    // A disk may fail after the name is gone, and a server before it has answered.
    let fates = [
        (RequestFate::Refused, true),
        (RequestFate::AnswerLost, false),
    ];
    let both = fates
        .into_iter()
        .flat_map(|fate| [(fate, true), (fate, false)]);
    for ((fate, is_there), has_lease) in both {
        let objects = Arc::default();
        let store = stepwise::store(&objects, None, 0);
        let backup = made(&store).await;
        let removal = removal(&objects, &backup, fate, has_lease).await;
        assert_eq!(
            matches!(removal, Removal::Refused(_)),
            is_there,
            "{removal:?}"
        );
        assert_eq!(
            matches!(removal, Removal::HalfDone(_)),
            !is_there,
            "{removal:?}"
        );
        let listed = store.catalogue().await.unwrap().backups;
        let found = store.get(ARTIFACT).await.ok();
        match is_there {
            true => assert_eq!(
                (listed, found.unwrap().as_ref()),
                (vec![backup], &b"bytes"[..])
            ),
            false => assert_eq!((listed, found), (Vec::new(), None)),
        }
    }
}
