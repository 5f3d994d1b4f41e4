//! A process that is killed, or a store that fails, at any moment: what is listed comes back, and what
//! lies there is sound. `SIDECAR_CRASHES=100` is the long form; `SIDECAR_SEED` repeats one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{bucket, fetched, in_repository, local, restic, sidecar};
use crate::harness::{Fault, Sidecar, sha256};

/// What a backup has: some that stays, some that is new each time.
const LINE: &str = "seq 1 200000; head -c 3000000 /dev/urandom";

/// Random numbers of a seed that is printed, so that a failure can be had again.
struct SeededNumbers(u64);

impl SeededNumbers {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let given = std::env::var("SIDECAR_SEED").ok();
        let seed = given.map_or(u64::from(now.subsec_nanos()), |seed| seed.parse().unwrap());
        println!("SIDECAR_SEED={seed}");
        Self(seed)
    }

    /// splitmix64
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}

/// How often something goes wrong.
fn crashes() -> u64 {
    let given = std::env::var("SIDECAR_CRASHES").ok();
    given.map_or(6, |crashes| crashes.parse().unwrap())
}

/// Fails unless the repository is sound, and every backup that is listed comes back. Returns how many are.
fn require_whole(sidecar: &Sidecar, store: &Value, what: &str) -> usize {
    // Who was killed has left its lock.
    restic(sidecar, store, &["unlock"]).succeeds();
    let checked = restic(sidecar, store, &["check", "--read-data"]);
    assert_eq!(checked.code, Some(0), "{what}: {checked:#?}");
    let listed = sidecar.run(&["list", "--json"]);
    assert_eq!(listed.code, Some(0), "{what}: {listed:#?}");
    let listed = listed.json();
    let backups = listed["backups"].as_array().unwrap();
    for backup in backups {
        let manifest = &backup["manifest"];
        let bytes = fetched(sidecar, manifest["id"].as_str().unwrap());
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"], "{what}");
    }
    backups.len()
}

#[test]
fn kill_9_during_backup_forget_and_prune() {
    let mut numbers = SeededNumbers::new();
    let store = |sidecar: &Sidecar, cron: &str| {
        let mut store = local(sidecar);
        store["repository"]["prune"]["cron"] = cron.into();
        json!([store])
    };
    let mut sidecar = sidecar(LINE);
    sidecar.backup().succeeds();
    for number in 0..crashes() {
        // Adds; adds and forgets; removes bytes as well.
        let (retention, cron, arguments) = match number % 3 {
            0 => (9, "0 4 1 1 *", &["backup"][..]),
            1 => (2, "0 4 1 1 *", &["backup"][..]),
            _ => (2, "* * * * *", &["prune", "--yes"][..]),
        };
        let stores = store(&sidecar, cron);
        sidecar = sidecar
            .set("retention", json!({"daily": {"last": retention}}))
            .set("stores", stores);
        // How long it takes when it is left alone.
        let start = Instant::now();
        sidecar.run(arguments).succeeds();
        let whole = start.elapsed();
        if arguments[0] == "prune" {
            // There is something to remove for the one that is killed, too.
            let many = json!({"daily": {"last": 9}});
            sidecar = sidecar.set("retention", many);
            sidecar.backup().succeeds();
            sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
        }
        let delay = Duration::from_micros(numbers.below(whole.as_micros() as u64));
        let what = format!("{number}: {arguments:?}, killed after {delay:?} of {whole:?}");
        println!("{what}");
        let running = sidecar.start(arguments);
        // Chance is what is tried here: there is no event to wait for.
        std::thread::sleep(delay);
        running.end_with(Signal::KILL);
        let left = require_whole(&sidecar, &local(&sidecar), &what);
        assert!(left > 0, "{what}");
        // And the next one makes good what was left undone.
        let next = sidecar.run(&["prune"]);
        assert_eq!(next.code, Some(0), "{what}: {next:#?}");
        require_whole(&sidecar, &local(&sidecar), &what);
    }
}

#[test]
fn a_store_that_fails_at_any_request() {
    let mut numbers = SeededNumbers::new();
    let (s3, plain) = bucket();
    let proxy = s3.proxy();
    let sidecar = Sidecar::new()
        .command(LINE)
        .capture()
        .set("strategy.timeout", 0)
        .set("retention", json!({"daily": {"last": 2}}))
        .set("stores", json!([in_repository(s3.store_behind(&proxy))]));
    for _ in 0..3 {
        sidecar.backup().succeeds();
    }
    let requests = proxy.inject("*", "", usize::MAX, Fault::Slow(Duration::ZERO));
    sidecar.backup().succeeds();
    let requests = requests.count();
    proxy.heal();
    for number in 0..crashes() {
        let nth = numbers.below(requests as u64) as usize;
        // It goes away for good, or one request has bad luck.
        let (times, fault) = match number % 3 {
            0 => (usize::MAX, Fault::Answer(403, "AccessDenied")),
            1 => (1, Fault::LoseAnswer),
            _ => (1, Fault::Answer(403, "AccessDenied")),
        };
        let what = format!("{number}: {fault:?} × {times} from request {nth} of {requests} on");
        println!("{what}");
        proxy.inject_after(nth, "*", "", times, fault);
        let made = sidecar.backup();
        assert!(matches!(made.code, Some(0 | 1)), "{what}: {made:#?}");
        proxy.heal();
        sidecar.run(&["upload", "--pending"]).succeeds();
        let left = require_whole(&sidecar, &plain, &what);
        assert!(left > 1, "{what}");
    }
}
