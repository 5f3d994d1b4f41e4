//! `modules.NAME.signed_by`: only modules that are signed with that minisign key run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Registry, Sidecar, component, sh, sha256};

/// A pair of keys in a folder, made by minisign itself.
struct Maker {
    folder: PathBuf,
    /// The public one, as the configuration has it.
    key: String,
}

impl Maker {
    fn new(sidecar: &Sidecar, name: &str) -> Self {
        let folder = sidecar.folder().join(name);
        fs::create_dir(&folder).unwrap();
        let path = folder.display();
        sh(&format!(
            "minisign -G -W -p '{path}/key.pub' -s '{path}/key'"
        ))
        .succeeds();
        let text = fs::read_to_string(folder.join("key.pub")).unwrap();
        let key = text.lines().nth(1).unwrap().to_owned();
        Self { folder, key }
    }

    /// Writes FILE.minisig.
    fn signs(&self, file: &Path) {
        let secret = self.folder.join("key");
        sh(&format!(
            "minisign -S -W -s '{}' -m '{}'",
            secret.display(),
            file.display()
        ))
        .succeeds();
    }
}

/// A sidecar with a module of its own, and the module's file.
fn hello() -> (Sidecar, PathBuf) {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("hello.wasm");
    fs::copy(component("hello"), &file).unwrap();
    let sidecar = sidecar
        .strategy("hello")
        .set("strategy.config.greeting", "Hello")
        .set("modules.hello.source", "hello.wasm");
    (sidecar, file)
}

fn is_refused(sidecar: &Sidecar, code: &str) {
    let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
    assert_eq!(error["code"], code, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("module hello") && text.contains("signed_by"),
        "{error}"
    );
    sidecar
        .check()
        .exits(3)
        .stderr_contains(error["message"].as_str().unwrap());
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn only_a_module_that_its_maker_signed_runs() {
    let (sidecar, file) = hello();
    let (maker, other) = (Maker::new(&sidecar, "maker"), Maker::new(&sidecar, "other"));
    let sidecar = sidecar.set("modules.hello.signed_by", maker.key.as_str());
    is_refused(&sidecar, "module-unsigned");
    other.signs(&file);
    is_refused(&sidecar, "module-wrongly-signed");
    fs::write(
        sidecar.folder().join("hello.wasm.minisig"),
        "no signature\n",
    )
    .unwrap();
    is_refused(&sidecar, "module-wrongly-signed");

    maker.signs(&file);
    sidecar.backup().succeeds();
    fs::remove_file(sidecar.artifacts().join("backup.dat")).unwrap();

    // Another build, under the old signature.
    let mut wasm = fs::read(&file).unwrap();
    wasm.extend(b"\0\x09\x05buildtwo");
    fs::write(&file, wasm).unwrap();
    is_refused(&sidecar, "module-wrongly-signed");
}

#[test]
fn a_signature_is_pushed_and_pulled_with_its_module() {
    let registry = Registry::start();
    let reference = format!("{}/acme/hello:1", registry.host);
    let (sidecar, file) = hello();
    let maker = Maker::new(&sidecar, "maker");
    let cache = sidecar.folder().join("cache").to_str().unwrap().to_owned();
    let sidecar = sidecar
        .env("SIDECAR_CACHE_DIR", &cache)
        .set("modules.hello.source", format!("oci://{reference}"))
        .set("modules.hello.sha256", sha256(&fs::read(&file).unwrap()))
        .set("modules.hello.signed_by", maker.key.as_str());
    let push = [
        "module",
        "push",
        file.to_str().unwrap(),
        &reference,
        "--json",
    ];
    assert_eq!(sidecar.run(&push).succeeds().json()["signed"], false);
    is_refused(&sidecar, "module-unsigned");

    // Signed later: the copy that is here already does not hide it.
    maker.signs(&file);
    assert_eq!(sidecar.run(&push).succeeds().json()["signed"], true);
    sidecar.backup().succeeds();

    let pulled = sidecar.folder().join("pulled.wasm");
    sidecar
        .run(&["module", "pull", &reference, "-o", pulled.to_str().unwrap()])
        .succeeds();
    let public = sidecar.folder().join("maker/key.pub");
    sh(&format!(
        "minisign -V -p '{}' -m '{}'",
        public.display(),
        pulled.display()
    ))
    .succeeds();

    drop(registry);
    sidecar.backup().succeeds();
}

#[test]
fn an_invalid_key_is_found_by_the_check() {
    let (sidecar, _) = hello();
    sidecar
        .set(
            "modules.hello.signed_by",
            "untrusted comment: minisign public key",
        )
        .check()
        .exits(3)
        .stderr_contains("modules.hello.signed_by")
        .stderr_contains("second line of minisign.pub");
}
