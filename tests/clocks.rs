//! Clocks that are wrong: they delete nothing, stop nothing, and are told of.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Clock, Fault, Receiver, S3, Server, Sidecar, within};

/// How long a run that is due may take on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn numbered() -> Sidecar {
    Sidecar::new().command("date +%N").capture()
}

fn with_folder(sidecar: Sidecar, retention: Value) -> (Sidecar, PathBuf) {
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    let stores = json!([{"name": "local", "type": "fs", "path": store}]);
    (
        sidecar.set("stores", stores).set("retention", retention),
        store,
    )
}

/// The artifacts in a tier of a folder, and what is in them.
fn artifacts(store: &std::path::Path, tier: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(store.join(tier)).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "dat"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn nights(sidecar: &Sidecar, clock: &Clock, days: &[&str]) {
    for day in days {
        clock.set(&format!("{day}T03:00:00Z"));
        sidecar.backup().succeeds();
    }
}

fn says(server: &mut Server, words: &str) {
    within(TIME_LIMIT, words, || {
        server.log().contains(words).then_some(())
    });
}

const WEEK: [&str; 7] = [
    "2026-06-01",
    "2026-06-02",
    "2026-06-03",
    "2026-06-04",
    "2026-06-05",
    "2026-06-06",
    "2026-06-07",
];

#[test]
fn one_run_in_the_future_or_in_the_past_deletes_nothing_and_is_told() {
    for wrong in ["2099-01-01", "1970-01-02"] {
        let clock = Clock::at("2026-06-01T03:00:00Z");
        let receiver = Receiver::start();
        let hook = json!([{"on": ["success"], "webhook": receiver.url}]);
        let policy = json!({"daily": {"days": 5}, "monthly": {"days": 365}});
        let (sidecar, store) = with_folder(clock.rules(numbered()), policy);
        let sidecar = sidecar.set("notify", hook);
        nights(&sidecar, &clock, &WEEK);
        for _ in WEEK {
            assert_eq!(receiver.next().json()["clock_doubt"], Value::Null);
        }
        let before = artifacts(&store, "daily");
        let monthly = artifacts(&store, "monthly");
        assert_eq!(before.len(), 5);

        clock.set(&format!("{wrong}T03:00:00Z"));
        let made = sidecar.run(&["backup", "--json"]).succeeds().json();
        let doubt = "the clock is far from the time of the youngest backup";
        assert_eq!(made["clock_doubt"], doubt);
        let told = receiver.next().json();
        assert_eq!(told["clock_doubt"], doubt, "{told}");
        assert!(told["text"].as_str().unwrap().contains(doubt), "{told}");

        // And with the right clock again.
        clock.set("2026-06-07T04:00:00Z");
        let shown = sidecar
            .run(&["prune", "--dry-run", "--json"])
            .succeeds()
            .json();
        for backup in shown["backups"].as_array().unwrap() {
            assert_eq!(backup["keep"], true, "{wrong}: {backup}");
        }
        let after = artifacts(&store, "daily");
        for backup in &before {
            assert!(after.contains(backup), "{wrong}: {} is gone", backup.0);
        }
        for copy in &monthly {
            assert!(artifacts(&store, "monthly").contains(copy));
        }
        sidecar.run(&["verify", "--all"]).succeeds();
    }
}

#[test]
fn in_a_bucket_the_floor_stays_even_if_everything_says_that_it_is_late() {
    let s3 = S3::start();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock
        .rules(numbered())
        .set("stores", json!([s3.store()]))
        .set("retention", json!({"daily": {"days": 5}}));
    nights(&sidecar, &clock, &WEEK);
    nights(&sidecar, &clock, &["2099-01-01", "2099-01-02"]);
    let keys: Vec<String> = s3
        .keys()
        .into_iter()
        .filter(|key| key.ends_with(".dat"))
        .collect();
    let expected = ["20260605", "20260606", "20260607", "20990101", "20990102"];
    assert_eq!(
        keys,
        expected.map(|day| format!("citus/daily/backup_{day}_030000.dat"))
    );
}

#[test]
fn a_bucket_whose_clock_differs_deletes_nothing_until_it_agrees() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let sidecar = numbered()
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set("retention", json!({"daily": {"last": 1}}));
    let backups = || s3.keys().iter().filter(|key| key.ends_with(".dat")).count();
    sidecar.backup().succeeds();
    for method in ["PUT", "GET", "HEAD", "DELETE", "POST"] {
        proxy.inject(method, "", usize::MAX, Fault::Skew(7200));
    }
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    assert_eq!(
        made["clock_doubt"],
        "the clocks of this machine and of the store differ"
    );
    assert_eq!(backups(), 2);
    proxy.heal();
    let shown = sidecar
        .run(&["prune", "--dry-run", "--json"])
        .succeeds()
        .json();
    let goes = shown["backups"].as_array().unwrap().iter();
    assert_eq!(
        goes.filter(|backup| backup["keep"] == false).count(),
        1,
        "{shown}"
    );
}

