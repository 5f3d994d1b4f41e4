//! Where the kernel has no Landlock: what it means is said, and what can be refused without it is.

use std::os::unix::net::UnixListener;
use std::process::Command;

use serde_json::json;

use super::world::{SECRET, TOKEN, World, filled, kernel_confines, without_landlock};
use crate::harness::{Finished, Running};

/// `sidecar ARGUMENTS` on a kernel without Landlock.
fn run(world: &World, arguments: &[&str]) -> Finished {
    let asked = world.sidecar.sidecar(arguments);
    let mut command = Command::new("/usr/bin/python3");
    command
        .arg(without_landlock())
        .arg(asked.get_program())
        .args(asked.get_args())
        .env_clear()
        .current_dir(world.sidecar.folder());
    for (name, value) in asked.get_envs() {
        command.env(name, value.unwrap());
    }
    Running::start(command).finish()
}

/// What holds without rules for files: seccomp, capabilities, and a memory that is hidden.
const STILL_REFUSED: &[&str] = &[
    "cat /proc/$PPID/environ || echo refused",
    "(exec 3<>/dev/tcp/127.0.0.1/{port}) || echo refused",
    "cat notes || echo refused",
    "mknod device c 1 3 || echo refused",
];

#[test]
fn check_says_what_it_means() {
    let world = World::new(&["true".to_owned()]);
    let means = "commands of module prober can read whatever this process can";
    let said = run(&world, &["check"]).succeeds();
    let said = said
        .stdout_contains("confinement    none")
        .stderr_contains(means);
    said.stderr_contains("CONFIG_SECURITY_LANDLOCK");
    let json = run(&world, &["check", "--json"]).succeeds().json();
    assert_eq!(json["confinement"], "none");
    let warnings = json["warnings"].as_array().unwrap().iter();
    let codes: Vec<_> = warnings.map(|warning| &warning["code"]).collect();
    assert!(codes.contains(&&json!("commands-not-confined")), "{json}");
    // Every run says it too.
    run(&world, &["backup"]).succeeds().stderr_contains(means);
}

#[test]
fn a_module_that_has_to_be_confined_does_not_run() {
    let world = World::new(&["true".to_owned()]).set("modules.prober.confine", "required");
    for verb in ["check", "backup"] {
        run(&world, &[verb])
            .exits(3)
            .stderr_contains("commands of module prober can read");
    }
    assert_eq!(world.sidecar.artifact(), None);
    if kernel_confines("confinement::without::a_module_that_has_to_be_confined_does_not_run") {
        world.sidecar.backup().succeeds();
    }
}

#[test]
fn what_needs_no_rules_for_files_is_refused_all_the_same() {
    for user in [None, Some(10001)] {
        let world = World::new(&[]);
        let lines: Vec<String> = STILL_REFUSED
            .iter()
            .map(|line| filled(line, world.sidecar.folder(), world.port()))
            .collect();
        let world = world
            .set("strategy.config.commands", json!(lines))
            .set("modules.prober.allow.commands", json!(lines))
            .set("strategy.config.links", json!({"notes": "../secret/file"}))
            .user(user);
        run(&world, &["backup"]).succeeds();
        let artifact = String::from_utf8(world.sidecar.artifact().unwrap()).unwrap();
        let refused = artifact.lines().filter(|line| *line == "refused").count();
        assert_eq!(refused, lines.len(), "{artifact}");
        assert!(
            !artifact.contains(SECRET) && !artifact.contains(TOKEN),
            "{artifact}"
        );
        world.is_unharmed();
    }
}

#[test]
fn with_it_check_says_full_and_what_is_reached_even_so() {
    if !kernel_confines("confinement::without::with_it_check_says_full_and_what_is_reached_even_so")
    {
        return;
    }
    let world = World::new(&["true".to_owned()]);
    let said = world.sidecar.check().succeeds();
    said.stdout_contains("confinement    full")
        .never_says("commands-not-confined");
    let json = world.sidecar.run(&["check", "--json"]).succeeds().json();
    assert_eq!(json["confinement"], "full");
    assert_eq!(json.get("unconfined"), None);
    let world = world
        .set("strategy.config.net", json!(["127.0.0.1:1"]))
        .set("modules.prober.allow.net", json!(["127.0.0.1:1"]));
    let said = world.sidecar.check().stdout_contains("send datagrams");
    said.never_says("every socket");
    let _socket = UnixListener::bind(world.sidecar.folder().join("granted/socket")).unwrap();
    world.sidecar.check().stdout_contains("every socket");
}

#[test]
fn the_memory_of_the_sidecar_is_hidden_from_its_user() {
    let world = World::new(&[]).user(Some(10001));
    let server = world.sidecar.serve();
    let read = |name: &str| {
        let path = format!("/proc/{}/{name}", server.pid());
        let read = format!(
            "setpriv --reuid=10001 --regid=10001 --clear-groups --inh-caps=-all --bounding-set=-all cat {path}"
        );
        crate::harness::sh(&read)
    };
    for hidden in ["environ", "maps", "mem"] {
        read(hidden).exits(1).stderr_contains("Permission denied");
    }
    read("status").succeeds();
}
