//! Whether a database file is sound, as SQLite says itself.

use sidecar_sdk::{Failure, Result, log};

/// Reads everything: pages, and whether each index agrees with its table. Without the rules (`CHECK`) of the tables: these may call
/// whatever the tool can, `edit` with a command line among it, also in its safe mode and with an untrusted schema.
const CHECK: &str = "PRAGMA ignore_check_constraints = ON;\nPRAGMA integrity_check(10000);";

/// Fails if `path` is damaged; `answer` gives what the tool says to a script.
pub(super) fn check(path: &str, answer: impl Fn(&str) -> Result<String>) -> Result<()> {
    judge(path, &answer(CHECK)?)
}

/// Judges the answer to a check. Rows that break a rule of their table (`NOT NULL`, a type) are
/// no damage: they come back as they are.
pub(super) fn judge(path: &str, answer: &str) -> Result<()> {
    let (broken_rules, damage): (Vec<&str>, Vec<&str>) =
        answer.lines().partition(|line| breaks_a_rule(line));
    if let Some(first) = broken_rules.first() {
        log::warn(&format!(
            "{path} has {} rows that break a rule of their table: {first}",
            broken_rules.len()
        ));
    }
    match damage[..] {
        ["ok"] => Ok(()),
        [] if !broken_rules.is_empty() => Ok(()),
        _ => Err(Failure::new(
            "damaged",
            format!("{path} is damaged: {}", summary(&damage)),
        )
        .hint("REINDEX repairs an index; for anything else sqlite3's .recover saves what can be read, and an older backup may be sound")),
    }
}

fn breaks_a_rule(line: &str) -> bool {
    line.split_once(" value in ").is_some_and(|(what, _)| {
        matches!(what, "NULL" | "NUMERIC" | "TEXT") || what.starts_with("non-")
    })
}

fn summary(damage: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = damage[..damage.len().min(SHOWN)].join("; ");
    match damage.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn damage_is_named_and_a_sound_file_is_not() {
        judge("/app.db", "ok").unwrap();
        let answer = "row 3 missing from index x\nTree 2 page 21: btreeInitPage() returns error code 11\na\nb";
        let failure = judge("/app.db", answer).unwrap_err();
        assert!(
            failure.message.contains("row 3 missing from index x")
                && failure.message.ends_with("and 1 more")
        );
        assert!(judge("/app.db", "").is_err());
    }

    #[test]
    fn a_row_that_breaks_a_rule_hides_no_damage() {
        assert!(breaks_a_rule("NULL value in t.x"));
        assert!(breaks_a_rule("non-INTEGER value in t.x"));
        assert!(!breaks_a_rule("non-unique entry in index x"));
        assert!(!breaks_a_rule(
            "NULL value in t.x is missing from index y"
                .split_once(" is ")
                .unwrap()
                .1
        ));
    }
}
