//! `post` runs whatever happens: an application that `pre` has stopped does not stay stopped.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Gate, Sidecar, send, within};

const SOON: Duration = Duration::from_secs(30);

/// `pre` stops the application, the command waits at the gate, `post` starts it again; each is written
/// into `events` in the work directory.
fn maintenance() -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let sidecar = sidecar
        .set("strategy.config.pre", "echo stopped >> events")
        .command(&format!("{}; echo dump", gate.wait()))
        .capture()
        .set("strategy.config.post", "echo $SIDE_CAR_OUTCOME >> events");
    (sidecar, gate)
}

fn events(sidecar: &Sidecar) -> Vec<String> {
    let text = fs::read_to_string(sidecar.workdir().join("events")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn wait_for_events(sidecar: &Sidecar, expected: &[&str]) {
    within(SOON, "post has run", || {
        (events(sidecar) == expected).then_some(())
    });
}

fn note_is_there(sidecar: &Sidecar) -> bool {
    sidecar.artifacts().join(".sidecar/owed.json").exists()
}

#[test]
fn post_runs_after_a_signal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (sidecar, gate) = maintenance();
        let run = sidecar.start(&["backup"]);
        let _open = gate.reached();
        assert!(note_is_there(&sidecar));
        run.end_with(signal).exits(code);
        assert_eq!(events(&sidecar), ["stopped", "failed"]);
        assert!(!note_is_there(&sidecar));
    }
}

#[test]
fn post_runs_after_a_time_out() {
    let (sidecar, gate) = maintenance();
    let run = sidecar.set("strategy.timeout", "2s");
    let running = run.start(&["backup"]);
    let _open = gate.reached();
    running
        .finish()
        .exits(1)
        .stderr_contains("took longer than");
    assert_eq!(events(&run), ["stopped", "failed"]);
}

#[test]
fn a_cancelled_strategy_is_gone_when_that_is_answered_and_its_post_runs_on() {
    let (sidecar, gate) = maintenance();
    let cleaning = sidecar.gate("cleaning");
    let sidecar = sidecar.set(
        "strategy.config.post",
        json!([cleaning.wait(), "echo $SIDE_CAR_OUTCOME >> events"]),
    );
    let server = sidecar.serve();
    let url = server.start_run();
    let _open = gate.reached();
    let job = server.ask("DELETE", &url, &[]).json();
    assert_eq!(
        (&job["state"], &job["phase"]),
        (&json!("running"), &json!("post"))
    );
    drop(cleaning.reached());
    let job = server.over(&url);
    assert_eq!(
        (&job["state"], job.get("phase")),
        (&json!("cancelled"), None)
    );
    assert_eq!(events(&sidecar), ["stopped", "failed"]);
}

#[test]
fn post_runs_when_the_server_stops() {
    let (sidecar, gate) = maintenance();
    let server = sidecar.serve();
    server.start_run();
    let _open = gate.reached();
    server.end_with(Signal::TERM);
    assert_eq!(events(&sidecar), ["stopped", "failed"]);
}

#[test]
fn after_a_kill_the_next_run_first_runs_the_post_that_is_owed() {
    for at_pre in [true, false] {
        let (sidecar, gate) = maintenance();
        let sidecar = match at_pre {
            true => sidecar.set(
                "strategy.config.pre",
                format!("echo stopped >> events; {}", gate.wait()),
            ),
            false => sidecar,
        };
        let run = sidecar.start(&["backup"]);
        let open = gate.reached();
        run.end_with(Signal::KILL);
        drop(open);
        assert_eq!(events(&sidecar), ["stopped"]);
        sidecar.run(&["check"]).succeeds().stderr_contains("post");
        let sidecar = sidecar.set("strategy.config.pre", "echo stopped >> events");
        let sidecar = sidecar.command("echo dump");
        sidecar.backup().succeeds();
        assert_eq!(
            events(&sidecar),
            ["stopped", "failed", "stopped", "succeeded"]
        );
        assert!(!note_is_there(&sidecar));
    }
}

#[test]
fn after_a_kill_in_post_the_next_start_runs_the_rest_of_it_and_nothing_twice() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("in-post");
    let post = json!(["echo one >> events", gate.wait(), "echo three >> events"]);
    let sidecar = sidecar
        .command("echo dump")
        .capture()
        .set("strategy.config.post", post);
    let run = sidecar.start(&["backup"]);
    let open = gate.reached();
    run.end_with(Signal::KILL);
    drop(open);
    let server = sidecar.serve();
    drop(gate.reached());
    wait_for_events(&sidecar, &["one", "three"]);
    within(SOON, "nothing is owed", || {
        (!note_is_there(&sidecar)).then_some(())
    });
    server.end_with(Signal::TERM);
    sidecar.serve().end_with(Signal::TERM);
    assert_eq!(events(&sidecar), ["one", "three"]);
}

