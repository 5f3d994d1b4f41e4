//! Backups of another sidecar: two sidecars that meet in one store lose nothing of each other.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Clock, S3, Sidecar};

/// A sidecar that prints `word` into an artifact called `filename`, kept three nights.
fn printing(word: &str, filename: &str, stores: &Value) -> Sidecar {
    Sidecar::printing(word)
        .set("strategy.artifact.filename", filename)
        .set("stores", stores.clone())
        .set("retention", json!({"daily": {"last": 3}}))
}

fn night(clock: &Clock, day: u32) {
    clock.set(&format!("2026-06-{day:02}T03:00:00Z"));
}

/// A folder as a store.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> Value {
        json!([{"name": "local", "type": "fs", "path": self.0.path()}])
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// The artifacts of the daily tier.
    fn daily(&self) -> Vec<String> {
        artifacts(&self.path("daily"))
    }
}

fn artifacts(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".json")).collect();
    names.sort();
    names
}

fn count(names: &[String], start: &str) -> usize {
    names.iter().filter(|name| name.contains(start)).count()
}

fn id_of(sidecar: &Sidecar, word: &str) -> String {
    let listed = sidecar.run(&["list", "--json"]).json();
    let backups = listed["backups"].as_array().unwrap();
    let found = backups
        .iter()
        .find(|backup| backup["key"].as_str().unwrap().contains(word));
    found.unwrap()["manifest"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn two_sidecars_in_one_bucket_delete_nothing_of_each_other_and_say_so() {
    let s3 = S3::start();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let stores = json!([s3.store()]);
    let db = clock.rules(printing("database", "db.dump", &stores));
    let files = clock.rules(printing("files", "files.tar", &stores));
    for day in 1..=3 {
        night(&clock, day);
        db.backup().succeeds();
    }
    db.check().succeeds();
    for day in 4..=7 {
        night(&clock, day);
        files.backup().succeeds().stderr_contains("sidecar adopt");
        db.backup()
            .succeeds()
            .stderr_contains("give each its own prefix");
    }
    let keys = s3.keys();
    let of = |word: &str| {
        let wanted = |key: &&String| key.contains(word) && !key.ends_with(".json");
        keys.iter().filter(wanted).count()
    };
    assert_eq!((of("/db_"), of("/files_")), (7, 4), "{keys:?}");
    for sidecar in [&db, &files] {
        sidecar
            .check()
            .exits(3)
            .stderr_contains("give each its own prefix");
        let said = sidecar.run(&["prune"]).succeeds();
        assert!(!said.stdout.contains("delete"), "{said:?}");
    }
    // Each finds its own last one.
    for (sidecar, word) in [(&db, "database"), (&files, "files")] {
        let output = sidecar.folder().join("fetched");
        sidecar
            .run(&["fetch", "latest", "-o", output.to_str().unwrap()])
            .succeeds();
        assert_eq!(std::fs::read_to_string(&output).unwrap(), word);
    }
}

#[test]
fn the_other_ones_backup_is_labelled_and_only_read() {
    let folder = Folder::new();
    let db = printing("database", "db.dump", &folder.store());
    let files = printing("files", "files.tar", &folder.store());
    db.backup().succeeds();
    files.backup().succeeds();
    files
        .run(&["list"])
        .succeeds()
        .stdout_contains("of another sidecar");
    let id = id_of(&files, "db_");
    let output = files.folder().join("fetched");
    files
        .run(&["fetch", &id, "-o", output.to_str().unwrap()])
        .succeeds();
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "database");
    files.run(&["verify", &id]).succeeds();
    db.run(&["verify", "--all"]).succeeds();
}

#[test]
fn two_databases_with_one_file_name_are_two_owners() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let one = clock.rules(printing("one", "backup.dump", &folder.store()));
    let two = clock.rules(printing("two", "backup.dump", &folder.store()));
    for day in 1..=5 {
        night(&clock, day);
        one.backup().succeeds();
        two.backup().succeeds();
    }
    assert_eq!(folder.daily().len(), 10);
    let output = one.folder().join("fetched");
    one.run(&["fetch", "latest", "-o", output.to_str().unwrap()])
        .succeeds();
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "one");
}

