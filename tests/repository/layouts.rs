//! What goes in comes out: by the sidecar, and by restic.

use serde_json::json;

use super::{
    backup, bucket, fetched, in_repository, local, require_sound, restic, restored, sidecar,
    snapshots,
};
use crate::engines_postgres::{populated, sidecar as of_postgres};
use crate::engines_restore::dump;
use crate::harness::{Postgres, Sidecar, age_key, sh, sha256};

/// Some megabytes that do not compress to nothing.
const NOISE: &str = "head -c 30000000 /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00000000000000000000000000000000";

#[test]
fn a_backup_comes_back_by_the_sidecar_and_by_restic() {
    let sidecar = sidecar(NOISE);
    let manifest = backup(&sidecar);
    let bytes = fetched(&sidecar, "latest");
    assert_eq!(bytes.len(), 30_000_000);
    assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);

    let stored = &manifest["artifact"]["repository"];
    assert_eq!(manifest["manifest_version"], 2);
    assert_eq!(manifest["artifact"]["raw_size"], 30_000_000);
    let store = local(&sidecar);
    let snapshot = stored["snapshot"].as_str().unwrap();
    assert_eq!(snapshots(&sidecar, &store), [snapshot]);
    let listed = restic(&sidecar, &store, &["ls", snapshot]).succeeds();
    assert!(
        listed.stdout.contains("/custom/000000-_/000000"),
        "{listed:?}"
    );
    // Trap: streams that are archived without a size are restored as empty files.
    assert!(restored(&sidecar, &store, snapshot) == bytes);
    require_sound(&sidecar);
    sidecar
        .run(&["verify", "latest"])
        .succeeds()
        .stdout_contains("unaltered");
    sidecar
        .run(&["list"])
        .succeeds()
        .stdout_contains("to the repository (100 %)");
}

#[test]
fn the_second_night_costs_what_has_changed() {
    let line = format!("{NOISE}; cat \"$SIDE_CAR_WORKDIR/more\"");
    let sidecar = sidecar(&line);
    std::fs::write(sidecar.workdir().join("more"), "first").unwrap();
    let first = backup(&sidecar);
    std::fs::write(sidecar.workdir().join("more"), "second, and longer").unwrap();
    let second = backup(&sidecar);
    let added = |manifest: &serde_json::Value| manifest["artifact"]["size"].as_u64().unwrap();
    assert!(added(&first) > 29_000_000, "{first}");
    assert!(added(&second) < added(&first) / 3, "{second}");
    for manifest in [&first, &second] {
        let bytes = fetched(&sidecar, manifest["id"].as_str().unwrap());
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    }
    require_sound(&sidecar);
}

