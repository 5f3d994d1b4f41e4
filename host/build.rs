//! Says where the embedded components come from: `plugins/prebuilt`, or the folder in
//! `SIDECAR_PLUGINS` (the tests embed what they have just built); and lists the files that
//! `sidecar module new` makes projects of.

use std::fs;
use std::path::{Path, PathBuf};

/// What a project may need, from the repository's root.
const PARTS: [&str; 6] = [
    "wit",
    "plugins/sdk",
    "plugins/sdk_python",
    "plugins/templates",
    "plugins/toolchain",
    "plugins/Cargo.lock",
];

/// What builds and tests leave in a folder.
const LEFT: [&str; 5] = [
    "target",
    "__pycache__",
    ".venv",
    ".mypy_cache",
    ".pytest_cache",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os("SIDECAR_PLUGINS");
    let folder = folder.map_or_else(|| root.join("plugins/prebuilt"), PathBuf::from);
    println!("cargo::rerun-if-env-changed=SIDECAR_PLUGINS");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rustc-env=SIDECAR_PLUGINS={}", folder.display());

    let mut files = Vec::new();
    for part in PARTS {
        println!("cargo::rerun-if-changed={}", root.join(part).display());
        collect(&root, Path::new(part), &mut files);
    }
    files.sort();
    let root = fs::canonicalize(&root).expect("the repository is there");
    let lines = files.iter().map(|file| {
        let name = file.to_str().expect("sources have plain names");
        format!("({name:?}, include_bytes!({:?})),\n", root.join(file))
    });
    let list = format!("&[\n{}]\n", lines.collect::<String>());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("parts.rs"), list).expect("the build's folder can be written");
}

fn collect(root: &Path, path: &Path, files: &mut Vec<PathBuf>) {
    let full = root.join(path);
    if full.is_file() {
        files.push(path.to_owned());
        return;
    }
    let entries = fs::read_dir(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()));
    for entry in entries {
        let name = entry.expect("a readable folder").file_name();
        if !LEFT.iter().any(|left| name == *left) {
            collect(root, &path.join(name), files);
        }
    }
}
