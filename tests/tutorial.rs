//! The commands of `plugins/README.md` are run as they are written there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Finished, Registry, Running, python_component, repository, skip};

/// The section "## TITLE".
fn section(title: &str) -> String {
    let text = fs::read_to_string(repository().join("plugins/README.md")).unwrap();
    let found = text
        .split("\n## ")
        .find(|section| section.starts_with(title));
    found
        .unwrap_or_else(|| panic!("no section {title:?}"))
        .to_owned()
}

/// What stands in the section "## TITLE" of the tutorial, as one script: `sh` blocks are run, and
/// blocks that name a file are written to it.
fn script(title: &str) -> String {
    let section = section(title);
    let mut script = String::from("set -euo pipefail\n");
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match kind.split_once(' ') {
            Some((_, file)) => {
                script += &format!("cat > {file} <<'END OF {file}'\n{block}\nEND OF {file}\n");
            }
            None if kind == "sh" => script += &format!("{block}\n"),
            None => {}
        }
    }
    script
}

/// Follows a section in an empty folder.
fn follow(title: &str) -> Finished {
    follow_script(&script(title))
}

/// The same with any script, `sidecar` on the PATH and a registry.
fn follow_script(script: &str) -> Finished {
    let registry = Registry::start();
    let folder = TempDir::new().unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_sidecar"), bin.join("sidecar")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let work = folder.path().join("team");
    fs::create_dir(&work).unwrap();
    let plugins = repository().join("plugins/target");
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold");
    let mut command = Command::new("bash");
    command
        .args(["-c", script])
        .current_dir(&work)
        // Made once for all runs of the tests, where a team waits for it once.
        .env("CARGO_TARGET_DIR", shared)
        .env(
            "COMPONENTIZE_PY",
            plugins.join("componentize/bin/componentize-py"),
        )
        .env("SIDECAR_TOOLS", &plugins)
        .env("REGISTRY", &registry.host)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("PATH", format!("{}:{path}", bin.display()));
    Running::start(command).finish()
}

#[test]
fn a_team_that_writes_rust_gets_to_its_first_backup() {
    follow("A module in Rust")
        .succeeds()
        .stdout_contains("test result: ok. 5 passed")
        .stdout_contains("\nconforms\n")
        .stdout_contains("granted  commands cat \"$SIDE_CAR_WORKDIR/notes.txt\"")
        .stdout_contains("Tonight's notes\nbuy milk\n")
        // What was restored.
        .stdout_contains("as output\n");
}

#[test]
fn a_team_that_writes_python_gets_to_its_first_backup() {
    // Fetches the compiler.
    if let Err(why) = python_component("hello_python") {
        return skip(
            "tutorial::a_team_that_writes_python_gets_to_its_first_backup",
            &why,
        );
    }
    follow("A module in Python")
        .succeeds()
        .stdout_contains("\nconforms\n")
        .stdout_contains("granted  commands cat \"$SIDE_CAR_WORKDIR/notes.txt\"")
        .stdout_contains("Tonight's notes\nbuy milk\n")
        // What was restored.
        .stdout_contains("as output\n");
}

#[test]
fn a_team_that_writes_c_gets_a_module_that_conforms() {
    let clang = Command::new("clang").arg("--version").output();
    if clang.is_err() {
        let why = "clang is not installed: tests/setup does";
        return skip(
            "tutorial::a_team_that_writes_c_gets_a_module_that_conforms",
            why,
        );
    }
    follow("A module in C")
        .succeeds()
        .stdout_contains("\nconforms\n")
        .stdout_contains("granted  argv     [\"date\",\"-u\"]")
        .stdout_contains(" UTC ");
}

#[test]
fn the_strategy_in_the_readme_passes_the_kit_as_pasted() {
    let section = section("What a strategy looks like");
    let (_, rest) = section.split_once("```rust\n").unwrap();
    let (source, _) = rest.split_once("```").unwrap();
    follow_script(&format!(
        "set -euo pipefail\nsidecar module new redis_snapshot --lang rust\ncd redis_snapshot\n\
         cat > src/lib.rs <<'END OF src/lib.rs'\n{source}END OF src/lib.rs\n\
         ./build\nsidecar module test ./redis_snapshot.wasm\n"
    ))
    .succeeds()
    .stdout_contains("it asks for argv [\"redis-cli\",\"-h\",\"redis\",\"--rdb\",\"-\"]")
    .stdout_contains("\nconforms\n");
}
