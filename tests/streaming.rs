//! An export that starts before its run ends: in time, and never with a short body that looks complete.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    End, Gate, Orchestrator, Raw, STOP_LIMIT, Server, Sidecar, peak_memory, sha256, within,
};

/// How long a client that has yet to start may take to get its first bytes.
const ARRIVAL: Duration = Duration::from_secs(30);

const EXPORT: &str = "POST /backup/export HTTP/1.1";

/// Prints "first", stops at the gate, and goes on with `then`.
fn trickle(within: &str, then: &str) -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!("echo first; {} || exit 9; {then}", gate.wait());
    let sidecar = sidecar
        .command(&line)
        .capture()
        .set("app.export.first_byte_within", within);
    (sidecar, gate)
}

/// What the orchestrator receives; the run continues once it has received the first line.
fn orchestrated(sidecar: &Sidecar, server: &Server, gate: &Gate) -> Value {
    let body = sidecar.folder().join("received");
    let export = Orchestrator::of(server).start_export(&["--into", body.to_str().unwrap()]);
    let open = gate.reached();
    within(ARRIVAL, "the first line arrives", || {
        (std::fs::read(&body).ok()? == b"first\n").then_some(())
    });
    drop(open);
    export.finish().succeeds().json()
}

fn job_of(answer: &Raw) -> String {
    format!("/backup/jobs/{}", answer.headers["x-backup-id"])
}

#[test]
fn the_first_byte_comes_in_time() {
    let (sidecar, gate) = trickle("2s", "echo last");
    let server = sidecar.serve();
    let start = Instant::now();
    let mut answer = Raw::ask(&server, EXPORT, &["TE: trailers"]);
    let first = answer.chunk().unwrap();
    let took = start.elapsed();
    assert_eq!(first, b"first\n");
    let expected = Duration::from_millis(1900)..Duration::from_millis(2500);
    assert!(expected.contains(&took), "the first byte took {took:?}");

    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["transfer-encoding"], "chunked");
    assert_eq!(answer.headers["trailer"], "X-Checksum-Sha256, X-Size");
    for absent in ["content-length", "x-size", "x-checksum-sha256"] {
        assert!(!answer.headers.contains_key(absent), "{:?}", answer.headers);
    }
    drop(gate.reached());
    let (rest, end) = answer.chunks();
    assert_eq!(rest, b"last\n");
    let trailers = [
        ("x-checksum-sha256".to_owned(), sha256(b"first\nlast\n")),
        ("x-size".to_owned(), "11".to_owned()),
    ];
    assert_eq!(end, End::Good(trailers.into()));
}

#[test]
fn a_run_that_ends_in_time_has_a_length() {
    let sidecar = Sidecar::new()
        .command("echo all")
        .capture()
        .set("app.export.first_byte_within", "20s");
    let answer = sidecar.serve().export();
    assert_eq!(answer.header("content-length"), "4");
    assert_eq!(answer.header("x-checksum-sha256"), sha256(b"all\n"));
    assert!(answer.headers.get("trailer").is_none(), "{answer:?}");
}

#[test]
fn zero_means_at_once() {
    let (sidecar, gate) = trickle("0s", "head -c 3000000 /dev/zero");
    let server = sidecar.serve();
    // A client without support for trailers reads the same body.
    let answer = orchestrated(&sidecar, &server, &gate);
    let mut whole = b"first\n".to_vec();
    whole.resize(3_000_006, 0);
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["headers"]["transfer-encoding"], "chunked");
    assert_eq!(answer["sha256"], sha256(&whole));
    assert_eq!(answer["error"], json!(null));
}

#[test]
fn an_early_failure_is_still_an_error_status() {
    let sidecar = Sidecar::new()
        .command("exit 3")
        .capture()
        .set("app.export.first_byte_within", "0s");
    assert_eq!(sidecar.serve().export().status, 500);
}

#[test]
fn a_run_that_fails_half_way_breaks_the_connection() {
    let (sidecar, gate) = trickle("0s", "exit 3");
    let server = sidecar.serve();
    let answer = orchestrated(&sidecar, &server, &gate);
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["size"], 6, "{answer}");
    assert!(
        answer["error"].is_string(),
        "Python's requests raises: {answer}"
    );
    assert_eq!(sidecar.artifact(), None);

    let mut answer = Raw::ask(&server, EXPORT, &["TE: trailers"]);
    assert_eq!(answer.chunk().unwrap(), b"first\n");
    drop(gate.reached());
    assert_eq!(answer.chunks(), (Vec::new(), End::Broken));
    assert_eq!(server.over(&job_of(&answer))["state"], "failed");
}

#[test]
fn a_slow_client_is_disconnected_at_once_when_the_run_fails() {
    const SIZE: usize = 64 << 20;
    let (sidecar, gate) = trickle("0s", "exit 3");
    let sidecar = sidecar.command(&format!(
        "head -c {SIZE} /dev/zero; {}; exit 3",
        gate.wait()
    ));
    let server = sidecar.serve();
    let mut answer = Raw::ask(&server, EXPORT, &[]);
    let first = answer.chunk().unwrap().len();
    drop(gate.reached());
    assert_eq!(server.over(&job_of(&answer))["state"], "failed");
    let (rest, end) = answer.chunks();
    assert_eq!(end, End::Broken);
    // No more than was in flight.
    assert!(first + rest.len() < SIZE / 2, "{}", rest.len());
}

