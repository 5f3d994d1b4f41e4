//! A stranger's module is looked at and tried: its plan is shown, and nothing of it runs without permission.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Finished, Registry, Sidecar, component};

fn hello() -> String {
    component("hello").to_str().unwrap().to_owned()
}

/// A sidecar, and a file beside it that a command of the module would make.
struct Stranger {
    sidecar: Sidecar,
    mark: PathBuf,
}

impl Stranger {
    fn new() -> Self {
        let sidecar = Sidecar::new();
        let mark = sidecar.folder().join("mark");
        Self { sidecar, mark }
    }

    fn line(&self) -> String {
        format!("touch {}", self.mark.display())
    }

    /// `sidecar module test` with a configuration like this.
    fn test(&self, config: &Value, arguments: &[&str]) -> Finished {
        let file = self.sidecar.folder().join("hello.yaml");
        fs::write(&file, config.to_string()).unwrap();
        let with =
            ["module", "test", &hello(), "--with", file.to_str().unwrap()].map(str::to_owned);
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        let all: Vec<String> = with.into_iter().chain(arguments).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.sidecar.run_without_config(&all)
    }

    fn run(&self, config: &Value, arguments: &[&str]) -> Finished {
        let (hello, config) = (hello(), config.to_string());
        let all = [&["module", "run", &hello, "--config", &config], arguments].concat();
        self.sidecar.run_without_config(&all)
    }
}

#[test]
fn a_module_under_test_runs_nothing_without_permission() {
    for key in ["command", "program"] {
        let stranger = Stranger::new();
        let planned = match key {
            "command" => json!(stranger.line()),
            _ => json!(["touch", stranger.mark]),
        };
        let config = json!({"greeting": "hi", key: planned});
        stranger
            .test(&config, &[])
            .succeeds()
            .stdout_contains("(not allowed: a stand-in runs instead)")
            .stdout_contains("with stand-ins for its commands")
            .stdout_contains("\nconforms\n")
            .stderr_contains("--allow planned");
        assert!(!stranger.mark.exists(), "{key}");
    }
    // Allowed, they are what they are.
    for (key, planned, said) in [
        ("command", json!("exit 7"), "failed with exit code 7"),
        (
            "program",
            json!(["false"]),
            "`false` failed with exit code 1",
        ),
    ] {
        let config = json!({"greeting": "hi", key: planned});
        Stranger::new()
            .test(&config, &["--allow", "planned"])
            .exits(1)
            .stdout_contains(said);
    }
}

#[test]
fn what_is_allowed_is_named_as_it_was_printed() {
    let stranger = Stranger::new();
    let config = json!({"greeting": "hi", "command": "true 'a' *", "program": ["false", "a b"]});
    let line = "commands=true 'a' *";
    // One of two is not enough: a stand-in runs for both.
    stranger.test(&config, &["--allow", line]).succeeds();
    stranger
        .test(&config, &["--allow", line, "--allow", "argv=[false, a b]"])
        .exits(1)
        .stdout_contains("`false a b` failed with exit code 1");
}

#[test]
fn files_of_the_machine_are_not_read_without_permission() {
    let stranger = Stranger::new();
    let secret = stranger.sidecar.folder().join("secret");
    fs::write(&secret, "secret").unwrap();
    let config = json!({"greeting": "hi", "file": secret});
    stranger
        .test(&config, &[])
        .exits(3)
        .stdout_contains("which was not allowed")
        .stdout_contains("not all was tried")
        .stderr_contains(&format!("--allow 'read={}'", secret.display()));
    let read = format!("read={}", stranger.sidecar.folder().display());
    stranger.test(&config, &["--allow", &read]).succeeds();
}

#[test]
fn a_module_that_never_ends_is_stopped() {
    let sidecar = Sidecar::new();
    let with = sidecar.folder().join("rogue.yaml");
    for attempt in ["loop", "sleep"] {
        fs::write(&with, format!("attempt: {attempt}\n")).unwrap();
        let rogue = component("rogue");
        sidecar
            .run_without_config(&[
                "module",
                "test",
                rogue.to_str().unwrap(),
                "--timeout",
                "1",
                "--with",
                with.to_str().unwrap(),
            ])
            .exits(1)
            .ends_within(Duration::from_secs(30))
            .stdout_contains("FAILED  backup")
            .stdout_contains("took longer than 1s");
    }
}

#[test]
fn a_module_runs_without_a_configuration_file() {
    let stranger = Stranger::new();
    let output = stranger.sidecar.folder().join("artifact");
    let to = ["--output", output.to_str().unwrap()];
    let config = json!({"greeting": "hi", "command": "echo 'from a command'"});
    stranger
        .run(&config, &to)
        .exits(3)
        .stderr_contains("REFUSED  commands echo 'from a command'")
        .stderr_contains("--allow 'commands=echo '\\''from a command'\\'''");
    assert!(!output.exists());
    for allow in ["planned", "commands=echo 'from a command'"] {
        stranger
            .run(&config, &[&to[..], &["--allow", allow]].concat())
            .succeeds()
            .stderr_contains("granted  commands echo");
        assert_eq!(fs::read(&output).unwrap(), b"hi\nfrom a command\n");
        fs::remove_file(&output).unwrap();
    }
    let piped = stranger
        .run(&config, &["--allow", "planned", "-o", "-"])
        .succeeds();
    assert_eq!(piped.stdout, "hi\nfrom a command\n");
}

