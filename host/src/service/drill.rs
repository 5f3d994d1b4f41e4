//! Drills: the latest backup, restored into a scratch target and checked there. A backup that was
//! never restored is a hope.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::guard::{Deadline, Strays};
use super::restore::{Order, Report};
use super::turn::Turn;
use super::{Job, Service};
use crate::command::{Command, Shell, Stdin, Stdout};
use crate::config::Drill;
use crate::error::{Error, Kind, Result};
use crate::history::{Failure, Outcome};

/// Made in the scratch directory, and removed again: nothing else there is touched.
const FOLDER: &str = "sidecar-drill";
/// Tells the checks where the restored data is.
const INTO: &str = "SIDE_CAR_DRILL_INTO";

impl Service {
    /// Restores the latest backup into the scratch target, runs the operator's checks, and cleans up.
    pub fn drill(&self, job: &Arc<Job>) -> Result<Report> {
        self.run_drill(self.turn()?, job)
    }

    /// The same when it is our turn.
    pub(super) fn run_drill(&self, turn: Turn, job: &Arc<Job>) -> Result<Report> {
        self.reported(turn, job, |turn| self.rehearse(turn, job))
    }

    fn rehearse(&self, turn: &Turn, job: &Arc<Job>) -> Result<Report> {
        let drill = self.config().drill.as_ref().ok_or_else(no_drill)?;
        let scratch = drill.directory().map(Scratch::make).transpose()?;
        let into = match &scratch {
            Some(scratch) => scratch.0.to_string_lossy().into_owned(),
            None => drill.into.reveal().to_owned(),
        };
        let order = Order {
            which: "latest".to_owned(),
            only: Vec::new(),
            into: Some(into.clone()),
            replace: true,
        };
        let mut report = self.carry_out(turn, job, &order)?;
        if report.error.is_none() {
            report.error = self.try_out(job, drill, &into, &mut report.parts)?;
        }
        Ok(report)
    }

    /// Runs every check, also after one that failed. Returns the first failure.
    fn try_out(
        &self,
        job: &Arc<Job>,
        drill: &Drill,
        into: &str,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<Option<Error>> {
        let _strays = Strays;
        let _deadline = Deadline::start(self.config().strategy.timeout, job.cancel())?;
        let own = &self.config().strategy.config;
        let shell = Shell::find(own.get("shell").and_then(|shell| shell.as_str()))?;
        let workdir = match drill.directory() {
            Some(_) => Path::new(into),
            None => self.config().paths.workdir.as_path(),
        };
        let mut env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let helpers = self.helpers(job.request());
        env.extend(
            helpers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let named = own.get("env").and_then(|env| env.as_object());
        env.extend(named.into_iter().flatten().map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.into(), text.into())
        }));
        env.push((INTO.into(), into.into()));
        let mut first = None;
        for line in &drill.check {
            let check = Command {
                line,
                env: env.clone(),
                workdir,
                shell: &shell,
                accept: &[],
            };
            let done = check.run(Stdin::Nothing, Stdout::Log, job.cancel());
            job.cancel().check()?;
            outcomes.push(Outcome {
                name: line.clone(),
                note: "checked".to_owned(),
                error: done.as_ref().err().map(Failure::from),
            });
            if let Err(error) = done {
                first.get_or_insert(error);
            }
        }
        Ok(first)
    }
}

/// A folder of our own below the scratch directory.
struct Scratch(PathBuf);

impl Scratch {
    /// Also takes away what a drill left that was killed.
    fn make(directory: &Path) -> Result<Self> {
        let folder = directory.join(FOLDER);
        let scratch = Self(folder.clone());
        scratch.clear()?;
        fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, error))?;
        Ok(scratch)
    }

    fn clear(&self) -> Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.0, error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = self.clear() {
            tracing::warn!(
                hint = error.hint_text(),
                "the drill leaves something behind: {error}"
            );
        }
    }
}

fn no_drill() -> Error {
    Error::new(Kind::Config, "no-drill", "no drill is configured").hint(
        "add `drill:` with `into` (a scratch target) and `check` (commands): see config/README.md",
    )
}
