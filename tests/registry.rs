//! Modules in a registry: pushed by their makers, pulled for a run, pinned by digest.

mod credentials;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};

use crate::harness::{
    Asked, Between, Fate, Finished, Registry, Sidecar, component, free_port, sh, sha256,
};

const PASSWORD: &str = "a-password-that-only-tests-know";

/// The module of these tests.
fn hello() -> (PathBuf, Vec<u8>) {
    let file = component("hello");
    let wasm = fs::read(&file).unwrap();
    (file, wasm)
}

/// A sidecar that pushes and pulls.
fn maker() -> Sidecar {
    Sidecar::new().command("true")
}

/// `sidecar module push hello.wasm HOST/acme/hello:1`
fn push(sidecar: &Sidecar, host: &str) -> Finished {
    let file = hello().0;
    sidecar.run(&[
        "module",
        "push",
        file.to_str().unwrap(),
        &format!("{host}/acme/hello:1"),
        "--json",
    ])
}

/// `sidecar module pull HOST/acme/hello…`, and the file that it would write.
fn pull(sidecar: &Sidecar, host: &str, which: &str) -> (Finished, PathBuf) {
    let file = sidecar.folder().join("pulled.wasm");
    let reference = format!("{host}/acme/hello{which}");
    let finished = sidecar.run(&[
        "module",
        "pull",
        &reference,
        "-o",
        file.to_str().unwrap(),
        "--json",
    ]);
    (finished, file)
}

/// A sidecar that runs what was pushed, with a cache of its own.
fn user(host: &str) -> Sidecar {
    let sidecar = Sidecar::new();
    let cache = sidecar.folder().join("cache").to_str().unwrap().to_owned();
    sidecar
        .env("SIDECAR_CACHE_DIR", &cache)
        .strategy("hello")
        .set("strategy.config.greeting", "Hello")
        .set("modules.hello.source", format!("oci://{host}/acme/hello:1"))
        .set("modules.hello.sha256", sha256(&hello().1))
}

fn backs_up(sidecar: &Sidecar) {
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"Hello\n");
}

/// The backup exits so, with this error, and leaves no file.
fn fails(sidecar: &Sidecar, exit: i32, code: &str) -> Value {
    let error = sidecar.run(&["backup", "--json"]).exits(exit).json()["error"].take();
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(sidecar.files(), [""; 0]);
    error
}

fn contains(text: &Value, part: &str) {
    assert!(
        text.as_str().is_some_and(|text| text.contains(part)),
        "{part:?} is missing in {text}"
    );
}

#[test]
fn a_module_that_was_pushed_can_be_pulled() {
    let registry = Registry::start();
    let (sidecar, wasm) = (maker(), hello().1);
    let pushed = push(&sidecar, &registry.host).succeeds().json();
    assert_eq!(pushed["sha256"], sha256(&wasm));
    assert_eq!(pushed["signed"], false);

    let digest = pushed["reference"]
        .as_str()
        .unwrap()
        .split_once('@')
        .unwrap()
        .1
        .to_owned();
    for which in [
        ":1".to_owned(),
        format!("@{digest}"),
        format!(":1@{digest}"),
    ] {
        let (finished, file) = pull(&sidecar, &registry.host, &which);
        assert_eq!(finished.succeeds().json()["sha256"], sha256(&wasm));
        assert!(fs::read(&file).unwrap() == wasm, "{which}");
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_pushed_module_has_the_layout_of_other_tools() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let manifest = registry.manifest("acme/hello", "1");
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    let [layer] = manifest["layers"].as_array().unwrap().as_slice() else {
        panic!("{manifest}");
    };
    let wasm = hello().1;
    assert_eq!(layer["mediaType"], "application/wasm");
    assert_eq!(layer["digest"], format!("sha256:{}", sha256(&wasm)));
    assert_eq!(layer["size"], wasm.len());
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.title"],
        "hello"
    );

    let config = registry.blob("acme/hello", manifest["config"]["digest"].as_str().unwrap());
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["architecture"], "wasm");
    assert_eq!(config["os"], "wasip2");
    assert_eq!(config["layerDigests"], json!([layer["digest"]]));
    let names = |list: &Value| list.to_string();
    assert!(names(&config["component"]["imports"]).contains("sidecar:strategy/artifact@0.1.0"));
    assert!(names(&config["component"]["exports"]).contains("sidecar:strategy/strategy@0.1.0"));
}

#[test]
fn a_file_that_is_no_module_is_not_pushed() {
    let registry = Registry::start();
    let sidecar = maker();
    let file = sidecar.folder().join("script.wasm");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let reference = format!("{}/acme/script:1", registry.host);
    sidecar
        .run(&["module", "push", file.to_str().unwrap(), &reference])
        .exits(3)
        .stderr_contains("acme/script cannot be used");
    // A reference that cannot be pushed to is wrong usage.
    let digest = format!("{}/acme/hello@sha256:{}", registry.host, "0".repeat(64));
    for place in ["hello", "localhost/Hello:1", "localhost/hello", &digest] {
        sidecar
            .run(&["module", "push", hello().0.to_str().unwrap(), place])
            .exits(2);
    }
}

