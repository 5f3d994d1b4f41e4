//! What cannot be seen is not passed over in silence, and hides nothing of what can be seen.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Clock, Fault, Finished, S3, Sidecar};

/// A sidecar with these stores in folders, that backs up the file `tonight`.
fn stored(clock: &Clock, stores: &[&str]) -> Sidecar {
    let sidecar = Sidecar::new()
        .command("cat \"$SIDE_CAR_WORKDIR/tonight\"")
        .capture()
        .set(
            "strategy.config.restore",
            "cat > \"$SIDE_CAR_WORKDIR/back\"",
        );
    let store = |name: &&str| {
        let path = sidecar.folder().join(name);
        fs::create_dir(&path).unwrap();
        json!({"name": name, "type": "fs", "path": path})
    };
    let stores: Vec<Value> = stores.iter().map(store).collect();
    clock.rules(sidecar.set("stores", json!(stores)))
}

fn night(sidecar: &Sidecar, clock: &Clock, day: &str) {
    clock.set(&format!("{day}T03:00:00Z"));
    fs::write(sidecar.workdir().join("tonight"), day).unwrap();
    sidecar.backup().succeeds();
}

fn folder(sidecar: &Sidecar, name: &str) -> PathBuf {
    sidecar.folder().join(name)
}

fn fetch(sidecar: &Sidecar, which: &str) -> Finished {
    let to = folder(sidecar, "fetched");
    let _ = fs::remove_file(&to);
    sidecar.run(&["fetch", which, "-o", to.to_str().unwrap()])
}

fn fetched(sidecar: &Sidecar) -> String {
    fs::read_to_string(folder(sidecar, "fetched")).unwrap()
}

fn clock() -> Clock {
    Clock::at("2026-06-01T03:00:00Z")
}

#[test]
fn latest_is_refused_while_a_tier_cannot_be_listed() {
    let clock = clock();
    let policy = json!({"daily": {"last": 9}, "monthly": {"last": 9}});
    let sidecar = stored(&clock, &["a"]).set("retention", policy);
    night(&sidecar, &clock, "2026-06-01");
    night(&sidecar, &clock, "2026-06-20");
    let daily = folder(&sidecar, "a/daily");
    fs::rename(&daily, folder(&sidecar, "daily.away")).unwrap();
    fs::write(&daily, "").unwrap();
    fetch(&sidecar, "latest").exits(4).stderr_contains("daily/");
    let listed = sidecar.run(&["list", "--json"]).json();
    let id = listed["backups"][0]["manifest"]["id"].as_str().unwrap();
    fetch(&sidecar, id).succeeds();
    assert_eq!(fetched(&sidecar), "2026-06-01");
}

#[test]
fn what_is_made_while_a_tier_cannot_be_listed_is_the_newest_all_the_same() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let clock = clock();
    let sidecar = stored(&clock, &[])
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set(
            "retention",
            json!({"daily": {"last": 2}, "monthly": {"last": 2}}),
        );
    for day in ["2026-06-01", "2026-06-02", "2026-06-03"] {
        night(&sidecar, &clock, day);
    }
    let denied = Fault::Answer(403, "AccessDenied");
    let hidden = proxy.inject("GET", "prefix=citus/daily/", usize::MAX, denied);
    night(&sidecar, &clock, "2026-06-04");
    assert!(hidden.count() > 0);
    proxy.heal();
    fetch(&sidecar, "latest").succeeds();
    assert_eq!(fetched(&sidecar), "2026-06-04");
    night(&sidecar, &clock, "2026-06-05");
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let days = listed["backups"].as_array().unwrap().iter().map(|backup| {
        let started = backup["manifest"]["started_at"].as_str().unwrap();
        format!(
            "{} {}",
            backup["manifest"]["tier"].as_str().unwrap(),
            &started[..10]
        )
    });
    assert_eq!(
        days.collect::<Vec<_>>(),
        ["daily 2026-06-05", "daily 2026-06-04", "monthly 2026-06-01"]
    );
}

