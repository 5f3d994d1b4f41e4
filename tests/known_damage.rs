//! What a reader finds is kept in the store: the retention, the list and the next reader go by it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Clock, S3, Sidecar};

/// A sidecar with a store in a folder, and a drill.
fn stored() -> Sidecar {
    let sidecar = Sidecar::new()
        .command("cat \"$SIDE_CAR_WORKDIR/tonight\"")
        .capture()
        .set(
            "strategy.config.restore",
            "cat > \"${SIDE_CAR_RESTORE_INTO:-$SIDE_CAR_WORKDIR}/back\"",
        );
    let folder = |name: &str| {
        let path = sidecar.folder().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (store, scratch) = (folder("store"), folder("scratch"));
    sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store}]),
        )
        .set("drill", json!({"into": scratch, "check": ["true"]}))
}

/// One backup for each of these days.
fn nights(sidecar: &Sidecar, clock: &Clock, days: &[&str]) {
    for day in days {
        clock.set(&format!("{day}T03:00:00Z"));
        fs::write(sidecar.workdir().join("tonight"), day).unwrap();
        sidecar.backup().succeeds();
    }
}

fn artifact(sidecar: &Sidecar, tier: &str, day: &str) -> PathBuf {
    let day = day.replace('-', "");
    sidecar
        .folder()
        .join(format!("store/{tier}/backup_{day}_030000.dat"))
}

fn damage(path: &Path) {
    let size = fs::metadata(path).unwrap().len();
    fs::remove_file(path).unwrap();
    fs::write(path, vec![0; size as usize]).unwrap();
}

fn backups(sidecar: &Sidecar) -> Vec<Value> {
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    listed["backups"].as_array().unwrap().clone()
}

/// What is known of the copies, by key.
fn health(sidecar: &Sidecar) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<(String, String)> = backups(sidecar)
        .iter()
        .map(|backup| (text(&backup["key"]), text(&backup["health"]["state"])))
        .collect();
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(key, state): &(&str, &str)| (key.to_owned(), state.to_owned());
    all.iter().map(owned).collect()
}

#[test]
fn the_last_backup_that_is_not_known_to_be_damaged_stays() {
    for reader in ["verify", "fetch", "restore", "drill"] {
        let clock = Clock::at("2026-06-01T03:00:00Z");
        let sidecar = clock
            .rules(stored())
            .set("retention", json!({"daily": {"last": 1}}));
        nights(&sidecar, &clock, &["2026-06-01"]);
        let sidecar = sidecar.set("retention", json!({"daily": {"last": 2}}));
        nights(&sidecar, &clock, &["2026-06-02"]);
        damage(&artifact(&sidecar, "daily", "2026-06-02"));
        let arguments: &[&str] = match reader {
            "verify" => &["verify", "--all"],
            "fetch" => &["fetch", "latest", "-o", "fetched"],
            "restore" => &["restore", "latest"],
            _ => &["drill"],
        };
        sidecar.run(arguments).exits(4);
        let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
        let said = sidecar.run(&["prune"]).succeeds();
        assert!(said.stdout.contains("(DAMAGED, found"), "{said:?}");
        let good = artifact(&sidecar, "daily", "2026-06-01");
        assert_eq!(fs::read(good).unwrap(), b"2026-06-01", "{reader}");
        sidecar
            .run(&["list"])
            .succeeds()
            .stdout_contains("DAMAGED, found 2026-06-02T03:00:00Z");

        // The next good one takes its place, and the damaged one goes with it.
        nights(&sidecar, &clock, &["2026-06-03"]);
        let left = health(&sidecar);
        assert_eq!(
            left,
            pairs(&[("daily/backup_20260603_030000.dat", "never")]),
            "{reader}"
        );
    }
}

#[test]
fn a_bucket_remembers_it_for_another_replica() {
    let s3 = S3::start();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let policy = json!({"daily": {"last": 2}});
    let replica = || {
        clock
            .rules(stored())
            .set("stores", json!([s3.store()]))
            .set("retention", policy.clone())
    };
    let (first, second) = (replica(), replica());
    nights(&first, &clock, &["2026-06-01", "2026-06-02"]);
    s3.put("citus/daily/backup_20260602_030000.dat", b"0000-00-00");
    first.run(&["verify"]).exits(4);
    assert_eq!(health(&second), health(&first));
    let second = second.set("retention", json!({"daily": {"last": 1}}));
    second.run(&["prune"]).succeeds();
    let good = s3.object("citus/daily/backup_20260601_030000.dat");
    assert_eq!(good, b"2026-06-01");
}

#[test]
fn the_latest_is_refused_if_it_is_damaged_and_the_newest_good_one_is_named() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock.rules(stored());
    nights(&sidecar, &clock, &["2026-06-01", "2026-06-02"]);
    let latest = artifact(&sidecar, "daily", "2026-06-02");
    damage(&latest);
    sidecar.run(&["verify"]).exits(4);
    let good = backups(&sidecar)[1]["manifest"]["id"].clone();
    let good = good.as_str().unwrap();
    for arguments in [
        &["restore", "latest"][..],
        &["fetch", "latest", "-o", "fetched"],
        &["drill"],
    ] {
        sidecar
            .run(arguments)
            .exits(4)
            .stderr_contains("is damaged")
            .stderr_contains(good);
    }
    sidecar.run(&["restore", good]).succeeds();
    let back = fs::read(sidecar.workdir().join("back")).unwrap();
    assert_eq!(back, b"2026-06-01");

    // Mended by the operator, it is good as soon as it was read.
    fs::write(&latest, "2026-06-02").unwrap();
    sidecar.run(&["verify"]).succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    let back = fs::read(sidecar.workdir().join("back")).unwrap();
    assert_eq!(back, b"2026-06-02");
    assert_eq!(
        health(&sidecar),
        pairs(&[
            ("daily/backup_20260601_030000.dat", "verified"),
            ("daily/backup_20260602_030000.dat", "verified"),
        ])
    );
}

