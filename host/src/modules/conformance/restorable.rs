//! A backup that the module has made, and the directory that it is to be restored into.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::attempt::{CommandBehaviour, DiskBehaviour};
use super::bad_message::bad_message;
use super::command_recorder::CommandRecorder;
use super::permission::{Permitted, STAND_IN};
use super::subject::{Subject, TestCase};
use crate::artifact::{Fetched, Writer};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::modules::error_text::one_line;
use crate::plan::Grants;
use crate::sandbox::{Choices, RestoreJob, RestoreRequest, RunEnd};

/// What a restore of this backup is given, as often as it is asked for.
pub(super) struct Restorable<'a> {
    subject: &'a Subject<'a>,
    config: String,
    request: RestoreRequest,
    grants: Grants,
    backup: PathBuf,
    into: PathBuf,
    /// The directory of the plan, if it names one.
    directory: Option<PathBuf>,
    journals: PathBuf,
    /// Whether all commands are the module's own, in the backup and in the restore.
    pub runs_its_own_commands: bool,
}

/// Whether there is something to restore.
pub(super) enum Preparation<'a> {
    /// It was backed up, and the restore is planned and allowed.
    Ready(Box<Restorable<'a>>),
    /// Not every configuration can be restored, and not everything is allowed.
    Refused(String),
}

impl<'a> Restorable<'a> {
    /// Backs up with this configuration, and plans the restore into a new directory.
    pub(super) fn prepare(
        subject: &'a Subject<'a>,
        case: &TestCase,
    ) -> Result<Preparation<'a>, String> {
        let said = |error: Error| one_line(&error);
        let sealed = subject
            .attempt(
                case,
                CommandBehaviour::Real,
                DiskBehaviour::Good,
                Cancel::new(),
            )?
            .ending
            .and_then(RunEnd::verdict)
            .and_then(Writer::finish)
            .map_err(said)?;
        let fixture = subject.fixture;
        let into = fixture.folder("restored").map_err(said)?;
        let request = RestoreRequest {
            format: case.format().to_owned(),
            size: sealed.raw_size,
            parts: sealed.parts.clone(),
            only: Vec::new(),
            into: Some(into.to_string_lossy().into_owned()),
            replace: false,
            choices: Choices::of_run("conformance"),
        };
        let config = case.config.to_string();
        let helpers = fixture.helpers(subject.module.name());
        let plan = match subject.module.plan_restore(&config, &request, &helpers) {
            Ok(Ok(plan)) => plan,
            Ok(Err(failures)) => return refusal(&failures),
            Err(error) => return Err(format!("plan-restore does not answer: {}", said(error))),
        };
        let directory = plan.directory.as_deref().map(PathBuf::from);
        if directory.as_ref().is_some_and(|path| *path != into) {
            return Err("its plan restores into another directory than it was told".to_owned());
        }
        let permitted = subject.permitted(&plan.access());
        let grants = match &permitted {
            Permitted::AsPlanned => plan.granted(),
            Permitted::WithStandIns => {
                let stand_in = fixture.shell(STAND_IN).map_err(said)?;
                plan.granted().with_stand_in(&stand_in)
            }
            Permitted::NotAtAll(missing) => {
                return Ok(Preparation::Refused(format!("{missing} was not allowed")));
            }
        };
        let backup = fixture.folder("fetched").map_err(said)?.join("backup");
        sealed.spool.publish(&backup).map_err(said)?;
        Ok(Preparation::Ready(Box::new(Self {
            runs_its_own_commands: permitted == Permitted::AsPlanned
                && subject.permitted(&case.asks) == Permitted::AsPlanned,
            journals: fixture.folder("journals").map_err(said)?,
            subject,
            config,
            request,
            grants,
            backup,
            into,
            directory,
        })))
    }

    /// Where it is restored into.
    pub(super) fn into(&self) -> &Path {
        &self.into
    }

    /// Restores, as it was planned.
    pub(super) fn restore(&self) -> Result<(), Error> {
        let cancel = Cancel::new();
        let _deadline = self.subject.deadline(&cancel)?;
        let restored = self.subject.module.restore(self.job(cancel)?)?;
        let failures = restored
            .outcomes
            .into_iter()
            .filter_map(|outcome| outcome.error);
        match restored.broken.into_iter().chain(failures).next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// What the module says that a restore would refuse.
    pub(super) fn find_refusals(&self) -> Result<Vec<Error>, Error> {
        let cancel = Cancel::new();
        let _deadline = self.subject.deadline(&cancel)?;
        self.subject.module.find_refusals(self.job(cancel)?)
    }

    fn job(&self, cancel: Cancel) -> Result<RestoreJob, Error> {
        let job = self.subject.fixture.job(
            self.subject.module,
            self.config.clone(),
            self.grants.clone(),
            cancel,
            Arc::new(CommandRecorder::default()),
        )?;
        let backup = &self.backup;
        let file = File::open(backup).map_err(|error| Error::io("open", backup, error))?;
        Ok(RestoreJob {
            job,
            request: self.request.clone(),
            source: Fetched::whole(file, self.request.size),
            directory: self.directory.clone(),
            journals: self.journals.clone(),
        })
    }
}

/// A refusal with a good message is no mistake: not every configuration can be restored.
fn refusal<'a>(failures: &[Error]) -> Result<Preparation<'a>, String> {
    match failures.iter().find_map(bad_message) {
        Some(wrong) => Err(format!("plan-restore refuses, and {wrong}")),
        None => Ok(Preparation::Refused(
            failures.first().map_or_else(String::new, one_line),
        )),
    }
}
