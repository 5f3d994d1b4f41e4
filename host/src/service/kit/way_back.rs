//! The way back: what a module restores is what it took.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::bench::{Commands, Disk};
use super::manners::{rude, words};
use super::{Case, Check, Subject, Told};
use crate::artifact::{Fetched, Sealed, Writer};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::sandbox::{Ending, RestoreJob, RestoreRequest};

/// Backs up, restores into a new directory, and compares.
pub(super) fn restore(subject: &Subject<'_>) -> Check {
    if !subject.module.can_restore() {
        return Ok(Told::Skipped("it exports no restore".to_owned()));
    }
    let (mut compared, mut done, mut refused) = (0, 0, None);
    for case in &subject.cases {
        match subject.there_and_back(case)? {
            Back::Restored(files) => {
                done += 1;
                compared += files;
            }
            Back::Refused(why) => refused = Some(why),
        }
    }
    match (done, refused) {
        (0, Some(why)) => Ok(Told::Skipped(format!(
            "it refuses to restore into a directory: {why}"
        ))),
        _ => Ok(Told::Passed(format!(
            "it gives back what it took ({compared} files compared)"
        ))),
    }
}

enum Back {
    /// How many of the restored files lay in the work directory before.
    Restored(usize),
    Refused(String),
}

impl Subject<'_> {
    fn there_and_back(&self, case: &Case) -> Result<Back, String> {
        let taken = self
            .attempt(case, Commands::Real, Disk::Good, Cancel::new())?
            .ending
            .and_then(Ending::verdict)
            .and_then(Writer::finish)
            .map_err(|error| words(&error))?;
        let into = self
            .bench
            .folder("restored")
            .map_err(|error| words(&error))?;
        let request = RestoreRequest {
            format: case.format().to_owned(),
            size: taken.raw_size,
            parts: taken.parts.clone(),
            only: Vec::new(),
            into: Some(into.to_string_lossy().into_owned()),
            replace: false,
        };
        let helpers = self.bench.helpers(self.module.name());
        let config = case.config.to_string();
        let plan = match self.module.plan_restore(&config, &request, &helpers) {
            Ok(Ok(plan)) => plan,
            Ok(Err(failures)) => return refusal(&failures),
            Err(error) => return Err(format!("plan-restore does not answer: {}", words(&error))),
        };
        let directory = plan.directory.as_deref().map(PathBuf::from);
        if directory.as_ref().is_some_and(|path| *path != into) {
            return Err("its plan restores into another directory than it was told".to_owned());
        }
        let job = self
            .bench
            .job(self.module, config, plan.granted(), Cancel::new());
        let source = self.bench.fetched(taken).map_err(|error| words(&error))?;
        let restored = self
            .module
            .restore(RestoreJob {
                job,
                request,
                source,
                directory,
            })
            .map_err(|error| format!("the restore fails: {}", words(&error)))?;
        let failures = restored
            .outcomes
            .into_iter()
            .filter_map(|outcome| outcome.error);
        if let Some(error) = restored.broken.into_iter().chain(failures).next() {
            return Err(format!("the restore fails: {}", words(&error)));
        }
        compare(&into, &self.bench.workdir()).map(Back::Restored)
    }
}

/// Good reasons are no mistake: not every configuration knows a way back.
fn refusal(failures: &[Error]) -> Result<Back, String> {
    match failures.iter().find_map(rude) {
        Some(wrong) => Err(format!("plan-restore refuses, and {wrong}")),
        None => Ok(Back::Refused(
            failures.first().map_or_else(String::new, words),
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

impl super::bench::Bench {
    /// A backup, as a store would give it back.
    fn fetched(&self, taken: Sealed) -> crate::error::Result<Fetched> {
        let path = self.folder("fetched")?.join("backup");
        let size = taken.raw_size;
        taken.spool.publish(&path)?;
        let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
        Ok(Fetched::whole(file, size))
    }
}
