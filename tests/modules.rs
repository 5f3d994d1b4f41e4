//! Modules that are given as files: in Rust and in Python, allowed, refused, pinned and cached.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Sidecar, TOKEN, component, python_component, sha256, skip};

/// A sidecar whose strategy is the module in `file`.
fn module(file: &Path) -> Sidecar {
    Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", file.to_str().unwrap())
        .set("strategy.config.greeting", "Hello")
}

/// The module reads a file and runs a command; `allow` is what the operator grants.
fn greeting(file: &Path, allow: Value) -> Sidecar {
    let sidecar = module(file);
    let granted = sidecar.folder().join("granted");
    fs::create_dir(&granted).unwrap();
    fs::write(granted.join("file"), "from a file\n").unwrap();
    let path = |name: &str| granted.join(name).to_str().unwrap().to_owned();
    let allow = allow
        .to_string()
        .replace("{granted}", granted.to_str().unwrap());
    let allow: Value = serde_json::from_str(&allow).unwrap();
    sidecar
        .set("strategy.config.file", path("file"))
        .set("strategy.config.command", "echo from a command")
        .set("modules.hello.allow", allow)
}

fn everything() -> Value {
    json!({"read": ["{granted}"], "commands": ["echo *"]})
}

/// The module's artifact is its greeting, the file and what the command prints.
fn greets(file: &Path) {
    let sidecar = greeting(file, everything());
    sidecar
        .check()
        .succeeds()
        .stdout_contains("granted  commands echo from a command")
        .never_says("REFUSED");
    sidecar.backup().succeeds();
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert_eq!(artifact, "Hello\nfrom a file\nfrom a command\n");
}

/// Without one of its two grants it is refused before it runs, and the other one is still granted.
fn is_refused_without_its_grants(file: &Path) {
    for (allow, refused, granted) in [
        (
            json!({"read": ["{granted}"]}),
            "commands echo",
            "read     /",
        ),
        (
            json!({"commands": ["echo *"]}),
            "read     /",
            "commands echo",
        ),
        (
            json!({"read": ["{granted}"], "commands": ["echo"]}),
            "commands echo",
            "read     /",
        ),
        (
            json!({"read": ["{granted}/fi"], "commands": ["echo *"]}),
            "read     /",
            "commands echo",
        ),
    ] {
        let sidecar = greeting(file, allow);
        let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
        assert_eq!(error["code"], "not-allowed", "{error}");
        let hint = error["hint"].as_str().unwrap_or_default();
        assert!(hint.contains("modules.hello.allow"), "{error}");
        sidecar
            .check()
            .exits(3)
            .stdout_contains(&format!("REFUSED  {refused}"))
            .stdout_contains(&format!("granted  {granted}"));
        assert_eq!(sidecar.files(), [""; 0]);
    }
}

#[test]
fn a_module_in_rust_runs() {
    greets(&component("hello"));
}

#[test]
fn a_module_in_rust_is_refused_without_its_grants() {
    is_refused_without_its_grants(&component("hello"));
}

#[test]
fn a_module_in_python_runs() {
    match python_component("hello_python") {
        Ok(file) => greets(&file),
        Err(why) => skip("modules::a_module_in_python_runs", &why),
    }
}

#[test]
fn a_module_in_python_is_refused_without_its_grants() {
    match python_component("hello_python") {
        Ok(file) => is_refused_without_its_grants(&file),
        Err(why) => skip(
            "modules::a_module_in_python_is_refused_without_its_grants",
            &why,
        ),
    }
}

#[test]
fn its_own_configuration_is_checked_with_its_own_schema() {
    module(&component("hello"))
        .set("strategy.config.greting", "Hello")
        .check()
        .exits(3)
        .stderr_contains("greting")
        .stderr_contains("`greeting`");
}

