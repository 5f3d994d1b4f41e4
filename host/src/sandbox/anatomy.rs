//! What a component's file says of itself: read without compiling or running any of it.

use std::fmt;

use serde::Serialize;
use wasmparser::{Chunk, Encoding, Parser, Payload};

use crate::error::{Error, Kind, Result};

/// The package of `wit/`, as its names begin.
const PACKAGE: &str = "sidecar:strategy/";

/// The oldest and the newest version of `wit/` that this host speaks.
const OLDEST: Version = Version([0, 1, 0]);
const NEWEST: Version = Version([0, 1, 0]);

/// "1.2.3"
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u64; 3]);

/// What a component wants from its host, and what it gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Anatomy {
    /// The version of `sidecar:strategy` that it was built for.
    pub built_for: Option<Version>,
    /// Interfaces that it imports, in alphabetical order.
    pub imports: Vec<String>,
    /// Interfaces that it exports, in alphabetical order.
    pub exports: Vec<String>,
}

impl Anatomy {
    /// Reads a component. `name` is the module's, for the error.
    pub fn read(name: &str, wasm: &[u8]) -> Result<Self> {
        let mut anatomy = outline(wasm).map_err(|why| {
            Error::new(
                Kind::Config,
                "module-invalid",
                format!("module {name} cannot be used: {why}"),
            )
            .hint(what_it_must_be())
        })?;
        anatomy.imports.sort();
        anatomy.exports.sort();
        let versions = || {
            anatomy
                .exports
                .iter()
                .chain(&anatomy.imports)
                .filter_map(|name| version(name))
        };
        // One that is not spoken here is the one to talk about.
        anatomy.built_for = versions()
            .find(|version| !version.is_spoken())
            .or(versions().next());
        Ok(anatomy)
    }

    /// Fails for a module that this host cannot run, and says what both sides speak.
    pub fn check(&self, name: &str) -> Result<()> {
        let Some(built_for) = self.built_for else {
            return Err(Error::new(
                Kind::Config,
                "module-invalid",
                format!("module {name} cannot be used: it is a component for something else, and exports no {PACKAGE}strategy"),
            )
            .hint(what_it_must_be()));
        };
        if built_for.is_spoken() {
            return Ok(());
        }
        let hint = match built_for < OLDEST {
            true => format!(
                "build the module again with {PACKAGE}module@{NEWEST}, or ask its makers for a newer one"
            ),
            false => "use a newer sidecar, or an older release of the module".to_owned(),
        };
        Err(Error::new(
            Kind::Config,
            "module-version",
            format!(
                "module {name} was built for sidecar:strategy {built_for}, and this host runs {}",
                spoken()
            ),
        )
        .hint(hint))
    }
}

/// The names at the outside of a component; why there are none.
fn outline(wasm: &[u8]) -> Result<Anatomy, String> {
    let mut anatomy = Anatomy::default();
    let (mut parser, mut rest) = (Parser::new(0), wasm);
    loop {
        let wrong = |error| format!("it is no WebAssembly component: {error}");
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).map_err(wrong)? else {
            return Err("it is no WebAssembly component: it is cut off".to_owned());
        };
        rest = &rest[consumed..];
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => {
                return Err("it is a core module, not a component".to_owned());
            }
            // What is inside is no business of this.
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => {
                rest = rest
                    .get(unchecked_range.len()..)
                    .ok_or("it is no WebAssembly component: it is cut off")?;
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    anatomy
                        .imports
                        .push(import.map_err(wrong)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    anatomy
                        .exports
                        .push(export.map_err(wrong)?.name.name.to_owned());
                }
            }
            Payload::End(_) => return Ok(anatomy),
            _ => {}
        }
    }
}

/// The version in "sidecar:strategy/files@0.1.0".
fn version(name: &str) -> Option<Version> {
    let (_, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(Version(version))
}

/// The hint for whatever is none.
pub(super) fn what_it_must_be() -> String {
    format!("it must be a component for the world {PACKAGE}module@{NEWEST}: see plugins/README.md")
}

fn spoken() -> String {
    match OLDEST == NEWEST {
        true => NEWEST.to_string(),
        false => format!("{OLDEST} to {NEWEST}"),
    }
}

impl Version {
    fn is_spoken(self) -> bool {
        (OLDEST..=NEWEST).contains(&self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn built_for(versions: &[&str]) -> Anatomy {
        let exports = versions
            .iter()
            .map(|version| format!("{PACKAGE}strategy@{version}"));
        let exports: Vec<String> = exports.collect();
        let found = exports.iter().filter_map(|name| version(name));
        Anatomy {
            built_for: found.max(),
            imports: Vec::new(),
            exports,
        }
    }

    #[test]
    fn the_host_speaks_what_wit_says() {
        let wit = include_str!("../../../wit/strategy.wit");
        assert!(wit.starts_with(&format!("package sidecar:strategy@{NEWEST};")));
    }

    #[test]
    fn both_sides_say_what_they_speak() {
        built_for(&["0.1.0"]).check("it").unwrap();
        for (version, hint) in [
            ("0.0.9", "build the module again"),
            ("0.1.1", "newer sidecar"),
            ("0.3.0", "newer sidecar"),
            ("1.0.0", "newer sidecar"),
        ] {
            let error = built_for(&[version]).check("it").unwrap_err();
            assert_eq!(error.code(), "module-version");
            let words =
                format!("built for sidecar:strategy {version}, and this host runs {NEWEST}");
            assert!(error.message().contains(&words), "{error}");
            assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_told() {
        for (bytes, why) in [
            (&b""[..], "no WebAssembly component"),
            (b"#!/bin/sh\n", "no WebAssembly component"),
            (b"\0asm\x01\0\0\0", "a core module"),
            // A component whose module section promises 100 bytes and has none.
            (b"\0asm\x0d\0\x01\0\x01\x64", "cut off"),
        ] {
            let error = Anatomy::read("it", bytes).unwrap_err();
            assert_eq!(error.code(), "module-invalid");
            assert!(error.message().contains(why), "{error}");
        }
        let nothing = Anatomy::read("it", b"\0asm\x0d\0\x01\0").unwrap();
        assert!(
            nothing
                .check("it")
                .unwrap_err()
                .message()
                .contains("something else")
        );
    }
}