#[test]
fn a_sidecar_that_lost_its_disk_goes_on_with_what_it_had() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    for day in 1..=5 {
        night(&clock, day);
        // A new container each night, with nothing but the configuration.
        let sidecar = clock.rules(printing("same", "db.dump", &folder.store()));
        sidecar.backup().succeeds();
        sidecar.check().succeeds();
    }
    let left = folder.daily();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_word_names_the_owner_where_no_disk_stays() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let mut stores = folder.store();
    stores[0]["owner"] = "citus".into();
    for day in 1..=4 {
        night(&clock, day);
        // Even what is backed up looks different each time.
        let word = format!("night {day}");
        let sidecar = clock.rules(printing(&word, "db.dump", &stores));
        sidecar.backup().succeeds();
        sidecar.check().succeeds();
    }
    assert_eq!(folder.daily().len(), 3);
    stores[0]["owner"] = "other".into();
    let other = printing("other", "db.dump", &stores);
    other.backup().succeeds().stderr_contains("is shared");
    assert_eq!(folder.daily().len(), 4);
}

#[test]
fn backups_of_an_earlier_version_are_taken_over_by_the_sidecar_that_they_fit() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let old = clock.rules(printing("old", "db.dump", &folder.store()));
    for day in 1..=3 {
        night(&clock, day);
        old.backup().succeeds();
    }
    // What an earlier sidecar left: no record, and manifests without an owner or a digest.
    std::fs::remove_dir_all(folder.path(".sidecar")).unwrap();
    for entry in std::fs::read_dir(folder.path("daily")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let mut manifest: Value =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let fields = manifest.as_object_mut().unwrap();
            fields.remove("owner");
            fields.remove("manifest_sha256");
            std::fs::write(&path, manifest.to_string()).unwrap();
        }
    }
    night(&clock, 4);
    let other = clock.rules(printing("files", "files.tar", &folder.store()));
    other.backup().succeeds().stderr_contains("is shared");
    assert_eq!(count(&folder.daily(), "db_"), 3);
    std::fs::remove_dir_all(folder.path(".sidecar")).unwrap();
    for name in artifacts(&folder.path("daily")) {
        if name.starts_with("files_") {
            std::fs::remove_file(folder.path("daily").join(&name)).unwrap();
            std::fs::remove_file(folder.path("daily").join(name + ".manifest.json")).unwrap();
        }
    }
    night(&clock, 5);
    let new = clock.rules(printing("new", "db.dump", &folder.store()));
    new.backup().succeeds();
    new.check().succeeds();
    let left = folder.daily();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(
        !left.iter().any(|name| name.contains("20260601")),
        "{left:?}"
    );
}

#[test]
fn a_store_is_adopted_by_one_command_and_not_before() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let before = clock.rules(printing("before", "db.dump", &folder.store()));
    for day in 1..=3 {
        night(&clock, day);
        before.backup().succeeds();
    }
    // The database moved to another server: what is backed up looks different.
    let after = clock.rules(printing("after", "db.dump", &folder.store()));
    night(&clock, 4);
    after
        .backup()
        .succeeds()
        .stderr_contains("sidecar adopt local");
    assert_eq!(folder.daily().len(), 4);
    after
        .run(&["adopt", "local"])
        .succeeds()
        .stdout_contains("3 backups")
        .stdout_contains("db.dump by custom");
    after.check().succeeds();
    night(&clock, 5);
    after.backup().succeeds();
    assert_eq!(folder.daily().len(), 3, "{:?}", folder.daily());
    // The one that was there before notices.
    before.check().exits(3).stderr_contains("is shared");
    night(&clock, 6);
    before.backup().succeeds();
    assert_eq!(folder.daily().len(), 4);
}

#[test]
fn a_copied_prefix_restores_and_goes_on() {
    let folder = Folder::new();
    let copy = Folder::new();
    let sidecar = printing("whole", "db.dump", &folder.store());
    sidecar.backup().succeeds();
    let copied = std::process::Command::new("cp")
        .args(["-a", "."])
        .arg(copy.0.path())
        .current_dir(folder.0.path())
        .status();
    assert!(copied.unwrap().success());
    let sidecar = sidecar.set("stores", copy.store());
    let output = sidecar.folder().join("fetched");
    sidecar
        .run(&["fetch", "latest", "-o", output.to_str().unwrap()])
        .succeeds();
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "whole");
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
    // Staging reads production's, and leaves no trace there.
    let record = std::fs::read(copy.path(".sidecar/owner.json")).unwrap();
    let staging = printing("staging", "staging.dump", &copy.store());
    let id = id_of(&staging, "db_");
    staging.run(&["verify", &id]).succeeds();
    assert!(std::fs::read(copy.path(".sidecar/owner.json")).unwrap() == record);
    assert!(!staging.artifacts().join(".sidecar/owner").exists());
}

