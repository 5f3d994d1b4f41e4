//! Services that speak S3 as it was, or as they understand it: what they do not take is found once, and
//! what was written is there, byte for byte.

use super::faulty::{Fault, Faulty};
use super::fixtures::{MIB, at, backup, bucket, noise, open, removed, s3, store_bytes, verify};
use super::server::S3Server;
use crate::config::{StoreSpec, Tier};
use crate::store::Store;

const TIME: &str = "2023-12-01T03:00:00Z";
const ALWAYS: usize = usize::MAX;

struct OddService {
    faulty: Faulty,
    spec: StoreSpec,
    /// Around the proxy.
    direct: Store,
    _server: S3Server,
}

impl OddService {
    fn new() -> Self {
        let server = S3Server::with_bucket(&[]);
        let faulty = Faulty::before(&server.url);
        Self {
            spec: s3("citus", bucket(&faulty.url)),
            direct: open(&server.spec("citus")),
            faulty,
            _server: server,
        }
    }

    /// A backup of that size is made, and is what it should be.
    async fn takes_a_backup(&self, size: usize) {
        let store = open(&self.spec);
        let backup = backup(&store, "odd", &noise(size), TIME).await;
        verify(&self.direct, &backup).await.unwrap();
        removed(&store, &backup).await;
        assert_eq!(self.direct.list("daily/").await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checksum_headers_that_are_refused_are_sent_once_and_not_again() {
    for (header, status, word) in [
        ("x-amz-checksum", 400, "InvalidArgument"),
        ("x-amz-checksum", 501, "NotImplemented"),
        ("x-amz-checksum", 400, "XNotAWordOfS3"),
        ("x-amz-checksum-crc32c", 403, "SignatureDoesNotMatch"),
    ] {
        let service = OddService::new();
        let hits =
            service
                .faulty
                .inject("*", "", ALWAYS, Fault::RefuseHeader(header, status, word));
        service.takes_a_backup(3 * MIB).await;
        assert_eq!(hits.count(), 1, "{word}");
        // In parts, by a store that was opened anew.
        service.takes_a_backup(21 * MIB).await;
        assert_eq!(hits.count(), 1, "{word}");
        let digests = service.faulty.inject(
            "PUT",
            "",
            ALWAYS,
            Fault::RefuseHeader("content-md5", 200, ""),
        );
        open(&service.spec).put("digest", vec![1]).await.unwrap();
        assert_eq!(digests.count(), 1, "the bytes travel without a digest");
        let remarks = open(&service.spec).probe().await.remarks;
        assert!(remarks[0].contains("Content-MD5"), "{remarks:?}");
    }
}

/// A service may take some of the requests of a multipart upload and refuse others.
#[tokio::test(flavor = "multi_thread")]
async fn checksums_that_only_a_part_of_an_upload_is_refused_for() {
    for (method, contains, fault) in [
        (
            "POST",
            "uploads",
            Fault::RefuseHeader("x-amz-checksum-algorithm", 400, "InvalidRequest"),
        ),
        (
            "PUT",
            "partNumber=2",
            Fault::RefuseHeader("x-amz-checksum", 400, "InvalidArgument"),
        ),
        (
            "POST",
            "uploadId",
            Fault::RefuseBody("ChecksumCRC32C", 400, "MalformedXML"),
        ),
    ] {
        let service = OddService::new();
        let hits = service.faulty.inject(method, contains, ALWAYS, fault);
        service.takes_a_backup(21 * MIB).await;
        assert_eq!(hits.count(), 1, "{fault:?}");
    }
}

/// What is refused for another reason says nothing about checksums.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_stays_a_refusal_changes_nothing() {
    let service = OddService::new();
    let store = open(&service.spec);
    for (status, word) in [
        (400, "InvalidArgument"),
        (403, "SignatureDoesNotMatch"),
        (501, "NotImplemented"),
        (400, "BadDigest"),
    ] {
        let hits = service
            .faulty
            .inject("PUT", "", ALWAYS, Fault::Answer(status, word));
        store.put("refused", vec![1]).await.unwrap_err();
        assert!((1..=2).contains(&hits.count()), "{word}");
        service.faulty.heal();
        let plain = Fault::RefuseHeader("content-md5", 400, "Unexpected");
        service.faulty.inject("PUT", "", ALWAYS, plain);
        store.put("taken", vec![1]).await.unwrap();
        service.faulty.heal();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_of_this_machine_is_corrected_by_the_first_refusal() {
    for offset in [3 * 3600, -3 * 3600, 400 * 86_400] {
        let service = OddService::new();
        let hits = service
            .faulty
            .inject("*", "", ALWAYS, Fault::OwnClock(offset));
        let store = open(&service.spec);
        store.put("timely", vec![1]).await.unwrap();
        let stored = store_bytes(&store, &noise(21 * MIB), TIME).await.unwrap();
        assert_eq!(store.size(&stored.key).await.unwrap(), Some(21 << 20));
        assert_eq!(hits.count(), 1, "{offset}");
        let remarks = store.probe().await.remarks;
        assert!(remarks[0].contains("signed by its own"), "{remarks:?}");
    }
}

/// A date that a proxy made up is not taken for the service's as long as nothing is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_alone_moves_no_clock() {
    let service = OddService::new();
    service
        .faulty
        .inject("GET", "", ALWAYS, Fault::Skew(86_400));
    let store = open(&service.spec);
    store.put("a", vec![1]).await.unwrap();
    store.get("a").await.unwrap();
    service.faulty.heal();
    let hits = service.faulty.inject("*", "", ALWAYS, Fault::OwnClock(0));
    store.put("b", vec![1]).await.unwrap();
    assert_eq!(hits.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_a_refusal_names_is_in_the_hint() {
    let service = OddService::new();
    service
        .faulty
        .inject("*", "", ALWAYS, Fault::WrongRegion("eu-central-1"));
    let error = open(&service.spec).put("a", vec![1]).await.unwrap_err();
    assert_eq!(error.code(), "wrong-region");
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("region: eu-central-1"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_conditional_writes_takes_backups() {
    let service = OddService::new();
    for header in ["if-none-match", "if-match"] {
        let fault = Fault::RefuseHeader(header, 501, "NotImplemented");
        service.faulty.inject("PUT", "", ALWAYS, fault);
    }
    let store = open(&service.spec);
    let probe = store.probe().await;
    assert!(probe.problems.is_empty(), "{:?}", probe.problems);
    assert!(!probe.supports_leases);
    assert!(probe.remarks.is_empty(), "{:?}", probe.remarks);
    service.takes_a_backup(21 * MIB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_expected_before_a_body_is_sent() {
    let service = OddService::new();
    let hits = service
        .faulty
        .inject("*", "", ALWAYS, Fault::RefuseHeader("expect", 417, ""));
    service.takes_a_backup(21 * MIB).await;
    assert_eq!(hits.count(), 0);
}

/// S3 may say 200 first and then that it failed, to a copy too.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_in_a_good_answer_is_made_again() {
    let service = OddService::new();
    let store = open(&service.spec);
    let backup = backup(&store, "copied", &noise(MIB), TIME).await;
    let fault = Fault::RefuseHeader("x-amz-copy-source", 200, "InternalError");
    let hits = service.faulty.inject("PUT", "monthly/", 1, fault);
    let mut lock = store.lock("copying").await.unwrap();
    let copy = lock.promote(&backup, Tier::Monthly).await.unwrap();
    assert_eq!(hits.count(), 1);
    verify(&service.direct, &copy).await.unwrap();
    let hits = service.faulty.inject("PUT", "yearly/", ALWAYS, fault);
    let error = lock.promote(&backup, Tier::Yearly).await.unwrap_err();
    assert!(hits.count() > 1, "{error}");
    assert_eq!(service.direct.list("yearly/").await.unwrap(), []);
}

/// Names that a path or a query has to encode.
#[tokio::test(flavor = "multi_thread")]
async fn odd_names_come_back_as_they_were() {
    let server = S3Server::with_bucket(&[]);
    for prefix in ["a b", "a+b", "ü/ñ", "100%", "a&b=c", "q?x#y", "it's"] {
        let store = open(&s3(prefix, bucket(&server.url)));
        for filename in ["plain.dump", "with space+plus.dump", "ünï&=?#%25.dump"] {
            let key = store
                .free_key(Tier::Daily, filename, at(TIME), &[])
                .await
                .unwrap();
            store.put(&key, filename.into()).await.unwrap();
            assert_eq!(store.get(&key).await.unwrap(), filename.as_bytes());
            let listed = store.list("daily/").await.unwrap();
            let listed: Vec<_> = listed.iter().map(|object| &object.key).collect();
            assert_eq!(listed, [&key], "{prefix}");
            store.delete(&key).await.unwrap();
        }
        let large = store_bytes(&store, &noise(17 * MIB), TIME).await.unwrap();
        assert_eq!(store.size(&large.key).await.unwrap(), Some(17 << 20));
    }
}
