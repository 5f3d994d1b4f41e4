//! What modules, commands and file names say is shown, and steers nothing: no terminal, no log, no
//! reader of a line.

use serde_json::json;

use crate::harness::{Running, Sidecar, Terminal};

/// Clears the screen, moves up, retitles the window, turns the direction of writing, ends a line.
const STEERING: [&str; 6] = [
    "\u{1b}[2J",
    "\u{1b}[1A",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{9b}2J",
    "\u{2028}",
];

#[track_caller]
fn steers_nothing(shown: &str) {
    for steering in STEERING {
        assert!(!shown.contains(steering), "{steering:?} in {shown:?}");
    }
}

/// A command that writes all of it, and a line that looks like one of the sidecar's own.
fn hostile_command(exit: u8) -> String {
    let text = STEERING.concat();
    format!("printf '%s\\nerror: forged\\n' '{text}' >&2; echo x; exit {exit}")
}

#[test]
fn what_a_command_prints_steers_neither_a_terminal_nor_a_log() {
    for exit in [0, 3] {
        let sidecar = Sidecar::new().command(&hostile_command(exit)).capture();
        let done = sidecar.backup().exits(if exit == 0 { 0 } else { 1 });
        steers_nothing(&done.stdout);
        steers_nothing(&done.stderr);
        assert!(done.stderr.contains("\\u001b[2J"), "it is shown: {done:?}");

        let terminal = Terminal::in_folder(sidecar.folder());
        Running::start(terminal.runs(&sidecar.sidecar(&["--color", "never", "backup"]))).finish();
        let shown = terminal.shown();
        let text = shown.replace("\u{1b}[2K", "");
        steers_nothing(&text);
        let forged = |line: &str| line.trim_start_matches('\r').starts_with("error: forged");
        assert!(!text.lines().any(forged), "{text:?}");
    }
}

#[test]
fn a_file_name_steers_nothing_where_it_is_listed_restored_or_refused() {
    let sidecar = Sidecar::new();
    let name = format!("a{}\nrestored  forged", STEERING.concat());
    let tree = sidecar.folder().join("tree");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join(&name), "bytes").unwrap();
    let sidecar = sidecar.set("strategy.type", "file_archive").set(
        "strategy.config",
        json!({"paths": ["."], "base_dir": tree, "format": "tar"}),
    );
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("into");
    let into = into.to_str().unwrap();
    for arguments in [
        &["restore", "latest", "--into", into, "--only", &name][..],
        // What is there already is refused, by name.
        &["restore", "latest", "--into", into],
        &[
            "restore",
            "latest",
            "--into",
            into,
            "--dry-run",
            "--only",
            &name,
        ],
        &["list"],
        &["runs"],
    ] {
        let done = sidecar.run(arguments);
        steers_nothing(&done.stdout);
        steers_nothing(&done.stderr);
        let own = format!("{}{}", done.stdout, done.stderr);
        assert!(
            !own.lines().any(|line| line.starts_with("restored  forged")),
            "{own}"
        );
    }
}

#[test]
fn json_says_the_same_text_without_steering() {
    let sidecar = Sidecar::new().command(&hostile_command(3)).capture();
    let done = sidecar.run(&["--json", "backup"]).exits(1);
    steers_nothing(&done.stdout);
    let answer: serde_json::Value = serde_json::from_str(done.stdout.trim()).unwrap();
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(STEERING[0]) && message.contains(STEERING[3]),
        "{message:?}"
    );
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let sidecar = Sidecar::new().command("echo dump").capture();
    sidecar.backup().succeeds();
    let mut list = sidecar.sidecar(&["schema", "config"]);
    let mut child = list.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
