//! Modules in Python: tested without WebAssembly, and built with a restore. `tutorial` has the conformance kit on one.

use std::fs;
use std::process::Command;

use crate::harness::{Finished, Running, Sidecar, python_component, repository, sh, skip};

/// What `sidecar module new` makes, in a folder of its own.
fn project(sidecar: &Sidecar) -> std::path::PathBuf {
    let folder = sidecar.folder().join("night_notes");
    let path = folder.to_str().unwrap();
    let arguments = [
        "module",
        "new",
        "night_notes",
        "--lang",
        "python",
        "--path",
        path,
    ];
    sidecar.run_without_config(&arguments).succeeds();
    folder
}

fn python(folder: &std::path::Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new("python3");
    command
        .args(arguments)
        .current_dir(folder)
        .env("PYTHONPATH", "vendor:bindings:.");
    Running::start(command).finish()
}

#[test]
fn a_new_project_is_tested_before_anything_is_built() {
    let sidecar = Sidecar::new();
    let folder = project(&sidecar);
    let tested = sh(&format!("'{}/test'", folder.display())).succeeds();
    assert!(tested.stderr.contains("Ran 5 tests"), "{tested:?}");
    python(
        &folder,
        &["-m", "compileall", "-q", "app.py", "vendor", "bindings"],
    )
    .succeeds();
}

#[test]
fn what_the_host_refuses_is_a_failure_wherever_it_is_met() {
    let sidecar = Sidecar::new();
    let folder = project(&sidecar);
    let tests = repository().join("plugins/sdk_python/tests");
    for file in fs::read_dir(tests).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let tested = python(&folder, &["-m", "unittest", "-q", "test_sdk"]).succeeds();
    assert!(tested.stderr.contains("OK"), "{tested:?}");
}

#[test]
fn the_generated_bindings_are_those_of_the_interface() {
    sh(&format!(
        "'{}/plugins/bindings' --check",
        repository().display()
    ))
    .succeeds();
}

#[test]
fn a_module_with_a_restore_brings_its_parts_back() {
    let component = match python_component("notes_python") {
        Ok(component) => component,
        Err(why) => {
            let test = "python_modules::a_module_with_a_restore_brings_its_parts_back";
            return skip(test, &why);
        }
    };
    let sidecar = Sidecar::new();
    let notes = sidecar.folder().join("notes");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("monday.txt"), "buy milk\n").unwrap();
    fs::write(notes.join("tuesday.txt"), "buy bread\n").unwrap();
    let path = notes.to_str().unwrap().to_owned();
    let sidecar = sidecar
        .strategy("notes_python")
        .set("modules.notes_python.source", component.to_str().unwrap())
        .set(
            "modules.notes_python.allow.read",
            serde_json::json!([path.clone()]),
        )
        .set("strategy.config", serde_json::json!({"folder": path}));
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("restored");
    let into = into.to_str().unwrap();
    sidecar
        .run(&[
            "restore",
            "latest",
            "--into",
            into,
            "--only",
            "tuesday.txt=today.txt",
        ])
        .succeeds();
    let restored = fs::read_to_string(format!("{into}/today.txt")).unwrap();
    assert_eq!(restored, "buy bread\n");
    assert!(!fs::exists(format!("{into}/monday.txt")).unwrap());
}
