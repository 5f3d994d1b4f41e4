//! What the module asks for, shown before it runs.

use super::permission::Permitted;
use super::subject::{Subject, TestCase};
use crate::plan::{AccessVerdict, shown_argv};

/// A sentence for each thing that it asks for. What it may not have is added to `refused`.
pub(super) fn in_words(subject: &Subject<'_>, refused: &mut Vec<AccessVerdict>) -> Vec<String> {
    let mut words = Vec::new();
    for case in &subject.cases {
        for verdict in subject.verdicts(&case.asks) {
            let instead = match (verdict.allowed, verdict.access) {
                (true, _) => "",
                (false, "commands" | "argv") => " (not allowed: a stand-in runs instead)",
                (false, _) => " (not allowed)",
            };
            let AccessVerdict { access, asked, .. } = &verdict;
            words.push(format!(
                "with {}, it asks for {access} {asked}{instead}",
                case.title
            ));
            if !verdict.allowed && !refused.contains(&verdict) {
                refused.push(verdict);
            }
        }
    }
    words.extend(subject.cases.iter().find_map(better_as_argv));
    words
}

/// A line that needs no shell: a value of the configuration can become a command or an option in it.
fn better_as_argv(case: &TestCase) -> Option<String> {
    let is_plain = |line: &&String| {
        !line.trim().is_empty()
            && line
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || " -_./:=,@%+".contains(c))
    };
    let line = case.asks.commands.iter().find(is_plain)?;
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Some(format!(
        "`{line}` needs no shell: better a program with its arguments, {} (interface programs), allowed by allow.argv",
        shown_argv(&words)
    ))
}

/// What keeps it from being run at all.
pub(super) fn missing(subject: &Subject<'_>) -> Option<String> {
    subject
        .cases
        .iter()
        .find_map(|case| match subject.permitted(&case.asks) {
            Permitted::NotAtAll(what) => Some(format!(
                "with {}, it asks for {what}, which was not allowed",
                case.title
            )),
            _ => None,
        })
}
