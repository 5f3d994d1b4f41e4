//! What is meant to be different from before: the table in the fixtures' README.

use std::collections::VecDeque;
use std::fs;

use super::fixtures;

/// A row: a line of before, a line of now, or both.
struct Row {
    before: Option<String>,
    now: Option<String>,
}

/// The rows for one configuration.
pub(super) struct Differences {
    rows: Vec<Row>,
}

impl Differences {
    /// Those of the configuration called `name`, and those of all.
    pub(super) fn of(name: &str) -> Self {
        let text = fs::read_to_string(fixtures().join("README.md")).unwrap();
        let table = text.split("\n## Differences\n").nth(1).unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
        let rows = rows.filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [of, before, now, why] = cells[..] else {
                panic!("four cells: {line}");
            };
            assert!(!why.is_empty(), "a reason: {line}");
            let is_ours = of == "all" || of.split(", ").any(|one| one == name);
            is_ours.then(|| Row {
                before: cell(before),
                now: cell(now),
            })
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// Every line that is not the same has a row, and every row has a line.
    pub(super) fn explain(&self, before: &str, now: &str) {
        let lines = |text: &str, side: fn(&Row) -> Option<&String>| {
            let rows: Vec<&String> = self.rows.iter().filter_map(side).collect();
            let mut unused = rows.clone();
            let mut lines = VecDeque::new();
            for line in text.lines() {
                match rows.iter().find(|row| fits(row, line)) {
                    Some(row) => unused.retain(|one| one != row),
                    None => lines.push_back(line.to_owned()),
                }
            }
            assert!(unused.is_empty(), "rows of no line: {unused:#?}");
            lines
        };
        let (mut before, mut now) = (
            lines(before, |row| row.before.as_ref()),
            lines(now, |row| row.now.as_ref()),
        );
        while !before.is_empty() && before.front() == now.front() {
            before.pop_front();
            now.pop_front();
        }
        while !before.is_empty() && before.back() == now.back() {
            before.pop_back();
            now.pop_back();
        }
        assert!(
            before.is_empty() && now.is_empty(),
            "no row says why\n-{}\nbecame\n+{}",
            Vec::from(before).join("\n-"),
            Vec::from(now).join("\n+")
        );
    }
}

/// What stands in backticks; a line's `|` is written as `¦`, so that it ends no cell.
fn cell(text: &str) -> Option<String> {
    (text != "—").then(|| text.trim_matches('`').replace('¦', "|"))
}

/// Whether a line is what a row says; `…` stands for anything.
fn fits(row: &str, line: &str) -> bool {
    let mut rest = line;
    let mut pieces = row.split('…');
    let Some(after) = pieces.next().and_then(|first| rest.strip_prefix(first)) else {
        return false;
    };
    rest = after;
    let mut last = None;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        last = Some(piece);
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty() || last.is_some_and(|last| line.ends_with(last))
}

#[test]
fn a_row_stands_for_a_line() {
    assert!(fits("a … c", "a b c") && fits("a …", "a b c") && fits("a b c", "a b c"));
    assert!(!fits("a", "a b c") && !fits("… b", "a b c") && !fits("b …", "a b c"));
}
