//! Backups that start by themselves.

use std::time::Duration;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Receiver, STOP_LIMIT, Sidecar, within};

/// How long a run that is due may take to begin, and to end, on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// At New Year: once a year is seldom enough for no slot to come by chance.
const YEARLY: &str = "0 0 1 1 *";

fn scheduled(cron: &str) -> Sidecar {
    let schedule = json!([{"cron": cron, "timezone": "UTC"}]);
    Sidecar::new()
        .capture()
        .command("echo good")
        .set("schedule", schedule)
}

/// As if all that ever ran here had run four years earlier.
fn four_years_pass(sidecar: &Sidecar) {
    let journal = sidecar.artifacts().join(".sidecar/history.sqlite");
    let journal = Connection::open(journal).unwrap();
    let earlier =
        |column: &str| format!("{column} = (substr({column}, 1, 4) - 4) || substr({column}, 5)");
    let columns = ["queued_at", "started_at", "finished_at"].map(earlier);
    let changed = journal.execute(&format!("UPDATE runs SET {}", columns.join(", ")), []);
    assert!(changed.unwrap() > 0);
}

/// The runs that the schedule asked for, youngest first: who asked, and how they ended.
fn by_schedule(sidecar: &Sidecar) -> Vec<(String, String)> {
    let listed = sidecar.run(&["runs", "--json"]).succeeds().json();
    let of = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
    let runs = listed["runs"].as_array().unwrap().iter();
    runs.map(|run| (of(run, "asked_by"), of(run, "state")))
        .filter(|(asked_by, _)| asked_by.starts_with("schedule"))
        .collect()
}

fn run(asked_by: &str, state: &str) -> (String, String) {
    (asked_by.to_owned(), state.to_owned())
}

#[test]
fn a_backup_starts_when_its_time_comes() {
    let sidecar = scheduled("* * * * *");
    let mut server = sidecar.serve();
    let before = jiff::Timestamp::now().as_second() as f64;
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    let next = metrics
        .lines()
        .find_map(|line| line.strip_prefix("sidecar_next_run_timestamp_seconds "));
    let next: f64 = next.expect(&metrics).parse().unwrap();
    assert!(
        next % 60.0 == 0.0 && (0.0..=61.0).contains(&(next - before)),
        "{next} after {before}"
    );

    let made = within(Duration::from_secs(60) + TIME_LIMIT, "a backup", || {
        sidecar.artifact()
    });
    assert_eq!(made, b"good\n");
    assert!(
        jiff::Timestamp::now().as_second() as f64 >= next,
        "too early"
    );
    let log = server.log();
    assert!(log.contains("next backup at 20"), "{log}");
    server
        .end_with(Signal::TERM)
        .exits(143)
        .ends_within(STOP_LIMIT);
    assert!(by_schedule(&sidecar).contains(&run("schedule", "succeeded")));
}

#[test]
fn a_missed_backup_is_made_at_the_start_and_only_once() {
    let sidecar = scheduled(YEARLY);
    sidecar.backup().succeeds();
    four_years_pass(&sidecar);
    let sidecar = sidecar.command("false");
    let late = [run("schedule, late", "failed")];
    let server = sidecar.serve();
    within(TIME_LIMIT, "the late run", || {
        (by_schedule(&sidecar) == late).then_some(())
    });
    drop(server);

    let mut server = sidecar.serve();
    within(TIME_LIMIT, "the next slot", || {
        server.log().contains("next backup at").then_some(())
    });
    assert_eq!(by_schedule(&sidecar), late);
}

#[test]
fn nothing_is_made_up_for_where_that_is_not_wanted() {
    let sidecar = scheduled(YEARLY).set("schedule", json!([{"cron": YEARLY, "catch_up": false}]));
    sidecar.backup().succeeds();
    four_years_pass(&sidecar);
    let mut server = sidecar.serve();
    within(TIME_LIMIT, "the next slot", || {
        server.log().contains("next backup at").then_some(())
    });
    assert_eq!(by_schedule(&sidecar), []);
}

#[test]
fn a_run_that_is_due_waits_for_the_one_in_progress() {
    let sidecar = scheduled(YEARLY);
    sidecar.backup().succeeds();
    four_years_pass(&sidecar);
    let gate = sidecar.gate("gate");
    let line = format!("{}; echo good", gate.wait());
    let sidecar = sidecar.command(&line);
    let by_hand = sidecar.start(&["backup"]);
    let open = gate.reached();
    let mut server = sidecar.serve();
    within(TIME_LIMIT, "the late run waits", || {
        let log = server.log();
        log.contains("what the schedule starts waits for the run in progress")
            .then_some(())
    });
    drop(open);
    by_hand.finish().succeeds();
    drop(gate.reached());
    within(TIME_LIMIT, "the late run", || {
        (by_schedule(&sidecar) == [run("schedule, late", "succeeded")]).then_some(())
    });
}

#[test]
fn stopping_ends_a_scheduled_run_cleanly() {
    let sidecar = scheduled(YEARLY);
    sidecar.backup().succeeds();
    four_years_pass(&sidecar);
    let gate = sidecar.gate("gate");
    let sidecar = sidecar.command(&gate.wait());
    let server = sidecar.serve();
    let _open = gate.reached();
    server
        .end_with(Signal::TERM)
        .exits(143)
        .ends_within(STOP_LIMIT);
    assert_eq!(sidecar.processes(), []);
    assert_eq!(
        by_schedule(&sidecar),
        [run("schedule, late", "interrupted")]
    );
}

#[test]
fn a_scheduled_run_that_cannot_begin_is_told() {
    let receiver = Receiver::start();
    let hook = json!([{"on": ["failure"], "webhook": receiver.url}]);
    let sidecar = scheduled("* * * * *").set("notify", hook);
    let _server = sidecar.serve();
    std::fs::remove_dir(sidecar.workdir()).unwrap();
    std::fs::write(sidecar.workdir(), "in the way").unwrap();
    let told = receiver.next().json();
    assert_eq!(told["error"]["code"], "not-a-directory");
}
