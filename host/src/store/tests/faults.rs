//! Whatever a server or a network does, an upload ends with a whole object or with a clear error and
//! no object. Each fault is seen to have struck.

use std::time::Duration;

use super::faulty::{Fault, Faulty, Hits};
use super::fixtures::{MIB, backup, fetch, noise, open, removed, store_bytes, verify};
use super::server::S3Server;
use crate::error::Error;
use crate::store::{Store, keys};

const TIME: &str = "2023-12-01T03:00:00Z";
const ALWAYS: usize = usize::MAX;
/// The tries of one request: see `HURRY`.
const TRIES: usize = 4;

struct FaultySetup {
    faulty: Faulty,
    /// Through the proxy.
    store: Store,
    /// Around it.
    direct: Store,
    _server: S3Server,
}

impl FaultySetup {
    fn new() -> Self {
        let server = S3Server::with_bucket(&[]);
        let faulty = Faulty::before(&server.url);
        let mut spec = server.spec("citus");
        let direct = open(&spec);
        if let crate::config::Place::S3(bucket) = &mut spec.place {
            bucket.endpoint = Some(faulty.url.clone());
        }
        Self {
            store: open(&spec),
            faulty,
            direct,
            _server: server,
        }
    }

    /// The upload succeeds all the same.
    async fn survives(&self, size: usize, hits: &[(&Hits, usize)]) {
        let bytes = noise(size);
        let backup = backup(&self.store, "survivor", &bytes, TIME).await;
        for (hits, expected) in hits {
            assert_eq!(hits.count(), *expected);
        }
        self.faulty.heal();
        verify(&self.direct, &backup).await.unwrap();
        removed(&self.direct, &backup).await;
        self.nothing_is_left().await;
    }

