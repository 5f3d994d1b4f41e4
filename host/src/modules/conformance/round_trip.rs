//! What a module restores must be what it backed up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::attempt::{CommandBehaviour, DiskBehaviour};
use super::bad_message::bad_message;
use super::command_recorder::CommandRecorder;
use super::fixture::Fixture;
use super::permission::{Permitted, STAND_IN};
use super::subject::{CheckOutcome, CheckResult, Subject, TestCase};
use crate::artifact::{Fetched, Sealed, Writer};
use crate::cancel::Cancel;
use crate::error::{self, Error};
use crate::modules::error_text::one_line;
use crate::sandbox::{Choices, RestoreJob, RestoreRequest, RunEnd};

/// Backs up, restores into a new directory, and compares.
pub(super) fn restore(subject: &Subject<'_>) -> CheckResult {
    if !subject.module.can_restore() {
        return Ok(CheckOutcome::Skipped("it exports no restore".to_owned()));
    }
    let (mut compared, mut done, mut refused) = (0, 0, None);
    for case in &subject.cases {
        match round_trip(subject, case)? {
            RoundTrip::Restored(files) => {
                done += 1;
                compared += files;
            }
            RoundTrip::Refused(why) => refused = Some(why),
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

enum RoundTrip {
    /// How many of the restored files are in the work directory too.
    Restored(usize),
    Refused(String),
}

fn round_trip(subject: &Subject<'_>, case: &TestCase) -> Result<RoundTrip, String> {
    let taken = subject
        .attempt(
            case,
            CommandBehaviour::Real,
            DiskBehaviour::Good,
            Cancel::new(),
        )?
        .ending
        .and_then(RunEnd::verdict)
        .and_then(Writer::finish)
        .map_err(|error| one_line(&error))?;
    let into = subject
        .fixture
        .folder("restored")
        .map_err(|error| one_line(&error))?;
    let request = RestoreRequest {
        format: case.format().to_owned(),
        size: taken.raw_size,
        parts: taken.parts.clone(),
        only: Vec::new(),
        into: Some(into.to_string_lossy().into_owned()),
        replace: false,
        choices: Choices::of_run("conformance"),
    };
    let helpers = subject.fixture.helpers(subject.module.name());
    let config = case.config.to_string();
    let plan = match subject.module.plan_restore(&config, &request, &helpers) {
        Ok(Ok(plan)) => plan,
        Ok(Err(failures)) => return refusal(&failures),
        Err(error) => {
            return Err(format!(
                "plan-restore does not answer: {}",
                one_line(&error)
            ));
        }
    };
    let directory = plan.directory.as_deref().map(PathBuf::from);
    if directory.as_ref().is_some_and(|path| *path != into) {
        return Err("its plan restores into another directory than it was told".to_owned());
    }
    let (asks, mut grants) = (plan.access(), plan.granted());
    let permitted = subject.permitted(&asks);
    match &permitted {
        Permitted::AsPlanned => {}
        Permitted::WithStandIns => {
            let stand_in = subject.fixture.shell(STAND_IN);
            grants = grants.with_stand_in(&stand_in.map_err(|error| one_line(&error))?);
        }
        Permitted::NotAtAll(missing) => {
            return Ok(RoundTrip::Refused(format!("{missing} was not allowed")));
        }
    }
    let cancel = Cancel::new();
    let _deadline = subject.deadline(&cancel)?;
    let job = subject.fixture.job(
        subject.module,
        config,
        grants,
        cancel,
        Arc::new(CommandRecorder::default()),
    );
    let job = job.map_err(|error| one_line(&error))?;
    let journals = subject.fixture.folder("journals");
    let journals = journals.map_err(|error| one_line(&error))?;
    let source = fetched(subject.fixture, taken).map_err(|error| one_line(&error))?;
    let restored = subject
        .module
        .restore(RestoreJob {
            job,
            request,
            source,
            directory,
            journals,
        })
        .map_err(|error| format!("the restore fails: {}", one_line(&error)))?;
    let failures = restored
        .outcomes
        .into_iter()
        .filter_map(|outcome| outcome.error);
    if let Some(error) = restored.broken.into_iter().chain(failures).next() {
        return Err(format!("the restore fails: {}", one_line(&error)));
    }
    // What a stand-in printed is not what lies in the work directory.
    let all_ran = [permitted, subject.permitted(&case.asks)];
    match all_ran.iter().all(|one| *one == Permitted::AsPlanned) {
        true => compare(&into, subject.fixture.workdir()).map(RoundTrip::Restored),
        false => Ok(RoundTrip::Restored(0)),
    }
}

/// A refusal with a good message is no mistake: not every configuration can be restored.
fn refusal(failures: &[Error]) -> Result<RoundTrip, String> {
    match failures.iter().find_map(bad_message) {
        Some(wrong) => Err(format!("plan-restore refuses, and {wrong}")),
        None => Ok(RoundTrip::Refused(
            failures.first().map_or_else(String::new, one_line),
        )),
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

/// A backup, as a store would return it.
fn fetched(fixture: &Fixture, sealed: Sealed) -> error::Result<Fetched> {
    let path = fixture.folder("fetched")?.join("backup");
    let size = sealed.raw_size;
    sealed.spool.publish(&path)?;
    let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
    Ok(Fetched::whole(file, size))
}