#[test]
fn a_run_pulls_its_module_once_and_then_needs_no_registry() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let sidecar = user(&registry.host);
    sidecar
        .check()
        .succeeds()
        .stdout_contains(&sha256(&hello().1));
    backs_up(&sidecar);
    drop(registry);
    backs_up(&sidecar);
}

#[test]
fn a_registry_that_is_down_is_named() {
    let host = format!("localhost:{}", free_port());
    let error = fails(&user(&host), 1, "registry-unreachable");
    contains(&error["message"], &host);
    contains(&error["hint"], "see whether it runs");
}

#[test]
fn a_copy_that_was_damaged_is_pulled_again() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let sidecar = user(&registry.host);
    backs_up(&sidecar);
    let copy = sidecar
        .folder()
        .join(format!("cache/pulled/{}.wasm", sha256(&hello().1)));
    let whole = fs::read(&copy).unwrap();
    fs::write(&copy, &whole[..1000]).unwrap();
    sidecar.backup().succeeds().stderr_contains("damaged");
    assert!(fs::read(&copy).unwrap() == whole);

    fs::write(&copy, &whole[..1000]).unwrap();
    fs::remove_file(sidecar.artifacts().join("backup.dat")).unwrap();
    drop(registry);
    fails(&sidecar, 1, "registry-unreachable");
}

#[test]
fn what_a_registry_fails_to_do_is_asked_for_again() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let (silent, cut) = (AtomicUsize::new(1), AtomicUsize::new(2));
    let once = |left: &AtomicUsize| {
        let taken = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        taken.is_ok()
    };
    let troubled = Between::start(&registry.host, move |_, asked| {
        let is_blob = asked.path.contains("/blobs/");
        match () {
            () if asked.path.contains("/manifests/") && once(&silent) => {
                Fate::Is("503 Service Unavailable", String::new(), String::new())
            }
            () if is_blob && once(&cut) => Fate::IsCut,
            () => Fate::Passes,
        }
    });
    let sidecar = user(&troubled.host);
    let said = sidecar.backup().succeeds();
    assert_eq!(said.stderr.matches("asking the registry again").count(), 3);
    assert_eq!(sidecar.artifact().unwrap(), b"Hello\n");
}

#[test]
fn a_certificate_has_to_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] =
        ["crt", "key"].map(|name| folder.path().join(name).display().to_string());
    sh(&format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
         -subj /CN=localhost -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost \
         -keyout '{key}' -out '{certificate}'"
    ))
    .succeeds();
    let registry = Registry::secure(&certificate, &key);
    let known = json!({"ca_file": certificate});
    let maker = maker().set(&format!("registries.{}", registry.host), known.clone());
    push(&maker, &registry.host).succeeds();
    backs_up(&user(&registry.host).set(&format!("registries.{}", registry.host), known));
    let unknown = json!({"insecure": false});
    let sidecar = user(&registry.host).set(&format!("registries.{}", registry.host), unknown);
    let error = fails(&sidecar, 1, "untrusted-certificate");
    contains(&error["hint"], "ca_file");
}

#[test]
fn a_layer_that_was_tampered_with_is_refused() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let file = registry.file(&sha256(&hello().1));
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let error = fails(&user(&registry.host), 4, "module-altered");
    contains(&error["message"], "acme/hello:1");
    let (finished, file) = pull(&maker(), &registry.host, ":1");
    assert_eq!(finished.exits(4).json()["error"]["code"], "module-altered");
    assert!(!file.exists());
}

#[test]
fn a_download_that_breaks_off_leaves_nothing() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let cutting = Between::start(&registry.host, |_, asked| {
        match asked.path.contains("/blobs/") {
            true => Fate::IsCut,
            false => Fate::Passes,
        }
    });
    let sidecar = user(&cutting.host);
    fails(&sidecar, 1, "cut-off");
    assert!(!sidecar.folder().join("cache/pulled").exists());
    let maker = maker();
    let (finished, file) = pull(&maker, &cutting.host, ":1");
    assert_eq!(finished.exits(1).json()["error"]["code"], "cut-off");
    assert!(!file.exists());
}

#[test]
fn a_tag_that_names_another_module_now_is_not_followed() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let before = user(&registry.host);
    backs_up(&before);
    let other = component("rogue");
    let reference = format!("{}/acme/hello:1", registry.host);
    maker()
        .run(&["module", "push", other.to_str().unwrap(), &reference])
        .succeeds();

    // A sidecar that has the pinned module still runs it; one that has not is refused the other.
    backs_up(&before);
    let error = fails(&user(&registry.host), 3, "module-changed");
    for digest in [sha256(&hello().1), sha256(&fs::read(other).unwrap())] {
        contains(&error["message"], &digest);
    }
}

#[test]
fn a_missing_module_is_named() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let (finished, _) = pull(&maker(), &registry.host, ":2");
    let error = finished.exits(1).json()["error"].take();
    assert_eq!(error["code"], "not-in-registry", "{error}");
    contains(&error["message"], "acme/hello:2");
}
