//! The rooms of `host/README.md` import only along its arrows.

use std::fs;
use std::path::{Path, PathBuf};

use super::imports::Crate;
use super::none;
use super::source::{code, files, without_tests};
use crate::harness::repository;

/// A room and what it may import from the crate, beside itself: only what stands above it here.
const ROOMS: [(&str, &[&str]); 28] = [
    // What all rooms may know.
    ("redact", &[]),
    ("error", &["redact"]),
    ("clock", &["error"]),
    ("display", &["error", "redact"]),
    ("digest", &["error"]),
    ("cancel", &["error"]),
    ("fs_atomic", &["error"]),
    ("run_log", &["clock", "display", "redact"]),
    ("http_client", &["error"]),
    // What is said and what may happen, as data.
    ("config", &["digest", "display", "error", "redact"]),
    ("plan", &["config", "error"]),
    ("schedule", &["error"]),
    ("retention", &["config", "error"]),
    ("lifecycle", &["config", "error", "retention"]),
    // What touches the machine.
    ("command", &["cancel", "display", "error", "run_log"]),
    ("paths", &["config", "display", "error", "plan"]),
    ("exchange", &["error", "fs_atomic", "paths"]),
    (
        "history",
        &["clock", "display", "error", "fs_atomic", "run_log"],
    ),
    (
        "notify",
        &["clock", "config", "display", "error", "http_client"],
    ),
    (
        "artifact",
        &[
            "cancel",
            "config",
            "digest",
            "display",
            "error",
            "fs_atomic",
        ],
    ),
    (
        "store",
        &[
            "artifact",
            "cancel",
            "clock",
            "config",
            "digest",
            "display",
            "error",
            "fs_atomic",
            "http_client",
            "paths",
            "retention",
        ],
    ),
    (
        "repository",
        &["artifact", "clock", "config", "digest", "error", "store"],
    ),
    (
        "sandbox",
        &[
            "artifact",
            "cancel",
            "command",
            "config",
            "digest",
            "display",
            "error",
            "exchange",
            "fs_atomic",
            "paths",
            "plan",
            "run_log",
        ],
    ),
    (
        "modules",
        &[
            "artifact",
            "cancel",
            "clock",
            "command",
            "config",
            "digest",
            "display",
            "error",
            "fs_atomic",
            "paths",
            "plan",
            "sandbox",
        ],
    ),
    // What makes backups of it.
    (
        "service",
        &[
            "artifact",
            "cancel",
            "clock",
            "command",
            "config",
            "digest",
            "display",
            "error",
            "exchange",
            "fs_atomic",
            "history",
            "lifecycle",
            "modules",
            "notify",
            "paths",
            "plan",
            "redact",
            "repository",
            "retention",
            "run_log",
            "sandbox",
            "schedule",
            "store",
        ],
    ),
    (
        "fleet",
        &[
            "clock",
            "config",
            "display",
            "error",
            "http_client",
            "service",
        ],
    ),
    (
        "frontend",
        &[
            "cancel",
            "clock",
            "config",
            "display",
            "error",
            "fleet",
            "fs_atomic",
            "http_client",
            "redact",
            "service",
        ],
    ),
    ("main", &["frontend"]),
];

/// What plain data may not know.
const PURE: [(&str, &[&str]); 5] = [
    (
        "plan",
        &["tokio", "wasmtime", "std::fs", "std::env", "std::time"],
    ),
    ("config", &["tokio", "wasmtime", "std::time::SystemTime"]),
    (
        "schedule",
        &[
            "tokio",
            "wasmtime",
            "std::fs",
            "std::env",
            "std::time::SystemTime",
        ],
    ),
    ("retention", &["tokio", "wasmtime", "std::fs", "std::env"]),
    ("lifecycle", &["tokio", "wasmtime", "std::fs", "std::env"]),
];

