//! A module that can be asked before a run must not say that one would fail which succeeds.

use std::sync::Arc;

use super::bad_message::bad_message;
use super::command_recorder::CommandRecorder;
use super::permission::Permitted;
use super::subject::{CheckOutcome, CheckResult, Subject, TestCase};
use crate::cancel::Cancel;
use crate::modules::error_text::one_line;

/// Asks with each configuration, where a backup has just been made.
pub(super) fn preflight(subject: &Subject<'_>) -> CheckResult {
    if !subject.module.has_preflight() {
        return Ok(CheckOutcome::Skipped("it exports no preflight".to_owned()));
    }
    let is_stood_in = |case: &TestCase| subject.permitted(&case.asks) != Permitted::AsPlanned;
    if subject.cases.iter().any(is_stood_in) {
        return Ok(CheckOutcome::Skipped(
            "it may look with commands, and those were not allowed".to_owned(),
        ));
    }
    for case in &subject.cases {
        let cancel = Cancel::new();
        let _deadline = subject
            .deadline(&cancel)
            .map_err(|error| one_line(&error))?;
        let job = subject.fixture.job(
            subject.module,
            case.config.to_string(),
            case.asks.clone().granted(),
            cancel,
            Arc::new(CommandRecorder::default()),
        );
        let found = job.and_then(|job| subject.module.preflight(job));
        let found = found.map_err(|error| {
            format!(
                "preflight with {} does not answer: {}",
                case.title,
                one_line(&error)
            )
        })?;
        let mut said = found.failures.iter().chain(&found.warnings);
        if let Some(wrong) = said.find_map(bad_message) {
            return Err(format!("preflight with {}: {wrong}", case.title));
        }
        if let Some(failure) = found.failures.first() {
            return Err(format!(
                "preflight with {} says that a run would fail, and one has just succeeded: {}",
                case.title,
                one_line(failure)
            ));
        }
    }
    Ok(CheckOutcome::Passed(
        "asked before a run, it finds nothing wrong where a run succeeds".to_owned(),
    ))
}
