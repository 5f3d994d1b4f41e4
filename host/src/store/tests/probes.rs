//! What `sidecar check` says of stores that are not as they should be.

use std::os::unix::fs::PermissionsExt;

use super::faulty::{Fault, Faulty};
use super::fixtures::{bucket, fs, open, s3};
use super::server::S3Server;
use crate::config::{Bucket, StoreSpec};
use crate::error::Error;
use crate::store::{RetryPolicy, Store};

const ALWAYS: usize = usize::MAX;

async fn problems(spec: &StoreSpec) -> Vec<Error> {
    open(spec).probe().await.problems
}

async fn only_problem(spec: &StoreSpec) -> Error {
    let mut problems = problems(spec).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems.remove(0);
    assert!(problem.message().contains('`'), "{problem}");
    assert!(problem.hint_text().is_some(), "{problem}");
    problem
}

fn before(server: &S3Server) -> (Faulty, StoreSpec) {
    let faulty = Faulty::before(&server.url);
    let spec = s3("citus", bucket(&faulty.url));
    (faulty, spec)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bucket_refuses_is_named() {
    let server = S3Server::with_bucket(&[]);
    let missing = Bucket {
        name: "nowhere".to_owned(),
        ..bucket(&server.url)
    };
    assert_eq!(
        only_problem(&s3("", missing)).await.code(),
        "no-such-bucket"
    );

    let (faulty, spec) = before(&server);
    for (method, contains, status, word, code) in [
        (
            "PUT",
            "probe/",
            403,
            "InvalidAccessKeyId",
            "bad-credentials",
        ),
        (
            "PUT",
            "probe/",
            403,
            "SignatureDoesNotMatch",
            "bad-credentials",
        ),
        ("PUT", "probe/", 403, "RequestTimeTooSkewed", "clock-skew"),
        ("PUT", "probe/", 403, "AccessDenied", "no-write-permission"),
        ("PUT", "probe/", 301, "PermanentRedirect", "wrong-region"),
        (
            "GET",
            "list-type",
            403,
            "AccessDenied",
            "no-list-permission",
        ),
        (
            "GET",
            "backups/citus",
            403,
            "AccessDenied",
            "no-read-permission",
        ),
    ] {
        let hits = faulty.inject(method, contains, ALWAYS, Fault::Answer(status, word));
        let problems = problems(&spec).await;
        let codes: Vec<_> = problems.iter().map(Error::code).collect();
        assert_eq!(codes, [code], "{problems:?}");
        assert!(hits.count() >= 1);
        faulty.heal();
    }
    assert!(problems(&spec).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_where_nothing_may_be_deleted_is_good_enough_and_keeps_one_probe() {
    let server = S3Server::with_bucket(&[]);
    let (faulty, spec) = before(&server);
    let store = open(&spec);
    let left = ".sidecar/probe/0189f7e5-0000-7000-8000-000000000000";
    store.put(left, b"an earlier probe".to_vec()).await.unwrap();
    faulty.inject("DELETE", "", ALWAYS, Fault::Answer(403, "AccessDenied"));
    for _ in 0..2 {
        let probe = store.probe().await;
        assert!(probe.problems.is_empty(), "{:?}", probe.problems);
        let codes: Vec<_> = probe.warnings.iter().map(Error::code).collect();
        assert_eq!(codes, ["no-delete-permission"]);
    }
    let there = store.list(".sidecar/probe/").await.unwrap();
    assert_eq!(there.len(), 1, "{there:?}");
    faulty.heal();
    assert!(store.probe().await.warnings.is_empty());
    assert_eq!(store.list(".sidecar/probe/").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_is_found_before_it_is_refused() {
    let server = S3Server::with_bucket(&[]);
    let (faulty, spec) = before(&server);
    for method in ["PUT", "GET", "HEAD", "DELETE"] {
        faulty.inject(method, "", ALWAYS, Fault::Skew(-600));
    }
    let problem = only_problem(&spec).await;
    assert_eq!(problem.code(), "clock-skew");
    assert!(problem.message().contains("s behind"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_ignores_conditions_supports_no_leases() {
    let server = S3Server::with_bucket(&[]);
    assert!(open(&server.spec("citus")).probe().await.supports_leases);
    let (faulty, spec) = before(&server);
    let store = open(&spec);
    // The first PUT writes the probe; the second, conditional one is answered as if there were no condition.
    let write = faulty.inject("PUT", "probe/", 1, Fault::Skew(0));
    let ignored = faulty.inject("PUT", "probe/", ALWAYS, Fault::Answer(200, ""));
    let probe = store.probe().await;
    assert_eq!((write.count(), ignored.count()), (1, 1));
    assert!(!probe.supports_leases);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_reached_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let spec = s3("", bucket(&format!("http://{address}")));
    let problem = only_problem(&spec).await;
    assert_eq!(problem.code(), "store-unreachable", "{problem}");
    assert!(problem.hint_text().unwrap().contains(&address.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (
        folder.path().join("key.pem"),
        folder.path().join("cert.pem"),
    );
    let made = std::process::Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=sidecar test",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-addext", "basicConstraints=critical,CA:false"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let tls = [
        "-c",
        certificate.to_str().unwrap(),
        "-k",
        key.to_str().unwrap(),
    ];
    let server = S3Server::start(&tls);
    assert!(server.url.starts_with("https://"), "{}", server.url);

    let untrusted = only_problem(&s3("", bucket(&server.url))).await;
    assert_eq!(untrusted.code(), "untrusted-certificate", "{untrusted}");
    let trusting = Bucket {
        ca_file: Some(certificate.clone()),
        ..bucket(&server.url)
    };
    // There is no bucket, but that is what the server itself says.
    assert_eq!(
        only_problem(&s3("", trusting)).await.code(),
        "no-such-bucket"
    );

    let garbage = Bucket {
        ca_file: Some(key),
        ..bucket(&server.url)
    };
    let error = Store::open(&s3("", garbage), RetryPolicy::CHECK).unwrap_err();
    assert_eq!(error.code(), "bad-ca-file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_read_only_is_named() {
    if rustix::process::geteuid().is_root() {
        // Root may write everywhere: /proc refuses it all the same, in its own words.
        let problem = only_problem(&fs(std::path::Path::new("/proc/self"), "")).await;
        assert!(problem.message().contains("/proc/self"), "{problem}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let problem = only_problem(&fs(folder.path(), "")).await;
    assert_eq!(problem.code(), "no-write-permission", "{problem}");
}
