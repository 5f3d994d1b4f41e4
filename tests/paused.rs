//! Sidecars that share a store, of which one is paused for longer than its lease lasts, or has a clock
//! that is wrong: what is called done is there, and what is not done is kept.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{
    Clock, Fault, Faulty, Finished, Gate, Running, S3, Sidecar, send, sh, within,
};

const TIME_LIMIT: Duration = Duration::from_secs(60);
/// What A backs up, and B.
const A: &str = "seq 1 300000";
const B: &str = "seq 2 300000";

fn sidecar(clock: &Clock, stores: &Value, command: &str) -> Sidecar {
    let sidecar = Sidecar::new()
        .command(command)
        .capture()
        .set("stores", stores.clone())
        .env("SIDECAR_TEST_LEASE", "2");
    clock.rules(sidecar)
}

/// One that stops at its gate before its dump is complete.
fn gated(clock: &Clock, stores: &Value) -> (Sidecar, Gate) {
    let sidecar = sidecar(clock, stores, A);
    let gate = sidecar.gate("gate");
    (sidecar.command(&format!("{A}; {}", gate.wait())), gate)
}

fn folder(path: &Path) -> Value {
    json!([{"name": "local", "type": "fs", "path": path, "prefix": "citus"}])
}

/// It says that another one has taken over, and keeps what it made.
fn has_noticed(a: &Sidecar, finished: Finished) {
    let finished = finished.exits(1);
    assert!(
        finished.stderr.contains("lease-lost"),
        "{}",
        finished.stderr
    );
    let local = fs::read_to_string(a.artifacts().join("backup.dat")).unwrap();
    assert_eq!(local, sh(A).succeeds().stdout);
}

/// The newest backup is B's, and of all there are none is damaged.
fn lists(sidecar: &Sidecar, count: usize) -> Vec<String> {
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap();
    assert_eq!(backups.len(), count, "{listed}");
    sidecar.run(&["verify", "--all"]).succeeds();
    let ids = backups
        .iter()
        .map(|backup| backup["manifest"]["id"].as_str());
    ids.map(|id| id.unwrap().to_owned()).collect()
}

fn fetched(sidecar: &Sidecar, id: &str) -> String {
    let to = sidecar.folder().join(format!("fetched-{id}"));
    sidecar
        .run(&["fetch", id, "-o", to.to_str().unwrap()])
        .succeeds();
    fs::read_to_string(to).unwrap()
}

/// What A kept is sent, and is what it was.
fn is_sent_in_the_end(a: &Sidecar, count: usize) {
    a.run(&["upload", "--pending"]).succeeds();
    assert_eq!(a.files(), [""; 0]);
    let ids = lists(a, count);
    assert_eq!(fetched(a, &ids[0]), sh(B).stdout);
    assert_eq!(fetched(a, &ids[1]), sh(A).stdout);
}

fn resume(a: Running) -> Finished {
    send(a.pid(), Signal::CONT);
    a.finish_within(TIME_LIMIT)
}

/// The key of an upload is in the lease: from now on another sidecar can take it over.
fn has_noted_its_key(lease: impl Fn() -> Vec<u8>) {
    within(TIME_LIMIT, "a lease with a key in it", || {
        let noted = String::from_utf8(lease()).unwrap();
        noted.contains("daily/backup_").then_some(())
    });
}

fn lease_in(s3: &S3) -> Vec<u8> {
    let there = s3.ask("GET", "?list-type=2&prefix=citus/.sidecar/", b"");
    match there.contains("lease-uploads.json") {
        true => s3.object("citus/.sidecar/lease-uploads.json"),
        false => Vec::new(),
    }
}

/// `lease` is what the store has for it.
fn one_that_is_paused_over_its_dump(stores: &Value, lease: impl Fn() -> Vec<u8>) {
    let clock = Clock::at("2023-12-01T03:00:00Z");
    let (a, gate) = gated(&clock, stores);
    let running = a.start(&["backup"]);
    let open = gate.reached();
    has_noted_its_key(lease);
    send(running.pid(), Signal::STOP);
    clock.set("2023-12-01T03:05:00Z");
    let b = sidecar(&clock, stores, B);
    b.backup().succeeds();
    drop(open);
    has_noticed(&a, resume(running));
    let ids = lists(&b, 1);
    assert_eq!(fetched(&b, &ids[0]), sh(B).stdout);
    is_sent_in_the_end(&a, 2);
}

