//! What has one place in the host has no second one.

use super::none;
use super::source::{code, files, words};

/// Places of `wanted` in the host's code, tests included, outside `home`.
fn outside(home: &str, wanted: impl Fn(&[&str], bool) -> bool) -> Vec<String> {
    files("host/src", &["rs"])
        .iter()
        .filter(|source| !source.path.to_str().unwrap().contains(home))
        .flat_map(|source| {
            let code = code(&source.text);
            let words = words(&code);
            let found = words.iter().enumerate().filter_map(|(at, word)| {
                let next: Vec<&str> = words[at..].iter().take(3).map(|word| word.text).collect();
                let called = code[word.start + word.text.len()..].starts_with('(')
                    && !code[..word.start].ends_with("fs_atomic::");
                wanted(&next, called)
                    .then(|| format!("{}: {}", source.place(word.line), next.join(" ")))
            });
            found.collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_service_is_a_facade_in_one_file() {
    none(
        &outside("service/mod.rs", |next, _| {
            next.starts_with(&["impl", "Service"])
        }),
        "a verb's step is a function that takes what it needs; `service/mod.rs` has one line for each verb",
    );
}

#[test]
fn no_code_asks_which_store_it_has() {
    none(
        &outside("-", |next, _| next[0] == "is_folder"),
        "add what differs to the trait in `store/backend.rs`, and let each back end answer for itself",
    );
}

#[test]
fn whose_a_backup_is_is_decided_in_one_place() {
    none(
        &outside("store/owner/", |next, _| {
            next.starts_with(&["manifest", "owner"])
        }),
        "ask `store/owner/`: `Ownership` tells own backups from foreign ones, `owner_of` says whose one is",
    );
}

/// What is restored over something is exchanged with it, beneath descriptors of the operator's own directory.
const BENEATH: &str = "host/src/exchange/";

#[test]
fn a_file_gets_its_name_in_one_way() {
    const RENAMES: [&str; 4] = ["rename", "renameat", "renameat_with", "persist"];
    let mut found = outside("host/src/fs_atomic", |next, called| {
        called && RENAMES.contains(&next[0])
    });
    found.retain(|place| !place.contains(BENEATH));
    none(
        &found,
        "write, sync and rename with `fs_atomic`: a file that was published is on the disk",
    );
}

#[test]
fn one_room_asks_the_system_for_the_time() {
    const ASKING: [&str; 4] = ["Timestamp::now", "Zoned::now", "SystemTime", "ClockId::"];
    // A server that answers in a test has a clock of its own.
    let asks_itself = |path: &str| path.contains("host/src/clock/") || path.contains("/tests/");
    let sources = files("host/src", &["rs"]).into_iter();
    let others = sources.filter(|source| !asks_itself(source.path.to_str().unwrap()));
    let found: Vec<String> = others
        .flat_map(|source| {
            let code = code(&source.text);
            let lines = (1..).zip(code.lines());
            let asking = lines.filter(|(_, line)| ASKING.iter().any(|asks| line.contains(asks)));
            let found =
                asking.map(|(number, line)| format!("{}: {}", source.place(number), line.trim()));
            found.collect::<Vec<_>>()
        })
        .collect();
    none(
        &found,
        "ask `clock`: `now` for what is written down, `monotonic` for lengths, the timekeeper for what goes or is forgotten",
    );
}

/// Tests of histories are judged by the same code.
const JUDGES: [&str; 2] = [
    "service/timekeeper.rs",
    "service/tests/histories/sidecar.rs",
];

#[test]
fn one_place_decides_what_now_may_be() {
    let mut found = outside("host/src/clock/", |next, called| {
        called && next[0] == "plausible"
    });
    found.retain(|place| !JUDGES.iter().any(|judge| place.contains(judge)));
    none(
        &found,
        "ask `Context::time`, or the retention's rules for a store's time",
    );
}

/// The one way to the terminal, and what writes bytes rather than text.
const PRINTING: [&str; 3] = [
    "frontend/cli/print.rs",
    "frontend/cli/progress.rs",
    "/tests",
];

#[test]
fn text_gets_to_the_terminal_in_one_way() {
    const MACROS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];
    let sources = files("host/src", &["rs"]).into_iter();
    let others = sources.filter(|source| {
        let path = source.path.to_str().unwrap();
        !PRINTING.iter().any(|home| path.contains(home))
    });
    let found: Vec<String> = others
        .flat_map(|source| {
            let code = code(&source.text);
            let words = words(&code);
            let printing = words.iter().filter(|word| {
                let called = code[word.start + word.text.len()..].starts_with('!');
                called && MACROS.contains(&word.text)
            });
            let found = printing.map(|word| format!("{}: {}", source.place(word.line), word.text));
            found.collect::<Vec<_>>()
        })
        .collect();
    none(
        &found,
        "print with `outln!` or `print::error`: what others wrote steers no terminal there",
    );
}
