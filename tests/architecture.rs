//! The rooms of `host/README.md` import only along its arrows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::repository;

/// A room and what it may import from the crate, beside itself.
const ROOMS: [(&str, &[&str]); 18] = [
    ("error", &[]),
    ("clock", &[]),
    ("cancel", &["error"]),
    ("config", &["error"]),
    ("command", &["cancel", "error"]),
    ("plan", &["config", "error"]),
    ("artifact", &["config", "error"]),
    ("history", &["clock", "error"]),
    ("retention", &["config"]),
    ("lifecycle", &["error", "retention"]),
    ("store", &["artifact", "clock", "config", "error"]),
    ("scaffold", &["error"]),
    ("supply", &["artifact", "clock", "config", "error", "plan"]),
    ("schedule", &["error"]),
    ("notify", &["config", "error"]),
    (
        "sandbox",
        &["artifact", "cancel", "command", "config", "error", "plan"],
    ),
    (
        "service",
        &[
            "artifact",
            "cancel",
            "clock",
            "command",
            "config",
            "error",
            "history",
            "lifecycle",
            "notify",
            "plan",
            "retention",
            "sandbox",
            "scaffold",
            "schedule",
            "store",
            "supply",
        ],
    ),
    ("door", &["cancel", "clock", "config", "error", "service"]),
];

/// What plain data may not know.
const PURE: [(&str, &[&str]); 3] = [
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
];

#[test]
fn every_import_goes_along_the_arrows() {
    let wrong: Vec<String> = ROOMS
        .iter()
        .flat_map(|(room, allowed)| {
            lines(room).into_iter().filter_map(move |(file, line)| {
                let other = line.split("crate::").nth(1)?;
                let other: String = other
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let fine = other == *room || allowed.contains(&other.as_str()) || !is_room(&other);
                (!fine).then(|| format!("{}: {line}", file.display()))
            })
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "imports against the flow:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn plain_data_knows_no_machine() {
    let wrong: Vec<String> = PURE
        .iter()
        .flat_map(|(room, forbidden)| {
            lines(room).into_iter().filter_map(move |(file, line)| {
                let found = forbidden
                    .iter()
                    .find(|name| line.contains(&format!("use {name}")))?;
                Some(format!("{}: {found}", file.display()))
            })
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "plain data that knows the machine:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_room_is_known_here() {
    let source = repository().join("host/src");
    let rooms = fs::read_dir(&source).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        Some(path.file_stem()?.to_str()?.to_owned())
    });
    let unknown: Vec<String> = rooms
        .filter(|room| !is_room(room) && room != "main" && room != "lib")
        .collect();
    assert!(unknown.is_empty(), "rooms without a rule: {unknown:?}");
}

fn is_room(name: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == name)
}

/// The lines of a room's files, up to their unit tests.
fn lines(room: &str) -> Vec<(PathBuf, String)> {
    let source = repository().join("host/src");
    let mut files = vec![source.join(room).with_extension("rs")];
    collect(&source.join(room), &mut files);
    files.retain(|file| file.exists());
    assert!(!files.is_empty(), "there is no room {room}");
    files
        .into_iter()
        .filter(|file| {
            !file.components().any(|part| part.as_os_str() == "tests")
                && !file.ends_with("tests.rs")
        })
        .flat_map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let lines: Vec<_> = text
                .lines()
                .take_while(|line| !line.starts_with("#[cfg(test)]"))
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| (file.clone(), line.to_owned()))
                .collect();
            lines
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
