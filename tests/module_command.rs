//! `sidecar module` and `sidecar schema module`: what a module tells before it runs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Finished, Sidecar, component, repository, sha256};

/// Built from an earlier revision of `wit/`: see `tests/fixtures/README.md`.
fn old_component() -> PathBuf {
    repository().join("tests/fixtures/strategy-0.0.9.wasm")
}

/// `sidecar module inspect FILE ARGUMENTS`, where no configuration is.
fn inspect(file: &Path, arguments: &[&str]) -> Finished {
    let sidecar = Sidecar::new();
    let all = [&["module", "inspect", file.to_str().unwrap()], arguments].concat();
    sidecar.run_without_config(&all)
}

#[test]
fn a_file_is_inspected_without_any_configuration() {
    let file = component("hello");
    let bytes = fs::read(&file).unwrap();
    let inspected = inspect(&file, &["--json"]).succeeds().json();
    assert_eq!(inspected["size"], bytes.len());
    assert_eq!(inspected["sha256"], sha256(&bytes));
    assert_eq!(inspected["built_for"], "0.1.0");
    assert_eq!(
        inspected["exports"],
        json!([
            "sidecar:strategy/preflight@0.1.0",
            "sidecar:strategy/strategy@0.1.0"
        ])
    );
    let imports = inspected["imports"].to_string();
    for import in ["sidecar:strategy/commands@0.1.0", "wasi:cli/environment@"] {
        assert!(imports.contains(import), "{imports}");
    }
    let schema = &inspected["description"]["config_schema"];
    assert_eq!(schema["required"], json!(["greeting"]));
    assert_eq!(inspected["asks"], Value::Null);

    inspect(&file, &[])
        .succeeds()
        .stdout_contains("built for      sidecar:strategy 0.1.0")
        .stdout_contains("greeting         required  What the artifact begins with.");
}

#[test]
fn inspecting_with_a_configuration_shows_what_the_module_asks_for() {
    let sidecar = Sidecar::new();
    let with = sidecar.folder().join("hello.yaml");
    let file = component("hello");
    let asks = |config: &str| {
        fs::write(&with, config).unwrap();
        inspect(&file, &["--json", "--with", with.to_str().unwrap()])
    };
    let asked = asks("greeting: hi\nfile: /data/file\ncommand: echo \"${NAME:-you}\"\n")
        .succeeds()
        .json();
    assert_eq!(asked["asks"]["read"], json!(["/data/file"]));
    assert_eq!(asked["asks"]["commands"], json!(["echo \"${NAME:-you}\""]));

    let error = asks("greeting: hi\ngreting: ho\n").exits(3).json()["error"].take();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("hello.yaml:2:1: strategy.config.greting"),
        "{message}"
    );
}

#[test]
fn a_whole_configuration_is_tried_with_another_file() {
    let file = component("hello");
    let sidecar = Sidecar::new()
        .set(
            "strategy.config",
            json!({"greeting": "hi", "command": "id"}),
        )
        .strategy("hello")
        .set("modules.hello.source", file.to_str().unwrap());
    for what in ["hello", file.to_str().unwrap()] {
        sidecar
            .run(&["module", "inspect", what])
            .succeeds()
            .stdout_contains("asks for       commands     id");
    }
    let listed = sidecar.run(&["module", "list", "--json"]).succeeds().json();
    let names: Vec<&str> = listed["modules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|module| module["module"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["custom", "database_dump", "file_archive", "hello"]);
    sidecar
        .run(&["module", "list"])
        .succeeds()
        .stdout_contains("hello                0.1.0")
        .stdout_contains(file.to_str().unwrap());
    sidecar
        .run(&["module", "inspect", "helo"])
        .exits(2)
        .stderr_contains("there is no module helo")
        .stderr_contains("file_archive, hello");
}

#[test]
fn a_module_that_cannot_be_used_is_listed_as_such() {
    Sidecar::new()
        .command("true")
        .set("modules.gone.source", "/no/such/module.wasm")
        .run(&["module", "list"])
        .exits(3)
        .stdout_contains("gone                 cannot be used")
        .stderr_contains("/no/such/module.wasm")
        .stdout_contains("file_archive");
}

#[test]
fn the_schema_is_printed_for_editors() {
    let sidecar = Sidecar::new();
    let file = component("hello");
    for (what, key) in [
        ("file_archive", "paths"),
        (file.to_str().unwrap(), "greeting"),
    ] {
        let schema = sidecar
            .run_without_config(&["schema", "module", what])
            .succeeds()
            .json();
        assert!(schema["properties"][key].is_object(), "{schema}");
    }
}

#[test]
fn a_module_for_another_version_is_refused_with_both_versions() {
    let file = old_component();
    let message = "was built for sidecar:strategy 0.0.9, and this host runs 0.1.0";
    inspect(&file, &[])
        .exits(3)
        .stdout_contains("built for      sidecar:strategy 0.0.9")
        .stdout_contains("sidecar:strategy/commands@0.0.9")
        .stderr_contains(message)
        .stderr_contains("build the module again");
    let sidecar = Sidecar::new()
        .strategy("old")
        .set("modules.old.source", file.to_str().unwrap());
    for verb in ["check", "backup"] {
        sidecar
            .run(&[verb])
            .exits(3)
            .stderr_contains(&format!("module old {message}"));
    }
    let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
    assert_eq!(error["code"], "module-version");
}

/// Whichever number is larger, the message names the newer version.
#[test]
fn a_module_for_a_newer_version_asks_for_a_newer_host() {
    let sidecar = Sidecar::new();
    let hello = fs::read(component("hello")).unwrap();
    for version in [b"0.3.0", b"0.1.9", b"2.0.0"] {
        let mut bytes = hello.clone();
        let ours = b"@0.1.0";
        for at in 0..bytes.len() - ours.len() {
            if bytes[at..].starts_with(ours) {
                bytes[at + 1..at + ours.len()].copy_from_slice(version);
            }
        }
        let file = sidecar.folder().join("future.wasm");
        fs::write(&file, bytes).unwrap();
        let version = str::from_utf8(version).unwrap();
        inspect(&file, &[])
            .exits(3)
            .stderr_contains(&format!(
                "built for sidecar:strategy {version}, and this host runs 0.1.0"
            ))
            .stderr_contains("newer sidecar");
    }
}