#[test]
fn a_shortened_retention_goes_a_few_at_a_time_unless_the_operator_says_yes() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let (sidecar, store) = with_folder(clock.rules(numbered()), json!({"daily": {"last": 9}}));
    nights(&sidecar, &clock, &WEEK);
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    let left = || artifacts(&store, "daily").len();
    let shown = sidecar
        .run(&["prune", "--dry-run", "--json"])
        .succeeds()
        .json();
    let stays = |shown: &Value| {
        let backups = shown["backups"].as_array().unwrap().iter();
        backups.filter(|backup| backup["keep"] == true).count()
    };
    assert_eq!((stays(&shown), left()), (4, 7), "{shown}");
    assert!(shown.to_string().contains("sidecar prune --yes"), "{shown}");
    let all = sidecar
        .run(&["prune", "--dry-run", "--yes", "--json"])
        .succeeds()
        .json();
    assert_eq!((stays(&all), left()), (1, 7));
    sidecar
        .run(&["prune"])
        .succeeds()
        .stderr_contains("3 more backups");
    assert_eq!(left(), 4);
    // A run deletes as many as it adds, and three.
    nights(&sidecar, &clock, &["2026-06-08"]);
    assert_eq!(left(), 1);
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 9}}));
    nights(
        &sidecar,
        &clock,
        &[
            "2026-06-09",
            "2026-06-10",
            "2026-06-11",
            "2026-06-12",
            "2026-06-13",
        ],
    );
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    sidecar.run(&["prune", "--yes"]).succeeds();
    assert_eq!(
        artifacts(&store, "daily")[0].0,
        "backup_20260613_030000.dat"
    );
    assert_eq!(left(), 1);
}

#[test]
fn manifests_without_a_number_are_the_older_ones() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let (sidecar, store) = with_folder(clock.rules(numbered()), json!({"daily": {"last": 3}}));
    nights(&sidecar, &clock, &WEEK[..3]);
    for entry in std::fs::read_dir(store.join("daily")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().ends_with(".manifest.json") {
            let text = std::fs::read(&path).unwrap();
            let mut manifest: Value = serde_json::from_slice(&text).unwrap();
            let fields = manifest.as_object_mut().unwrap();
            assert!(fields.remove("seq").is_some());
            fields.remove("manifest_sha256");
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, manifest.to_string()).unwrap();
        }
    }
    nights(&sidecar, &clock, &WEEK[3..5]);
    let names: Vec<String> = artifacts(&store, "daily")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "backup_20260603_030000.dat",
            "backup_20260604_030000.dat",
            "backup_20260605_030000.dat"
        ]
    );
}

#[test]
fn a_schedule_that_began_in_the_future_does_not_wait_for_it() {
    let clock = Clock::at("2099-06-01T12:00:00Z");
    let sidecar = clock
        .rules(numbered())
        .set("schedule", json!([{"cron": "0 3 * * *"}]));
    let mut server = sidecar.serve();
    says(&mut server, "next backup at 2099-06-02T03:00:00Z");
    clock.set("2026-06-02T02:59:00Z");
    says(&mut server, "next backup at 2026-06-02T03:00:00Z");
    assert_eq!(sidecar.artifact(), None);
    clock.set("2026-06-02T03:00:00Z");
    says(&mut server, "next backup at 2026-06-03T03:00:00Z");
    assert!(sidecar.artifact().is_some());
}

