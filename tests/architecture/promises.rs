//! The table of promises in `tests/README.md` names tests that are there, and how many they are.

use super::none;
use crate::harness::repository;

/// A row of the table.
struct PromiseRow {
    text: String,
    /// What stands in backticks and is a test, or a file of tests.
    tests: Vec<String>,
    /// The last column.
    count: String,
}

fn rows() -> Vec<PromiseRow> {
    let readme = std::fs::read_to_string(repository().join("tests/README.md")).unwrap();
    let (_, table) = readme.split_once("\n## Promises\n").expect("the table");
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<PromiseRow> = lines
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .map(|line| PromiseRow {
            text: line.to_owned(),
            tests: quoted(line).filter(|word| is_test(word)).collect(),
            count: line
                .trim_end_matches(" |")
                .rsplit("| ")
                .next()
                .unwrap()
                .to_owned(),
        })
        .collect();
    assert!(rows.len() > 20, "{} promises", rows.len());
    rows
}

fn quoted(line: &str) -> impl Iterator<Item = String> {
    line.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn is_test(word: &str) -> bool {
    word.contains("::") || word.starts_with("tests/") || word.starts_with("host/src/")
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let rows = rows();
    let without = rows.iter().filter(|row| row.tests.is_empty());
    let without = without.map(|row| format!("no test: {}", row.text));
    let missing = rows
        .iter()
        .flat_map(|row| &row.tests)
        .filter(|test| count(test) == 0);
    let wrong: Vec<String> = missing.cloned().chain(without).collect();
    none(&wrong, "name tests that are there, or write them");
}

#[test]
fn every_promise_says_how_many_tests_try_it() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let count: usize = row.tests.iter().map(|test| count(test)).sum();
            let says_so = row.count == count.to_string();
            (!says_so).then(|| format!("{count}: {}", row.text))
        })
        .collect();
    none(&wrong, "write this number into the last column");
}

/// How many tests a name stands for. `archives::gaps::NAME` is the function NAME of `tests/archives/gaps.rs`, and `*` all
/// of its tests; a path is all tests of that file, or one if it is a script.
fn count(test: &str) -> usize {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap_or_default();
    let all = |text: &str| text.matches("#[test]").count();
    let Some((file, name)) = test.rsplit_once("::") else {
        let text = read(test);
        return match text.starts_with("#!") {
            true => 1,
            false => all(&text),
        };
    };
    let text = read(&format!("tests/{}.rs", file.replace("::", "/")));
    match name {
        "*" => all(&text),
        name => usize::from(text.contains(&format!("#[test]\nfn {name}()"))),
    }
}
