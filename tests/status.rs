//! How a sidecar stands, and what happens on it: `GET /backup/status` and `GET /backup/events`.

use std::io::{BufRead as _, BufReader, Read};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Clock, STOP_LIMIT, Server, Sidecar, TOKEN, agent, within};
use crate::page::client::Client;

/// A sidecar that keeps its backups in one folder.
fn stored() -> Sidecar {
    let sidecar = Sidecar::printing("0123456789");
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    )
}

/// The same, which makes one every night.
fn nightly() -> Sidecar {
    stored().set(
        "schedule",
        json!([{"cron": "0 3 * * *", "catch_up": false}]),
    )
}

fn member(server: &Server) -> Value {
    server.get("/backup/status").json()["members"][0].clone()
}

fn made(server: &Server) -> String {
    let url = server.start_run();
    assert_eq!(server.over(&url)["state"], "succeeded");
    url.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_new_sidecar_has_nothing_yet_and_a_backup_makes_it_fresh() {
    let server = nightly().serve();
    let status = server.get("/backup/status").json();
    assert_eq!(status["state"], "never", "{status}");
    assert_eq!(status["members"][0]["why"], json!([]));
    assert!(status["members"][0]["next"].is_string(), "{status}");
    assert_eq!(status["set"], Value::Null);

    let id = made(&server);
    let member = member(&server);
    assert_eq!(member["state"], "fresh", "{member}");
    assert_eq!(member["last_good"]["id"], id);
    assert_eq!(member["last_good"]["stores"], json!(["local"]));
    assert_eq!(member["last_run"]["state"], "succeeded");
    assert_eq!(member["stores"][0]["backups"], 1);
}

#[test]
fn the_state_follows_the_clock() {
    let sidecar = nightly().command("cat data");
    std::fs::write(sidecar.workdir().join("data"), "x").unwrap();
    let data = sidecar.workdir().join("data");
    let clock = Clock::at("2026-11-20T12:00:00Z");
    let server = clock.rules(sidecar).serve();
    made(&server);
    assert_eq!(member(&server)["state"], "fresh");
    std::fs::remove_file(data).unwrap();
    let stands = |time: &str, state: &str| {
        clock.set(time);
        within(Duration::from_secs(30), state, || {
            let now = member(&server);
            let failed = now["last_run"]["state"] == "failed";
            (failed && now["state"] == state).then_some(now)
        })
    };
    let late = stands("2026-11-21T04:00:00Z", "late");
    let codes: Vec<&Value> = late["why"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| &why["code"])
        .collect();
    assert_eq!(codes, ["overdue", "last-run-failed"]);
    assert_eq!(late["since"], "2026-11-21T03:00:00Z");
    let failed = stands("2026-11-22T04:00:00Z", "failed");
    assert_eq!(failed["why"][0]["args"]["slots"], "2");
}

#[test]
fn what_the_stores_have_lost_is_no_backup() {
    let sidecar = nightly();
    let store = sidecar.folder().join("store");
    sidecar.run(&["backup"]).succeeds();
    for entry in std::fs::read_dir(store.join("daily")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let server = sidecar.serve();
    let member = member(&server);
    assert_eq!(member["last_run"]["state"], "succeeded", "{member}");
    assert_eq!(
        (&member["last_good"], &member["state"]),
        (&Value::Null, &json!("failed"))
    );
}

#[test]
fn a_failed_run_is_the_reason_with_its_hint() {
    let server = Sidecar::new().command("exit 3").capture().serve();
    let url = server.start_run();
    assert_eq!(server.over(&url)["state"], "failed");
    let member = member(&server);
    assert_eq!(member["state"], "failed", "{member}");
    let codes: Vec<&str> = member["why"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| why["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["no-good-backup", "last-run-failed"]);
    assert_eq!(member["why"][1]["args"]["id"], member["last_run"]["id"]);
}

#[test]
fn each_of_several_stands_by_itself_and_so_does_the_set() {
    let sidecar = Sidecar::new().strategies(json!({
        "db": {"type": "custom", "config": {"command": "echo db", "capture_stdout": true}},
        "uploads": {"type": "custom", "config": {"command": "exit 3", "capture_stdout": true}},
    }));
    let server = sidecar.serve();
    let url = server.post("/backup/run").header("location").to_owned();
    assert_eq!(server.over(&url)["state"], "failed");
    let status = server.get("/backup/status").json();
    let state = |at: &Value| (at["name"].clone(), at["state"].clone());
    assert_eq!(
        state(&status["members"][0]),
        (json!("db"), json!("fresh")),
        "{status}"
    );
    assert_eq!(
        state(&status["members"][1]),
        (json!("uploads"), json!("failed"))
    );
    assert_eq!(state(&status["set"]), (Value::Null, json!("failed")));
    assert_eq!(status["state"], "failed");
}

#[test]
fn metrics_say_how_it_stands() {
    let server = nightly().serve();
    made(&server);
    let text = String::from_utf8(server.get("/metrics").body).unwrap();
    for line in [
        "sidecar_strategy_state{state=\"fresh\"} 1",
        "sidecar_strategy_state{state=\"late\"} 0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in:\n{text}"
        );
    }
    assert!(
        text.contains("\nsidecar_last_good_timestamp_seconds "),
        "{text}"
    );
}

/// The stream of all events.
struct Events(Box<dyn Iterator<Item = (String, Value)>>);

impl Events {
    fn follow(server: &Server) -> Self {
        let url = format!("{}/backup/events", server.url);
        let request = agent()
            .get(&url)
            .header("Authorization", format!("Bearer {TOKEN}"));
        let answer = request.call().unwrap();
        assert_eq!(answer.status(), 200);
        let lines = BufReader::new(answer.into_body().into_reader()).lines();
        Self(Box::new(events(lines.map_while(Result::ok))))
    }

    /// The next event of that name.
    fn next(&mut self, name: &str) -> Value {
        let events = &mut self.0;
        events
            .find(|(found, _)| found == name)
            .expect("the stream goes on")
            .1
    }
}

fn events(mut lines: impl Iterator<Item = String>) -> impl Iterator<Item = (String, Value)> {
    std::iter::from_fn(move || {
        let mut name = String::new();
        loop {
            let line = lines.next()?;
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    })
}

#[test]
fn one_stream_tells_of_every_run_and_every_change() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let server = sidecar.command(&gate.wait()).capture().serve();
    let mut events = Events::follow(&server);
    assert_eq!(events.next("status")["state"], "never");
    let url = server.start_run();
    let open = gate.reached();
    let started = events.next("run-started");
    assert_eq!(started["status_url"], url);
    let progress = events.next("run-progress");
    assert_eq!(
        (&progress["id"], &progress["state"]),
        (&started["id"], &json!("running"))
    );
    // A client that comes later learns of it too.
    let mut late = Events::follow(&server);
    assert_eq!(late.next("run-started")["id"], started["id"]);
    {
        use std::io::Write as _;
        (&open).write_all(b"good").unwrap();
    }
    drop(open);
    let finished = events.next("run-finished");
    assert_eq!(
        (&finished["id"], &finished["state"]),
        (&started["id"], &json!("succeeded"))
    );
    assert_eq!(late.next("run-finished")["id"], started["id"]);
    let status = events.next("status");
    assert_eq!(
        status["members"][0]["last_good"]["id"], started["id"],
        "{status}"
    );
}

#[test]
fn the_stream_ends_with_the_sidecar() {
    let server = Sidecar::printing("x").serve();
    let url = format!("{}/backup/events", server.url);
    let request = agent()
        .get(&url)
        .header("Authorization", format!("Bearer {TOKEN}"));
    let mut body = request.call().unwrap().into_body().into_reader();
    let mut first = [0; 6];
    body.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"event:");
    let begun = std::time::Instant::now();
    assert_eq!(
        server.end_with(rustix::process::Signal::TERM).code,
        Some(143)
    );
    assert!(begun.elapsed() < STOP_LIMIT, "{:?}", begun.elapsed());
    // The last chunk came: nothing broke.
    let mut rest = String::new();
    body.read_to_string(&mut rest).unwrap();
}

#[test]
fn without_a_schedule_one_backup_is_not_up_to_date_for_ever() {
    let clock = Clock::at("2026-11-20T12:00:00Z");
    let server = clock.rules(stored()).serve();
    made(&server);
    clock.set("2026-11-22T12:00:00Z");
    assert_eq!(member(&server)["state"], "fresh");
    clock.set("2026-11-24T12:00:00Z");
    let late = member(&server);
    assert_eq!(
        (&late["state"], &late["why"][0]["code"]),
        (&json!("late"), &json!("no-rhythm"))
    );
    assert_eq!(late["since"], "2026-11-23T12:00:00Z");
    let page = Client::signed_in(&server).reads("/");
    assert!(
        page.contains("Neither a schedule nor enough backups say when one is due"),
        "{page}"
    );
}