#[test]
fn a_damaged_backup_of_a_new_name_is_the_latest_all_the_same() {
    let clock = clock();
    let sidecar = stored(&clock, &["a"]);
    night(&sidecar, &clock, "2026-06-01");
    let sidecar = sidecar.set("strategy.artifact.filename", "new.dat");
    night(&sidecar, &clock, "2026-06-20");
    let newest = folder(&sidecar, "a/daily/new_20260620_030000.dat.manifest.json");
    fs::write(newest, "").unwrap();
    fetch(&sidecar, "latest").exits(4).stderr_contains("new_");
}

#[test]
fn a_store_that_is_away_hides_nothing_of_the_other() {
    for away in ["a", "b"] {
        let clock = clock();
        let sidecar = stored(&clock, &["a", "b"]);
        night(&sidecar, &clock, "2026-06-01");
        fs::rename(folder(&sidecar, away), folder(&sidecar, "away")).unwrap();
        let listed = sidecar.run(&["list", "--json"]).exits(1).json();
        assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
        assert_eq!(listed["damaged"][0]["store"], away);
        let id = listed["backups"][0]["manifest"]["id"].as_str().unwrap();
        let text = sidecar.run(&["list"]).exits(1);
        assert!(text.stdout.contains(id), "{text:?}");
        text.stderr_contains(&format!("`{away}`"));
        for which in [id, "latest"] {
            fetch(&sidecar, which).succeeds().stderr_contains(away);
            assert_eq!(fetched(&sidecar), "2026-06-01");
            sidecar.run(&["restore", which]).succeeds();
            let back = sidecar.workdir().join("back");
            assert_eq!(fs::read(&back).unwrap(), b"2026-06-01");
            fs::remove_file(back).unwrap();
        }
        sidecar.run(&["verify", "--all"]).exits(1);
        let server = sidecar.serve();
        let sent = server.get("/backup/backups/latest/artifact");
        assert_eq!((sent.status, &sent.body[..]), (200, &b"2026-06-01"[..]));
        let listed = server.get("/backup/backups").json();
        assert_eq!(listed["damaged"][0]["store"], away);
    }
}

#[test]
fn a_store_that_is_away_keeps_no_other_from_being_pruned() {
    for away in ["a", "b"] {
        let clock = clock();
        let sidecar = stored(&clock, &["a", "b"]).set("retention", json!({"daily": {"last": 9}}));
        for day in ["2026-06-01", "2026-06-02", "2026-06-03"] {
            night(&sidecar, &clock, day);
        }
        let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
        fs::rename(folder(&sidecar, away), folder(&sidecar, "away")).unwrap();
        let said = sidecar.run(&["prune", "--yes"]).exits(1);
        said.stderr_contains(away);
        let listed = sidecar.run(&["list", "--json"]).json();
        assert_eq!(listed["backups"].as_array().unwrap().len(), 1, "{away}");
        assert_eq!(sidecar.serve().post("/backup/prune").status, 500);
    }
}

