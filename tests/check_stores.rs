//! `sidecar check` and the stores: what would fail tonight is said this afternoon, which store, and what to do.

use serde_json::{Value, json};

use crate::harness::{Fault, Finished, S3, Sidecar, free_port, repository};

fn check(store: &Value) -> Finished {
    Sidecar::new()
        .command("echo dump")
        .capture()
        .set("stores", json!([store]))
        .check()
}

#[test]
fn a_good_bucket_is_ready() {
    check(&S3::start().store())
        .succeeds()
        .stdout_contains("minio: can be written, listed, read and deleted")
        .stdout_contains("ready");
}

#[test]
fn a_wrong_bucket() {
    let mut store = S3::start().store();
    store["bucket"] = "backup".into();
    let s3 = S3::start();
    store["endpoint"] = s3.store()["endpoint"].clone();
    check(&store)
        .exits(1)
        .stderr_contains("`minio`")
        .stderr_contains("there is no bucket `backup`")
        .stderr_contains("create the bucket, or correct `bucket`");
}

#[test]
fn an_endpoint_that_nobody_listens_at() {
    let address = format!("127.0.0.1:{}", free_port());
    let store = S3::start().store_at(&format!("http://{address}"));
    check(&store)
        .exits(1)
        .stderr_contains("`minio`")
        .stderr_contains(&address)
        .stderr_contains("correct `endpoint`, or see whether");
}

#[test]
fn a_bucket_that_refuses() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    for (method, word, says) in [
        (
            "PUT",
            "InvalidAccessKeyId",
            "correct `access_key_id` and `secret_access_key`",
        ),
        (
            "PUT",
            "SignatureDoesNotMatch",
            "correct `access_key_id` and `secret_access_key`",
        ),
        (
            "PUT",
            "AccessDenied",
            "allow these credentials `s3:PutObject` on bucket `backups`",
        ),
        (
            "PUT",
            "RequestTimeTooSkewed",
            "correct the clock of this machine",
        ),
    ] {
        let hits = proxy.inject(method, "probe/", usize::MAX, Fault::Answer(403, word));
        check(&s3.store_behind(&proxy))
            .exits(1)
            .stderr_contains("`minio`")
            .stderr_contains(says);
        assert!(hits.count() >= 1, "{word} was never said");
        proxy.heal();
    }
}

#[test]
fn a_clock_that_differs_before_it_is_refused() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let hits = ["PUT", "GET", "HEAD", "DELETE"]
        .map(|method| proxy.inject(method, "", usize::MAX, Fault::Skew(600)));
    check(&s3.store_behind(&proxy))
        .exits(1)
        .stderr_contains("the clocks of this machine and of store `minio` differ")
        .stderr_contains("s ahead");
    assert!(hits.iter().any(|hits| hits.count() > 0));
}

#[test]
fn a_service_that_refuses_checksum_headers_is_ready_and_the_next_program_knows() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let refuses = Fault::RefuseHeader("x-amz-checksum", 400, "InvalidArgument");
    let hits = proxy.inject("*", "", usize::MAX, refuses);
    let sidecar = Sidecar::new()
        .command("seq 1 5000000")
        .capture()
        .set("stores", json!([s3.store_behind(&proxy)]));
    sidecar
        .check()
        .succeeds()
        .stdout_contains("minio: refuses checksum headers (CRC32C)")
        .stdout_contains("ready");
    assert_eq!(hits.count(), 1);
    sidecar.backup().succeeds();
    sidecar.check().succeeds().stdout_contains("Content-MD5");
    assert_eq!(hits.count(), 1, "each program begins by failing");
    sidecar.run(&["verify", "latest"]).succeeds();
}

#[test]
fn what_one_bucket_refuses_is_not_held_against_another() {
    let (old, new) = (S3::start(), S3::start());
    let proxy = old.proxy();
    let refuses = Fault::RefuseHeader("x-amz-checksum", 501, "NotImplemented");
    let hits = proxy.inject("*", "", usize::MAX, refuses);
    let mut stores = [old.store_behind(&proxy), new.store()];
    stores[1]["name"] = "newer".into();
    let checked = Sidecar::new()
        .command("echo dump")
        .capture()
        .set("stores", json!(stores))
        .check()
        .succeeds();
    assert!(hits.count() >= 1);
    checked
        .stdout_contains("minio: refuses checksum headers")
        .never_says("newer: refuses");
}

#[test]
fn a_service_with_another_clock_is_written_to_and_the_difference_is_said() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let hits = proxy.inject("*", "", usize::MAX, Fault::OwnClock(7_200));
    let sidecar = Sidecar::new()
        .command("echo dump")
        .capture()
        .set("stores", json!([s3.store_behind(&proxy)]));
    sidecar.backup().succeeds();
    assert!(hits.count() >= 1);
    sidecar
        .check()
        .stdout_contains("requests are signed by its own (the store's is 7");
}

#[test]
fn the_region_that_a_service_names() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    proxy.inject("*", "", usize::MAX, Fault::WrongRegion("eu-central-1"));
    check(&s3.store_behind(&proxy))
        .exits(1)
        .stderr_contains("the bucket is not where it was looked for")
        .stderr_contains("region: eu-central-1");
}

#[test]
fn the_policies_of_the_examples_are_counted() {
    for (name, files) in [
        ("citus.yaml", "~42 files (30 daily, 12 monthly)"),
        ("citus-minimal.yaml", "~10 files (7 daily, 3 monthly)"),
    ] {
        let text = std::fs::read_to_string(repository().join("config").join(name)).unwrap();
        // The one change: this machine is no container that has these folders to give away.
        let text = text.replace("/var/lib/sidecar", "{folder}");
        let sidecar = [
            "BACKUP_API_TOKEN",
            "POSTGRES_USER",
            "POSTGRES_PASSWORD",
            "MINIO_ROOT_USER",
            "MINIO_ROOT_PASSWORD",
        ]
        .iter()
        .fold(Sidecar::new().config_text(&text), |sidecar, name| {
            sidecar.env(name, "a-good-word")
        });
        sidecar
            .run(&["check", "--offline"])
            .succeeds()
            .stdout_contains(files)
            .never_says("a-good-word");
        let total = files.split(' ').next().unwrap().trim_start_matches('~');
        assert!(
            text.contains(&format!("{total} files")),
            "{name} says another number"
        );
        let readme = repository().join("config/README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        assert!(
            readme.contains(&files[1..]),
            "config/README.md says another number"
        );
    }
}
