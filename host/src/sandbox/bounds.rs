//! How much of what a module says enters the host. Every text and every list of a module passes here before
//! it is kept, logged or shown: a text is cut and says so, a list of what was asked for is refused.
//!
//! Behind it stands Wasmtime's own limit for the bytes of one call: see `call.rs`.

use super::bindings::restorer::exports::sidecar::strategy::restore as exported;
use super::bindings::strategy::exports::sidecar::strategy::strategy;
use super::bindings::strategy::sidecar::strategy::types::Failure;
use super::bindings::target_finder::exports::sidecar::strategy::targets as found_by;
use super::found_targets::{FoundTarget, FoundTargets};
use super::restored_part::RestoredPart;
use crate::display::{self, cut};
use crate::error::{Error, Kind, Result};

/// Bytes of a code, a name, a version.
const LONGEST_WORD: usize = 200;
/// Bytes of a sentence: a summary, a note of a part, a note of progress.
const LONGEST_SENTENCE: usize = 1000;
/// Bytes of all texts of one answer that are kept: reasons, steps, outcomes.
const LARGEST_TEXTS: usize = 256 << 10;
/// Reasons, findings and steps of one answer.
const MOST_TEXTS: usize = 100;
/// Bytes of a configuration's schema.
const LARGEST_SCHEMA: usize = 1 << 20;
/// What a plan may ask for: lines, paths, addresses and variables together, their bytes, bytes of one.
const MOST_REQUESTS: usize = 10_000;
const LARGEST_PLAN: usize = 4 << 20;
const LONGEST_REQUEST: usize = 128 << 10;
/// What a backup has at most, and what a restore is asked for and answers.
pub(super) const MOST_PARTS: usize = 100_000;

/// A text that is one of many: each is cut, and together they stay below [`LARGEST_TEXTS`].
struct TextBudget {
    left: usize,
}

impl TextBudget {
    fn new() -> Self {
        Self {
            left: LARGEST_TEXTS,
        }
    }

    fn text(&mut self, text: &str, most: usize) -> String {
        let most = most.min(self.left);
        self.left -= text.len().min(most);
        cut(text, most).into_owned()
    }

    fn failure(&mut self, failure: &Failure) -> Error {
        let code = cut(&failure.code, LONGEST_WORD).into_owned();
        let error = Error::run(code, self.text(&failure.message, display::LONGEST_MESSAGE));
        match &failure.hint {
            Some(hint) => error.hint(self.text(hint, display::LONGEST_MESSAGE)),
            None => error,
        }
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }
}

/// One failure.
pub(super) fn failure(failure: &Failure) -> Error {
    TextBudget::new().failure(failure)
}

/// Reasons and findings: the first of them, and how many more there are.
pub(super) fn failures(failures: &[Failure]) -> Vec<Error> {
    let mut budget = TextBudget::new();
    let mut retained = Vec::new();
    for failure in failures.iter().take(MOST_TEXTS) {
        if budget.is_full() {
            break;
        }
        retained.push(budget.failure(failure));
    }
    let more = failures.len() - retained.len();
    if more > 0 {
        retained.push(Error::run("and-more", format!("and {more} more")));
    }
    retained
}

/// What a module says that it is.
pub(super) fn description(
    mut told: strategy::Description,
    module: &str,
) -> Result<strategy::Description> {
    if told.config_schema.len() > LARGEST_SCHEMA {
        let bytes = told.config_schema.len();
        return Err(too_large(
            module,
            &format!("its schema has {bytes} bytes, the limit is {LARGEST_SCHEMA}"),
        ));
    }
    for word in [&mut told.name, &mut told.version] {
        *word = cut(word, LONGEST_WORD).into_owned();
    }
    told.summary = cut(&told.summary, LONGEST_SENTENCE).into_owned();
    Ok(told)
}