#[test]
fn latest_is_never_an_older_one_while_the_store_with_the_newest_is_away() {
    let clock = clock();
    let sidecar = stored(&clock, &["a", "b"]);
    night(&sidecar, &clock, "2026-06-01");
    let [a, b, away] = ["a", "b", "away"].map(|name| folder(&sidecar, name));
    // `b` misses the second night, and is back when `a` is away.
    fs::rename(&b, &away).unwrap();
    clock.set("2026-06-02T03:00:00Z");
    fs::write(sidecar.workdir().join("tonight"), "2026-06-02").unwrap();
    sidecar.backup().exits(1);
    fs::rename(&away, &b).unwrap();
    fs::rename(&a, &away).unwrap();
    let listed = sidecar.run(&["list", "--json"]).exits(1).json();
    let older = listed["backups"][0]["manifest"]["id"].as_str().unwrap();
    let latest = "/backup/backups/latest/artifact";
    let server = sidecar.serve();
    for command in ["fetch", "restore"] {
        let refused = match command {
            "fetch" => fetch(&sidecar, "latest"),
            _ => sidecar.run(&["restore", "latest"]),
        };
        refused
            .exits(1)
            .stderr_contains("the newest backup")
            .stderr_contains("`a`");
    }
    let refused = server.get(latest);
    assert_eq!(refused.status, 500);
    assert_eq!(refused.json()["code"], "newest-unseen");
    let sent = server.get(&format!("/backup/backups/{older}/artifact"));
    assert_eq!(sent.body, b"2026-06-01");
    fetch(&sidecar, older).succeeds();
    // A third night, in which `a` misses it: what `b` has is the newest.
    clock.set("2026-06-03T03:00:00Z");
    fs::write(sidecar.workdir().join("tonight"), "2026-06-03").unwrap();
    sidecar.backup().exits(1);
    assert_eq!(server.get(latest).body, b"2026-06-03");
    fs::rename(&away, &a).unwrap();
    sidecar.run(&["upload", "--pending"]).succeeds();
    fs::rename(&a, &away).unwrap();
    fetch(&sidecar, "latest").succeeds();
    assert_eq!(fetched(&sidecar), "2026-06-03");
}

#[test]
fn a_backup_whose_manifest_was_deleted_is_damaged_and_not_passed_over() {
    let clock = clock();
    let sidecar = stored(&clock, &["a", "b"]);
    night(&sidecar, &clock, "2026-06-01");
    night(&sidecar, &clock, "2026-06-02");
    let foreign = "daily/backup_20260603_030000.dat";
    fs::write(folder(&sidecar, "a").join(foreign), "2026-06-03").unwrap();
    sidecar.run(&["list"]).succeeds();
    let key = "daily/backup_20260602_030000.dat";
    let manifest = folder(&sidecar, "a").join(format!("{key}.manifest.json"));
    let text = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    // The other store has it whole.
    fetch(&sidecar, "latest").succeeds();
    assert_eq!(fetched(&sidecar), "2026-06-02");
    let other = folder(&sidecar, "b").join(format!("{key}.manifest.json"));
    fs::remove_file(&other).unwrap();
    let listed = sidecar.run(&["list", "--json"]).exits(4).json();
    let damaged = listed["damaged"].as_array().unwrap();
    assert_eq!(damaged.len(), 2, "{listed}");
    assert_eq!(damaged[0]["key"], key);
    assert_eq!(damaged[0]["error"]["code"], "missing-manifest");
    let hint = damaged[0]["error"]["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("{key}.manifest.json")), "{hint}");
    fetch(&sidecar, "latest")
        .exits(4)
        .stderr_contains("lost its manifest");
    sidecar.run(&["verify", "--all"]).exits(4);
    // Nothing else goes because of it, and what is brought back is a backup again.
    night(&sidecar, &clock, "2026-06-04");
    assert!(folder(&sidecar, "a").join(key).exists());
    for path in [manifest, other] {
        fs::write(path, &text).unwrap();
    }
    sidecar.run(&["verify", "--all"]).succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 6);
}

#[test]
fn an_id_of_no_backup_is_not_found_also_beside_an_upload_that_goes_on() {
    let clock = clock();
    let sidecar = stored(&clock, &["a"]);
    night(&sidecar, &clock, "2026-06-01");
    let begun = folder(&sidecar, "a").join("daily/backup_20260602_030000.dat");
    fs::write(&begun, "begun").unwrap();
    for command in ["verify", "restore"] {
        sidecar
            .run(&[command, "0192aaaa"])
            .exits(2)
            .stderr_contains("there is no backup `0192aaaa`")
            .stderr_contains(
                "daily/backup_20260602_030000.dat in store `a` may be what is left of it",
            );
    }
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1, "{listed}");
}
