//! kill -9 anywhere between the start of a dump and the end of the last deletion: what was good stays,
//! what is half is never listed, and the next run leaves nothing of it.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Clock, Fault, Faulty, Running, S3, Sidecar, sh, sha256, within};

/// Large enough for an upload in parts.
const DUMP: &str = "seq 1 3000000";
/// A foreign file that looks like ours.
const FOREIGN: &str = "citus/daily/backup_20200101_030000.dat";
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What the store has before the crash, and after the next run when the crash left no backup.
const BEFORE: [&str; 2] = ["daily 20231130", "monthly 20231130"];
const WITHOUT: [&str; 4] = [
    "daily 20231202",
    "monthly 20231202",
    "daily 20231130",
    "monthly 20231130",
];
/// The same when the crash left an artifact that no store had whole: it is sent then.
const SENT: [&str; 5] = [
    "daily 20231202",
    "monthly 20231202",
    "daily 20231201 again",
    "daily 20231130",
    "monthly 20231130",
];
/// The same when it had left one.
const MADE: [&str; 3] = ["daily 20231201", "daily 20231130", "monthly 20231130"];
const WITH: [&str; 5] = [
    "daily 20231202",
    "daily 20231201",
    "monthly 20231201",
    "daily 20231130",
    "monthly 20231130",
];

/// A bucket with a good backup of 30 November, and a sidecar that reaches it through a proxy.
struct Night {
    s3: S3,
    proxy: Faulty,
    clock: Clock,
    sidecar: Sidecar,
}

impl Night {
    fn begin() -> Self {
        let s3 = S3::start();
        s3.put(FOREIGN, b"not ours");
        let proxy = s3.proxy();
        let clock = Clock::at("2023-11-30T03:00:00Z");
        let sidecar = Sidecar::new()
            .command(DUMP)
            .capture()
            .set("stores", json!([s3.store_behind(&proxy)]))
            .set(
                "retention",
                json!({"daily": {"days": 30}, "monthly": {"days": 365}}),
            );
        let sidecar = clock.rules(sidecar);
        sidecar.backup().succeeds();
        clock.set("2023-12-01T03:00:00Z");
        Self {
            s3,
            proxy,
            clock,
            sidecar,
        }
    }

    fn with(self, change: impl FnOnce(Sidecar) -> Sidecar) -> Self {
        let sidecar = change(self.sidecar);
        Self { sidecar, ..self }
    }

    /// A backup that is killed when this request is under way, and the bucket shows how far.
    fn killed_at(
        &self,
        method: &'static str,
        contains: &'static str,
        fault: Fault,
        shows: impl Fn(&[String]) -> bool,
    ) {
        let hits = self.proxy.inject(method, contains, 1, fault);
        let running = self.sidecar.start(&["backup"]);
        within(TIME_LIMIT, contains, || {
            (hits.count() == 1 && shows(&self.s3.keys())).then_some(())
        });
        self.kill(running);
    }

    fn kill(&self, running: Running) {
        assert_eq!(running.end_with(Signal::KILL).code, None);
        self.proxy.heal();
    }

    /// Only these are listed, and each is good.
    fn lists(&self, backups: &[&str]) {
        let listed = self.sidecar.run(&["list", "--json"]).succeeds().json();
        let listed = listed["backups"].as_array().unwrap().iter();
        let keys: Vec<_> = listed
            .map(|backup| backup["key"].as_str().unwrap())
            .collect();
        assert_eq!(
            keys,
            backups.iter().map(|name| key(name)).collect::<Vec<_>>()
        );
        self.sidecar.run(&["verify", "--all"]).succeeds();
    }