#[test]
fn the_pinned_digest_decides() {
    let file = component("hello");
    let digest = sha256(&fs::read(&file).unwrap());
    let pinned = |digest: &str| module(&file).set("modules.hello.sha256", digest);
    pinned(&digest).backup().succeeds();
    pinned(&digest.to_uppercase()).backup().succeeds();

    let other = sha256(b"another module");
    let sidecar = pinned(&other);
    let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
    assert_eq!(error["code"], "module-changed", "{error}");
    for digest in [&digest, &other] {
        assert!(
            error["message"].as_str().unwrap().contains(digest),
            "{error}"
        );
    }
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_file_that_is_no_strategy_is_refused_with_the_reason() {
    // A core module; a component that exports nothing.
    let core = b"\0asm\x01\0\0\0";
    let empty = b"\0asm\x0d\0\x01\0";
    let cut = &fs::read(component("hello")).unwrap()[..1000];
    for (what, bytes) in [
        ("nothing at all", &b""[..]),
        ("a text", b"#!/bin/sh\necho hello\n"),
        ("a core module", core),
        ("a component for another world", empty),
        ("half a component", cut),
    ] {
        let sidecar = Sidecar::new();
        let file = sidecar.folder().join("module.wasm");
        fs::write(&file, bytes).unwrap();
        let sidecar = sidecar
            .strategy("hello")
            .set("modules.hello.source", file.to_str().unwrap());
        let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
        assert_eq!(error["code"], "module-invalid", "{what}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("hello"), "{what}: {error}");
        assert!(message.len() < 500, "{what}: {error}");
        let hint = error["hint"].as_str().unwrap_or_default();
        assert!(
            hint.contains("sidecar:strategy/module@0.1.0"),
            "{what}: {error}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let sidecar = module(Path::new("/no/such/module.wasm"));
    for arguments in [["backup"], ["check"]] {
        let finished = sidecar.run(&arguments).exits(3);
        finished
            .stderr_contains("/no/such/module.wasm")
            .stderr_contains("modules.hello.source");
    }
}

#[test]
fn a_source_is_relative_to_the_configuration() {
    let sidecar = module(Path::new("plugins/hello.wasm"));
    fs::create_dir(sidecar.folder().join("plugins")).unwrap();
    fs::copy(
        component("hello"),
        sidecar.folder().join("plugins/hello.wasm"),
    )
    .unwrap();
    sidecar.backup().succeeds();
}

#[test]
fn its_commands_do_not_have_the_token() {
    let sidecar = module(&component("hello"))
        .set("strategy.config.command", "env")
        .set("modules.hello.allow.commands", json!(["env"]))
        .set("secrets.api_token", "${API_TOKEN}")
        .env("API_TOKEN", TOKEN)
        .env("OTHER", "seen");
    sidecar.backup().succeeds();
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert!(artifact.contains("OTHER=seen\n"), "{artifact}");
    assert!(!artifact.contains(TOKEN), "{artifact}");
}

/// The compiled modules in a cache folder.
fn cached(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A sidecar that keeps the compiled code of `file` in the returned folder.
fn caching(file: &Path) -> (Sidecar, PathBuf) {
    let sidecar = module(file);
    let cache = sidecar.folder().join("cache/compiled");
    let path = cache.to_str().unwrap().to_owned();
    (sidecar.env("SIDECAR_CACHE_DIR", &path), cache)
}

#[test]
fn the_second_start_loads_the_compiled_code_of_the_first() {
    // The larger, the clearer: Python takes seconds to compile.
    let file = python_component("hello_python").unwrap_or_else(|_| component("hello"));
    let (sidecar, cache) = caching(&file);
    let first = sidecar.backup().succeeds();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    let entries = cached(&cache);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(mode(&entries[0]), 0o600);
    let written = fs::metadata(&entries[0]).unwrap().modified().unwrap();

    let second = sidecar.backup().succeeds();
    assert_eq!(
        fs::metadata(&entries[0]).unwrap().modified().unwrap(),
        written
    );
    assert!(
        second.took * 2 < first.took,
        "{:?}, then {:?}",
        first.took,
        second.took
    );
}

/// The fastest of a few: the others measure what else the machine does.
fn warm_start(file: &Path) -> Duration {
    let (sidecar, _cache) = caching(file);
    sidecar.backup().succeeds();
    let starts = (0..7).map(|_| sidecar.backup().succeeds().took);
    starts.min().unwrap()
}

#[test]
fn a_warm_start_in_python_takes_at_most_100_ms_more_than_in_rust() {
    let name = "modules::a_warm_start_in_python_takes_at_most_100_ms_more_than_in_rust";
    match python_component("hello_python") {
        Err(why) => skip(name, &why),
        Ok(python) => {
            let [rust, python] = [component("hello"), python].map(|file| warm_start(&file));
            eprintln!("warm start: {rust:?} in Rust, {python:?} in Python");
            let more = python.saturating_sub(rust);
            assert!(more < Duration::from_millis(100), "{rust:?} and {python:?}");
        }
    }
}

#[test]
fn compiled_code_that_was_tampered_with_is_compiled_again() {
    let (sidecar, cache) = caching(&component("hello"));
    sidecar.backup().succeeds();
    let entry = cached(&cache).remove(0);
    let good = fs::read(&entry).unwrap();
    for bad in [
        // A flipped bit in the code, a cut file, no file worth the name.
        good.iter()
            .enumerate()
            .map(|(at, byte)| byte ^ u8::from(at == good.len() / 2))
            .collect(),
        good[..good.len() - 1].to_vec(),
        Vec::new(),
    ] {
        fs::write(&entry, bad).unwrap();
        sidecar.backup().succeeds();
        assert_eq!(sidecar.artifact().unwrap(), b"Hello\n");
        assert_eq!(cached(&cache), [entry.as_path()]);
        // The next start can rely on it again.
        sidecar.backup().succeeds().never_says("damaged");
        assert_eq!(fs::read(&entry).unwrap().len(), good.len());
    }
}

#[test]
fn a_cache_that_others_may_write_is_not_used() {
    let (sidecar, cache) = caching(&component("hello"));
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("others may write");
    assert_eq!(cached(&cache), [""; 0].map(PathBuf::from));
}
