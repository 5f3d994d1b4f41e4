//! A module looks up the hosts that it was granted, and sends no other name to any server.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Running, Sidecar, component, repository, skip};

const GRANTED: &str = "db.granted.example";

/// A run in which the rogue looks up `name`, and every name that the machine's only name server was asked
/// for. None where no name server of one's own can be had.
fn names_of_a_run_that_looks_up(name: &str) -> Option<(Value, Vec<String>)> {
    let namespaces = ["--net", "--mount"];
    let possible = Command::new("unshare")
        .args(namespaces)
        .arg("true")
        .output();
    if !possible.is_ok_and(|done| done.status.success()) {
        return None;
    }
    let address = format!("{GRANTED}:5432");
    let sidecar = Sidecar::new()
        .strategy("rogue")
        .set("modules.rogue.source", component("rogue").to_str().unwrap())
        .set("modules.rogue.allow.net", json!([address]))
        .set("strategy.config.attempt", "socket-name")
        .set("strategy.config.net", json!([address]))
        .set("strategy.config.target", format!("{name}:5432"));
    let run = sidecar.sidecar(&["backup", "--json"]);
    let mut command = Command::new("unshare");
    command
        .args(namespaces)
        .arg("python3")
        .arg(repository().join("tests/clients/resolver.py"))
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear()
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let done = Running::start(command).finish().succeeds().json();
    let names = done["names"].as_array().unwrap().iter();
    let names = names.map(|name| name.as_str().unwrap().to_owned());
    Some((done.clone(), names.collect()))
}

#[test]
fn a_granted_name_is_looked_up() {
    let test = "names::a_granted_name_is_looked_up";
    let Some((run, names)) = names_of_a_run_that_looks_up(GRANTED) else {
        return skip(test, "no network namespace can be made here");
    };
    assert_eq!(run["code"], 0, "{run}");
    assert!(names.iter().any(|name| name == GRANTED), "{names:?}");
}

#[test]
fn no_other_name_leaves_the_machine() {
    let test = "names::no_other_name_leaves_the_machine";
    for name in [
        "secret.attacker.example",
        "secret.db.granted.example",
        "example",
        "db.granted.example.attacker.example.",
    ] {
        let Some((run, names)) = names_of_a_run_that_looks_up(name) else {
            return skip(test, "no network namespace can be made here");
        };
        assert_eq!(run["code"], 1, "{run}");
        let stderr = run["stderr"].as_str().unwrap();
        assert!(
            stderr.contains("was refused: the module may look up only"),
            "{stderr}"
        );
        assert!(names.iter().all(|asked| asked == GRANTED), "{names:?}");
        assert!(!names.is_empty(), "the resolver hears what is asked");
    }
}
