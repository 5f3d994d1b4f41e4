//! The checks, in their order.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::fault_injection::Backups;
use super::finding::{CheckStatus, Conformance, Finding};
use super::fixture::Fixture;
use super::permission::Permission;
use super::subject::{CheckOutcome, CheckResult, Subject};
use super::{
    fault_injection, invalid_config, plans, preflight, refusal_finder, round_trip, static_checks,
};
use crate::error::Result;
use crate::modules::probe::ModuleProbe;
use crate::plan::AccessVerdict;

/// A check that only asks what the module would do.
type PlanCheck = fn(&Subject<'_>) -> CheckResult;
/// A check in which something outside the module fails. It gets the lines that ran, for each case.
type FaultCheck = fn(&Subject<'_>, &[BTreeSet<String>]) -> CheckResult;

const PLAN_CHECKS: [(&str, PlanCheck); 2] = [
    ("plan", static_checks::plan),
    ("refusals", invalid_config::refusals),
];
const FAULT_CHECKS: [(&str, FaultCheck); 5] = [
    ("failing-command", fault_injection::failing_command),
    ("huge-stdout", fault_injection::huge_stdout),
    ("slow-sink", fault_injection::slow_sink),
    ("full-disk", fault_injection::full_disk),
    ("cancel", fault_injection::cancel),
];

impl ModuleProbe {
    /// Puts the module through every check. `on_finding` gets each finding at once.
    pub fn conformance(
        &self,
        settings: &TestSettings<'_>,
        mut on_finding: impl FnMut(&Finding),
    ) -> Result<Conformance> {
        let fixture = Fixture::new()?;
        let mut findings = Vec::new();
        let mut refused = Vec::new();
        let mut note = |finding: Finding| {
            on_finding(&finding);
            findings.push(finding);
        };
        let done = run_checks(self, &fixture, settings, &mut note, &mut refused);
        Ok(Conformance {
            module: self.source().name().to_owned(),
            sha256: self.source().digest().to_string(),
            findings,
            refused,
            untried: done == Some(Progression::Untried),
        })
    }
}

/// How a module is tried.
pub struct TestSettings<'a> {
    /// A configuration, and its file; without one, it is tried with the examples in its schema.
    pub with: Option<(&'a Path, &'a str)>,
    /// What it may do for real.
    pub permission: Permission,
    /// How long each of its runs may take.
    pub limit: Duration,
}

/// How far the checks came.
#[derive(PartialEq)]
enum Progression {
    All,
    /// What is missing takes a permission.
    Untried,
}

/// Stops where a failure leaves nothing to try.
fn run_checks(
    probe: &ModuleProbe,
    fixture: &Fixture,
    settings: &TestSettings<'_>,
    note: &mut impl FnMut(Finding),
    refused: &mut Vec<AccessVerdict>,
) -> Option<Progression> {
    let module = note_value(note, "component", static_checks::component(probe))?;
    let description = note_value(note, "description", static_checks::description(&module))?;
    note_value(note, "schema", static_checks::schema(&description))?;
    let cases = static_checks::cases(&module, fixture, &description, settings.with);
    let subject = Subject {
        module: &module,
        fixture,
        cases: note_value(note, "examples", cases)?,
        description,
        permission: &settings.permission,
        limit: settings.limit,
    };
    // Before anything of it runs.
    for about in plans::in_words(&subject, refused) {
        note(Finding {
            check: "plan",
            verdict: CheckStatus::Note,
            about,
        });
    }
    for (name, check) in PLAN_CHECKS {
        note_result(note, name, check(&subject));
    }
    if let Some(missing) = plans::missing(&subject) {
        note_result(note, "backup", Ok(CheckOutcome::Skipped(missing)));
        return Some(Progression::Untried);
    }
    let ran = match fault_injection::backup(&subject) {
        Ok(Backups::Made { ran, about }) => {
            note_result(note, "backup", Ok(CheckOutcome::Passed(about)));
            ran
        }
        Ok(Backups::Untried(why)) => {
            note_result(note, "backup", Ok(CheckOutcome::Skipped(why)));
            return Some(Progression::Untried);
        }
        Err(about) => {
            note_result(note, "backup", Err(about));
            return None;
        }
    };
    for about in fault_injection::unused(&subject, &ran) {
        note(Finding {
            check: "plan",
            verdict: CheckStatus::Note,
            about,
        });
    }
    note_result(note, "preflight", preflight::preflight(&subject));
    for (name, check) in FAULT_CHECKS {
        note_result(note, name, check(&subject, &ran));
    }
    note_result(note, "restore", round_trip::restore(&subject));
    let said = refusal_finder::find_refusals(&subject);
    note_result(note, "find-refusals", said);
    Some(Progression::All)
}

fn note_result(note: &mut impl FnMut(Finding), check: &'static str, result: CheckResult) {
    let (verdict, about) = match result {
        Ok(CheckOutcome::Passed(about)) => (CheckStatus::Passed, about),
        Ok(CheckOutcome::Noted(about)) => (CheckStatus::Note, about),
        Ok(CheckOutcome::Skipped(about)) => (CheckStatus::Skipped, about),
        Err(about) => (CheckStatus::Failed, about),
    };
    note(Finding {
        check,
        verdict,
        about,
    });
}

/// The same for a check that returns what the next ones need.
fn note_value<T>(
    note: &mut impl FnMut(Finding),
    check: &'static str,
    result: Result<(T, String), String>,
) -> Option<T> {
    let (value, result) = match result {
        Ok((value, about)) => (Some(value), Ok(CheckOutcome::Passed(about))),
        Err(about) => (None, Err(about)),
    };
    note_result(note, check, result);
    value
}