#[test]
fn a_run_that_was_paused_for_longer_than_its_lease_is_not_done_in_a_folder() {
    let store = tempfile::tempdir().unwrap();
    let lease = store.path().join("citus/.sidecar/lease-uploads.json");
    one_that_is_paused_over_its_dump(&folder(store.path()), || {
        fs::read(&lease).unwrap_or_default()
    });
}

#[test]
fn a_run_that_was_paused_for_longer_than_its_lease_is_not_done_in_a_bucket() {
    let s3 = S3::start();
    one_that_is_paused_over_its_dump(&json!([s3.store()]), || lease_in(&s3));
}

/// A is paused when a request of its backup is under way, which arrives after B has taken over.
struct Late {
    s3: S3,
    proxy: Faulty,
    clock: Clock,
    a: Sidecar,
}

impl Late {
    fn new(retention: Value) -> Self {
        let s3 = S3::start();
        let proxy = s3.proxy();
        let clock = Clock::at("2023-12-01T03:00:00Z");
        let a = sidecar(&clock, &json!([s3.store_behind(&proxy)]), A).set("retention", retention);
        Self {
            s3,
            proxy,
            clock,
            a,
        }
    }

    /// The one after `before` others of its kind.
    fn paused_at(&self, method: &'static str, contains: &'static str, before: usize) -> Finished {
        let others = Fault::Slow(Duration::ZERO);
        self.proxy.inject(method, contains, before, others);
        let hits = self.proxy.inject(method, contains, 1, Fault::HoldRequest);
        let running = self.a.start(&["backup"]);
        within(TIME_LIMIT, contains, || (hits.count() == 1).then_some(()));
        send(running.pid(), Signal::STOP);
        self.clock.set("2023-12-01T03:05:00Z");
        sidecar(&self.clock, &json!([self.s3.store()]), B)
            .backup()
            .succeeds();
        self.proxy.heal();
        resume(running)
    }
}

#[test]
fn a_manifest_that_arrives_after_a_takeover_makes_no_backup() {
    let late = Late::new(json!({"daily": {}}));
    let finished = late.paused_at("PUT", ".dat.manifest.json", 0);
    has_noticed(&late.a, finished);
    lists(&late.a, 1);
    is_sent_in_the_end(&late.a, 2);
}

#[test]
fn a_backup_that_was_whole_when_its_lease_was_lost_is_not_sent_twice() {
    let late = Late::new(json!({"daily": {}}));
    // The first of these ends the upload, the second one follows the manifest.
    let finished = late.paused_at("HEAD", ".dat", 1);
    has_noticed(&late.a, finished);
    lists(&late.a, 2);
    let before = late.s3.keys();
    is_sent_in_the_end(&late.a, 2);
    assert_eq!(late.s3.keys(), before);
}

#[test]
fn a_copy_for_a_tier_that_arrives_after_a_takeover_makes_no_backup() {
    let late = Late::new(json!({"daily": {}, "monthly": {}}));
    late.paused_at("PUT", "monthly/backup_20231201_030000.dat.manifest.json", 0);
    let catalogue = late.a.run(&["list", "--json"]).succeeds().json();
    assert_eq!(
        catalogue["damaged"].as_array().map_or(0, Vec::len),
        0,
        "{catalogue}"
    );
    late.a.run(&["verify", "--all"]).succeeds();
    // B's configuration has no tiers; the next run of A makes up for it.
    late.clock.set("2023-12-01T04:00:00Z");
    late.a.backup().succeeds();
    let keys = late.s3.keys();
    let monthly = keys
        .iter()
        .filter(|key| key.starts_with("citus/monthly/") && key.ends_with(".dat"));
    assert_eq!(monthly.count(), 1, "{keys:?}");
    late.a.run(&["verify", "--all"]).succeeds();
}

#[test]
fn a_clock_that_is_ahead_robs_no_sidecar_that_lives() {
    let store = tempfile::tempdir().unwrap();
    let stores = folder(store.path());
    let clock = Clock::at("2023-12-01T03:00:00Z");
    let (a, gate) = gated(&clock, &stores);
    let running = a.start(&["backup"]);
    let open = gate.reached();
    for wrong in [
        "2023-12-01T03:10:00Z",
        "2099-01-01T00:00:00Z",
        "1999-01-01T00:00:00Z",
    ] {
        let clock = Clock::at(wrong);
        let b = sidecar(&clock, &stores, B);
        let pruned = b.run(&["prune"]).exits(5);
        assert!(
            pruned.stderr.contains("is at work in store"),
            "{}",
            pruned.stderr
        );
    }
    drop(open);
    running.finish().succeeds();
    let ids = lists(&a, 1);
    assert_eq!(fetched(&a, &ids[0]), sh(A).stdout);
}

