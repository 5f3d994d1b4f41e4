//! The commands under `strategy.config.restore`.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{read, sidecar, stored};
use crate::harness::{Answer, STOP_LIMIT, Sidecar, TOKEN, component, sha256};

#[test]
fn the_backup_is_on_their_standard_input_to_the_last_byte() {
    // More than any pipe holds, compressed by the host, from the store and from here.
    let lines = "seq 1 3000000";
    for sidecar in [
        sidecar(lines, "cat > back"),
        stored(sidecar(lines, "cat > back")),
    ] {
        let sidecar = sidecar.set("strategy.artifact.compression", "zst");
        sidecar.backup().succeeds();
        let restored = sidecar
            .run(&["restore", "latest", "--json"])
            .succeeds()
            .json();
        let expected: String = (1..=3_000_000).map(|line| format!("{line}\n")).collect();
        let back = std::fs::read(sidecar.workdir().join("back")).unwrap();
        assert_eq!(sha256(&back), sha256(expected.as_bytes()));
        assert_eq!(restored["parts"][0]["name"], "cat > back");
        assert_eq!(restored["error"], Value::Null);
    }
}

#[test]
fn or_in_a_file_if_they_name_it() {
    let by_path = Sidecar::new();
    let path = by_path.temp_dump().display().to_string();
    let by_path = by_path.set("strategy.config.restore", format!("cp {path} back"));
    let by_name = Sidecar::new().set(
        "strategy.config.restore",
        "cp \"$SIDE_CAR_TEMP_DUMP\" back; wc -c > input",
    );
    for sidecar in [by_path, by_name] {
        let sidecar = sidecar.command("printf abc").capture();
        sidecar.backup().succeeds();
        sidecar
            .run(&["restore", "latest"])
            .succeeds()
            .stdout_contains("restored");
        assert_eq!(read(sidecar.workdir().join("back")), "abc");
        assert!(
            !sidecar.temp_dump().exists(),
            "it goes away with the restore"
        );
    }
}

#[test]
fn they_are_told_what_was_chosen() {
    let tell = "{ env | grep ^SIDE_CAR_RESTORE_ || true; } | sort > told; printf %s \"$SIDE_CAR_RESTORE_ONLY$SIDE_CAR_RESTORE_INTO\" | cat >aside";
    let sidecar = sidecar("echo x", tell);
    sidecar.backup().succeeds();
    let told = || read(sidecar.workdir().join("told"));
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(told(), "", "nothing was chosen");
    let choice = [
        "--only",
        "app1",
        "--only",
        "app2=copy of app2",
        "--into",
        "postgresql://b/",
        "--replace",
    ];
    sidecar
        .run(&[&["restore", "latest"], &choice[..]].concat())
        .succeeds();
    // The second name is a line of its own, which sort puts first.
    assert_eq!(
        told(),
        "SIDE_CAR_RESTORE_INTO=postgresql://b/\nSIDE_CAR_RESTORE_ONLY=app1\nSIDE_CAR_RESTORE_REPLACE=true\n"
    );
}

#[test]
fn a_choice_that_they_do_not_look_at_is_refused() {
    let sidecar = sidecar("echo x", "cat > back");
    sidecar.backup().succeeds();
    for choice in [["--only", "app1"], ["--into", "/elsewhere"]] {
        sidecar
            .run(&[&["restore", "latest"], &choice[..]].concat())
            .exits(3)
            .stderr_contains("SIDE_CAR_RESTORE_");
    }
    sidecar.run(&["restore", "latest", "--only", "=x"]).exits(2);
    assert!(!sidecar.workdir().join("back").exists());
}

#[test]
fn one_that_has_read_enough_has_succeeded() {
    let sidecar = sidecar("seq 1 1000000", "head -n 2 > back");
    sidecar.backup().succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(read(sidecar.workdir().join("back")), "1\n2\n");
}

#[test]
fn after_one_that_failed_the_next_ones_do_not_run() {
    let sidecar = sidecar("echo x", "").set(
        "strategy.config.restore",
        json!([
            "cat > one",
            "head -c1 > two; echo no such role >&2; exit 3",
            "cat > three"
        ]),
    );
    sidecar.backup().succeeds();
    let failed = sidecar
        .run(&["restore", "latest", "--json"])
        .exits(1)
        .json();
    assert_eq!(failed["error"]["code"], "command-failed", "{failed}");
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("no such role") && message.contains("1 of 2"),
        "{failed}"
    );
    assert_eq!(failed["parts"].as_array().unwrap().len(), 2, "{failed}");
    let there = |name: &str| sidecar.workdir().join(name).exists();
    assert!(there("one") && there("two") && !there("three"));
}