#[test]
fn each_copy_counts_for_itself_and_a_damaged_one_is_copied_anew() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let policy = json!({"daily": {"last": 5}, "weekly": {"last": 5}, "monthly": {"last": 5}});
    let sidecar = clock.rules(stored()).set("retention", policy);
    nights(&sidecar, &clock, &["2026-06-01"]);
    damage(&artifact(&sidecar, "weekly", "2026-06-01"));
    sidecar.run(&["verify", "--all"]).exits(4);
    assert_eq!(
        health(&sidecar),
        pairs(&[
            ("daily/backup_20260601_030000.dat", "verified"),
            ("monthly/backup_20260601_030000.dat", "verified"),
            ("weekly/backup_20260601_030000.dat", "damaged"),
        ])
    );
    // Another copy of it is good.
    sidecar.run(&["restore", "latest"]).succeeds();
    nights(&sidecar, &clock, &["2026-06-02"]);
    // Under a name that no copy had; only then the damaged one goes.
    let weekly = artifact(&sidecar, "weekly", "2026-06-01");
    assert!(!weekly.exists());
    let anew = weekly.with_file_name("backup_20260601_030000_2.dat");
    assert_eq!(fs::read(anew).unwrap(), b"2026-06-01");
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn a_verdict_that_cannot_be_read_deletes_nothing_good_and_fails_nothing() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock
        .rules(stored())
        .set("retention", json!({"daily": {"last": 2}}));
    nights(&sidecar, &clock, &["2026-06-01", "2026-06-02"]);
    sidecar.run(&["verify", "--all"]).succeeds();
    let verdicts = sidecar.folder().join("store/.sidecar/verdicts/daily");
    let verdict = verdicts.join("backup_20260602_030000.dat.json");
    fs::write(&verdict, "{\"id\": 3").unwrap();
    assert_eq!(health(&sidecar)[1].1, "unclear");
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    sidecar.run(&["prune"]).succeeds();
    let good = artifact(&sidecar, "daily", "2026-06-01");
    assert_eq!(fs::read(good).unwrap(), b"2026-06-01");
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(health(&sidecar)[1].1, "verified", "reading it again tells");

    // All of them at once: nothing is deleted.
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 2}}));
    fs::remove_dir_all(&verdicts).unwrap();
    fs::write(&verdicts, "a file").unwrap();
    nights(&sidecar, &clock, &["2026-06-03", "2026-06-04"]);
    assert_eq!(backups(&sidecar).len(), 4);
}

#[test]
fn what_waits_for_a_store_is_not_sent_once_it_is_damaged() {
    let sidecar = stored().set("retention", json!({"daily": {"last": 1}}));
    let clock = Clock::at("2026-01-01T03:00:00Z");
    let sidecar = clock.rules(sidecar);
    nights(&sidecar, &clock, &["2026-01-01"]);
    let (store, away) = (
        sidecar.folder().join("store"),
        sidecar.folder().join("away"),
    );
    fs::rename(&store, &away).unwrap();
    clock.set("2026-01-02T03:00:00Z");
    fs::write(sidecar.workdir().join("tonight"), "2026-01-02").unwrap();
    sidecar.backup().exits(1);
    let pending = sidecar.artifacts().join(".sidecar/pending");
    for waiting in fs::read_dir(&pending).unwrap() {
        let path = waiting.unwrap().path();
        if path.extension().is_none() {
            damage(&path);
        }
    }
    fs::rename(&away, &store).unwrap();
    for verb in [&["upload", "--pending"][..], &["backup"]] {
        let done = sidecar.run(verb);
        assert!(
            done.stderr
                .contains("its bytes are not those that were backed up"),
            "{done:?}"
        );
    }
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn a_tier_copy_is_not_made_of_damaged_bytes() {
    let clock = Clock::at("2026-05-01T03:00:00Z");
    let sidecar = clock.rules(stored().set("retention", json!({"daily": {"last": 9}})));
    nights(&sidecar, &clock, &["2026-05-01", "2026-05-02"]);
    damage(&artifact(&sidecar, "daily", "2026-05-01"));
    let policy = json!({"daily": {"last": 9}, "monthly": {"last": 3}});
    let sidecar = sidecar.set("retention", policy);
    nights(&sidecar, &clock, &["2026-05-03", "2026-05-04"]);
    assert!(!artifact(&sidecar, "monthly", "2026-05-01").exists());
    let copied = ["2026-05-02", "2026-05-03", "2026-05-04"]
        .into_iter()
        .find(|day| artifact(&sidecar, "monthly", day).exists());
    let day = copied.expect("a good one was copied in its place");
    let bytes = fs::read(artifact(&sidecar, "monthly", day)).unwrap();
    assert_eq!(bytes, day.as_bytes());
}