/// Fails for a plan that asks for more than an operator could ever read. Nothing of it is cut: half a line is
/// another line.
pub(super) fn plan(module: &str, plan: &strategy::Plan) -> Result<()> {
    let one = [&plan.shell, &plan.compression];
    let lists = [&plan.commands, &plan.read, &plan.net, &plan.env];
    requests(module, one, lists)
}

/// The same of a restore. Its steps are only shown: of them the first are.
pub(super) fn restore_plan(module: &str, mut plan: exported::Plan) -> Result<exported::Plan> {
    let one = [&plan.shell, &plan.directory];
    let lists = [&plan.commands, &plan.read, &plan.net, &plan.env];
    requests(module, one, lists)?;
    if plan.parts.len() > MOST_PARTS {
        let parts = plan.parts.len();
        let why = format!("its plan names {parts} parts, the limit is {MOST_PARTS}");
        return Err(too_large(module, &why));
    }
    let all = plan.steps.len();
    plan.steps.truncate(MOST_TEXTS);
    let mut budget = TextBudget::new();
    for step in &mut plan.steps {
        *step = budget.text(step, display::LONGEST_MESSAGE);
    }
    if all > MOST_TEXTS {
        plan.steps
            .push(format!("and {} more steps", all - MOST_TEXTS));
    }
    Ok(plan)
}

fn requests(module: &str, one: [&Option<String>; 2], lists: [&Vec<String>; 4]) -> Result<()> {
    let texts = || one.into_iter().flatten().chain(lists.into_iter().flatten());
    let number = texts().count();
    let bytes: usize = texts().map(String::len).sum();
    let longest = texts().map(String::len).max().unwrap_or_default();
    let why = if number > MOST_REQUESTS {
        format!("its plan asks for {number} things, the limit is {MOST_REQUESTS}")
    } else if longest > LONGEST_REQUEST {
        format!("its plan asks for something of {longest} bytes, the limit is {LONGEST_REQUEST}")
    } else if bytes > LARGEST_PLAN {
        format!("its plan has {bytes} bytes, the limit is {LARGEST_PLAN}")
    } else {
        return Ok(());
    };
    Err(too_large(module, &why))
}

/// What became of a restore, part by part. What is left out is counted, and has failed if any of it has.
pub(super) fn outcomes(mut told: Vec<exported::Outcome>) -> Vec<RestoredPart> {
    let all = told.len();
    let rest = told.split_off(all.min(MOST_PARTS));
    let mut budget = TextBudget::new();
    let mut retained: Vec<RestoredPart> = told
        .iter()
        .map(|outcome| RestoredPart {
            name: cut(&outcome.name, LONGEST_SENTENCE).into_owned(),
            note: budget.text(&outcome.note, LONGEST_SENTENCE),
            error: outcome.failure.as_ref().map(|why| budget.failure(why)),
        })
        .collect();
    if !rest.is_empty() {
        let failed = rest.iter().find_map(|outcome| outcome.failure.as_ref());
        retained.push(RestoredPart {
            name: format!("{} more", rest.len()),
            note: String::new(),
            error: failed.map(failure),
        });
    }
    retained
}

/// What a module has found at the places that a restore would fill: the first of them.
pub(super) fn targets(found: found_by::Findings) -> FoundTargets {
    let mut budget = TextBudget::new();
    let server = found
        .server
        .map(|server| budget.text(&server, LONGEST_WORD));
    let mut targets = Vec::new();
    for target in found.targets.into_iter().take(MOST_PARTS) {
        if budget.is_full() {
            break;
        }
        targets.push(FoundTarget {
            part: budget.text(&target.part, LONGEST_SENTENCE),
            name: budget.text(&target.name, LONGEST_SENTENCE),
            exists: target.exists,
        });
    }
    FoundTargets { targets, server }
}

/// A few words on what is being done.
pub(super) fn note(text: &str) -> String {
    cut(text, LONGEST_WORD).into_owned()
}

