//! Of the sidecars that share a store, one has a lease at a time.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{at, open};
use super::server::S3Server;
use crate::store::owner_process::tests::elsewhere;
use crate::store::{Acquired, Lease, LeaseWatch, Store};

const SLOT: &str = "20231201T030000Z";
const KEY: &str = ".sidecar/lease-test.json";
const LONG: Duration = Duration::from_secs(120);

async fn ask(store: &Store, slot: &str, owner: &str) -> Acquired {
    let mut watch = LeaseWatch::default();
    store
        .acquire("test", slot, owner, LONG, &mut watch)
        .await
        .unwrap()
}

async fn take(store: &Store, slot: &str, owner: &str) -> Lease {
    match ask(store, slot, owner).await {
        Acquired::Held(lease) => *lease,
        other => panic!("{other:?}"),
    }
}

async fn is_busy(store: &Store, slot: &str, owner: &str) {
    let asked = ask(store, slot, owner).await;
    assert!(matches!(asked, Acquired::Busy { .. }), "{asked:?}");
}

async fn is_done(store: &Store, slot: &str, owner: &str) {
    let asked = ask(store, slot, owner).await;
    assert!(matches!(asked, Acquired::Done { .. }), "{asked:?}");
}

/// Changes what the lease says, as another program would.
async fn rewrite(store: &Store, change: impl FnOnce(&mut Value)) {
    let mut record = serde_json::from_slice(&store.get(KEY).await.unwrap()).unwrap();
    change(&mut record);
    store
        .put(KEY, record.to_string().into_bytes())
        .await
        .unwrap();
}

/// As if its owner were on another machine.
async fn move_elsewhere(store: &Store) {
    let process = serde_json::to_value(elsewhere()).unwrap();
    rewrite(store, |record| record["process"] = process).await;
}