#[test]
fn a_bucket_holds_one_too_and_restic_reads_it() {
    let (s3, store) = bucket();
    let sidecar = Sidecar::new()
        .command("seq 1 1000000")
        .capture()
        .set("strategy.timeout", 0)
        .set("stores", json!([store]));
    let manifest = backup(&sidecar);
    let bytes = fetched(&sidecar, "latest");
    assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    let snapshot = manifest["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    restic(&sidecar, &store, &["check", "--read-data"])
        .succeeds()
        .stdout_contains("no errors were found");
    assert!(restored(&sidecar, &store, snapshot) == bytes);
    assert!(
        s3.keys()
            .iter()
            .any(|key| key.starts_with("citus/repository/data/"))
    );
}

#[test]
fn a_postgres_server_is_dumped_uncompressed_and_one_database_of_it_comes_back() {
    let postgres = populated();
    let sidecar = of_postgres(&postgres);
    let store = local(&sidecar);
    let sidecar = sidecar
        .set("strategy.timeout", 0)
        .set("stores", json!([store]));
    let first = backup(&sidecar);
    assert!(first["artifact"]["raw_size"].as_u64() > first["artifact"]["size"].as_u64());
    postgres.sql(
        "app1",
        "UPDATE many SET text = 'changed' WHERE i > (SELECT max(i) FROM many) - 100",
    );
    let second = backup(&sidecar);
    // Rows stand in it as text: nothing is found again in what is compressed.
    let artifact = fetched(&sidecar, second["id"].as_str().unwrap());
    let row = b"\tchanged\t";
    assert!(artifact.windows(row.len()).any(|found| found == row));
    let before = dump(&postgres, "app1");
    let other = dump(&postgres, "app2");
    postgres.sql(
        "app1",
        "DROP TABLE orders CASCADE; DELETE FROM many WHERE i % 2 = 0",
    );
    sidecar
        .run(&["restore", "latest", "--only", "app1", "--replace"])
        .succeeds();
    assert!(dump(&postgres, "app1") == before, "app1 is not what it was");
    assert!(dump(&postgres, "app2") == other);

    // Each database has a folder of its own, which restic and PostgreSQL's own tools are enough for.
    let snapshot = second["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    let listed = restic(&sidecar, &store, &["ls", snapshot]).succeeds();
    for part in ["-app1/000000", "-app2/000000", "-app3/000000"] {
        assert!(listed.stdout.contains(part), "{part}: {listed:?}");
    }
    assert_eq!(
        sha256(&restored(&sidecar, &store, snapshot)),
        second["artifact"]["raw_sha256"]
    );
    require_sound(&sidecar);
}

#[test]
fn the_second_night_of_a_large_dump_costs_at_most_15_per_cent() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE shop");
    postgres.sql(
        "shop",
        "CREATE TABLE orders AS SELECT i, md5(i::text) AS customer, md5((i * 7)::text) AS note
             FROM generate_series(1, 1500000) i",
    );
    let sidecar = of_postgres(&postgres);
    let store = local(&sidecar);
    let sidecar = sidecar
        .set("strategy.timeout", 0)
        .set("strategy.config.databases", json!(["shop"]))
        .set("stores", json!([store]));
    let first = backup(&sidecar);
    // In the last hundredth of the rows one in twenty is updated; some are deleted, some are new. What changes costs the chunks
    // that it lies in, which are cut elsewhere in each repository: a change all over the table would cost nearly all.
    postgres.sql(
        "shop",
        "UPDATE orders SET note = 'changed' WHERE i > 1485000 AND i % 20 = 0;
         DELETE FROM orders WHERE i > 1485000 AND i % 200 = 1;
         INSERT INTO orders SELECT i, 'new', 'new' FROM generate_series(1500001, 1500500) i",
    );
    let second = backup(&sidecar);
    let added = |manifest: &serde_json::Value| manifest["artifact"]["size"].as_u64().unwrap();
    let (first, second) = (added(&first), added(&second));
    assert!(second * 100 <= first * 15, "{first} and then {second}");
    require_sound(&sidecar);
}

#[test]
fn a_store_of_artifacts_beside_it_gets_the_same_bytes() {
    let sidecar = sidecar("seq 1 300000");
    let other = sidecar.folder().join("artifacts-store");
    std::fs::create_dir(&other).unwrap();
    let store = local(&sidecar);
    let sidecar = sidecar.set(
        "stores",
        json!([store, {"name": "plain", "type": "fs", "path": other}]),
    );
    sidecar.backup().succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 2, "{listed}");
    let versions: Vec<_> = backups
        .iter()
        .map(|one| one["manifest"]["manifest_version"].clone())
        .collect();
    assert!(
        versions.contains(&json!(1)) && versions.contains(&json!(2)),
        "{versions:?}"
    );
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn the_owner_of_the_age_key_can_open_it() {
    let sidecar = sidecar("seq 1 1000");
    let identity = sidecar.folder().join("age.key");
    let recipient = age_key(&identity);
    let mut store = local(&sidecar);
    store["repository"]["recipients"] = json!([recipient]);
    let sidecar = sidecar.set("stores", json!([store]));
    sidecar.backup().succeeds();
    let key = sidecar.folder().join("store/citus/repository.key.age");
    let read = sh(&format!(
        "age -d -i {} {}",
        identity.display(),
        key.display()
    ))
    .succeeds();
    assert_eq!(read.stdout.trim_end(), super::PASSWORD);
}

#[test]
fn another_password_opens_nothing() {
    let sidecar = sidecar("seq 1 1000");
    sidecar.backup().succeeds();
    let mut store = in_repository(local(&sidecar));
    store["repository"]["password"] = "not-the-right-one".into();
    let other = sidecar.set("stores", json!([store]));
    other
        .run(&["fetch", "latest", "-o", "/dev/null"])
        .exits(3)
        .stderr_contains("the password does not open the repository")
        .never_says("not-the-right-one");
}
