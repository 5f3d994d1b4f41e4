//! The conformance suite, run against every kind of store: a row for each.

use super::conformance::conforms;
use super::fixtures::{fs, open};
use super::server::S3Server;

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
        let server = S3Server::with_bucket(&[]);
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

/// A lease that another program wrote may note any key.
#[tokio::test]
async fn a_key_leads_out_of_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (root, outside) = (folder.path().join("store"), folder.path().join("outside"));
    std::fs::create_dir(&root).unwrap();
    std::fs::write(&outside, "not ours").unwrap();
    let store = open(&fs(&root, ""));
    for key in ["../outside", outside.to_str().unwrap()] {
        assert_eq!(store.size(key).await.unwrap(), None);
        assert_eq!(store.get(key).await.unwrap_err().code(), "not-in-store");
        store.burn_abandoned(&[key.to_owned()], 1).await;
        store.put(key, b"ours".to_vec()).await.unwrap_err();
    }
    assert_eq!(std::fs::read(&outside).unwrap(), b"not ours");
}
