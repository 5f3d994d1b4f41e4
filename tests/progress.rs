//! Progress of a run: on a terminal, in a log, over HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Daemon, Gate, Running, Server, Sidecar, Terminal, within};

const HALF: u64 = 512 << 10;

/// How long a machine may take that runs other tests too.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Half a mebibyte is written when a run stands at the gate, and a whole one when it is over.
fn half_way() -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let half = format!("head -c {HALF} /dev/zero");
    let line = format!("{half}; {} || exit 9; {half}", gate.wait());
    (sidecar.command(&line).capture(), gate)
}

/// A terminal shows `same`, the bytes and a rate that changes while the run stands at the gate.
#[track_caller]
fn changes_at_the_gate(sidecar: &Sidecar, gate: &Gate, same: &str) {
    let terminal = Terminal::in_folder(sidecar.folder());
    let backup = Running::start(terminal.runs(&sidecar.sidecar(&["backup"])));
    let open = gate.reached();
    within(TIME_LIMIT, "the rate changes", || {
        let pictures = terminal.pictures();
        let rates: BTreeSet<_> = pictures
            .iter()
            .filter_map(|picture| rate(picture, same))
            .collect();
        (rates.len() > 2).then_some(())
    });
    drop(open);
    // Standard output is for programs: it has no bar in it, and the bar has no result in it.
    let done = backup.finish().succeeds();
    assert!(done.stdout.contains("(1048576 bytes)"), "{done:?}");
    assert!(!done.stdout.contains(['\r', '\x1b']), "{done:?}");
    let shown = terminal.shown();
    assert!(shown.ends_with("\r\x1b[2K"), "it goes away: {shown:?}");
}

/// "12.3 KiB/s" of "00:00:01 SAME  512.00 KiB  12.3 KiB/s".
fn rate<'a>(picture: &'a str, same: &str) -> Option<&'a str> {
    let (time, rest) = picture.split_once(' ')?;
    let is_time = time.len() == 8 && time.split(':').all(|part| part.parse::<u8>().is_ok());
    let (before, rate) = rest.split_once("  512.00 KiB  ")?;
    let drawn = before.ends_with(same) && rate.ends_with("iB/s");
    (is_time && drawn).then_some(rate)
}

#[test]
fn a_terminal_shows_bytes_and_rate_while_the_total_is_unknown() {
    let (sidecar, gate) = half_way();
    changes_at_the_gate(&sidecar, &gate, "");
}

#[test]
fn a_terminal_shows_a_bar_when_the_total_is_known() {
    let (sidecar, gate) = half_way();
    let sidecar = sidecar.set("capabilities.est_size", 2 * HALF);
    let bar = "[===============>              ]  50 %";
    changes_at_the_gate(&sidecar, &gate, bar);
}

#[test]
fn without_a_terminal_there_are_lines_in_the_log() {
    let (sidecar, gate) = half_way();
    let sidecar = sidecar.set("capabilities.est_size", 2 * HALF);
    let mut backup = Daemon::start(sidecar.sidecar(&["backup"]));
    let open = gate.reached();
    let line: Value = backup.await_line(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let message = line["message"].as_str()?;
        message.starts_with("backing up for ").then_some(line)
    });
    assert_eq!(line["level"], "INFO", "{line}");
    assert_eq!(
        (&line["bytes"], &line["percent"]),
        (&json!(HALF), &json!(50))
    );
    // The first line comes after about ten seconds.
    let rate = line["bytes_per_second"].as_u64().unwrap();
    assert!((HALF / 30..=HALF / 8).contains(&rate), "{line}");
    drop(open);
    backup.await_line(|line| line.contains("took").then_some(()));
    let said = backup.log();
    assert!(
        !said.contains(|c: char| c.is_control() && c != '\n'),
        "{said:?}"
    );
}

#[test]
fn a_terminal_that_takes_only_lines_gets_them() {
    let (sidecar, gate) = half_way();
    let terminal = Terminal::in_folder(sidecar.folder());
    let mut command = terminal.runs(&sidecar.sidecar(&["backup"]));
    command.env("TERM", "dumb");
    let backup = Running::start(command);
    let open = gate.reached();
    within(TIME_LIMIT, "a line tells of it", || {
        terminal.shown().contains("backing up for ").then_some(())
    });
    drop(open);
    backup.finish().succeeds();
}

/// The progress of a run that stands at the gate; then it comes to its end.
fn at_the_gate(server: &Server, gate: &Gate) -> Value {
    let url = server.start_run();
    let open = gate.reached();
    let progress = within(TIME_LIMIT, "the first half is on disk", || {
        let job = server.get(&url).json();
        (job["bytes"] == HALF).then(|| job["progress"].clone())
    });
    drop(open);
    assert_eq!(server.over(&url)["state"], "succeeded");
    progress
}

#[test]
fn the_rate_is_the_bytes_by_the_time() {
    let (sidecar, gate) = half_way();
    let progress = at_the_gate(&sidecar.serve(), &gate);
    assert_eq!(progress["bytes"], HALF);
    let number = |name: &str| progress[name].as_u64().unwrap();
    let (rate, elapsed) = (number("bytes_per_second"), number("elapsed_ms"));
    assert!(rate > 0, "{progress}");
    // Both are rounded down.
    assert!(rate * elapsed <= HALF * 1000, "{progress}");
    assert!((rate + 1) * (elapsed + 1) > HALF * 1000, "{progress}");
}

#[test]
fn what_is_expected_is_what_the_last_run_made() {
    let (sidecar, gate) = half_way();
    let server = sidecar.serve();
    let first = at_the_gate(&server, &gate);
    assert_eq!(
        (&first["expected_bytes"], &first["percent"]),
        (&json!(null), &json!(null))
    );
    let second = at_the_gate(&server, &gate);
    assert_eq!(
        (&second["expected_bytes"], &second["percent"]),
        (&json!(2 * HALF), &json!(50))
    );
}

#[test]
fn what_is_configured_is_expected_whatever_the_last_run_made() {
    let (sidecar, gate) = half_way();
    let sidecar = sidecar.set("capabilities.est_size", 4 * HALF);
    let server = sidecar.serve();
    for _ in ["before any run", "after one that made another size"] {
        let progress = at_the_gate(&server, &gate);
        assert_eq!(
            (&progress["expected_bytes"], &progress["percent"]),
            (&json!(4 * HALF), &json!(25))
        );
    }
}

#[test]
fn a_run_is_not_at_its_end_before_it_is() {
    let (sidecar, gate) = half_way();
    let sidecar = sidecar.set("capabilities.est_size", 1000);
    let progress = at_the_gate(&sidecar.serve(), &gate);
    assert_eq!(
        (&progress["expected_bytes"], &progress["percent"]),
        (&json!(1000), &json!(99))
    );
}