#[test]
fn a_second_signal_ends_the_server_and_its_next_start_runs_post() {
    let (sidecar, gate) = maintenance();
    let cleaning = sidecar.gate("cleaning");
    let post = json!([cleaning.wait(), "echo $SIDE_CAR_OUTCOME >> events"]);
    let sidecar = sidecar.set("strategy.config.post", post);
    let server = sidecar.serve();
    server.start_run();
    let _open = gate.reached();
    send(server.pid(), Signal::TERM);
    let at_post = cleaning.reached();
    server.end_with(Signal::TERM);
    drop(at_post);
    assert_eq!(events(&sidecar), ["stopped"]);
    let _server = sidecar.serve();
    drop(cleaning.reached());
    wait_for_events(&sidecar, &["stopped", "failed"]);
}

#[test]
fn a_post_that_hangs_is_ended_and_the_next_line_runs() {
    let (sidecar, gate) = maintenance();
    let post = json!(["sleep 600", "echo $SIDE_CAR_OUTCOME >> events"]);
    let sidecar = sidecar
        .set("strategy.config.post", post)
        .set("strategy.post_timeout", "1s");
    let run = sidecar.start(&["backup"]);
    let _open = gate.reached();
    run.end_with(Signal::TERM)
        .exits(143)
        .stderr_contains("strategy.post_timeout");
    assert_eq!(events(&sidecar), ["stopped", "failed"]);
}

#[test]
fn a_line_that_left_the_configuration_is_not_run() {
    let (sidecar, gate) = maintenance();
    let run = sidecar.start(&["backup"]);
    let open = gate.reached();
    run.end_with(Signal::KILL);
    drop(open);
    let sidecar = sidecar
        .set("strategy.config.post", "echo another >> events")
        .command("echo dump");
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("no longer in the configuration");
    assert_eq!(events(&sidecar), ["stopped", "stopped", "another"]);
}

#[test]
fn without_a_command_that_started_nothing_is_owed() {
    let sidecar = Sidecar::new()
        .set("strategy.config.pre", "echo stopped >> events")
        .set("strategy.config.shell", "/no/such/shell")
        .command("echo dump")
        .set("strategy.config.post", "echo started >> events");
    sidecar.backup().exits(1);
    assert!(events(&sidecar).is_empty() && !note_is_there(&sidecar));
}

#[test]
fn a_post_that_fails_after_a_whole_dump_keeps_the_backup_and_is_told() {
    for (line, reason) in [
        ("exit 7", "exit code 7"),
        ("no-such-program --restart", "no-such-program"),
        ("kill -KILL $$", "SIGKILL"),
    ] {
        let sidecar = Sidecar::new()
            .command("echo dump")
            .capture()
            .set("strategy.config.post", json!([line, "touch ran"]));
        let run = sidecar.run(&["backup", "--json"]).succeeds();
        let warning = &run.json()["warnings"][0];
        assert_eq!(warning["code"], "post-failed", "{warning}");
        let message = warning["message"].as_str().unwrap();
        assert!(
            message.contains("the backup is whole") && message.contains(reason),
            "{message}"
        );
        assert_eq!(sidecar.artifact().unwrap(), b"dump\n");
        assert!(sidecar.workdir().join("ran").exists(), "{line}");
        assert!(!note_is_there(&sidecar));
        let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
        assert!(runs.to_string().contains("post-failed"), "{runs}");
    }
}

#[test]
fn an_engine_whose_post_fails_has_its_backup_in_the_store() {
    let sidecar = crate::engines_complete::keeping("sqlite", "/nowhere");
    let file = sidecar.folder().join("app.db");
    crate::harness::sh(&format!(
        "sqlite3 '{}' 'CREATE TABLE t (i); INSERT INTO t VALUES (7)'",
        file.display()
    ))
    .succeeds();
    let sidecar = sidecar
        .set("strategy.config.url", file.to_str().unwrap())
        .set("strategy.config.post", "false");
    sidecar.backup().succeeds().stdout_contains("post failed");
    sidecar.run(&["verify", "latest"]).succeeds();
}

#[test]
fn a_dump_that_fails_stays_a_failure_whatever_post_does() {
    for post in ["true", "false"] {
        let sidecar = Sidecar::new()
            .command("echo half; exit 3")
            .capture()
            .set("strategy.config.post", post);
        sidecar.backup().exits(1).stderr_contains("exit code 3");
        assert_eq!(sidecar.artifact(), None);
    }
}

#[test]
fn a_webhook_hears_of_a_post_that_failed() {
    let receiver = crate::harness::Receiver::start();
    Sidecar::new()
        .command("echo dump")
        .capture()
        .set("strategy.config.post", "exit 7")
        .set(
            "notify",
            json!([{"on": ["success"], "webhook": format!("{}/hook", receiver.url)}]),
        )
        .backup()
        .succeeds();
    let told = receiver.next().json();
    assert_eq!(told["warnings"][0]["code"], "post-failed");
    assert!(
        told["text"].as_str().unwrap().contains("post failed"),
        "{told}"
    );
}
