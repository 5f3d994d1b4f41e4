//! Runs that no client waits for: their state, their artifact, their end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Gate, Raw, STOP_LIMIT, Server, Sidecar, TOKEN, sha256, within};

/// A run that stops at the returned gate.
fn gated(then: &str) -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let sidecar = sidecar
        .command(&format!("{} || exit 9; {then}", gate.wait()))
        .capture();
    (sidecar, gate)
}

/// The URL of a run that has succeeded and was not fetched.
fn undelivered(server: &Server) -> String {
    let url = server.start_run();
    assert_eq!(server.over(&url)["state"], "succeeded");
    url
}

#[test]
fn a_client_that_does_not_wait_gets_the_status_url() {
    let (sidecar, gate) = gated("echo done");
    let server = sidecar.serve();
    let answer = server.ask(
        "POST",
        "/backup/export?drive_folder_id=folder",
        &[("Prefer", "respond-async")],
    );
    assert_eq!(answer.status, 202, "{answer:?}");
    let told = answer.json();
    let url = told["status_url"].as_str().unwrap();
    assert_eq!(answer.header("location"), url);
    assert_eq!(
        url,
        format!("/backup/jobs/{}", told["job_id"].as_str().unwrap())
    );
    let download = told["download_url"].as_str().unwrap();

    let open = gate.reached();
    let job = server.get(url).json();
    assert_eq!(
        (&job["state"], &job["drive_folder_id"]),
        (&json!("running"), &json!("folder"))
    );
    assert!(job["progress"]["elapsed_ms"].is_u64(), "{job}");
    let early = server.get(download);
    assert_eq!(
        (early.status, early.json()["code"].clone()),
        (409, json!("not-finished"))
    );
    let second = server.export();
    assert_eq!(
        (second.status, second.json()["status_url"].clone()),
        (409, json!(url))
    );

    drop(open);
    let job = server.over(url);
    assert_eq!(
        (&job["state"], &job["bytes"]),
        (&json!("succeeded"), &json!(5)),
        "{job}"
    );
    assert_eq!(job["artifact"]["sha256"], sha256(b"done\n"));
    assert_eq!(job["progress"], Value::Null);
    let artifact = server.get(download);
    assert_eq!(
        (artifact.status, artifact.body.as_slice()),
        (200, b"done\n".as_slice())
    );
    assert_eq!(artifact.header("x-drive-folder-id"), "folder");
    assert_eq!(artifact.header("x-checksum-sha256"), sha256(b"done\n"));
}

#[test]
fn a_run_without_an_export_is_a_job_too() {
    let server = Sidecar::printing("x").serve();
    let answer = server.post("/backup/run");
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(server.over(answer.header("location"))["state"], "succeeded");
}

#[test]
fn a_failed_job_says_why() {
    let server = Sidecar::new().command("true").serve();
    let url = server.start_run();
    let job = server.over(&url);
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"]["message"]
            .as_str()
            .unwrap()
            .contains("did not generate"),
        "{job}"
    );
    let artifact = server.get(&format!("{url}/artifact"));
    assert_eq!(artifact.status, 500);
    assert_eq!(artifact.json()["code"], job["error"]["code"]);
    assert_eq!(server.get("/backup/jobs/no-such-job").status, 404);
}

#[test]
fn an_artifact_stays_until_it_was_fetched_completely() {
    let sidecar = Sidecar::printing("0123456789");
    let server = sidecar.serve();
    let url = undelivered(&server);
    let artifact = format!("{url}/artifact");
    // The next run takes the published name, not the bytes.
    assert_eq!(server.export().status, 200);

    let head = server.ask("HEAD", &artifact, &[]);
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, "10", 0)
    );
    let etag = format!("\"{}\"", sha256(b"0123456789"));
    assert_eq!(head.header("etag"), etag);
    assert_eq!(head.header("accept-ranges"), "bytes");
    assert_eq!(
        server
            .ask("GET", &artifact, &[("If-None-Match", &etag)])
            .status,
        304
    );

    let middle = server.ask(
        "GET",
        &artifact,
        &[("Range", "bytes=3-5"), ("If-Range", &etag)],
    );
    assert_eq!(
        (middle.status, middle.body.as_slice()),
        (206, b"345".as_slice())
    );
    assert_eq!(middle.header("content-range"), "bytes 3-5/10");
    let beyond = server.ask("GET", &artifact, &[("Range", "bytes=10-")]);
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, "bytes */10")
    );
    // Two parts that a client joins count as the whole artifact.
    assert_eq!(
        server.ask("GET", &artifact, &[("Range", "bytes=0-4")]).body,
        b"01234"
    );
    assert_eq!(server.get(&url).json()["download_url"], json!(artifact));
    assert_eq!(
        server.ask("GET", &artifact, &[("Range", "bytes=5-")]).body,
        b"56789"
    );
    let job = within(STOP_LIMIT, "the delivery is noted", || {
        let job = server.get(&url).json();
        job["delivered_at"].is_string().then_some(job)
    });
    assert!(job["delivered_at"].is_string(), "{job}");

    // A client that asks again gets it, until the next run needs the space.
    assert_eq!(server.get(&artifact).body, b"0123456789");
    assert_eq!(server.over(&server.start_run())["state"], "succeeded");
    let gone = server.get(&artifact);
    assert_eq!(
        (gone.status, gone.json()["code"].clone()),
        (404, json!("not-found"))
    );
    assert_eq!(server.get(&url).json()["download_url"], Value::Null);
}