pub(super) async fn are_exclusive(store: &Store) {
    let mut a = take(store, SLOT, "a").await;
    let first = a.generation();
    let busy = ask(store, SLOT, "b").await;
    assert!(
        matches!(&busy, Acquired::Busy { owner, left } if owner == "a" && *left > LONG),
        "{busy:?}"
    );
    assert!(a.is_exclusive().await);
    a.renew().await.unwrap();
    is_busy(store, SLOT, "b").await;
    a.note(vec!["daily/x".to_owned()]).await.unwrap();
    a.release(true, Vec::new()).await.unwrap();
    is_done(store, SLOT, "b").await;
    is_done(store, SLOT, "a").await;
    is_done(store, "20231130T030000Z", "b").await;
    // The next slot is another matter, and one that was given back undone is free at once.
    let next = "20231202T030000Z";
    let mut b = take(store, next, "b").await;
    assert_eq!(b.generation(), first + 1);
    b.release(false, Vec::new()).await.unwrap();
    let mut a = take(store, next, "a").await;
    a.release(true, Vec::new()).await.unwrap();

    // Of many who ask at once, one gets it.
    let slot = "20231204T030000Z";
    let asked: Vec<_> = (0..8)
        .map(|n| {
            let (store, owner) = (store.clone(), format!("owner-{n}"));
            tokio::spawn(async move { ask(&store, slot, &owner).await })
        })
        .collect();
    let mut held = 0;
    for asked in asked {
        match asked.await.unwrap() {
            Acquired::Held(_) => held += 1,
            Acquired::Busy { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(held, 1);
    store.delete(KEY).await.unwrap();
}

pub(super) async fn are_taken_over(store: &Store) {
    // No date in it makes an owner live longer, or die.
    for expires_at in ["2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
        take(store, SLOT, "a").await;
        rewrite(store, |record| record["expires_at"] = json!(expires_at)).await;
        is_busy(store, SLOT, "b").await;
        move_elsewhere(store).await;
        is_busy(store, SLOT, "b").await;
        // What it says lasts for a second was not renewed before the eyes of another one.
        rewrite(store, |record| record["lasting_s"] = json!(1)).await;
        let mut watch = LeaseWatch::default();
        let mut looks = 0;
        let mut successor = loop {
            let asked = store.acquire("test", SLOT, "b", LONG, &mut watch).await;
            match asked.unwrap() {
                Acquired::Held(lease) => break *lease,
                Acquired::Busy { left, .. } => tokio::time::sleep(left).await,
                other => panic!("{other:?}"),
            }
            looks += 1;
        };
        assert!((1..=3).contains(&looks), "{looks}");
        successor.release(false, Vec::new()).await.unwrap();
    }

    // A sidecar whose process has ended is followed at once, with what it noted.
    let mut killed = take(store, SLOT, "a").await;
    let unfinished = vec!["daily/y".to_owned()];
    killed.note(unfinished.clone()).await.unwrap();
    rewrite(store, |record| record["process"]["started"] = json!(1)).await;
    let mut successor = take(store, SLOT, "b").await;
    assert_eq!(successor.keys(), unfinished);
    for error in [
        killed.renew().await.unwrap_err(),
        killed.release(true, Vec::new()).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), "lease-lost");
    }
    successor.release(true, Vec::new()).await.unwrap();

    // A slot of a clock that was wrong is done, and no other one.
    let mut wrong = take(store, "20990101T030000Z", "a").await;
    wrong.release(true, Vec::new()).await.unwrap();
    is_done(store, "20990101T030000Z", "b").await;
    is_done(store, SLOT, "b").await;
    let mut next = take(store, "20231205T030000Z", "b").await;
    next.release(false, Vec::new()).await.unwrap();

    // Garbage is no lease.
    store.put(KEY, b"{}".to_vec()).await.unwrap();
    take(store, "20231206T030000Z", "b").await;
    store.delete(KEY).await.unwrap();
}

/// An older sidecar holds it, or has died with it.
pub(super) async fn of_version_1_are_understood(store: &Store) {
    let write = async |expires_at: String, done: bool| {
        let record = json!({"owner": "old", "slot": SLOT, "expires_at": expires_at, "done": done, "keys": ["daily/z"]});
        let text = record.to_string().into_bytes();
        store.put(KEY, text).await.unwrap();
    };
    let next = "20231202T030000Z";
    write((store.now() + LONG).to_string(), false).await;
    is_busy(store, next, "b").await;
    write("2099-01-01T00:00:00Z".to_owned(), false).await;
    is_busy(store, next, "b").await;
    // Given back undone, or seen by a clock that is ahead: the next renewal tells.
    write("2023-12-01T03:00:00Z".to_owned(), false).await;
    let asked = ask(store, next, "b").await;
    assert!(
        matches!(asked, Acquired::Busy { left, .. } if left < LONG / 2),
        "{asked:?}"
    );
    write((store.now() + LONG).to_string(), true).await;
    is_done(store, SLOT, "b").await;
    let mut new = take(store, next, "b").await;
    assert_eq!(new.keys(), ["daily/z"]);
    new.release(false, Vec::new()).await.unwrap();
    store.delete(KEY).await.unwrap();
}

/// The file of a lease says when it was written, by the clock that a new file has too.
#[tokio::test]
async fn a_folder_tells_the_age_of_a_lease_by_its_own_clock() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&super::fixtures::fs(folder.path(), ""));
    take(&store, SLOT, "a").await;
    move_elsewhere(&store).await;
    is_busy(&store, SLOT, "b").await;
    let file = std::fs::File::options()
        .write(true)
        .open(folder.path().join(KEY))
        .unwrap();
    let written = |seconds| {
        let at = std::time::SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(at).unwrap();
    };
    written(125);
    is_busy(&store, SLOT, "b").await;
    written(140);
    take(&store, SLOT, "b").await;
    assert_eq!(
        std::fs::read_dir(folder.path().join(".sidecar/probe"))
            .unwrap()
            .count(),
        0
    );
}

/// Both times are in one answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_tells_the_age_of_a_lease_by_its_own_clock() {
    let server = S3Server::with_bucket(&[]);
    let faulty = super::faulty::Faulty::before(&server.url);
    let store = open(&super::fixtures::s3(
        "",
        super::fixtures::bucket(&faulty.url),
    ));
    take(&store, SLOT, "a").await;
    move_elsewhere(&store).await;
    let shows = |seconds| {
        faulty.heal();
        faulty.inject("HEAD", "", usize::MAX, super::faulty::Fault::Skew(seconds));
    };
    shows(-600);
    is_busy(&store, SLOT, "b").await;
    shows(125);
    is_busy(&store, SLOT, "b").await;
    shows(140);
    take(&store, SLOT, "b").await;
    assert_eq!(at("1970-01-01T00:00:00Z").as_second(), 0);
}
