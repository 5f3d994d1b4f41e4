//! What a store of any kind must make of backups: see [`super::conformance`].

use super::fixtures::{MIB, at, backup, fetch, noise, removed, removed_by, store_bytes, verify};
use crate::config::Tier;
use crate::error::Kind;
use crate::store::{BackupHealth, Store, StoreLock, StoredBackup, Which, keys};

const NOON: &str = "2023-12-01T12:00:00Z";

pub(super) async fn catalogues(store: &Store) {
    let old = backup(store, "0199aaaa", b"old", "2023-12-01T03:00:00Z").await;
    let new = backup(store, "0199aabb", b"new", "2023-12-02T03:00:00Z").await;
    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, [new.clone(), old.clone()]);
    assert!(catalogue.damaged.is_empty());

    let find = |text: &str| catalogue.find(&Which::from(text));
    assert_eq!(find("latest").unwrap(), &new);
    assert_eq!(find("0199aaaa").unwrap(), &old);
    assert_eq!(find("0199aab").unwrap(), &new);
    assert_eq!(find("0199aa").unwrap_err().code(), "ambiguous-id");
    assert_eq!(find("77").unwrap_err().code(), "no-such-backup");

    removed(store, &old).await;
    removed(store, &new).await;
    let catalogue = store.catalogue().await.unwrap();
    assert!(catalogue.backups.is_empty() && catalogue.damaged.is_empty());
    assert_eq!(
        catalogue.find(&Which::Latest).unwrap_err().code(),
        "no-backup"
    );
}

/// What is wrong with one backup hides no other, and half a backup is none.
pub(super) async fn reports_damage(store: &Store) {
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

    verify(store, &good).await.unwrap();
    let error = verify(store, &altered).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Verification, "altered")
    );
    assert_eq!(
        verify(store, &short).await.unwrap_err().kind(),
        Kind::Verification
    );
    assert_eq!(
        verify(store, &lost).await.unwrap_err().kind(),
        Kind::NotFound
    );

    for backup in [&good, &lost, &short, &altered, &torn] {
        removed(store, backup).await;
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

pub(super) async fn promotes(store: &Store) {
    let bytes = noise(6 * MIB);
    let daily = backup(store, "first-of-month", &bytes, "2023-12-01T03:00:00Z").await;
    let mut lock = store.lock("promoting").await.unwrap();
    let monthly = lock.promote(&daily, Tier::Monthly).await.unwrap();
    assert_eq!(monthly.key, "monthly/backup_20231201_030000.dump");
    assert_eq!(monthly.manifest.tier, Tier::Monthly);
    assert_eq!(monthly.manifest.id, daily.manifest.id);
    verify(store, &monthly).await.unwrap();

    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, [daily.clone(), monthly.clone()]);
    assert_eq!(
        catalogue.find(&Which::Id("first".to_owned())).unwrap(),
        &daily
    );
    removed_by(&mut lock, &daily).await;
    verify(store, &monthly).await.unwrap();
    removed_by(&mut lock, &monthly).await;
    lock.release(true).await;
}

pub(super) async fn fetches(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("restored.dump");
    std::fs::write(&file, "older").unwrap();
    let bytes = noise(5 * MIB + 1);
    let backup = backup(store, "fetched", &bytes, "2023-12-01T03:00:00Z").await;
    fetch(store, &backup, &file).await.unwrap();
    assert!(std::fs::read(&file).unwrap() == bytes);

    let mut altered = bytes.clone();
    altered[77] ^= 1;
    store.put(&backup.key, altered).await.unwrap();
    let error = fetch(store, &backup, &file).await.unwrap_err();
    assert_eq!(error.code(), "altered");
    assert!(std::fs::read(&file).unwrap() == bytes);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    removed(store, &backup).await;
}