#[test]
fn drills_do_not_wait_for_the_future_either() {
    let clock = Clock::at("2099-06-01T12:00:00Z");
    let (sidecar, _) = with_folder(clock.rules(numbered()), json!({}));
    let scratch = sidecar.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let sidecar = sidecar
        .set(
            "strategy.config.restore",
            "cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
        )
        .set(
            "drill",
            json!({"into": scratch, "check": ["test -s back"], "cron": "0 5 * * *"}),
        );
    clock.set("2026-06-01T03:00:00Z");
    sidecar.backup().succeeds();
    clock.set("2099-06-01T12:00:00Z");
    let mut server = sidecar.serve();
    says(&mut server, "next drill at 2099-06-02T05:00:00Z");
    clock.set("2026-06-02T04:59:00Z");
    says(&mut server, "next drill at 2026-06-02T05:00:00Z");
    clock.set("2026-06-02T05:00:00Z");
    says(&mut server, "drill passed");
}

#[test]
fn a_backup_from_the_future_makes_up_for_nothing() {
    let clock = Clock::at("2099-06-01T12:00:00Z");
    let sidecar = clock
        .rules(numbered())
        .set("schedule", json!([{"cron": "0 3 * * *"}]));
    sidecar.backup().succeeds();
    clock.set("2026-06-02T12:00:00Z");
    let runs = || {
        sidecar.run(&["runs", "--json"]).succeeds().json()["runs"]
            .as_array()
            .unwrap()
            .len()
    };
    let mut server = sidecar.serve();
    says(&mut server, "the backup of 2026-06-02T03:00:00Z was missed");
    says(&mut server, "next backup at 2026-06-03T03:00:00Z");
    assert_eq!(runs(), 2);
    drop(server);
    // And only once.
    let mut server = sidecar.serve();
    says(&mut server, "next backup at 2026-06-03T03:00:00Z");
    assert_eq!(runs(), 2);
}

#[test]
fn the_journal_is_in_the_order_of_what_happened() {
    let clock = Clock::at("2099-06-01T12:00:00Z");
    let sidecar = clock.rules(numbered());
    sidecar.backup().succeeds();
    clock.set("2026-06-02T03:00:00Z");
    let last = sidecar.run(&["backup", "--json"]).succeeds().json();
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    assert_eq!(runs["runs"][0]["id"], last["id"], "{runs}");
    let server = sidecar.serve();
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    let seconds = "sidecar_last_success_timestamp_seconds 1780369200";
    assert!(metrics.contains(seconds), "{metrics}");
}

#[test]
fn a_clock_that_is_set_while_the_server_runs_is_told_and_forgets_no_key() {
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let (sidecar, _) = with_folder(clock.rules(numbered()), json!({"daily": {"days": 5}}));
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let trusted = |server: &Server| {
        let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("sidecar_clock_trusted "));
        line.map(str::to_owned)
    };
    assert_eq!(trusted(&server).as_deref(), Some("1"));
    let key = [("Idempotency-Key", "monday"), ("Prefer", "respond-async")];
    let first = server.ask("POST", "/backup/run", &key);
    server.over(first.header("location"));
    for time in ["2026-08-01T03:00:00Z", "1999-01-01T00:00:00Z"] {
        clock.set(time);
        assert_eq!(trusted(&server).as_deref(), Some("0"), "{time}");
        let again = server.ask("POST", "/backup/run", &key);
        assert_eq!(again.json(), first.json(), "{time}");
    }
    clock.set("2026-06-01T03:05:00Z");
    assert_eq!(trusted(&server).as_deref(), Some("1"));
    drop(server);
    clock.set("2036-06-01T03:05:00Z");
    sidecar
        .check()
        .succeeds()
        .stdout_contains("clock          NOT TRUSTED  clock-unknown");
}
