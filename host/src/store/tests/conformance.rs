//! What a store must do, whatever its kind.

use std::time::Duration;

use super::fixtures::{Growing, MIB, at, backup, noise, open, store_bytes};
use super::leases;
use crate::config::Tier;
use crate::error::Kind;
use crate::store::{Store, Which, keys};

const NOON: &str = "2023-12-01T12:00:00Z";

/// Leaves the store as empty as it was.
pub(super) async fn conforms(store: &Store) {
    objects(store).await;
    ranges(store).await;
    grows(store).await;
    gives_up(store).await;
    tells_seconds_apart(store).await;
    catalogues(store).await;
    reports_damage(store).await;
    keeps_copies(store).await;
    fetches(store).await;
    forgets_crashes(store).await;
    holds(store).await;
    leases::take_turns(store).await;
    leases::expire(store).await;
    assert!(store.probe().await.problems.is_empty());
    assert!(store.probe().await.takes_turns);
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
async fn grows(store: &Store) {
    let bytes = noise(21 * MIB + 7);
    let mut growing = Growing::new();
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

async fn gives_up(store: &Store) {
    for size in [0, 3, 21 * MIB] {
        let mut growing = Growing::new();
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
    let mut growing = Growing::new();
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
    store.verify(&first).await.unwrap();
    store.verify(&second).await.unwrap();
    store.remove(&first).await.unwrap();
    store.remove(&second).await.unwrap();
}

async fn catalogues(store: &Store) {
    let old = backup(store, "0199aaaa", b"old", "2023-12-01T03:00:00Z").await;
    let new = backup(store, "0199aabb", b"new", "2023-12-02T03:00:00Z").await;
    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, [new.clone(), old.clone()]);
    assert!(catalogue.damaged.is_empty());

    let find = |text: &str| catalogue.find(&text.parse::<Which>().unwrap());
    assert_eq!(find("latest").unwrap(), &new);
    assert_eq!(find("0199aaaa").unwrap(), &old);
    assert_eq!(find("0199aab").unwrap(), &new);
    assert_eq!(find("0199aa").unwrap_err().code(), "ambiguous-id");
    assert_eq!(find("77").unwrap_err().code(), "no-such-backup");

    store.remove(&old).await.unwrap();
    store.remove(&new).await.unwrap();
    let catalogue = store.catalogue().await.unwrap();
    assert!(catalogue.backups.is_empty() && catalogue.damaged.is_empty());
    assert_eq!(
        catalogue.find(&Which::Latest).unwrap_err().code(),
        "no-backup"
    );
}

/// Whatever is wrong with one backup hides no other, and half a backup is none.
async fn reports_damage(store: &Store) {
    let good = backup(store, "good", b"good", "2023-12-01T03:00:00Z").await;
    let lost = backup(store, "lost", b"lost", "2023-12-02T03:00:00Z").await;
    let short = backup(store, "short", b"short", "2023-12-03T03:00:00Z").await;
    let altered = backup(store, "altered", b"altered", "2023-12-04T03:00:00Z").await;
    let torn = backup(store, "torn", b"torn", "2023-12-05T03:00:00Z").await;
    let half = store_bytes(store, b"half", "2023-12-06T03:00:00Z")
        .await
        .unwrap();
    store.delete(&lost.key).await.unwrap();
    store.put(&short.key, b"sho".to_vec()).await.unwrap();
    store.put(&altered.key, b"ALTERED".to_vec()).await.unwrap();
    store
        .put(&keys::manifest(&torn.key), b"{\"manifest_ver".to_vec())
        .await
        .unwrap();
    store
        .put("daily/foreign.txt", b"not ours".to_vec())
        .await
        .unwrap();

    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, [altered.clone(), good.clone()]);
    let damaged: Vec<_> = catalogue
        .damaged
        .iter()
        .map(|damaged| damaged.error.code())
        .collect();
    assert_eq!(
        damaged,
        ["missing-artifact", "wrong-size", "damaged-manifest"]
    );

    store.verify(&good).await.unwrap();
    let error = store.verify(&altered).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Verification, "altered")
    );
    assert_eq!(
        store.verify(&short).await.unwrap_err().kind(),
        Kind::Verification
    );
    assert_eq!(
        store.verify(&lost).await.unwrap_err().kind(),
        Kind::NotFound
    );

    for backup in [&good, &lost, &short, &altered, &torn] {
        store.remove(backup).await.unwrap();
    }
    let left: Vec<_> = store
        .list("daily/")
        .await
        .unwrap()
        .into_iter()
        .map(|object| object.key)
        .collect();
    assert_eq!(left, [half.key.as_str(), "daily/foreign.txt"]);
    store.delete(&half.key).await.unwrap();
    store.delete("daily/foreign.txt").await.unwrap();
}

