//! Every function that the host offers, called by `plugins/examples/prober` with what was not granted or what is
//! malformed: what comes of each call stands in `hostile_guest/expected`.

mod functions;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::harness::{Finished, Sidecar, component, mkfifo, repository};
use functions::imported;

/// What no probe gets.
const SECRET: &str = "what no module may see";
/// Planned and allowed; a vector too.
const COMMANDS: [&str; 3] = ["true", "exit 1000", "echo too much"];
const VECTOR: &str = "argv:[\"true\"]";
/// The result of a call that ends the run.
const TRAP: &str = "trapped";

/// A call, and what comes of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    function: String,
    attack: String,
    result: String,
}

impl Row {
    /// `FUNCTION ATTACK: RESULT`
    fn parse(line: &str) -> Option<Self> {
        let (name, result) = line.rsplit_once(": ")?;
        let (function, attack) = name.split_once(' ')?;
        Some(Self {
            function: function.to_owned(),
            attack: attack.to_owned(),
            result: result.to_owned(),
        })
    }
}

fn expected() -> Vec<Row> {
    let file = repository().join("tests/hostile_guest/expected");
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| Row::parse(line).unwrap()).collect()
}

/// A sidecar whose module carries out this probe.
fn probing(probe: &str) -> Sidecar {
    let sidecar = Sidecar::new()
        .strategy("prober")
        .set(
            "modules.prober.source",
            component("prober").to_str().unwrap(),
        )
        .set("modules.prober.allow.commands", json!(COMMANDS))
        .set("modules.prober.allow.argv", json!([["true"]]))
        .set(
            "strategy.config.commands",
            json!([&COMMANDS[..], &[VECTOR]].concat()),
        )
        .set("strategy.config.probe", probe);
    let folder = sidecar.folder().to_owned();
    for name in ["secret", "granted", "target"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    fs::write(folder.join("secret/file"), SECRET).unwrap();
    fs::write(folder.join("granted/file"), "granted").unwrap();
    symlink("../secret/file", folder.join("granted/link")).unwrap();
    mkfifo(&folder.join("granted/fifo"));
    sidecar
        .set("strategy.config.read", json!([folder.join("granted")]))
        .set("modules.prober.allow.read", json!([folder.join("granted")]))
}

/// What the log says of each call.
fn said(done: &Finished) -> Vec<Row> {
    let entries = done
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let row = |entry: Value| Row::parse(entry["message"].as_str()?.strip_prefix("probe: ")?);
    entries.filter_map(row).collect()
}

/// Nothing of others was read or changed, and no line of the log is anything but that.
#[track_caller]
fn is_unharmed(sidecar: &Sidecar, done: &Finished) {
    let contents = |name: &str| fs::read_to_string(sidecar.folder().join(name)).unwrap();
    assert_eq!(contents("secret/file"), SECRET);
    assert_eq!(contents("granted/file"), "granted");
    for left in ["up", "../up", "/tmp/up"] {
        let left = sidecar.folder().join(left);
        assert!(!left.exists(), "{} was made", left.display());
    }
    for harm in [SECRET, "\u{1b}", "\u{202e}"] {
        assert!(
            !done.stderr.contains(harm) && !done.stdout.contains(harm),
            "{harm:?}: {done:?}"
        );
    }
    let forged = done
        .stderr
        .lines()
        .any(|line| line.starts_with("2026-01-01 INFO forged"));
    assert!(!forged, "{done:?}");
    let longest = done.stderr.lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 64 << 10, "a line of {longest} bytes");
}

#[test]
fn every_call_ends_as_it_should() {
    let probing = probing("all");
    let backup = probing.backup().exits(1);
    is_unharmed(&probing, &backup);
    // A backup to restore, which no probe has broken.
    let harmless = Sidecar::set(probing, "strategy.config.probe", "none");
    harmless.backup().succeeds();
    let probing = harmless.set("strategy.config.probe", "all");
    let into = probing.folder().join("target");
    let restore = probing
        .run(&["restore", "latest", "--into", into.to_str().unwrap()])
        .exits(1);
    is_unharmed(&probing, &restore);
    let mut found = said(&backup);
    found.extend(said(&restore));
    found.sort();
    let mut expected = expected();
    expected.retain(|row| row.result != TRAP);
    expected.sort();
    let text = |rows: &[Row]| {
        let lines = rows
            .iter()
            .map(|row| format!("{} {}: {}\n", row.function, row.attack, row.result));
        lines.collect::<String>()
    };
    assert_eq!(
        text(&found),
        text(&expected),
        "tests/hostile_guest/expected"
    );
}

#[test]
fn a_handle_that_was_never_given_out_ends_the_run() {
    let traps = expected().into_iter().filter(|row| row.result == TRAP);
    for Row {
        function, attack, ..
    } in traps
    {
        let sidecar = probing(&format!("{function} {attack}"));
        let done = sidecar.run(&["backup", "--json"]).exits(1);
        assert_eq!(done.json()["error"]["code"], TRAP, "{function}: {done:?}");
        assert_eq!(said(&done), [], "{function} {attack}");
    }
}

#[test]
fn every_function_is_attacked() {
    let attacked: BTreeSet<String> = expected().into_iter().map(|row| row.function).collect();
    let offered = imported();
    let spared: Vec<_> = offered.difference(&attacked).collect();
    assert!(
        spared.is_empty(),
        "nothing tries what these functions of wit/ must refuse: {spared:?}\n\
         write a probe in plugins/examples/prober/src/probes/, and what comes of it into tests/hostile_guest/expected"
    );
    let gone: Vec<_> = attacked.difference(&offered).collect();
    assert!(
        gone.is_empty(),
        "these are in no interface of wit/: {gone:?}"
    );
}

#[test]
fn the_table_in_the_readme_counts_them() {
    let readme = fs::read_to_string(repository().join("tests/README.md")).unwrap();
    let rows = expected();
    let interfaces: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.function.split('.').next())
        .collect();
    for interface in interfaces {
        let of_it = rows
            .iter()
            .filter(|row| row.function.starts_with(&format!("{interface}.")));
        let count = of_it.count();
        let row = readme.lines().find(|line| {
            line.starts_with(&format!("| `{interface}`")) && line.contains("`prober`")
        });
        let last = row.and_then(|row| row.trim_end_matches(" |").rsplit("| ").next());
        assert_eq!(
            last,
            Some(count.to_string().as_str()),
            "{interface}: {row:?}"
        );
    }
}

#[test]
fn the_table_in_the_readme_counts_the_denials_too() {
    let readme = fs::read_to_string(repository().join("tests/README.md")).unwrap();
    let mut counted = 0;
    for row in readme.lines().filter(|line| line.contains("(`denials/")) {
        let (_, rest) = row.split_once("(`denials/").unwrap();
        let (prefix, _) = rest.split_once('*').unwrap();
        let cases = fs::read_dir(repository().join("tests/denials")).unwrap();
        let names = cases.map(|case| case.unwrap().file_name().into_string().unwrap());
        let count = names.filter(|name| name.starts_with(prefix)).count();
        assert!(
            row.ends_with(&format!("| {count} |")),
            "{count} of {prefix}: {row}"
        );
        counted += count;
    }
    let all = fs::read_dir(repository().join("tests/denials"))
        .unwrap()
        .count();
    assert_eq!(counted, all, "each case stands in a row");
}
