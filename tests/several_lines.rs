//! A command of several lines: it ends at the first line that fails, wherever the command stands.

use serde_json::{Value, json};

use crate::harness::Sidecar;

/// All but the last line fails.
const LATER_FAILURE: &str = "false\necho end";

fn dumping(line: &str) -> Sidecar {
    Sidecar::new().command(line).capture()
}

#[test]
fn a_line_that_fails_in_the_middle_fails_the_run() {
    let keys: [(&str, Value); 3] = [
        ("command", json!(LATER_FAILURE)),
        ("commands", json!([LATER_FAILURE])),
        ("pre", json!(LATER_FAILURE)),
    ];
    for (key, lines) in keys {
        let sidecar = match key {
            "commands" => Sidecar::new().capture(),
            _ => dumping("echo dump"),
        };
        sidecar
            .set(&format!("strategy.config.{key}"), lines)
            .backup()
            .exits(1);
        println!("{key}");
    }
}

/// What is in a block of `post` is one command; a list has a command for each of its lines.
#[test]
fn a_block_of_post_ends_at_its_first_failing_line_and_a_list_goes_on() {
    for (post, ran) in [
        (json!("false\ntouch ran"), false),
        (json!(["false", "touch ran"]), true),
    ] {
        let sidecar = dumping("echo dump").set("strategy.config.post", post);
        sidecar.backup().succeeds().stdout_contains("post failed");
        assert_eq!(sidecar.workdir().join("ran").exists(), ran);
    }
}

#[test]
fn every_shell_that_is_named_ends_at_the_first_failure() {
    for shell in ["bash", "sh", "/bin/dash"] {
        dumping("x=$(false; echo y)\necho \"$x\"")
            .set("strategy.config.shell", shell)
            .backup()
            .exits(1);
        dumping(LATER_FAILURE)
            .set("strategy.config.shell", shell)
            .backup()
            .exits(1);
    }
}

#[test]
fn what_is_expected_to_fail_may_fail() {
    let line = "if false; then :; fi\nfalse || true\n! false\ncat <<END\nfalse\nEND\n";
    let sidecar = dumping(line);
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"false\n");
}

#[test]
fn a_restore_ends_at_the_first_line_that_fails() {
    let sidecar = dumping("echo dump").set("strategy.config.restore", "cat >/dev/null\nfalse\n:");
    sidecar.backup().succeeds();
    sidecar.run(&["restore", "latest"]).exits(1);
}

#[test]
fn a_check_of_a_drill_ends_at_the_first_line_that_fails() {
    let sidecar = dumping("echo dump").set(
        "strategy.config.restore",
        "cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
    );
    let folder = |name: &str| {
        let path = sidecar.folder().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let (store, scratch) = (folder("store"), folder("scratch"));
    let sidecar = sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store, "prefix": "p"}]),
        )
        .set(
            "drill",
            json!({"into": scratch, "check": ["test -e nowhere\ntest -e back"]}),
        );
    sidecar.backup().succeeds();
    sidecar.run(&["drill"]).exits(1);
}

#[test]
fn the_check_says_that_a_shell_notices_no_failure() {
    dumping("echo dump")
        .set("strategy.config.shell", "/bin/true")
        .check()
        .stderr_contains("does not notice a line that fails");
}

/// Shells that Debian has and that know no pipefail.
#[test]
fn a_pipe_in_a_shell_that_cannot_see_its_failures_is_refused() {
    for shell in ["sh", "/bin/dash"] {
        for line in ["false | cat", "echo begin\nx=$(false | cat)\necho \"$x\""] {
            let sidecar = dumping(line).set("strategy.config.shell", shell);
            sidecar
                .check()
                .exits(3)
                .stderr_contains("does not notice when a command inside the pipe");
            sidecar.backup().exits(3);
            assert_eq!(sidecar.artifact(), None);
        }
        dumping("echo 'a | b' || false")
            .set("strategy.config.shell", shell)
            .backup()
            .succeeds();
    }
    dumping("false | cat").backup().exits(1);
    dumping("echo x | cat")
        .set("strategy.config.shell", "bash")
        .backup()
        .succeeds();
}

#[test]
fn the_check_names_a_list_whose_failure_goes_unnoticed() {
    for (key, line) in [
        ("command", "false && true\necho dump"),
        ("pre", "stop-it && true; echo dump"),
        ("post", "echo a\nfalse && true\necho b"),
    ] {
        Sidecar::new()
            .command("echo dump")
            .capture()
            .set(&format!("strategy.config.{key}"), line)
            .check()
            .stderr_contains("the next line runs all the same")
            .stderr_contains(&format!("strategy.config.{key}"));
    }
    dumping("true && echo dump")
        .check()
        .succeeds()
        .never_says("runs all the same");
}