async fn keeps_copies(store: &Store) {
    let bytes = noise(6 * MIB);
    let daily = backup(store, "first-of-month", &bytes, "2023-12-01T03:00:00Z").await;
    let monthly = store.promote(&daily, Tier::Monthly).await.unwrap();
    assert_eq!(monthly.key, "monthly/backup_20231201_030000.dump");
    assert_eq!(monthly.manifest.tier, Tier::Monthly);
    assert_eq!(monthly.manifest.id, daily.manifest.id);
    store.verify(&monthly).await.unwrap();
    // After an interruption it is done again.
    assert_eq!(store.promote(&daily, Tier::Monthly).await.unwrap(), monthly);

    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, [daily.clone(), monthly.clone()]);
    assert_eq!(
        catalogue.find(&Which::Id("first".to_owned())).unwrap(),
        &daily
    );
    store.remove(&daily).await.unwrap();
    store.verify(&monthly).await.unwrap();
    store.remove(&monthly).await.unwrap();
}

async fn fetches(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("restored.dump");
    std::fs::write(&file, "older").unwrap();
    let bytes = noise(5 * MIB + 1);
    let backup = backup(store, "fetched", &bytes, "2023-12-01T03:00:00Z").await;
    store.fetch(&backup, &file).await.unwrap();
    assert!(std::fs::read(&file).unwrap() == bytes);

    let mut altered = bytes.clone();
    altered[77] ^= 1;
    store.put(&backup.key, altered).await.unwrap();
    let error = store.fetch(&backup, &file).await.unwrap_err();
    assert_eq!(error.code(), "altered");
    assert!(std::fs::read(&file).unwrap() == bytes);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    store.remove(&backup).await.unwrap();
}

/// A process that was killed in the middle leaves parts behind; the next run removes them.
async fn forgets_crashes(store: &Store) {
    let spec = store.spec().clone();
    let killed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut growing = Growing::new();
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

/// One at a time; what somebody noted and left half done is removed by the next, and nothing else.
async fn holds(store: &Store) {
    let good = backup(store, "good", b"good", "2023-12-01T03:00:00Z").await;
    let half = store_bytes(store, b"half", "2023-12-02T03:00:00Z")
        .await
        .unwrap();
    let foreign = "daily/backup_20200101_030000.dump";
    store.put(foreign, b"not ours".to_vec()).await.unwrap();

    let mut first = store.hold("first").await.unwrap();
    let busy = store.try_hold("second").await.unwrap_err();
    assert_eq!((busy.kind(), busy.code()), (Kind::Busy, "store-busy"));
    assert!(busy.message().contains("first"), "{busy}");
    let nothing = "daily/backup_20231203_030000.dump".to_owned();
    let noted = [good.key.clone(), half.key.clone(), nothing];
    first.note(noted).await.unwrap();
    first.confirm().await.unwrap();
    first.release(false).await;
    assert!(store.size(&half.key).await.unwrap().is_some());

    let second = store.try_hold("second").await.unwrap();
    assert_eq!(store.size(&half.key).await.unwrap(), None);
    assert_eq!(store.size(foreign).await.unwrap(), Some(8));
    store.verify(&good).await.unwrap();
    second.release(true).await;
    store.remove(&good).await.unwrap();
    store.delete(foreign).await.unwrap();
}
