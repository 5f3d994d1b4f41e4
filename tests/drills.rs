//! Drills: the latest backup is restored into a scratch target and checked there.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Clock, Receiver, Sidecar, within};

/// How long a drill may take on a busy machine.
const DRILL: Duration = Duration::from_secs(60);

/// A sidecar with a store, whose drills make these checks.
fn sidecar(check: Value) -> Sidecar {
    let sidecar = Sidecar::new().command("seq 1 10").capture().set(
        "strategy.config.restore",
        "cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
    );
    let folder = |name: &str| {
        let path = sidecar.folder().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let (store, scratch) = (folder("store"), folder("scratch"));
    std::fs::write(scratch.join("kept"), "not the sidecar's").unwrap();
    sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store, "prefix": "citus"}]),
        )
        .set("drill", json!({"into": scratch, "check": check}))
}

fn in_scratch(sidecar: &Sidecar) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sidecar.folder().join("scratch")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn metric(sidecar: &Sidecar, line: &str) {
    let metrics = String::from_utf8(sidecar.serve().get("/metrics").body).unwrap();
    assert!(
        metrics.lines().any(|found| found.starts_with(line)),
        "{line} is missing in:\n{metrics}"
    );
}

#[test]
fn one_that_passes() {
    let check = json!([
        "test $(wc -l < back) = 10",
        "cmp back \"$SIDE_CAR_DRILL_INTO/back\""
    ]);
    let receiver = Receiver::start();
    let sidecar = sidecar(check).set(
        "notify",
        json!([{"on": ["success", "failure"], "webhook": receiver.url}]),
    );
    sidecar.backup().succeeds();
    assert_eq!(receiver.next().json()["event"], "success");
    sidecar
        .run(&["drill"])
        .succeeds()
        .stdout_contains("checked");
    assert_eq!(
        in_scratch(&sidecar),
        [sidecar.folder().join("scratch/kept")]
    );
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    assert_eq!(
        (&runs["runs"][0]["kind"], &runs["runs"][0]["state"]),
        (&json!("drill"), &json!("succeeded"))
    );
    metric(&sidecar, "sidecar_last_drill_passed 1");
    metric(&sidecar, "sidecar_last_passed_drill_timestamp_seconds 1");
    assert_eq!(receiver.rest(), [""; 0], "a drill that passes is no news");
}

#[test]
fn one_whose_check_fails() {
    let receiver = Receiver::start();
    let sidecar = sidecar(json!(["echo too few rows >&2; exit 1", "true"])).set(
        "notify",
        json!([{"on": ["failure"], "webhook": receiver.url}]),
    );
    sidecar.backup().succeeds();
    let failed = sidecar.run(&["drill", "--json"]).exits(1).json();
    assert_eq!(failed["error"]["code"], "command-failed", "{failed}");
    let parts = failed["parts"].as_array().unwrap();
    assert_eq!(
        parts.len(),
        3,
        "the other check was made all the same: {failed}"
    );
    assert_eq!(
        (&parts[1]["error"]["code"], &parts[2]["error"]),
        (&json!("command-failed"), &Value::Null),
        "{failed}"
    );
    assert_eq!(in_scratch(&sidecar).len(), 1);
    metric(&sidecar, "sidecar_last_drill_passed 0");
    let told = receiver.next().json();
    assert_eq!(told["event"], "failure", "{told}");
    let message = told["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("drill") && message.contains("too few rows"),
        "{told}"
    );
}

#[test]
fn one_whose_backup_is_damaged() {
    let sidecar = sidecar(json!(["touch \"$SIDE_CAR_WORKDIR/checked\""]));
    sidecar.backup().succeeds();
    let daily = sidecar.folder().join("store/citus/daily");
    let mut files = std::fs::read_dir(daily)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let artifact = files
        .find(|path| !path.to_str().unwrap().ends_with(".json"))
        .unwrap();
    std::fs::remove_file(&artifact).unwrap();
    std::fs::write(&artifact, "1\n2\n3\n4\n5\n6\n7\n8\n9\n11\n").unwrap();
    sidecar.run(&["drill"]).exits(4);
    assert!(!sidecar.workdir().join("checked").exists());
    assert_eq!(in_scratch(&sidecar).len(), 1);
    metric(&sidecar, "sidecar_last_drill_passed 0");
}

#[test]
fn without_one_in_the_configuration_it_says_so() {
    Sidecar::new()
        .command("echo x")
        .run(&["drill"])
        .exits(3)
        .stderr_contains("drill:");
}

#[test]
fn the_schedule_starts_one() {
    let clock = Clock::at("2023-12-02T23:59:59Z");
    let sidecar = clock.rules(sidecar(json!(["true"])).set("drill.cron", "0 5 * * 0"));
    sidecar.backup().succeeds();
    let mut server = sidecar.serve();
    within(DRILL, "the schedule", || {
        server
            .log()
            .contains("next drill at 2023-12-03T05:00:00Z")
            .then_some(())
    });
    clock.set("2023-12-03T05:00:00Z");
    within(DRILL, "the drill", || {
        server.log().contains("drill passed").then_some(())
    });
    let jobs = server.get("/backup/jobs").json();
    assert_eq!(
        (&jobs["jobs"][0]["kind"], &jobs["jobs"][0]["asked_by"]),
        (&json!("drill"), &json!("schedule"))
    );
}