/// What an older sidecar has left that died: its file says when that was, whatever stands in it.
#[test]
fn a_lease_of_an_older_sidecar_that_died_blocks_nothing() {
    for expires_at in ["2099-01-01T00:00:00Z", "2023-12-01T02:00:00Z"] {
        let store = tempfile::tempdir().unwrap();
        let citus = store.path().join("citus");
        let half = citus.join("daily/backup_20231201_020000.dat");
        for folder in [".sidecar", "daily"] {
            fs::create_dir_all(citus.join(folder)).unwrap();
        }
        fs::write(&half, "half").unwrap();
        let record = json!({
            "owner": "old", "slot": "old", "expires_at": expires_at, "done": false,
            "keys": ["daily/backup_20231201_020000.dat"],
        });
        let lease = citus.join(".sidecar/lease-uploads.json");
        fs::write(&lease, record.to_string()).unwrap();
        sh(&format!("touch -d '3 minutes ago' '{}'", lease.display())).succeeds();
        let clock = Clock::at("2023-12-01T03:00:00Z");
        let b = sidecar(&clock, &folder(store.path()), B);
        b.backup().succeeds();
        assert!(!half.exists());
        let ids = lists(&b, 1);
        assert_eq!(fetched(&b, &ids[0]), sh(B).stdout);
    }
}

#[test]
fn one_night_of_a_wrong_clock_ends_no_schedule() {
    let store = tempfile::tempdir().unwrap();
    let nights = ["2023-12-01", "2099-06-01", "2023-12-02", "2023-12-03"];
    for (passed, night) in nights.iter().enumerate() {
        let clock = Clock::at(&format!("{night}T02:59:00Z"));
        let sidecar = sidecar(&clock, &folder(store.path()), B).set(
            "schedule",
            json!([{"cron": "0 3 * * *", "catch_up": false}]),
        );
        let mut server = sidecar.serve();
        within(TIME_LIMIT, "the schedule", || {
            server.log().contains("next backup at").then_some(())
        });
        clock.set(&format!("{night}T03:00:00Z"));
        within(TIME_LIMIT, night, || {
            let made = sh(&format!(
                "ls '{}'/citus/daily/*.manifest.json",
                store.path().display()
            ));
            (made.stdout.lines().count() == passed + 1).then_some(())
        });
    }
}

#[test]
fn a_replica_that_is_paused_for_longer_than_its_lease_is_followed() {
    let s3 = S3::start();
    let stores = json!([s3.store()]);
    let clock = Clock::at("2023-12-01T02:59:00Z");
    let nightly = |sidecar: Sidecar| sidecar.set("schedule", json!([{"cron": "0 3 * * *"}]));
    let (a, gate) = gated(&clock, &stores);
    let a = nightly(a);
    let mut first = a.serve();
    within(TIME_LIMIT, "the schedule", || {
        first.log().contains("next backup at").then_some(())
    });
    clock.set("2023-12-01T03:00:00Z");
    let open = gate.reached();
    has_noted_its_key(|| lease_in(&s3));
    send(first.pid(), Signal::STOP);
    let other = Clock::at("2023-12-01T02:59:00Z");
    let b = nightly(sidecar(&other, &stores, B));
    let mut second = b.serve();
    within(TIME_LIMIT, "the schedule", || {
        second.log().contains("next backup at").then_some(())
    });
    other.set("2023-12-01T03:00:00Z");
    within(TIME_LIMIT, "the backup of the one that follows", || {
        let made =
            |key: &String| key.starts_with("citus/daily/") && key.ends_with(".manifest.json");
        let last = second.log().contains("next backup at 2023-12-02T03:00:00Z");
        (last && s3.keys().iter().any(made)).then_some(())
    });
    drop(open);
    send(first.pid(), Signal::CONT);
    within(TIME_LIMIT, "the one that was paused notices", || {
        first.log().contains("lease-lost").then_some(())
    });
    within(TIME_LIMIT, "what it keeps", || {
        let note = |file: &String| file.contains("pending/") && file.ends_with(".json");
        a.files().iter().any(note).then_some(())
    });
    drop((first, second));
    is_sent_in_the_end(&a, 2);
}
