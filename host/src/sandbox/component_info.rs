//! What a component's file declares: read without compiling or running any of it.
//!
//! It is in this room because `Module::load` refuses by it what the bindings beside it cannot link.

use std::fmt;

use serde::Serialize;
use wasmparser::{Chunk, Encoding, Parser, Payload};

use crate::error::{Error, Kind, Result};

/// The package of `wit/`, as its names begin.
const PACKAGE: &str = "sidecar:strategy/";

/// The oldest and the newest version of `wit/` that this host implements.
const OLDEST: InterfaceVersion = InterfaceVersion([0, 1, 0]);
const NEWEST: InterfaceVersion = InterfaceVersion([0, 1, 0]);

/// A version of the package: "1.2.3"
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InterfaceVersion([u64; 3]);

/// The interfaces that a component imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ComponentInfo {
    /// The version of `sidecar:strategy` that it was built for.
    pub built_for: Option<InterfaceVersion>,
    /// Interfaces that it imports, in alphabetical order.
    pub imports: Vec<String>,
    /// Interfaces that it exports, in alphabetical order.
    pub exports: Vec<String>,
}

impl ComponentInfo {
    /// Reads a component. `name` is the module's, for the error.
    pub fn read(name: &str, wasm: &[u8]) -> Result<Self> {
        let mut info = read_names(wasm).map_err(|why| {
            Error::new(
                Kind::Config,
                "module-invalid",
                format!("module {name} cannot be used: {why}"),
            )
            .hint(expected_component())
        })?;
        info.imports.sort();
        info.exports.sort();
        let versions = || {
            info.exports
                .iter()
                .chain(&info.imports)
                .filter_map(|name| version(name))
        };
        // A version that this host does not implement decides: the error has to name it.
        info.built_for = versions()
            .find(|version| !version.is_supported())
            .or(versions().next());
        Ok(info)
    }

    /// Fails for a module that this host cannot run, and names the versions of both sides.
    pub fn check(&self, name: &str) -> Result<()> {
        let Some(built_for) = self.built_for else {
            return Err(Error::new(
                Kind::Config,
                "module-invalid",
                format!("module {name} cannot be used: it is a component for something else, and exports no {PACKAGE}strategy"),
            )
            .hint(expected_component()));
        };
        if built_for.is_supported() {
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
                supported()
            ),
        )
        .hint(hint))
    }
}

/// The names of a component's own imports and exports; an error says why there are none.
fn read_names(wasm: &[u8]) -> Result<ComponentInfo, String> {
    let mut info = ComponentInfo::default();
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
            // Nested modules and components have imports of their own, which do not count.
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
                    info.imports
                        .push(import.map_err(wrong)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    info.exports
                        .push(export.map_err(wrong)?.name.name.to_owned());
                }
            }
            Payload::End(_) => return Ok(info),
            _ => {}
        }
    }
}

/// The version in "sidecar:strategy/files@0.1.0".
fn version(name: &str) -> Option<InterfaceVersion> {
    let (_, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(InterfaceVersion(version))
}

/// The hint for files that are no such component.
pub(super) fn expected_component() -> String {
    format!("it must be a component for the world {PACKAGE}module@{NEWEST}: see plugins/README.md")
}

fn supported() -> String {
    match OLDEST == NEWEST {
        true => NEWEST.to_string(),
        false => format!("{OLDEST} to {NEWEST}"),
    }
}

impl InterfaceVersion {
    fn is_supported(self) -> bool {
        (OLDEST..=NEWEST).contains(&self)
    }
}

impl fmt::Display for InterfaceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for InterfaceVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn built_for(versions: &[&str]) -> ComponentInfo {
        let exports = versions
            .iter()
            .map(|version| format!("{PACKAGE}strategy@{version}"));
        let exports: Vec<String> = exports.collect();
        let found = exports.iter().filter_map(|name| version(name));
        ComponentInfo {
            built_for: found.max(),
            imports: Vec::new(),
            exports,
        }
    }

    #[test]
    fn the_newest_version_is_that_of_wit() {
        let wit = include_str!("../../../wit/strategy.wit");
        assert!(wit.starts_with(&format!("package sidecar:strategy@{NEWEST};")));
    }

    #[test]
    fn an_unsupported_version_is_refused_with_both_versions() {
        built_for(&["0.1.0"]).check("it").unwrap();
        for (version, hint) in [
            ("0.0.9", "build the module again"),
            ("0.1.1", "newer sidecar"),
            ("0.3.0", "newer sidecar"),
            ("1.0.0", "newer sidecar"),
        ] {
            let error = built_for(&[version]).check("it").unwrap_err();
            assert_eq!(error.code(), "module-version");
            let message =
                format!("built for sidecar:strategy {version}, and this host runs {NEWEST}");
            assert!(error.message().contains(&message), "{error}");
            assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
        }
    }

    #[test]
    fn truncated_and_foreign_files_are_refused_with_the_reason() {
        for (bytes, why) in [
            (&b""[..], "no WebAssembly component"),
            (b"#!/bin/sh\n", "no WebAssembly component"),
            (b"\0asm\x01\0\0\0", "a core module"),
            // A component whose module section promises 100 bytes and has none.
            (b"\0asm\x0d\0\x01\0\x01\x64", "cut off"),
        ] {
            let error = ComponentInfo::read("it", bytes).unwrap_err();
            assert_eq!(error.code(), "module-invalid");
            assert!(error.message().contains(why), "{error}");
        }
        let nothing = ComponentInfo::read("it", b"\0asm\x0d\0\x01\0").unwrap();
        assert!(
            nothing
                .check("it")
                .unwrap_err()
                .message()
                .contains("something else")
        );
    }
}

#[cfg(test)]
#[path = "tests/component_info.rs"]
mod properties;
