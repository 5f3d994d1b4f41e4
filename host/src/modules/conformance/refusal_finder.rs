//! What a module says beforehand of a restore must be what the restore then does.

use super::bad_message::bad_message;
use super::restorable::{Preparation, Restorable};
use super::subject::{CheckOutcome, CheckResult, Subject};
use crate::error::Error;
use crate::modules::error_text::one_line;

/// Asks before a restore into an empty directory, and before a second one, in whose way the files of the first are.
pub(super) fn find_refusals(subject: &Subject<'_>) -> CheckResult {
    if !subject.module.finds_refusals() {
        return Ok(CheckOutcome::Skipped(
            "it exports no find-refusals".to_owned(),
        ));
    }
    let mut asked = false;
    for case in &subject.cases {
        let Preparation::Ready(backup) = Restorable::prepare(subject, case)? else {
            continue;
        };
        asked = true;
        let found = ask(&backup)?;
        // Whether the restore itself is right is another check's matter.
        if backup.restore().is_err() {
            continue;
        }
        if let Some(refusal) = found.first() {
            return Err(format!(
                "find-refusals with {} says that a restore would be refused, and it has just succeeded: {}",
                case.title,
                one_line(refusal)
            ));
        }
        if let (found, Err(refusal)) = (ask(&backup)?, backup.restore())
            && found.is_empty()
        {
            return Ok(CheckOutcome::Noted(format!(
                "find-refusals with {} finds nothing in the way, and the restore then refuses, when other strategies of a set \
                 may be restored already: {}",
                case.title,
                one_line(&refusal)
            )));
        }
    }
    match asked {
        true => Ok(CheckOutcome::Passed(
            "asked before a restore, it says what the restore then does".to_owned(),
        )),
        false => Ok(CheckOutcome::Skipped(
            "no restore of it into a directory was planned and allowed".to_owned(),
        )),
    }
}

fn ask(backup: &Restorable<'_>) -> Result<Vec<Error>, String> {
    let found = backup
        .find_refusals()
        .map_err(|error| format!("find-refusals does not answer: {}", one_line(&error)))?;
    match found.iter().find_map(bad_message) {
        Some(wrong) => Err(format!("find-refusals: {wrong}")),
        None => Ok(found),
    }
}
