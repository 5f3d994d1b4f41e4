//! Memory: what the container leaves, in a real control group.

use serde_json::json;

use crate::harness::{ControlGroup, Sidecar, component, skip};

const MIB: u64 = 1 << 20;

/// A group of 256 MiB, unless this machine makes none.
fn small_group(test: &str) -> Option<ControlGroup> {
    ControlGroup::with_memory(256 * MIB)
        .inspect_err(|why| skip(&format!("limits::memory::{test}"), why))
        .ok()
}

fn hungry() -> Sidecar {
    Sidecar::new()
        .strategy("rogue")
        .set("modules.rogue.source", component("rogue").to_str().unwrap())
        .set("strategy.config", json!({"attempt": "memory"}))
}

#[test]
fn a_module_has_what_the_container_leaves_and_does_not_take_the_sidecar_with_it() {
    let Some(group) = small_group("a_module_has_what_the_container_leaves") else {
        return;
    };
    let run = hungry().run_within(|command| group.command(command), &["backup", "--json"]);
    let error = &run.json()["error"];
    assert_eq!(error["code"], "out-of-memory", "{run:?}");
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("the limit is 134217728"), "{message}");
}

#[test]
fn more_than_the_container_has_is_said_before_the_first_run() {
    let Some(group) = small_group("more_than_the_container_has_is_said") else {
        return;
    };
    let check = |memory: &str| {
        let sidecar = hungry().set("modules.rogue.limits.memory", memory);
        sidecar.run_within(|command| group.command(command), &["check", "--offline"])
    };
    let run = check("2GiB");
    assert_eq!(run.code, Some(3), "{run:?}");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(
        said.contains("modules.rogue.limits.memory is 2048 MiB, and this container has 256 MiB"),
        "{said}"
    );
    let run = check("200MiB").succeeds();
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("is 200 MiB of the 256 MiB"), "{said}");
    let run = check("100MiB").succeeds();
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("limits.memory"));
}