#[test]
fn what_a_client_never_read_can_be_fetched_again() {
    let server = Sidecar::printing("0123456789").serve();
    let artifact = format!("{}/artifact", undelivered(&server));
    let deaf = Raw::send(&server, &format!("GET {artifact} HTTP/1.1"), &[]);
    within(STOP_LIMIT, "all of it is on its way", || {
        let url = artifact.trim_end_matches("/artifact");
        server.get(url).json()["delivered_at"].as_str().map(drop)
    });
    drop(deaf);
    assert_eq!(server.get(&artifact).body, b"0123456789");
}

#[test]
fn an_artifact_that_is_not_fetched_is_removed_in_time() {
    let sidecar = Sidecar::printing("x").set("paths.keep_undelivered", "1s");
    let server = sidecar.serve();
    let first = undelivered(&server);
    within(Duration::from_secs(10), "the next run removes it", || {
        undelivered(&server);
        (server.get(&format!("{first}/artifact")).status == 404).then_some(())
    });
}

#[test]
fn events_report_every_change() {
    let (sidecar, gate) = gated("echo done");
    let server = sidecar.serve();
    let url = server.start_run();
    let open = gate.reached();
    let mut events = Raw::ask(&server, &format!("GET {url}/events HTTP/1.1"), &[]);
    assert_eq!(events.headers["content-type"], "text/event-stream");
    let first = String::from_utf8(events.chunk().unwrap()).unwrap();
    assert!(first.starts_with("event: state\ndata: {"), "{first}");
    assert!(
        first.contains("\"state\":\"running\"") && first.ends_with("}\n\n"),
        "{first}"
    );
    let second = String::from_utf8(events.chunk().unwrap()).unwrap();
    assert!(second.starts_with("event: progress\ndata: {"), "{second}");
    drop(open);
    let (rest, end) = events.chunks();
    let rest = String::from_utf8(rest).unwrap();
    assert!(
        rest.contains("event: state\n") && rest.contains("\"state\":\"succeeded\""),
        "{rest}"
    );
    assert!(matches!(end, crate::harness::End::Good(_)), "{end:?}");
}

#[test]
fn the_same_key_is_the_same_job() {
    let (sidecar, gate) = gated("cat /proc/sys/kernel/random/uuid");
    let server = sidecar.serve();
    let key = [("Idempotency-Key", "night-1"), ("Prefer", "respond-async")];
    let first = server.ask("POST", "/backup/export", &key);
    let open = gate.reached();
    let again = server.ask("POST", "/backup/run", &key);
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json(), again.json());
    drop(open);
    let job = server.over(first.header("location"));

    // Also when it is over, and after a restart; the artifact is the same.
    let export = server.ask("POST", "/backup/export", &key[..1]);
    assert_eq!(
        (export.status, export.header("x-backup-id")),
        (200, job["id"].as_str().unwrap())
    );
    assert_eq!(
        sha256(&export.body),
        job["artifact"]["sha256"].as_str().unwrap()
    );
    drop(server);
    let server = sidecar.serve();
    assert_eq!(server.ask("POST", "/backup/run", &key).json(), first.json());
    let other = server.ask("POST", "/backup/run?drive_folder_id=another", &key);
    assert_eq!(
        (other.status, other.json()["code"].clone()),
        (400, json!("key-reused"))
    );
    let none = [("Idempotency-Key", " ")];
    assert_eq!(server.ask("POST", "/backup/run", &none).status, 400);
}

#[test]
fn the_key_of_another_request_is_refused() {
    let targets = json!([{"name": "a", "into": "/nowhere/a"}, {"name": "b", "into": "/nowhere/b"}]);
    let sidecar = Sidecar::printing("x").set("restore.targets", targets);
    let server = sidecar.serve();
    undelivered(&server);
    let restore = |into: &str| {
        let url = format!("{}/backup/restore", server.url);
        let key = [("Idempotency-Key", "monday")];
        Answer::send_with(&url, TOKEN, &key, &json!({"into": into}))
    };
    let first = restore("/nowhere/a");
    assert_eq!(first.status, 202, "{first:?}");
    server.over(first.header("location"));
    assert_eq!(restore("/nowhere/a").json(), first.json());
    let other = restore("/nowhere/b");
    assert_eq!(
        (other.status, other.json()["code"].clone()),
        (400, json!("key-reused"))
    );
}

#[test]
fn the_key_of_an_interrupted_run_is_free() {
    let (sidecar, gate) = gated("echo done");
    let server = sidecar.serve();
    let key = [("Idempotency-Key", "night-1"), ("Prefer", "respond-async")];
    let first = server.ask("POST", "/backup/export", &key);
    let open = gate.reached();
    server.end_with(rustix::process::Signal::KILL);
    drop(open);
    let server = sidecar.serve();
    let second = server.ask("POST", "/backup/export", &key);
    assert_ne!(first.header("location"), second.header("location"));
    drop(gate.reached());
    assert_eq!(server.over(second.header("location"))["state"], "succeeded");
}

#[test]
fn a_restart_interrupts_runs_and_keeps_artifacts() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!(
        "test -e \"$SIDE_CAR_WORKDIR/wait\" && {}; echo made",
        gate.wait()
    );
    let sidecar = sidecar.command(&line).capture();
    let server = sidecar.serve();
    let finished = undelivered(&server);
    std::fs::write(sidecar.workdir().join("wait"), "").unwrap();
    let unfinished = server.start_run();
    let _open = gate.reached();
    server.end_with(rustix::process::Signal::KILL);

    let server = sidecar.serve();
    let job = server.get(&unfinished).json();
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("interrupted"), &json!("interrupted"))
    );
    let artifact = server.get(&format!("{finished}/artifact"));
    assert_eq!(artifact.body, b"made\n", "{artifact:?}");
}