#[test]
fn a_run_without_a_file_keeps_nothing_and_says_what_is_wrong() {
    let stranger = Stranger::new();
    let temporary = stranger.sidecar.folder().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let stranger = Stranger {
        sidecar: stranger.sidecar.env("TMPDIR", temporary.to_str().unwrap()),
        ..stranger
    };
    stranger.run(&json!({"greeting": "hi"}), &[]).succeeds();
    stranger
        .run(&json!({"greting": "hi"}), &[])
        .exits(3)
        .stderr_contains("did you mean `greeting`?");
    stranger
        .run(&json!({"greeting": "hi"}), &["--allow", "everything"])
        .exits(3)
        .stderr_contains("--allow KEY=VALUE");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_module_in_a_registry_is_inspected_and_tried_where_it_lies() {
    let registry = Registry::start();
    let sidecar = Sidecar::new();
    let reference = format!("{}/acme/hello:1", registry.host);
    sidecar
        .run_without_config(&["module", "push", &hello(), &reference])
        .succeeds()
        .stdout_contains("    allow:\n      argv:\n        - [\"echo\",")
        .stdout_contains("        - \"echo from a command\"")
        .stdout_contains("        - \"/var/lib/sidecar/workdir/letter.txt\"");
    let reference = format!("oci://{reference}");
    sidecar
        .run_without_config(&["module", "inspect", &reference])
        .succeeds()
        .stdout_contains("greeting         required  What the artifact begins with.");
    sidecar
        .run_without_config(&["module", "run", &reference, "--config", "{greeting: hi}"])
        .succeeds();
    sidecar
        .run_without_config(&["module", "inspect", "oci://nothing"])
        .exits(2)
        .stderr_contains("oci://registry.example/acme/redis_snapshot:1.2");
}

#[test]
fn what_push_prints_is_what_the_operator_pastes() {
    let registry = Registry::start();
    let sidecar = Sidecar::new();
    let with = sidecar.folder().join("hello.yaml");
    fs::write(&with, "greeting: hi\ncommand: echo \"it's $HOME\"\n").unwrap();
    let reference = format!("{}/acme/hello:1", registry.host);
    let with = with.to_str().unwrap();
    let pushed = sidecar
        .run_without_config(&["module", "push", &hello(), &reference, "--with", with])
        .succeeds();
    let (_, block) = pushed.stdout.split_once("to run it:\n").unwrap();
    let block = block.replace("\n    ", "\n").replacen("    ", "", 1);
    let block: String = block.lines().map(|line| format!("    {line}\n")).collect();
    Sidecar::new()
        .config_text(&format!(
            "capabilities: {{version: v1, types: [files]}}\nmodules:\n  hello:\n{block}\
             strategy: {{type: hello, config: {{greeting: hi, command: \"echo \\\"it's $HOME\\\"\"}}}}\n\
             paths: {{workdir: \"{{folder}}/work\", artifacts: \"{{folder}}/artifacts\", temp_dump: \"{{folder}}/tmp/dump\"}}\n\
             secrets: {{api_token: of-a-test}}\n"
        ))
        .backup()
        .succeeds();
}

#[test]
fn inspecting_spells_out_what_wildcards_allow() {
    Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", hello())
        .set("strategy.config.greeting", "hi")
        .set(
            "modules.hello.allow",
            json!({"commands": ["redis-cli *"], "net": ["db:*"], "argv": [["tar", {"kind": "path", "rest": true}]]}),
        )
        .run(&["module", "inspect", "hello"])
        .succeeds()
        .stdout_contains("commands     redis-cli *  (* is plain words that are no options)")
        .stdout_contains("net          db:*  (every port of db, and no other host)")
        .stdout_contains("argv         tar PATH…");
}

/// What a verb says when what reads its output has gone.
fn into_a_closed_pipe(sidecar: &Sidecar, arguments: &[&str]) -> std::process::Output {
    let (read, write) = std::io::pipe().unwrap();
    drop(read);
    let mut command: Command = sidecar.sidecar(arguments);
    command.stdout(write).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let sidecar = Sidecar::printing("x");
    let store = sidecar.folder().join("store");
    fs::create_dir(&store).unwrap();
    let sidecar = sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": store}]),
    );
    sidecar.backup().succeeds();
    let hello = hello();
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["runs"],
        &["check"],
        &["check", "--json"],
        &["verify", "latest"],
        &["backup", "-q"],
        &["prune", "--dry-run"],
        &["upload", "--pending"],
        &["schema", "config"],
        &["completions", "bash"],
        &["module", "list"],
        &["module", "inspect", "custom"],
        &["module", "test", &hello, "-q"],
        &["--help"],
        &["--version"],
    ] {
        let done = into_a_closed_pipe(&sidecar, arguments);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {stderr}");
        for words in ["panicked", "roken pipe", "error:"] {
            assert!(!stderr.contains(words), "{arguments:?}: {stderr}");
        }
    }
}
