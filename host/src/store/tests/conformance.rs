//! What a store must do, whatever its kind.

use std::time::Duration;

use super::fixtures::{GrowingSpool, MIB, at, backup, noise, open, removed, store_bytes, verify};
use super::{backups, commits, leases};
use crate::config::Tier;
use crate::error::Kind;
use crate::store::{Store, StoreFailure, failure, keys};

const NOON: &str = "2023-12-01T12:00:00Z";

/// Leaves the store as empty as it was.
pub(super) async fn conforms(store: &Store) {
    objects(store).await;
    ranges(store).await;
    uploads_what_grows(store).await;
    abandons(store).await;
    tells_seconds_apart(store).await;
    backups::catalogues(store).await;
    backups::reports_damage(store).await;
    backups::promotes(store).await;
    backups::fetches(store).await;
    forgets_crashes(store).await;
    backups::lose_manifests(store).await;
    backups::remembers_verdicts(store).await;
    backups::locks(store).await;
    leases::are_exclusive(store).await;
    leases::of_version_1_are_understood(store).await;
    leases::are_taken_over(store).await;
    commits::of_a_robbed_owner_fail(store).await;
    commits::are_found_again(store).await;
    assert!(store.probe().await.problems.is_empty());
    assert!(store.probe().await.supports_leases);
    for tier in Tier::ALL {
        assert_eq!(store.list(&keys::folder(tier)).await.unwrap(), []);
    }
}

async fn objects(store: &Store) {
    assert_eq!(store.list("daily/").await.unwrap(), []);
    assert_eq!(store.size("daily/a").await.unwrap(), None);
    let error = store.get("daily/a").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::NotFound, "not-in-store")
    );
    assert_eq!(failure(&error), Some(StoreFailure::Missing));
    assert!(error.message().contains(store.name()), "{error}");
    assert!(error.message().contains(&store.shown("daily/a")), "{error}");

    store.put("daily/a", b"one".to_vec()).await.unwrap();
    store.put("daily/a", b"three".to_vec()).await.unwrap();
    store.put("daily/below/b", b"b".to_vec()).await.unwrap();
    store.put("dailyish", b"c".to_vec()).await.unwrap();
    assert_eq!(store.get("daily/a").await.unwrap(), b"three");
    assert_eq!(store.size("daily/a").await.unwrap(), Some(5));
    let listed = store.list("daily/").await.unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((listed[0].key.as_str(), listed[0].size), ("daily/a", 5));

    for key in ["daily/a", "daily/a", "daily/below/b", "dailyish"] {
        store.delete(key).await.unwrap();
    }
    assert_eq!(store.size("daily/a").await.unwrap(), None);
}

async fn ranges(store: &Store) {
    let bytes = noise(9 * MIB + 5);
    store.put("daily/r", bytes.clone()).await.unwrap();
    let end = bytes.len();
    for (from, to) in [
        (0, 1),
        (0, end),
        (4 * MIB - 1, 8 * MIB + 1),
        (end - 1, end + 9),
        (end, end + 1),
    ] {
        let mut reading = store.read("daily/r", from as u64..to as u64).await.unwrap();
        let expected = &bytes[from..to.min(end)];
        assert_eq!(reading.length(), expected.len() as u64);
        let mut read = Vec::new();
        while let Some(piece) = reading.next().await.unwrap() {
            read.extend_from_slice(&piece);
        }
        assert!(read == expected, "{from}..{to}");
    }
    store.delete("daily/r").await.unwrap();
}

/// The upload runs while the artifact grows, and shows nothing before it is finished.
async fn uploads_what_grows(store: &Store) {
    let bytes = noise(21 * MIB + 7);
    let mut growing = GrowingSpool::new();
    let mut upload = growing.upload(store, at(NOON)).await.unwrap();
    let mut sent = upload.sent();
    for piece in bytes.chunks(5 * MIB + 1) {
        growing.append(piece);
    }
    sent.wait_for(|sent| *sent >= 16 * MIB as u64)
        .await
        .unwrap();
    assert_eq!(store.list("daily/").await.unwrap(), []);
    let stored = upload.finish(bytes.len() as u64).await.unwrap();
    assert_eq!(stored.key, "daily/backup_20231201_120000.dump");
    assert_eq!(
        store.size(&stored.key).await.unwrap(),
        Some(bytes.len() as u64)
    );
    let mut reading = store.read(&stored.key, 0..u64::MAX).await.unwrap();
    let mut read = Vec::new();
    while let Some(piece) = reading.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert!(read == bytes);
    store.delete(&stored.key).await.unwrap();

    let empty = store_bytes(store, b"", NOON).await.unwrap();
    assert_eq!(store.size(&empty.key).await.unwrap(), Some(0));
    store.delete(&empty.key).await.unwrap();
}

async fn abandons(store: &Store) {
    for size in [0, 3, 21 * MIB] {
        let mut growing = GrowingSpool::new();
        let upload = growing.upload(store, at(NOON)).await.unwrap();
        let mut sent = upload.sent();
        growing.append(&noise(size));
        let whole_parts = size / (8 * MIB) * 8 * MIB;
        sent.wait_for(|sent| *sent >= whole_parts as u64)
            .await
            .unwrap();
        upload.abandon().await;
        assert_eq!(store.list("daily/").await.unwrap(), []);
        assert_eq!(store.abort_uploads("daily/").await.unwrap(), 0);
    }
    // A run that claims more than it wrote.
    let mut growing = GrowingSpool::new();
    growing.append(b"short");
    let mut upload = growing.upload(store, at(NOON)).await.unwrap();
    let error = upload.finish(6).await.unwrap_err();
    assert_eq!(error.code(), "spool-unreadable");
    assert_eq!(store.list("daily/").await.unwrap(), []);
}

async fn tells_seconds_apart(store: &Store) {
    let first = backup(store, "first", b"1", "2023-12-01T12:00:00.1Z").await;
    let second = backup(store, "second", b"2", "2023-12-01T12:00:00.9Z").await;
    assert_eq!(second.key, "daily/backup_20231201_120000_2.dump");
    verify(store, &first).await.unwrap();
    verify(store, &second).await.unwrap();
    removed(store, &first).await;
    removed(store, &second).await;
}

/// A process that was killed in the middle leaves parts behind; the next run removes them.
async fn forgets_crashes(store: &Store) {
    let spec = store.spec().clone();
    let killed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut growing = GrowingSpool::new();
        let upload = runtime.block_on(async {
            let upload = growing.upload(&open(&spec), at(NOON)).await.unwrap();
            growing.append(&noise(25 * MIB));
            upload
                .sent()
                .wait_for(|sent| *sent >= 24 * MIB as u64)
                .await
                .unwrap();
            upload
        });
        runtime.shutdown_timeout(Duration::from_secs(10));
        drop(upload);
    });
    killed.join().unwrap();
    assert_eq!(store.list("daily/").await.unwrap(), []);
    assert_eq!(store.abort_uploads("daily/").await.unwrap(), 1);
    assert_eq!(store.abort_uploads("daily/").await.unwrap(), 0);
    assert!(store.catalogue().await.unwrap().backups.is_empty());
}
