//! A project for a new module. Its files are embedded in the binary, so that a team does not need this
//! repository.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Paths from the repository's root, and the content of each file.
static PARTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/parts.rs"));

/// The module's name in the templates, which are projects that build.
const NAME: &str = "my_strategy";
const TYPE: &str = "MyStrategy";
const LONGEST_NAME: usize = 40;

/// The language of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// With the crate `sidecar-sdk`.
    Rust,
    /// With the package `sidecar_sdk`.
    Python,
    /// With the generated bindings.
    C,
}

impl Language {
    /// The embedded folders that a project needs, and where it puts them.
    fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => &[
                ("plugins/templates/rust/", ""),
                ("plugins/sdk/", "vendor/sdk/"),
                ("plugins/toolchain", "vendor/toolchain"),
                // The versions that the SDK is tested with; cargo drops what a project does not need.
                ("plugins/Cargo.lock", "Cargo.lock"),
                ("wit/", "wit/"),
            ],
            Self::Python => &[
                ("plugins/templates/python/", ""),
                ("plugins/sdk_python/sidecar_sdk/", "vendor/sidecar_sdk/"),
                ("plugins/sdk_python/bindings/", "bindings/"),
                ("wit/", "wit/"),
            ],
            Self::C => &[
                ("plugins/templates/c/", ""),
                ("plugins/toolchain", "vendor/toolchain"),
                ("wit/", "wit/"),
            ],
        }
    }
}

/// Writes a project into the new folder `folder`. Returns its files.
pub fn project(name: &str, language: Language, folder: &Path) -> Result<Vec<PathBuf>> {
    check(name)?;
    DirBuilder::new().create(folder).map_err(|error| {
        let error = Error::io("create", folder, error);
        match folder.exists() {
            true => error.hint("remove it, or choose another one with --path"),
            false => error,
        }
    })?;
    let mut written = Vec::new();
    for (file, content) in files(name, language) {
        let path = folder.join(file);
        write(&path, &content).map_err(|error| Error::io("write", &path, error))?;
        written.push(path);
    }
    Ok(written)
}

/// The files of a project.
fn files(name: &str, language: Language) -> impl Iterator<Item = (String, Vec<u8>)> {
    let renamed = move |text: &str| text.replace(NAME, name).replace(TYPE, &in_camel_case(name));
    language.parts().iter().flat_map(move |(from, to)| {
        PARTS.iter().filter_map(move |(path, content)| {
            let rest = path.strip_prefix(from)?;
            // Only templates hold the name.
            let text = str::from_utf8(content).ok().filter(|_| to.is_empty());
            let content = text.map_or_else(|| content.to_vec(), |text| renamed(text).into_bytes());
            Some((renamed(&format!("{to}{rest}")), content))
        })
    })
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let is_script = content.starts_with(b"#!");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(if is_script { 0o755 } else { 0o644 })
        .open(path)?;
    file.write_all(content)
}

/// A name that a crate, a Python module, a C file and a key of the configuration can all have.
fn check(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= LONGEST_NAME
        && name.chars().all(plain)
    {
        return Ok(());
    }
    Err(Error::new(
        Kind::BadRequest,
        "bad-name",
        format!("{name:?} is not a name for a module"),
    )
    .hint("use lower-case letters, digits and underscores: redis_snapshot"))
}

/// "redis_snapshot" → "RedisSnapshot".
fn in_camel_case(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(word).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_its_name_and_all_it_needs_in_every_language() {
        for (language, source) in [
            (Language::Rust, "src/lib.rs"),
            (Language::Python, "app.py"),
            (Language::C, "redis_snapshot.c"),
        ] {
            let files: Vec<_> = files("redis_snapshot", language).collect();
            let file = |name: &str| {
                let found = files.iter().find(|(path, _)| path == name);
                String::from_utf8(found.unwrap_or_else(|| panic!("{name}")).1.clone()).unwrap()
            };
            assert!(file(source).contains("\"redis_snapshot\""));
            assert!(file("build").contains("redis_snapshot.wasm"));
            assert!(file("README.md").starts_with("# redis_snapshot\n"));
            assert!(file("wit/strategy.wit").contains("package sidecar:strategy@"));
            for (path, content) in &files {
                let text = String::from_utf8_lossy(content);
                assert!(!text.contains(NAME) && !text.contains(TYPE), "{path}");
            }
        }
    }

    #[test]
    fn a_name_must_suit_crates_python_c_and_the_configuration() {
        check("redis_snapshot2").unwrap();
        for wrong in [
            "",
            "Redis",
            "redis-snapshot",
            "2redis",
            "../redis",
            "_x",
            &"x".repeat(41),
        ] {
            assert_eq!(check(wrong).unwrap_err().code(), "bad-name");
        }
    }
}