    /// The run of the next night leaves these and nothing else.
    fn next_leaves(&self, backups: &[&str]) {
        self.clock.set("2023-12-02T03:00:00Z");
        self.sidecar.backup().succeeds();
        self.lists(backups);
        let mut expected: Vec<String> = backups
            .iter()
            .map(|name| format!("citus/{}", key(name)))
            .flat_map(|key| [key.clone(), format!("{key}.manifest.json")])
            .chain([FOREIGN.to_owned()])
            .collect();
        expected.sort();
        assert_eq!(self.s3.live_keys(), expected);
        assert_eq!(self.s3.uploads(), [""; 0]);
        assert_eq!(self.sidecar.files(), [""; 0]);
        let good = self.s3.object("citus/monthly/backup_20231130_030000.dat");
        assert_eq!(sha256(&good), sha256(sh(DUMP).succeeds().stdout.as_bytes()));
    }
}

/// "daily 20231201"; with " again" behind it under the next name.
fn key(name: &str) -> String {
    let (tier, day) = name.split_once(' ').unwrap();
    match day.split_once(' ') {
        Some((day, _)) => format!("{tier}/backup_{day}_030000_2.dat"),
        None => format!("{tier}/backup_{day}_030000.dat"),
    }
}

fn has(keys: &[String], name: &str, ending: &str) -> bool {
    keys.contains(&format!("citus/{}{ending}", key(name)))
}

#[test]
fn while_it_dumps() {
    let night = Night::begin();
    let gate = night.sidecar.gate("gate");
    let night = night.with(|sidecar| sidecar.command(&format!("{DUMP}; {}", gate.wait())));
    let running = night.sidecar.start(&["backup"]);
    let open = gate.reached();
    within(TIME_LIMIT, "an upload", || {
        let uploads = night.s3.uploads();
        (uploads == ["citus/daily/backup_20231201_030000.dat"]).then_some(())
    });
    night.kill(running);
    drop(open);
    night.lists(&BEFORE);
    let night = night.with(|sidecar| sidecar.command(DUMP));
    night.next_leaves(&WITHOUT);
}

#[test]
fn before_the_artifact_is_complete() {
    let night = Night::begin();
    night.killed_at("POST", "uploadId", Fault::Stall, |_| true);
    night.lists(&BEFORE);
    night.next_leaves(&SENT);
}

#[test]
fn when_the_artifact_is_complete_and_nobody_has_heard_of_it() {
    let night = Night::begin();
    night.killed_at("POST", "uploadId", Fault::HoldAnswer, |keys| {
        has(keys, "daily 20231201", "")
    });
    night.lists(&BEFORE);
    night.next_leaves(&SENT);
}

#[test]
fn before_the_manifest_is_written() {
    let night = Night::begin();
    night.killed_at("PUT", ".manifest.json", Fault::Stall, |keys| {
        has(keys, "daily 20231201", "")
    });
    night.lists(&BEFORE);
    night.next_leaves(&SENT);
}

#[test]
fn when_the_manifest_is_written_and_nobody_has_heard_of_it() {
    let night = Night::begin();
    night.killed_at("PUT", ".manifest.json", Fault::HoldAnswer, |keys| {
        has(keys, "daily 20231201", ".manifest.json")
    });
    night.lists(&MADE);
    // The month gets its first backup, not the one that found it missing.
    night.next_leaves(&WITH);
}

#[test]
fn between_a_copy_and_its_manifest() {
    let night = Night::begin();
    night.killed_at("PUT", "monthly/backup_", Fault::HoldAnswer, |keys| {
        has(keys, "monthly 20231201", "")
    });
    night.lists(&MADE);
    night.next_leaves(&WITH.map(|name| match name {
        "monthly 20231201" => "monthly 20231201 again",
        name => name,
    }));
}

#[test]
fn between_a_manifest_and_its_artifact_that_are_being_deleted() {
    let night = Night::begin().with(|sidecar| {
        sidecar.set(
            "retention",
            json!({"daily": {"last": 1}, "monthly": {"days": 365}}),
        )
    });
    night.killed_at("DELETE", ".manifest.json", Fault::HoldAnswer, |keys| {
        !has(keys, "daily 20231130", ".manifest.json")
    });
    assert!(has(&night.s3.keys(), "daily 20231130", ""));
    night.lists(&["daily 20231201", "monthly 20231201", "monthly 20231130"]);
    night.next_leaves(&["daily 20231202", "monthly 20231201", "monthly 20231130"]);
}
