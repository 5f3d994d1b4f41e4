//! The table of promises in `tests/README.md` names tests that are there.

use super::none;
use crate::harness::repository;

#[test]
fn every_test_that_a_promise_names_is_there() {
    let readme = std::fs::read_to_string(repository().join("tests/README.md")).unwrap();
    let (_, table) = readme.split_once("\n## Promises\n").expect("the table");
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("::"))
        .collect();
    assert!(rows.len() > 20, "{} promises", rows.len());
    let named = rows
        .iter()
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|word| word.contains("::"));
    let missing: Vec<String> = named
        .filter(|test| !exists(test))
        .map(str::to_owned)
        .collect();
    none(&missing, "name tests that are there, or write them");
}

/// `archives::gaps::NAME` is the function NAME of `tests/archives/gaps.rs`; `*` is any of its tests.
fn exists(test: &str) -> bool {
    let (file, name) = test.rsplit_once("::").expect("a file and a name");
    let path = repository().join(format!("tests/{}.rs", file.replace("::", "/")));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    match name {
        "*" => text.contains("#[test]"),
        name => text.contains(&format!("#[test]\nfn {name}()")),
    }
}