/// An error of a host call: it may repeat what the module asked for.
pub(super) fn error(error: Error) -> Error {
    error.map_texts(|text| display::message(text).into_owned())
}

fn too_large(module: &str, why: &str) -> Error {
    let message = format!("module {module} says more than the host takes: {why}");
    Error::new(Kind::Config, "module-invalid", message).hint(
        "wit/README.md has every limit; if the module is yours, ask for less, or in fewer words",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn told(message: &str) -> Failure {
        Failure {
            code: "x".repeat(10_000),
            message: message.to_owned(),
            hint: Some(message.to_owned()),
        }
    }

    fn size(errors: &[Error]) -> usize {
        let texts = errors.iter().map(|error| {
            error.code().len() + error.message().len() + error.hint_text().map_or(0, str::len)
        });
        texts.sum()
    }

    #[test]
    fn a_flood_of_reasons_is_a_few_and_a_number() {
        for (number, bytes) in [(10_000, 10), (300, 10_000), (3, 5_000_000)] {
            let retained = failures(&vec![told(&"ä".repeat(bytes / 2)); number]);
            assert!(retained.len() <= MOST_TEXTS + 1);
            assert!(size(&retained) < 2 * LARGEST_TEXTS, "{}", size(&retained));
            if number > MOST_TEXTS {
                let more = number - (retained.len() - 1);
                assert_eq!(
                    retained.last().unwrap().message(),
                    format!("and {more} more")
                );
            }
        }
        assert!(
            failures(&[told(&"x".repeat(9000))])[0]
                .message()
                .ends_with("… (cut at 8192 bytes)")
        );
    }

    #[test]
    fn a_plan_is_refused_by_number_by_bytes_and_by_one_line() {
        let plan_of = |lines: usize, bytes: usize| strategy::Plan {
            commands: vec!["x".repeat(bytes); lines],
            shell: None,
            read: Vec::new(),
            follow_links: false,
            net: Vec::new(),
            env: Vec::new(),
            compression: None,
        };
        plan("it", &plan_of(MOST_REQUESTS, 10)).unwrap();
        for (lines, bytes, why) in [
            (
                MOST_REQUESTS + 1,
                1,
                "asks for 10001 things, the limit is 10000",
            ),
            (1, LONGEST_REQUEST + 1, "something of 131073 bytes"),
            (50, 100_000, "has 5000000 bytes, the limit is 4194304"),
        ] {
            let error = plan("it", &plan_of(lines, bytes)).unwrap_err();
            assert!(error.message().contains(why), "{error}");
        }
    }

    #[test]
    fn a_flood_of_targets_is_a_few() {
        let target = found_by::Target {
            part: "p".repeat(5_000_000),
            name: "n".repeat(5_000_000),
            exists: true,
        };
        let found = targets(found_by::Findings {
            targets: vec![target; 20],
            server: Some("s".repeat(5_000_000)),
        });
        let names = found.targets.iter();
        let size: usize = names.map(|one| one.part.len() + one.name.len()).sum();
        let server = found.server.unwrap().len();
        assert!(size + server < 2 * LARGEST_TEXTS, "{size} {server}");
    }

    #[test]
    fn outcomes_that_are_left_out_still_fail_the_restore() {
        let outcome = |failure| exported::Outcome {
            name: "part".to_owned(),
            note: "n".repeat(2000),
            failure,
        };
        let mut all = vec![outcome(None); MOST_PARTS + 2];
        all.push(outcome(Some(told("late"))));
        let retained = outcomes(all);
        assert_eq!(retained.len(), MOST_PARTS + 1);
        let last = retained.last().unwrap();
        assert_eq!(last.name, "3 more");
        assert_eq!(last.error.as_ref().unwrap().message(), "late");
        let notes: usize = retained.iter().map(|part| part.note.len()).sum();
        assert!(notes < 5 << 20, "{notes}");
    }
}