#[test]
fn one_with_an_id_does_not_move_in_where_only_others_backups_lie() {
    let (own, foreign) = (Folder::new(), Folder::new());
    let sidecar = printing("own", "db.dump", &own.store());
    sidecar.backup().succeeds();
    printing("foreign", "db.dump", &foreign.store())
        .backup()
        .succeeds();
    std::fs::remove_file(foreign.path(".sidecar/owner.json")).unwrap();
    let sidecar = sidecar.set("stores", foreign.store());
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("holds backups of another sidecar");
    assert_eq!(foreign.daily().len(), 1);
    sidecar
        .check()
        .exits(3)
        .stderr_contains("sidecar adopt local");
    sidecar.run(&["adopt", "local"]).succeeds();
    sidecar.run(&["upload", "--pending"]).succeeds();
    sidecar.check().succeeds();
    assert_eq!(foreign.daily().len(), 2);
}

#[test]
fn a_record_that_cannot_be_read_stops_no_backup_and_deletes_none() {
    let folder = Folder::new();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock.rules(printing("word", "db.dump", &folder.store()));
    sidecar.backup().succeeds();
    std::fs::write(folder.path(".sidecar/owner.json"), b"\xff\x00 no text").unwrap();
    for day in 2..=5 {
        night(&clock, day);
        sidecar.backup().succeeds();
    }
    assert_eq!(folder.daily().len(), 5);
    sidecar.check().exits(3).stderr_contains("cannot be known");
    sidecar.run(&["adopt", "local"]).succeeds();
    sidecar.check().succeeds();
    sidecar.run(&["prune"]).succeeds();
    assert_eq!(folder.daily().len(), 3);
}

#[test]
fn a_mount_point_without_its_volume_is_no_store_until_it_is_adopted() {
    let folder = Folder::new();
    let sidecar = printing("database", "db.dump", &folder.store());
    sidecar.backup().succeeds();
    let (mounted, elsewhere) = (folder.path(""), tempfile::tempdir().unwrap());
    std::fs::rename(&mounted, elsewhere.path().join("volume")).unwrap();
    std::fs::create_dir(&mounted).unwrap();
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("mount it, or `sidecar adopt local`");
    sidecar.check().exits(1).stderr_contains("is empty now");
    sidecar.run(&["adopt", "local"]).succeeds();
    sidecar.run(&["upload", "--pending"]).succeeds();
    assert_eq!(folder.daily().len(), 1);
}

#[test]
fn a_store_that_was_emptied_where_it_lies_takes_backups_again_and_that_is_said() {
    let folder = Folder::new();
    let sidecar = printing("database", "db.dump", &folder.store());
    sidecar.backup().succeeds();
    std::fs::remove_dir_all(folder.path("daily")).unwrap();
    std::fs::remove_dir_all(folder.path(".sidecar")).unwrap();
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("was in use, and is empty now");
    assert_eq!(folder.daily().len(), 1);
}

#[test]
fn nothing_in_place_of_the_id_or_the_record_keeps_a_backup_from_being_made_or_read() {
    let folder = Folder::new();
    let sidecar = printing("database", "db.dump", &folder.store());
    sidecar.backup().succeeds();
    let id = sidecar.artifacts().join(".sidecar/owner");
    let output = sidecar.folder().join("fetched");
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 20}}));
    for path in [id, folder.path(".sidecar/owner.json")] {
        for damage in [": >", "mkdir", "mkfifo"] {
            let path = path.to_str().unwrap();
            crate::harness::sh(&format!("rm -rf {path}; {damage} {path}"));
            let _ = std::fs::remove_file(&output);
            sidecar
                .run(&["fetch", "latest", "-o", output.to_str().unwrap()])
                .succeeds();
            assert_eq!(std::fs::read_to_string(&output).unwrap(), "database");
            sidecar.backup().succeeds();
        }
    }
    assert_eq!(folder.daily().len(), 7, "nothing was deleted");
}
