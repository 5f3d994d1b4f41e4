//! What earlier versions left on the disk is read: `tests/fixtures/before/README.md`, and `tests/fixtures/version_9/README.md`.

mod journals;
mod repositories;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Clock, Sidecar, TOKEN, repository, sh, sha256, within};

/// Where the fixture was made: in its configurations and its journals.
const MADE: &str = "/tmp/sidecar-before/made";

/// The sidecar of the fixture called `name`, in a folder of its own.
fn left(name: &str) -> Sidecar {
    left_with(name, |_| ())
}

/// The same with another configuration.
fn left_with(name: &str, change: impl FnOnce(&mut Value)) -> Sidecar {
    left_by("before", name, change)
}

/// The same of the fixtures of one version.
fn left_by(version: &str, name: &str, change: impl FnOnce(&mut Value)) -> Sidecar {
    let sidecar = Sidecar::new();
    let folder = sidecar.folder().to_str().unwrap().to_owned();
    let state = repository().join(format!("tests/fixtures/{version}/state.tar.gz"));
    sh(&format!(
        "tar -xzf '{}' --no-same-owner --strip-components=2 -C '{folder}' './{name}'",
        state.display()
    ))
    .succeeds();
    let config = fs::read_to_string(sidecar.folder().join("config.yaml")).unwrap();
    let config = config
        .replace(&format!("{MADE}/{name}"), &folder)
        .replace("\"fixture\"", &json!(TOKEN).to_string());
    let mut config: Value = serde_json::from_str(&config).unwrap();
    change(&mut config);
    sidecar.config_text(&config.to_string())
}

