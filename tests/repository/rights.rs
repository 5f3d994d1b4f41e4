//! Credentials that may not do everything.

use serde_json::json;

use super::{backup, bucket, fetched, in_repository, restic, snapshots};
use crate::harness::{Fault, Sidecar, sha256};

#[test]
fn a_credential_that_may_delete_nothing_makes_backups_and_restores_them() {
    let (s3, plain) = bucket();
    let proxy = s3.proxy();
    let refused = proxy.inject("DELETE", "", usize::MAX, Fault::Answer(403, "AccessDenied"));
    let sidecar = Sidecar::new()
        .command("seq 1 200000; head -c 1000000 /dev/urandom")
        .capture()
        .set("strategy.timeout", 0)
        .set("stores", json!([in_repository(s3.store_behind(&proxy))]));
    let made = [backup(&sidecar), backup(&sidecar)];
    for manifest in &made {
        let bytes = fetched(&sidecar, manifest["id"].as_str().unwrap());
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    }
    assert!(refused.count() > 0, "there were locks to remove");
    let locks = || {
        let mut keys = s3.all_keys();
        keys.retain(|key| key.starts_with("citus/repository/locks/"));
        keys.len()
    };
    assert!(locks() >= 2, "they are left");
    // Who may delete removes what they have left.
    let sidecar = sidecar
        .set("retention", json!({"daily": {"last": 1}}))
        .set("stores", json!([plain]));
    sidecar.run(&["prune", "--yes"]).succeeds();
    assert_eq!(locks(), 0);
    assert_eq!(snapshots(&sidecar, &plain).len(), 1);
    restic(&sidecar, &plain, &["check", "--read-data"])
        .succeeds()
        .stdout_contains("no errors were found");
}

#[test]
fn a_bucket_with_a_repository_gets_no_rules_and_another_one_does() {
    let (s3, repository) = bucket();
    let mut artifacts = s3.store();
    artifacts["name"] = "artifacts".into();
    artifacts["prefix"] = "artifacts".into();
    let sidecar = Sidecar::printing("a backup")
        .set("strategy.timeout", 0)
        .set("retention", json!({"daily": {"days": 7}}))
        .set("stores", json!([artifacts, repository]));
    let printed = sidecar
        .run(&["lifecycle"])
        .succeeds()
        .stderr_contains("store `minio` is a repository");
    let rules = printed.json();
    let rules = rules["Rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    for rule in rules {
        let prefix = rule["Filter"]["Prefix"].as_str().unwrap();
        assert!(prefix.starts_with("artifacts/"), "{rule}");
    }
    sidecar
        .set("stores", json!([repository]))
        .run(&["lifecycle"])
        .exits(3)
        .stderr_contains("is a repository");
}