#[test]
fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let sidecar = stored(sidecar("echo x", "cat > back"));
    sidecar.backup().succeeds();
    sidecar
        .run(&["restore", "latest", "--dry-run"])
        .succeeds()
        .stdout_contains("runs `cat > back` with the backup on its standard input");
    let preview = sidecar
        .run(&["restore", "latest", "--dry-run", "--json"])
        .succeeds()
        .json();
    assert_eq!(preview["commands"], json!(["cat > back"]));
    assert_eq!(preview["size"], 2);
    assert!(!sidecar.workdir().join("back").exists());
}

#[test]
fn without_commands_or_a_way_back_it_says_so() {
    let sidecar = Sidecar::new().command("echo x").capture();
    sidecar.backup().succeeds();
    sidecar
        .run(&["restore", "latest"])
        .exits(3)
        .stderr_contains("strategy.config.restore");
    let hello = Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("strategy.config.greeting", "Hello");
    hello.backup().succeeds();
    hello
        .run(&["restore", "latest"])
        .exits(3)
        .stderr_contains("this strategy cannot restore");
}

#[test]
fn a_backup_that_is_not_there_is_wrong_usage() {
    let empty = sidecar("echo x", "cat > back");
    empty
        .run(&["restore", "latest"])
        .exits(2)
        .stderr_contains("sidecar backup");
    let sidecar = stored(sidecar("echo x", "cat > back"));
    sidecar.run(&["restore", "latest"]).exits(2);
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    sidecar
        .run(&["restore", "ffff"])
        .exits(2)
        .stderr_contains("ffff");
    sidecar
        .run(&["restore", made["id"].as_str().unwrap()])
        .succeeds();
}

#[test]
fn a_backup_of_another_strategy_is_refused() {
    let sidecar = stored(sidecar("echo x", "cat > back"));
    sidecar.backup().succeeds();
    sidecar
        .strategy("database_dump")
        .run(&["restore", "latest"])
        .exits(3)
        .stderr_contains("database_dump");
}

#[test]
fn nothing_is_restored_while_a_backup_runs() {
    let sidecar = sidecar("echo x", "cat > back");
    sidecar.backup().succeeds();
    let gate = sidecar.gate("dump");
    let sidecar = sidecar.command(&gate.wait());
    let server = sidecar.serve();
    let job = server.start_run();
    let open = gate.reached();
    sidecar.run(&["restore", "latest"]).exits(5);
    let answer = ask(&server.url, &json!({}));
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(answer.json()["status_url"], job, "{answer:?}");
    drop(open);
    server.over(&job);
    assert!(!sidecar.workdir().join("back").exists());
}

#[test]
fn over_http_it_is_a_job() {
    let sidecar = stored(sidecar("seq 1 10", "cat > back"));
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let answer = ask(&server.url, &json!({"backup": "latest"}));
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json()["download_url"], Value::Null);
    let over = server.over(answer.json()["status_url"].as_str().unwrap());
    assert_eq!(
        (&over["state"], &over["kind"]),
        (&json!("succeeded"), &json!("restore")),
        "{over}"
    );
    assert_eq!(over["parts"][0]["name"], "cat > back", "{over}");
    assert_eq!(read(sidecar.workdir().join("back")).lines().count(), 10);

    let answer = ask(&server.url, &json!({"only": [{"name": "app1"}]}));
    let over = server.over(answer.json()["status_url"].as_str().unwrap());
    assert_eq!(
        (&over["state"], &over["error"]["code"]),
        (&json!("failed"), &json!("restore-ignores-choice")),
        "{over}"
    );

    let answer = ask(&server.url, &json!({"bakcup": "latest"}));
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer.json()["error"].as_str().unwrap().contains("bakcup"),
        "{answer:?}"
    );
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(
        metrics.contains("sidecar_runs_total{state=\"succeeded\"} 1\n"),
        "a restore is no backup:\n{metrics}"
    );
}

fn ask(url: &str, body: &Value) -> Answer {
    Answer::send(&format!("{url}/backup/restore"), TOKEN, body)
}

#[test]
fn an_interrupted_restore_leaves_nothing_behind() {
    let sidecar = stored(sidecar("seq 1 1000000", ""));
    let gate = sidecar.gate("restoring");
    let line = format!("wc -c < \"$SIDE_CAR_TEMP_DUMP\" > size; {}", gate.wait());
    let sidecar = sidecar.set("strategy.config.restore", line);
    sidecar.backup().succeeds();
    let running = sidecar.start(&["restore", "latest"]);
    let _open = gate.reached();
    assert_eq!(read(sidecar.workdir().join("size")).trim(), "6888896");
    running
        .end_with(Signal::INT)
        .exits(130)
        .ends_within(STOP_LIMIT);
    assert_eq!(sidecar.processes(), []);
    assert_eq!(sidecar.files(), ["work/size"]);
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    assert_eq!(
        (&runs["runs"][0]["kind"], &runs["runs"][0]["state"]),
        (&json!("restore"), &json!("interrupted"))
    );
}