/// The store's files in its tiers, sorted.
fn keys(sidecar: &Sidecar) -> Vec<String> {
    let listed = sh(&format!(
        "cd '{}/store/citus' && find * -type f | LC_ALL=C sort",
        sidecar.folder().display()
    ));
    listed
        .succeeds()
        .stdout
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What `tonight` held.
fn night(day: &str) -> String {
    (1..=200).map(|line| format!("{day} {line}\n")).collect()
}

fn runs(sidecar: &Sidecar) -> Vec<Value> {
    let listed = sidecar.run(&["runs", "--json"]).succeeds().json();
    listed["runs"].as_array().unwrap().clone()
}

#[test]
fn backups_are_listed_verified_fetched_and_restored() {
    let sidecar = left("stored");
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let listed: Vec<&str> = listed["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| backup["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        listed,
        [
            "daily/backup_20240102_030000.dump",
            "daily/backup_20240101_030000.dump",
            "monthly/backup_20240101_030000.dump",
            "daily/backup_20231231_030000.dump",
            "monthly/backup_20231201_030000.dump",
        ]
    );
    sidecar.run(&["verify", "--all"]).succeeds();
    let fetched = sidecar.folder().join("fetched");
    sidecar
        .run(&["fetch", "latest", "-o", fetched.to_str().unwrap()])
        .succeeds();
    assert_eq!(
        sh(&format!("gunzip < '{}'", fetched.display())).stdout,
        night("2024-01-02")
    );
    sidecar.run(&["restore", "latest"]).succeeds();
    let back = fs::read_to_string(sidecar.workdir().join("back")).unwrap();
    assert_eq!(back, night("2024-01-02"));
}

#[test]
fn retention_goes_on_with_the_backups_that_are_there() {
    let clock = Clock::at("2024-02-15T03:00:00Z");
    let sidecar = clock.rules(left_with("stored", |config| {
        config["retention"]["daily"] = json!({"last": 1});
    }));
    sidecar.run(&["prune"]).succeeds();
    let mut left = keys(&sidecar);
    left.retain(|key| key.ends_with(".dump"));
    assert_eq!(
        left,
        [
            "daily/backup_20240102_030000.dump",
            "monthly/backup_20231201_030000.dump",
            "monthly/backup_20240101_030000.dump",
        ]
    );
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn what_a_killed_run_has_noted_in_its_lease_is_removed() {
    let clock = Clock::at("2024-01-02T05:00:00Z");
    let sidecar = clock.rules(left("stored"));
    let half = sidecar
        .folder()
        .join("store/citus/daily/backup_20240102_040000.dump");
    let foreign = half.with_file_name("backup_20240102_041500.dump");
    for file in [&half, &foreign] {
        fs::write(file, "half").unwrap();
    }
    fs::write(sidecar.workdir().join("tonight"), "good").unwrap();
    sidecar.backup().succeeds();
    assert!(!half.exists());
    assert!(foreign.exists(), "it was noted in no lease");
    let partial = format!("find '{}' -name '*.partial'", sidecar.artifacts().display());
    assert_eq!(sh(&partial).stdout, "");
}

#[test]
fn the_lease_says_that_the_slot_is_done() {
    let clock = Clock::at("2024-01-02T05:00:00Z");
    let sidecar = clock.rules(left("stored"));
    let before = keys(&sidecar);
    // A new container: without a journal.
    fs::remove_dir_all(sidecar.artifacts().join(".sidecar")).unwrap();
    let mut server = sidecar.serve();
    within(std::time::Duration::from_secs(60), "the next slot", || {
        let log = server.log();
        log.contains("next backup at 2024-01-03T03:00:00Z")
            .then_some(())
    });
    assert_eq!(keys(&sidecar), before);
}

#[test]
fn the_journal_shows_the_runs() {
    let sidecar = left("stored");
    let shown: Vec<(String, String)> = runs(&sidecar)
        .iter()
        .map(|run| (run["state"].to_string(), run["asked_by"].to_string()))
        .collect();
    let expected = [
        ("interrupted", "command line"),
        ("succeeded", "schedule"),
        ("failed", "command line"),
        ("succeeded", "command line"),
        ("succeeded", "command line"),
        ("succeeded", "command line"),
    ];
    let quoted = |text: &str| format!("{text:?}");
    let expected = expected.map(|(state, asked_by)| (quoted(state), quoted(asked_by)));
    // The killed run is found to be over by the next one that has the lock.
    let first = &shown[0].0;
    assert!([quoted("running"), quoted("interrupted")].contains(first));
    assert_eq!(shown[1..], expected[1..]);
}

#[test]
fn a_missed_upload_is_sent() {
    let sidecar = left("missed");
    fs::create_dir(sidecar.folder().join("store")).unwrap();
    sidecar.run(&["upload", "--pending"]).succeeds();
    let stored = sidecar
        .folder()
        .join("store/citus/daily/backup_20240201_030000.dump");
    assert_eq!(fs::read_to_string(stored).unwrap(), sh("seq 1 1000").stdout);
    sidecar.run(&["verify", "--all"]).succeeds();
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn artifacts_that_no_client_has_fetched_are_served() {
    let clock = Clock::at("2024-02-01T03:30:00Z");
    let sidecar = clock.rules(left("undelivered"));
    let runs = runs(&sidecar);
    assert_eq!(runs.len(), 2, "{runs:?}");
    let server = sidecar.serve();
    for (run, text) in runs.iter().zip(["second\n", "first\n"]) {
        let job = format!("/backup/jobs/{}", run["id"].as_str().unwrap());
        assert_eq!(server.get(&job).json()["state"], "succeeded");
        let artifact = server.get(&format!("{job}/artifact"));
        assert_eq!(artifact.body, text.as_bytes());
        assert_eq!(
            artifact.header("x-checksum-sha256"),
            sha256(text.as_bytes())
        );
    }
    let again = [("Prefer", "respond-async"), ("Idempotency-Key", "second")];
    let answer = server.ask("POST", "/backup/export", &again);
    assert_eq!(answer.json()["job_id"], runs[0]["id"], "{answer:?}");
}

#[test]
fn without_stores_the_published_manifest_leads_back() {
    let sidecar = left("undelivered");
    sidecar.run(&["restore", "latest"]).succeeds();
    let back: PathBuf = sidecar.workdir().join("back");
    assert_eq!(fs::read_to_string(back).unwrap(), "second\n");
}

#[test]
fn an_encrypted_archive_comes_back() {
    let sidecar = left("files");
    sidecar.run(&["verify", "--all"]).succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    let shown = sh(&format!(
        "cd '{}/docs' && stat -c '%A %N' * deep/* && cat link 'deep/two words'",
        sidecar.workdir().display()
    ));
    assert_eq!(
        shown.succeeds().stdout,
        "drwxr-xr-x 'deep'\nlrwxrwxrwx 'link' -> 'one'\n-rw-r----- 'one'\n\
         -rw-r--r-- 'deep/two words'\none\ntwo\n"
    );
}

#[test]
fn a_database_of_an_engine_comes_back_from_its_part() {
    let sidecar = left("engine");
    sidecar
        .run(&["restore", "latest", "--only", "app.db"])
        .succeeds();
    let database = sidecar.workdir().join("app.db");
    let rows = sh(&format!(
        "sqlite3 '{}' 'SELECT id, name FROM users'",
        database.display()
    ));
    assert_eq!(rows.succeeds().stdout, "1|Ana\n2|O'Hara\n");
}

#[test]
fn a_locked_module_runs_without_its_registry() {
    let sidecar = left("module");
    let cache = sidecar.folder().join("cache");
    let sidecar = sidecar.env("XDG_CACHE_HOME", cache.to_str().unwrap());
    let lock = fs::read(sidecar.folder().join("modules.lock")).unwrap();
    sidecar.run(&["module", "lock"]).succeeds();
    sidecar.backup().succeeds();
    let made = fs::read_to_string(sidecar.artifacts().join("backup.dat")).unwrap();
    assert_eq!(made, "Hello\none\n");
    assert_eq!(
        fs::read(sidecar.folder().join("modules.lock")).unwrap(),
        lock
    );
}