#[test]
fn every_import_goes_along_the_arrows() {
    let imports = Crate::read("host/src").imports();
    assert!(imports.len() > 100, "{} imports", imports.len());
    let mut wrong: Vec<String> = imports
        .iter()
        .filter_map(|import| {
            // As it is written: a room may hand on what it got from another one.
            let (from, to) = (room_of(&import.from), import.path[0].clone());
            let known = ROOMS.iter().find(|(room, _)| *room == from);
            let allowed = known.is_some_and(|(_, allowed)| allowed.contains(&to.as_str()));
            let (file, line) = (import.from.display(), import.line);
            let path = import.path.join("::");
            let is_room = ROOMS.iter().any(|(room, _)| *room == to);
            (from != to && is_room && !allowed)
                .then(|| format!("{file}:{line}: {from} imports crate::{path}"))
        })
        .collect();
    wrong.sort();
    none(
        &wrong,
        "a room imports along the arrows of host/README.md alone: pass what it needs as an argument, or move it to the room that may know",
    );
}

#[test]
fn every_arrow_leads_up_the_list() {
    let wrong: Vec<String> = ROOMS
        .iter()
        .enumerate()
        .flat_map(|(at, (room, allowed))| {
            let above = &ROOMS[..at];
            allowed
                .iter()
                .filter(move |other| !above.iter().any(|(above, _)| above == *other))
                .map(move |other| format!("{room} may import {other}, which stands below it"))
        })
        .collect();
    none(&wrong, "rooms have no circle either");
}

#[test]
fn plain_data_knows_no_machine() {
    let sources = files("host/src", &["rs"]);
    let wrong: Vec<String> = PURE
        .iter()
        .flat_map(|(room, forbidden)| {
            let sources = sources
                .iter()
                .filter(|source| room_of(&source.path) == *room && !source.is_test());
            sources.flat_map(|source| {
                let code = without_tests(&code(&source.text));
                let lines: Vec<String> = code.lines().map(str::to_owned).collect();
                let found = (1..).zip(lines).filter_map(|(number, line)| {
                    let name = forbidden.iter().find(|name| names(&line, name))?;
                    Some(format!("{}: {name}", source.place(number)))
                });
                found.collect::<Vec<_>>()
            })
        })
        .collect();
    none(
        &wrong,
        "plain data gets what the machine says as an argument",
    );
}

#[test]
fn every_room_is_known_here_and_in_the_readme() {
    let readme = fs::read_to_string(repository().join("host/README.md")).unwrap();
    let found: Vec<String> = fs::read_dir(repository().join("host/src"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().path().file_stem()?.to_str()?.to_owned()))
        .filter(|room| room != "lib")
        .collect();
    let unknown = found
        .iter()
        .filter(|room| !ROOMS.iter().any(|(known, _)| *known == room.as_str()))
        .map(|room| format!("{room}: write into ROOMS what it may import"));
    let gone = ROOMS
        .iter()
        .filter(|(room, _)| !found.iter().any(|found| found == room))
        .map(|(room, _)| format!("{room}: is in ROOMS, but not in host/src"));
    let rows = ROOMS
        .iter()
        .filter(|(room, _)| *room != "main")
        .filter_map(|(room, _)| {
            let row = |line: &&str| {
                [format!("| `{room}` |"), format!("| `{room}/` |")]
                    .iter()
                    .any(|start| line.starts_with(start.as_str()))
            };
            match readme.lines().filter(row).count() {
                1 => None,
                count => Some(format!("{room}: has {count} rows in host/README.md")),
            }
        });
    let wrong: Vec<String> = unknown.chain(gone).chain(rows).collect();
    none(&wrong, "each room once, in the map's order");
}

/// `host/src/store/s3/mod.rs` and `host/src/store.rs` belong to the room `store`.
fn room_of(path: &Path) -> String {
    let below: PathBuf = path.strip_prefix("host/src").unwrap().to_owned();
    let first = below.iter().next().and_then(|part| part.to_str());
    first.unwrap_or("").trim_end_matches(".rs").to_owned()
}

/// `use std::fs`, `std::fs::read`, but not `std::fsx`.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let word = |c: Option<char>| c.is_some_and(super::source::is_word);
        !word(line[..at].chars().next_back()) && !word(line[at + name.len()..].chars().next())
    })
}
