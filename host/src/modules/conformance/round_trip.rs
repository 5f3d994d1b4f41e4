//! What a module restores must be what it backed up.

use std::fs;
use std::path::Path;

use super::restorable::{Preparation, Restorable};
use super::subject::{CheckOutcome, CheckResult, Subject};
use crate::modules::error_text::one_line;

/// Backs up, restores into a new directory, and compares.
pub(super) fn restore(subject: &Subject<'_>) -> CheckResult {
    if !subject.module.can_restore() {
        return Ok(CheckOutcome::Skipped("it exports no restore".to_owned()));
    }
    let (mut compared, mut done, mut refused) = (0, 0, None);
    for case in &subject.cases {
        match Restorable::prepare(subject, case)? {
            Preparation::Ready(backup) => {
                done += 1;
                compared += round_trip(subject, &backup)?;
            }
            Preparation::Refused(why) => refused = Some(why),
        }
    }
    match (done, refused) {
        (0, Some(why)) => Ok(CheckOutcome::Skipped(format!(
            "it refuses to restore into a directory: {why}"
        ))),
        _ => Ok(CheckOutcome::Passed(format!(
            "it gives back what it took ({compared} files compared)"
        ))),
    }
}

/// Returns how many of the restored files are in the work directory too.
fn round_trip(subject: &Subject<'_>, backup: &Restorable<'_>) -> Result<usize, String> {
    backup
        .restore()
        .map_err(|error| format!("the restore fails: {}", one_line(&error)))?;
    // What a stand-in printed is not what lies in the work directory.
    match backup.runs_its_own_commands {
        true => compare(backup.into(), subject.fixture.workdir()),
        false => Ok(0),
    }
}

/// What is in both directories must be the same; returns how many files that were.
fn compare(restored: &Path, original: &Path) -> Result<usize, String> {
    let mut same = 0;
    let failed = |error: std::io::Error| format!("cannot read what was restored: {error}");
    for entry in fs::read_dir(restored).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, before) = (entry.path(), original.join(entry.file_name()));
        if entry.file_type().map_err(failed)?.is_dir() {
            same += compare(&path, &before)?;
        } else if before.is_file() {
            if fs::read(&path).map_err(failed)? != fs::read(&before).map_err(failed)? {
                let name = before.display();
                return Err(format!(
                    "what it restored as {name} is not what it had taken"
                ));
            }
            same += 1;
        }
    }
    Ok(same)
}
