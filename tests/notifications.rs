//! Others hear of every run, and no run suffers from them.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;

use crate::harness::{Receiver, Sidecar, agent};

const SECRET: &str = "a-word-that-only-the-receiver-knows";

fn printing(line: &str) -> Sidecar {
    Sidecar::new().command(line).capture()
}

#[test]
fn a_webhook_hears_what_a_run_made() {
    let receiver = Receiver::start();
    let hook = format!("{}/{SECRET}", receiver.url);
    let made = printing("echo good")
        .set("notify", json!([{"on": ["success"], "webhook": hook}]))
        .run(&["backup", "--json", "-vv"])
        .succeeds()
        .never_says(SECRET)
        .json();

    let told = receiver.next();
    assert_eq!(told.line, format!("POST /{SECRET}"));
    let told = told.json();
    assert_eq!(told["event"], "success");
    for key in ["id", "strategy", "started_at", "finished_at", "duration_ms"] {
        assert_eq!(told[key], made[key], "{key}");
    }
    for key in ["filename", "size", "sha256"] {
        assert_eq!(told["artifact"][key], made["artifact"][key], "{key}");
    }
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("succeeded: backup.dat, 5 B"), "{text}");
    assert_eq!(receiver.rest(), [""; 0]);
}

#[test]
fn a_webhook_hears_why_a_run_failed() {
    let receiver = Receiver::start();
    let hook = format!("{}/hook", receiver.url);
    let notify = json!([{"on": ["failure"], "webhook": hook}]);
    printing("echo good")
        .set("notify", notify.clone())
        .backup()
        .succeeds();
    let error = printing("echo 'no such table' >&2; false")
        .set("notify", notify)
        .run(&["backup", "--json"])
        .exits(1)
        .json()["error"]
        .take();

    let told = receiver.next().json();
    assert_eq!(told["event"], "failure");
    assert_eq!(told["error"], error);
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("no such table"), "{text}");
    assert_eq!(receiver.rest(), [""; 0], "nothing of the good run");
}

#[test]
fn a_health_check_is_pinged_at_start_and_end() {
    let receiver = Receiver::start();
    let sidecar = printing("echo good");
    let file = sidecar.folder().join("ping-url");
    std::fs::write(&file, format!("{}/ping?rid=7\n", receiver.url)).unwrap();
    let entry = json!({"on": ["start", "success", "failure"], "healthcheck_file": file});
    let sidecar = sidecar.set("notify", json!([entry]));
    sidecar.backup().succeeds();
    let sidecar = sidecar.command("false");
    sidecar.backup().exits(1);

    let lines: Vec<String> = (0..4).map(|_| receiver.next().line).collect();
    assert_eq!(
        lines,
        [
            "GET /ping/start?rid=7",
            "GET /ping?rid=7",
            "GET /ping/start?rid=7",
            "GET /ping/fail?rid=7"
        ]
    );
}

#[test]
fn runs_that_the_api_starts_are_told_too() {
    let receiver = Receiver::start();
    let hook = format!("{}/{SECRET}", receiver.url);
    let mut server = printing("echo good")
        .set(
            "notify",
            json!([{"on": ["start", "success"], "webhook": hook}]),
        )
        .serve();
    let answer = server.export();
    assert_eq!(answer.body, b"good\n");
    let (start, success) = (receiver.next().json(), receiver.next().json());
    assert_eq!(start["event"], "start");
    assert_eq!(success["event"], "success");
    for told in [&start, &success] {
        assert_eq!(told["id"], answer.header("X-Backup-Id"));
    }
    assert!(!server.log().contains(SECRET), "{}", server.log());
}

#[test]
fn a_receiver_that_never_answers_fails_no_backup() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let hook = format!("http://{place}/{SECRET}");
    printing("echo good")
        .set(
            "notify",
            json!([{"on": ["start", "success"], "webhook": hook}]),
        )
        .backup()
        .succeeds()
        .stderr_contains("some notifications were not sent in time")
        .never_says(SECRET)
        .ends_within(Duration::from_secs(30));
}

#[test]
fn a_receiver_that_refuses_is_named_without_its_secret() {
    let refusing = printing("echo good").serve();
    // The API itself: it knows no such path.
    let hook = format!("{}/{SECRET}", refusing.url);
    let status = agent().post(&hook).send_empty().unwrap().status().as_u16();
    printing("echo good")
        .set("notify", json!([{"on": ["success"], "webhook": hook}]))
        .backup()
        .succeeds()
        .stderr_contains(&format!(
            "cannot notify {}: it answered {status}",
            refusing.url
        ))
        .never_says(SECRET);
}