/// One sidecar at a time; what one noted and left half done is removed by the next, and nothing else.
pub(super) async fn locks(store: &Store) {
    let good = backup(store, "good", b"good", "2023-12-01T03:00:00Z").await;
    let half = store_bytes(store, b"half", "2023-12-02T03:00:00Z")
        .await
        .unwrap();
    let foreign = "daily/backup_20200101_030000.dump";
    store.put(foreign, b"not ours".to_vec()).await.unwrap();

    let mut first = store.lock("first").await.unwrap();
    let busy = store.try_lock("second").await.unwrap_err();
    assert_eq!((busy.kind(), busy.code()), (Kind::Busy, "store-busy"));
    assert!(busy.message().contains("first"), "{busy}");
    let nothing = "daily/backup_20231203_030000.dump".to_owned();
    let noted = [good.key.clone(), half.key.clone(), nothing.clone()];
    first.note(noted).await.unwrap();
    first.confirm().await.unwrap();
    first.release(false).await;
    assert!(store.size(&half.key).await.unwrap().is_some());

    let mut second = store.try_lock("second").await.unwrap();
    assert_eq!(store.size(&half.key).await.unwrap(), None);
    assert_eq!(store.size(foreign).await.unwrap(), Some(8));
    verify(store, &good).await.unwrap();
    // What was given up is no backup to any reader, and its name is not used again.
    let catalogue = store.catalogue().await.unwrap();
    assert_eq!(catalogue.backups, std::slice::from_ref(&good));
    assert!(catalogue.damaged.is_empty(), "{:?}", catalogue.damaged);
    assert_eq!(catalogue.burned, [half.key.as_str(), &nothing]);
    let again = second
        .note_free_key(Tier::Daily, "backup.dump", at("2023-12-03T03:00:00Z"))
        .await
        .unwrap();
    assert_eq!(again, "daily/backup_20231203_030000_2.dump");
    second
        .remove_old_tombstones(&catalogue.burned)
        .await
        .unwrap();
    assert_eq!(
        store.catalogue().await.unwrap().burned,
        catalogue.burned,
        "they stand for a week"
    );
    removed_by(&mut second, &good).await;
    second.release(true).await;
    store.delete(foreign).await.unwrap();
    for key in &catalogue.burned {
        store.delete(&keys::manifest(key)).await.unwrap();
    }
}

pub(super) async fn remembers_verdicts(store: &Store) {
    let first = backup(store, "first", b"one", NOON).await;
    let mut lock = StoreLock::without_lease(store);
    let copy = lock.promote(&first, Tier::Monthly).await.unwrap();
    let known = async |backup: &StoredBackup| {
        let catalogue = store.catalogue().await.unwrap();
        let found = catalogue
            .backups
            .into_iter()
            .find(|one| one.key == backup.key);
        found.unwrap().health
    };
    let damaged = BackupHealth::Damaged {
        at: at(NOON),
        reason: "other bytes".to_owned(),
    };
    let verified = BackupHealth::Verified { at: at(NOON) };
    assert_eq!(known(&first).await, BackupHealth::Never);
    store.record_health(&copy, &damaged).await.unwrap();
    assert_eq!(known(&copy).await, damaged);
    assert_eq!(
        known(&first).await,
        BackupHealth::Never,
        "each copy has its own"
    );
    store.record_health(&first, &verified).await.unwrap();
    assert_eq!(known(&first).await, verified);

    // Copied anew under its name, it is another one.
    store.delete(&copy.key).await.unwrap();
    store.delete(&keys::manifest(&copy.key)).await.unwrap();
    let mut lock = StoreLock::without_lease(store);
    assert_eq!(lock.promote(&first, Tier::Monthly).await.unwrap(), copy);
    assert_eq!(known(&copy).await, BackupHealth::Never);
    store
        .put(&keys::verdict(&copy.key), b"{".to_vec())
        .await
        .unwrap();
    assert_eq!(known(&copy).await, BackupHealth::Unclear);
    assert!(!BackupHealth::Unclear.is_good());
    removed(store, &copy).await;

    // A verdict is about bytes, not about a key.
    store.delete(&keys::manifest(&first.key)).await.unwrap();
    store.delete(&first.key).await.unwrap();
    let second = backup(store, "second", b"two", NOON).await;
    assert_eq!(second.key, first.key);
    assert_eq!(known(&second).await, BackupHealth::Never);
    store.record_health(&second, &verified).await.unwrap();
    removed(store, &second).await;
    assert_eq!(store.list(&keys::verdicts(Tier::Daily)).await.unwrap(), []);
}

/// An artifact that was a backup is damaged without its manifest; one that is noted is only unfinished.
pub(super) async fn lose_manifests(store: &Store) {
    let lost = backup(store, "lost", b"lost", NOON).await;
    let never = store_bytes(store, b"never", "2023-12-02T03:00:00Z")
        .await
        .unwrap();
    let verified = BackupHealth::Verified { at: at(NOON) };
    store.record_health(&lost, &verified).await.unwrap();
    store.delete(&keys::manifest(&lost.key)).await.unwrap();
    let found = async || {
        let catalogue = store.catalogue().await.unwrap();
        let damaged = catalogue.damaged.into_iter().map(|one| one.key);
        let unfinished = catalogue.unfinished.into_iter().map(|one| one.key);
        (damaged.collect::<Vec<_>>(), unfinished.collect::<Vec<_>>())
    };
    let expected = (vec![lost.key.clone()], vec![never.key.clone()]);
    assert_eq!(found().await, expected);
    let mut lock = store.lock("at-work").await.unwrap();
    lock.note([lost.key.clone()]).await.unwrap();
    let both = vec![lost.key.clone(), never.key.clone()];
    assert_eq!(found().await, (Vec::new(), both));
    lock.release(true).await;
    assert_eq!(found().await, expected);
    for key in [&lost.key, &never.key, &keys::verdict(&lost.key)] {
        store.delete(key).await.unwrap();
    }
}