#[test]
fn a_cancelled_run_breaks_the_connection() {
    let (sidecar, gate) = trickle("0s", "echo last");
    let server = sidecar.serve();
    let mut answer = Raw::ask(&server, EXPORT, &[]);
    let _open = gate.reached();
    assert_eq!(
        server.ask("DELETE", &job_of(&answer), &[]).json()["state"],
        "cancelled"
    );
    assert_eq!(answer.chunks().1, End::Broken);
}

/// Without chunks a short body looks like a complete one: such a client has to wait for the end.
#[test]
fn a_client_without_chunks_gets_no_stream() {
    let (sidecar, gate) = trickle("0s", "exit 3");
    let server = sidecar.serve();
    let opener = std::thread::spawn(move || drop(gate.reached()));
    let mut answer = Raw::ask(&server, "POST /backup/export HTTP/1.0", &[]);
    opener.join().unwrap();
    assert_eq!(answer.status, 500);
    assert!(
        String::from_utf8(answer.rest())
            .unwrap()
            .contains("\"job_id\"")
    );
}

#[test]
fn a_client_that_goes_away_does_not_end_the_run() {
    let (sidecar, gate) = trickle("0s", "echo last");
    let server = sidecar.serve();
    let mut answer = Raw::ask(&server, EXPORT, &[]);
    assert_eq!(answer.chunk().unwrap(), b"first\n");
    let url = job_of(&answer);
    drop(answer);
    drop(gate.reached());
    assert_eq!(server.over(&url)["state"], "succeeded");
    let artifact = server.get(&format!("{url}/artifact"));
    assert_eq!(artifact.body, b"first\nlast\n", "{artifact:?}");
}

#[test]
fn a_client_that_goes_away_ends_the_run_if_that_was_asked_for() {
    let ends = |within: &str, read: bool| {
        let (sidecar, gate) = trickle(within, "echo last");
        let server = sidecar.serve();
        let request = "POST /backup/export?cancel_on_disconnect=true HTTP/1.1";
        if read {
            drop(Raw::ask(&server, request, &[]));
        } else {
            let waiting = Raw::send(&server, request, &[]);
            let _open = gate.reached();
            drop(waiting);
        }
        let job = &server.get("/backup/jobs").json()["jobs"][0];
        let job = server.over(job["status_url"].as_str().unwrap());
        assert_eq!(job["state"], "cancelled", "{job}");
        only_the_server_is_left(&sidecar);
    };
    ends("0s", true);
    ends("1h", false);
}

#[test]
fn a_client_that_goes_away_while_its_run_begins_ends_it_too() {
    let sidecar = Sidecar::new().command("sleep 600").capture();
    let server = sidecar.serve();
    let request = "POST /backup/export?cancel_on_disconnect=true HTTP/1.1";
    let states = || {
        let runs = server.get("/backup/jobs").json()["jobs"].take();
        let runs = runs.as_array().unwrap().iter();
        runs.map(|job| job["state"].clone()).collect::<Vec<_>>()
    };
    for attempt in 0..20 {
        let client = Raw::send(&server, request, &[]);
        // The others may go before there is a run, or be refused because another one is not over.
        if attempt == 0 {
            within(Duration::from_secs(30), "a run begins", || {
                (!states().is_empty()).then_some(())
            });
        }
        drop(client);
        within(STOP_LIMIT, "no run goes on", || {
            states()
                .iter()
                .all(|state| state == "cancelled")
                .then_some(())
        });
    }
    only_the_server_is_left(&sidecar);
}

fn only_the_server_is_left(sidecar: &Sidecar) {
    within(STOP_LIMIT, "the processes of the run are gone", || {
        (sidecar.processes().len() <= 2).then_some(())
    });
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_slow_client_slows_no_run_and_costs_no_memory() {
    const SIZE: u64 = 400 << 20;
    let sidecar = Sidecar::new()
        .command(&format!("head -c {SIZE} /dev/zero"))
        .capture()
        .set("app.export.first_byte_within", "0s");
    let server = sidecar.serve();
    let mut answer = Raw::ask(&server, EXPORT, &[]);
    let first = answer.chunk().unwrap();
    // The client has read nothing more, and the run ends all the same.
    let job = server.over(&job_of(&answer));
    assert_eq!(
        (&job["state"], &job["bytes"]),
        (&json!("succeeded"), &json!(SIZE))
    );
    let before = peak_memory(server.pid());
    let (rest, end) = answer.chunks();
    assert!(matches!(end, End::Good(_)), "{end:?}");
    assert_eq!((first.len() + rest.len()) as u64, SIZE);
    let grown = peak_memory(server.pid()) - before;
    assert!(grown < 8 << 20, "sending took {grown} bytes of memory");
    assert!(before < 200 << 20, "the run took {before} bytes of memory");
}
