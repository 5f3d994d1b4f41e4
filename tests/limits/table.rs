//! The table of limits names every way in which a module's texts and lists enter the host.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::repository;

/// The section of `wit/README.md`.
fn table() -> String {
    let text = fs::read_to_string(repository().join("wit/README.md")).unwrap();
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with("Limits"));
    section
        .expect("wit/README.md has a section `Limits`")
        .to_owned()
}

/// "artifact.begin-part" for each function whose parameters, or what it returns to the host, have a size that the
/// module decides: those of exported interfaces return to the host.
fn entrances() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in fs::read_dir(repository().join("wit")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let mut interface = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("interface ") {
                interface = name.trim_end_matches(" {");
            }
            let Some((name, signature)) = line.trim().split_once(": func(") else {
                continue;
            };
            let (given, returned) = signature.split_once(')').unwrap();
            let exported = [
                "strategy",
                "restore",
                "preflight",
                "restore-preflight",
                "refusals",
                "targets",
            ];
            let said = match exported.contains(&interface) {
                true => returned,
                false => given,
            };
            let plain = ["u64", "u32", "bool", "s64", "borrow<file", "deflated"];
            let types = said
                .split([',', '>'])
                .filter_map(|part| part.split(": ").nth(1));
            let sized = exported.contains(&interface)
                || types
                    .into_iter()
                    .any(|kind| !plain.contains(&kind.trim_end_matches(';')));
            if sized {
                found.insert(format!("{interface}.{name}"));
            }
        }
    }
    found
}

#[test]
fn every_function_through_which_a_module_says_something_has_its_limit() {
    let table = table();
    let missing: Vec<_> = entrances()
        .into_iter()
        .filter(|entrance| !table.contains(&format!("`{entrance}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "wit/README.md, Limits, does not name {missing:?}"
    );
}
