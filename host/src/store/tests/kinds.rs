//! The conformance suite, run against every kind of store.

use super::conformance::conforms;
use super::fixtures::{fs, open};
use super::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_conforms() {
    for prefix in ["citus", "", "a/b c/ü+%"] {
        let folder = tempfile::tempdir().unwrap();
        conforms(&open(&fs(folder.path(), prefix))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_conforms() {
    for prefix in ["citus", "", "a/b c/ü+%"] {
        let server = Server::with_bucket(&[]);
        conforms(&open(&server.spec(prefix))).await;
    }
}

#[test]
fn a_folder_must_be_there_already() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not-mounted");
    let error = crate::store::Store::open(&fs(&missing, ""), super::fixtures::HURRY).unwrap_err();
    assert_eq!(error.code(), "no-such-folder");
    assert!(error.message().contains("not-mounted"), "{error}");
    assert!(!missing.exists());
}