    /// The upload fails, and leaves nothing.
    async fn fails(&self, size: usize, hits: &Hits, at_least: usize) -> Error {
        let error = store_bytes(&self.store, &noise(size), TIME)
            .await
            .unwrap_err();
        assert!(hits.count() >= at_least, "{} hits: {error}", hits.count());
        self.faulty.heal();
        self.nothing_is_left().await;
        assert!(error.message().contains("`minio`"), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        error
    }

    async fn nothing_is_left(&self) {
        assert_eq!(self.direct.list("daily/").await.unwrap(), []);
        assert_eq!(self.direct.abort_uploads("daily/").await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_waited_for() {
    let setup = FaultySetup::new();
    let f = &setup.faulty;
    for (size, method, part) in [
        (3 * MIB, "PUT", "backup_"),
        (21 * MIB, "PUT", "partNumber=2"),
    ] {
        for fault in [
            Fault::Answer(500, "InternalError"),
            Fault::Answer(503, "SlowDown"),
            Fault::ResetBody(0),
            Fault::ResetBody(MIB),
            Fault::LoseAnswer,
            Fault::Stall,
        ] {
            let hits = f.inject(method, part, 2, fault);
            setup.survives(size, &[(&hits, 2)]).await;
        }
    }
    let slow = f.inject(
        "PUT",
        "partNumber=1",
        1,
        Fault::Slow(Duration::from_millis(300)),
    );
    let begin = f.inject("POST", "uploads", 1, Fault::Answer(503, "SlowDown"));
    let end = f.inject("POST", "uploadId", 1, Fault::Answer(500, "InternalError"));
    let stat = f.inject("HEAD", "", 1, Fault::ResetBody(0));
    let list = f.inject("GET", "list-type", 1, Fault::Truncate(20));
    let all = [(&slow, 1), (&begin, 1), (&end, 1), (&stat, 1), (&list, 1)];
    setup.survives(21 * MIB, &all).await;
}

/// S3 may say 200 first and then that it failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_a_good_answer_is_seen() {
    let setup = FaultySetup::new();
    let hits = setup
        .faulty
        .inject("POST", "uploadId", 1, Fault::Answer(200, "InternalError"));
    setup.survives(21 * MIB, &[(&hits, 1)]).await;
    let hits = setup.faulty.inject(
        "POST",
        "uploadId",
        ALWAYS,
        Fault::Answer(200, "InternalError"),
    );
    let error = setup.fails(21 * MIB, &hits, 2).await;
    assert_eq!(error.code(), "store-unavailable", "{error}");
}

/// The object was completed, but the answer was lost: the repeated request is refused.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_looked_up() {
    let setup = FaultySetup::new();
    for fault in [Fault::LoseAnswer, Fault::HoldAnswer, Fault::Truncate(20)] {
        let hits = setup.faulty.inject("POST", "uploadId", 1, fault);
        setup.survives(21 * MIB, &[(&hits, 1)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lasts_is_an_error_and_leaves_no_object() {
    let setup = FaultySetup::new();
    let f = &setup.faulty;
    for (size, method, part) in [
        (3 * MIB, "PUT", "backup_"),
        (21 * MIB, "PUT", "partNumber=2"),
        (21 * MIB, "POST", "uploads"),
        (21 * MIB, "POST", "uploadId"),
    ] {
        for (fault, code) in [
            (Fault::Answer(500, "InternalError"), "store-unavailable"),
            (Fault::ResetBody(0), "store-unavailable"),
        ] {
            let hits = f.inject(method, part, ALWAYS, fault);
            let error = setup.fails(size, &hits, TRIES).await;
            assert_eq!(error.code(), code, "{part}: {error}");
        }
        // These do not pass by waiting.
        for (fault, code) in [
            (Fault::Answer(403, "AccessDenied"), "no-write-permission"),
            (Fault::Answer(403, "InvalidAccessKeyId"), "bad-credentials"),
            (Fault::Answer(403, "RequestTimeTooSkewed"), "clock-skew"),
            (Fault::Answer(404, "NoSuchBucket"), "no-such-bucket"),
            (Fault::Answer(507, "XMinioStorageFull"), "store-full"),
        ] {
            let hits = f.inject(method, part, ALWAYS, fault);
            let error = setup.fails(size, &hits, 1).await;
            assert_eq!(error.code(), code, "{part}: {error}");
            assert_eq!(hits.count(), 1, "{code} was tried again");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    let setup = FaultySetup::new();
    let hits = setup.faulty.inject("PUT", "backup_", ALWAYS, Fault::Stall);
    let error = setup.fails(3 * MIB, &hits, TRIES).await;
    assert_eq!(error.code(), "store-timeout", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_etag_is_not_believed() {
    let setup = FaultySetup::new();
    let hits = setup
        .faulty
        .inject("PUT", "partNumber=2", 1, Fault::WrongEtag);
    let error = setup.fails(21 * MIB, &hits, 1).await;
    assert_eq!(error.code(), "damaged-on-the-way", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_while_aborting_is_swept_later() {
    let setup = FaultySetup::new();
    let hits = setup.faulty.inject(
        "PUT",
        "partNumber=1",
        ALWAYS,
        Fault::Answer(403, "AccessDenied"),
    );
    let abort = setup.faulty.inject(
        "DELETE",
        "uploadId",
        ALWAYS,
        Fault::Answer(500, "InternalError"),
    );
    store_bytes(&setup.store, &noise(21 * MIB), TIME)
        .await
        .unwrap_err();
    assert_eq!((hits.count(), abort.count()), (1, TRIES));
    setup.faulty.heal();
    assert_eq!(setup.direct.list("daily/").await.unwrap(), []);
    assert_eq!(setup.store.abort_uploads("daily/").await.unwrap(), 1);
    setup.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_break_off_are_asked_for_again() {
    let setup = FaultySetup::new();
    let backup = backup(&setup.direct, "read", &noise(9 * MIB), TIME).await;
    for fault in [
        Fault::Truncate(0),
        Fault::Truncate(MIB),
        Fault::StallBody(MIB),
        Fault::Answer(503, "SlowDown"),
    ] {
        let hits = setup.faulty.inject("GET", "backup_", 2, fault);
        verify(&setup.store, &backup).await.unwrap();
        assert_eq!(hits.count(), 2, "{fault:?}");
        setup.faulty.heal();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("restored.dump");
    for (fault, code) in [
        (Fault::Truncate(MIB), "store-unavailable"),
        (Fault::StallBody(7), "store-timeout"),
        (Fault::Answer(403, "AccessDenied"), "no-read-permission"),
    ] {
        let hits = setup.faulty.inject("GET", "backup_", ALWAYS, fault);
        let error = fetch(&setup.store, &backup, &file).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(hits.count() >= 1);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        setup.faulty.heal();
    }
}

/// A backup without a manifest does not exist, and a manifest is not there in part.
#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_cannot_be_written_is_no_backup() {
    let setup = FaultySetup::new();
    let stored = store_bytes(&setup.store, b"bytes", TIME).await.unwrap();
    let manifest = super::fixtures::manifest("id", b"bytes", TIME);
    let mut lock = setup.store.lock("owner").await.unwrap();
    let hits = setup
        .faulty
        .inject("PUT", "manifest.json", ALWAYS, Fault::ResetBody(10));
    let error = lock.commit(&stored, &manifest).await.unwrap_err();
    assert_eq!(error.code(), "store-unavailable");
    assert_eq!(hits.count(), TRIES);
    assert_eq!(
        setup
            .direct
            .size(&keys::manifest(&stored.key))
            .await
            .unwrap(),
        None
    );
    assert!(setup.direct.catalogue().await.unwrap().backups.is_empty());
    setup.faulty.heal();
    let backup = lock.commit(&stored, &manifest).await.unwrap();
    assert_eq!(setup.direct.catalogue().await.unwrap().backups, [backup]);
}

/// What was held on its way arrives after another sidecar took the store over, and is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_arrives_late_is_refused() {
    let setup = FaultySetup::new();
    let stored = store_bytes(&setup.store, b"bytes", TIME).await.unwrap();
    let key = keys::manifest(&stored.key);
    let hits = setup
        .faulty
        .inject("PUT", "manifest.json", 1, Fault::HoldRequest);
    let (store, late) = (setup.store.clone(), key.clone());
    let manifest = super::fixtures::manifest("id", b"bytes", TIME).to_json();
    let writing = tokio::spawn(async move { store.put_new(&late, manifest).await });
    while hits.count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let given_up = [stored.key.clone()];
    assert!(setup.direct.burn_abandoned(&given_up, 2).await.is_empty());
    setup.faulty.heal();
    assert!(!writing.await.unwrap().unwrap());
    assert_eq!(setup.direct.catalogue().await.unwrap().burned, given_up);
}

/// What cannot be given up keeps nothing else from it, and is not forgotten by who could not.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_given_up_is_tried_again_by_the_next_owner() {
    let setup = FaultySetup::new();
    let (store, direct) = (&setup.store, &setup.direct);
    let first = store_bytes(store, b"one", TIME).await.unwrap().key;
    let second = store_bytes(store, b"two", "2023-12-02T03:00:00Z")
        .await
        .unwrap()
        .key;
    let mut died = direct.lock("died").await.unwrap();
    died.note([first.clone(), second.clone()]).await.unwrap();
    died.release(false).await;

    let refused = Fault::Answer(403, "AccessDenied");
    let hits = setup.faulty.inject("DELETE", "20231201", ALWAYS, refused);
    let mut next = store.try_lock("next").await.unwrap();
    assert!(hits.count() > 0);
    next.note(["daily/own.dump".to_owned()]).await.unwrap();
    next.release(true).await;
    assert_eq!(direct.size(&first).await.unwrap(), Some(3));
    assert_eq!(direct.size(&second).await.unwrap(), None);

    setup.faulty.heal();
    let last = store.try_lock("last").await.unwrap();
    last.release(true).await;
    assert_eq!(direct.size(&first).await.unwrap(), None);
    assert_eq!(direct.catalogue().await.unwrap().burned, [first, second]);
}
