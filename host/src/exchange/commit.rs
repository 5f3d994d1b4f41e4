//! The exchange itself: all of it, or none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, fchmod, fstat, syncfs};
use rustix::io::{Errno, Result as IoResult};
use rustix::process::geteuid;

use super::base::{self, BaseWriter};
use super::entries::{absolute, readable};
use super::fault;
use super::follow::{follow, left_in};
use super::journal::{DirectoryRecord, ExchangeProgress, StepRecord};
use super::merge::Direction;
use super::plan::{Plan, Planner};
use super::staging::Staging;
use super::step::PlaceFinder;
use crate::error::{Error, Result};

/// What an exchange that happened has left.
pub(crate) enum Committed {
    Done,
    /// The new tree is there; both trees and the journal stay for the next run.
    Unfinished(Error),
}

/// Why an exchange did not happen.
enum ExchangeStopped {
    /// This directory cannot be exchanged as a whole.
    Directory(PathBuf),
    Failed(Error),
}

impl Staging {
    /// Gives everything its place. After an error, what was there is there.
    pub(crate) fn commit(mut self) -> Result<Committed> {
        let mut fixed = BTreeSet::new();
        loop {
            self.pass("built")?;
            // The longest wait: the application had better not write while links are made and exchanged.
            self.sync()?;
            let base = BaseWriter::create(base::file(&self.journals, &self.record.id));
            let plan = Planner {
                staging: &self,
                fixed: &fixed,
                plan: Plan::default(),
                area: 0,
                base: base.map_err(|error| Error::io("write to", &self.journals, error.into()))?,
            };
            let mut plan = plan.run()?;
            plan.set_directories(&self)?;
            self.sync()?;
            self.record.steps = std::mem::take(&mut plan.steps);
            self.record.directories = std::mem::take(&mut plan.directories);
            self.pass("planned")?;
            self.enter(ExchangeProgress::Exchanging)?;
            match self.exchange() {
                Ok(()) => {
                    let followed = self.follow();
                    self.sync_quietly();
                    return Ok(match followed {
                        Ok(()) => {
                            self.done();
                            Committed::Done
                        }
                        Err(error) => {
                            self.areas.clear();
                            Committed::Unfinished(error)
                        }
                    });
                }
                Err(ExchangeStopped::Directory(name)) => {
                    self.go_back()?;
                    plan.take_back(&self)?;
                    fixed.insert(name);
                }
                Err(ExchangeStopped::Failed(error)) => {
                    self.go_back()?;
                    return Err(error);
                }
            }
        }
    }

    fn exchange(&self) -> Result<(), ExchangeStopped> {
        self.pass("journal").map_err(ExchangeStopped::Failed)?;
        open_directories(&self.record.directories);
        let mut places = PlaceFinder::new(&self.root, &self.areas);
        for step in &self.record.steps {
            let done = places.of(step).and_then(|places| places.exchange(step));
            if let Err(error) = done {
                return Err(self.stopped(step, error));
            }
        }
        fault::at("directories")
            .and_then(|()| set_directories(&self.record.directories))
            .map_err(|error| {
                ExchangeStopped::Failed(self.failed(
                    "set the mode of a directory in",
                    Path::new(""),
                    error,
                ))
            })
    }

    fn stopped(&self, step: &StepRecord, error: Errno) -> ExchangeStopped {
        let name = step.name.path();
        let cannot = matches!(
            error,
            Errno::XDEV
                | Errno::BUSY
                | Errno::PERM
                | Errno::ACCESS
                | Errno::INVAL
                | Errno::NOTEMPTY
        );
        match step.directory && step.exchange && cannot {
            true => {
                let path = self.target.join(&name);
                tracing::info!(path = %path.display(), %error, "this directory is exchanged entry by entry");
                ExchangeStopped::Directory(name)
            }
            false => ExchangeStopped::Failed(self.failed("replace", &name, error)),
        }
    }

    /// Everything is what it was again, and the new tree is still there.
    fn go_back(&mut self) -> Result<()> {
        self.enter(ExchangeProgress::Undoing)?;
        if let Err(error) = undo(&self.record.steps, &self.record.directories, self) {
            // The journal stays, and what was replaced stays beside: the next run tries again.
            self.areas.clear();
            let file = self.record.file(&self.journals);
            return Err(self
                .failed("undo what was replaced in", Path::new(""), error)
                .hint(format!(
                    "what was replaced lies beside it; the next run tries again, as {} says",
                    file.display()
                )));
        }
        self.enter(ExchangeProgress::Building)
    }

    /// What the application changed in the old directories while the new ones were made.
    fn follow(&self) -> Result<()> {
        let followed = follow(self, Direction::Forward);
        // Being written to may have changed them.
        if let Err(error) = set_directories(&self.record.directories) {
            tracing::warn!(%error, "a directory is not what it should be");
        }
        followed.map_err(|error| {
            let error = self.failed("take over what was written meanwhile in", Path::new(""), error);
            let places = left_in(self);
            let hint = format!("the backup is restored there; what the application wrote meanwhile is in {places}: the next run takes it over");
            Error::run("restore-not-followed", error.message()).hint(hint)
        })
    }

    /// What was replaced goes.
    fn done(mut self) {
        if let Err(error) = self
            .enter(ExchangeProgress::Done)
            .and_then(|()| self.pass("done"))
        {
            tracing::warn!("what was replaced is removed by the next run: {error}");
            self.areas.clear();
            return;
        }
        // Only what holds an area has still another time.
        for directory in &self.record.directories {
            if let Some(before) = self.before.get_mut(&directory.path.path()) {
                *before = directory.after.clone();
            }
        }
        self.tidy();
    }

    fn enter(&mut self, progress: ExchangeProgress) -> Result<()> {
        self.record.progress = progress;
        self.record.write(&self.journals)
    }

    fn sync(&self) -> Result<()> {
        for area in &self.areas {
            let synced = readable(&area.folder).and_then(syncfs);
            synced.map_err(|error| Error::io("sync", &area.holder_path, error.into()))?;
        }
        Ok(())
    }

    fn sync_quietly(&self) {
        if let Err(error) = self.sync() {
            tracing::warn!("what was restored may be lost by a power cut: {error}");
        }
    }

    fn pass(&self, point: &str) -> Result<()> {
        fault::at(point).map_err(|error| self.failed("restore into", Path::new(""), error))
    }
}

/// Undoes what was done of these steps, the last one first.
pub(super) fn undo(
    steps: &[StepRecord],
    directories: &[DirectoryRecord],
    staging: &Staging,
) -> IoResult<()> {
    open_directories(directories);
    let mut places = PlaceFinder::new(&staging.root, &staging.areas);
    for step in steps.iter().rev() {
        match places.of(step) {
            // The application has removed the directory that it stood in.
            Err(Errno::NOENT) => {}
            found => {
                let places = found?;
                if places.is_done(step)? {
                    places.undo(step)?;
                }
            }
        }
    }
    follow(staging, Direction::Back)?;
    for directory in directories.iter().rev() {
        directory
            .before
            .put_back(&readable(absolute(&directory.path.path())?)?)?;
    }
    Ok(())
}

/// Lets us change directories that their owner closed; what they shall be is set in the end.
pub(super) fn open_directories(directories: &[DirectoryRecord]) {
    if geteuid().is_root() {
        return;
    }
    for directory in directories {
        let opened = absolute(&directory.path.path()).and_then(readable);
        let opened = opened.and_then(|open| {
            let mode = Mode::from_raw_mode(fstat(&open)?.st_mode);
            match mode.contains(Mode::RWXU) {
                true => Ok(()),
                false => fchmod(open, mode | Mode::RWXU),
            }
        });
        if let Err(error) = opened {
            // That of another user stays as it is: changing it shows whether that works.
            tracing::debug!(%error, "a directory stays closed");
        }
    }
}

/// Directories that stay become what they shall be, those inside of others first.
pub(super) fn set_directories(directories: &[DirectoryRecord]) -> IoResult<()> {
    for directory in directories.iter().rev() {
        directory
            .after
            .apply(&readable(absolute(&directory.path.path())?)?)?;
    }
    Ok(())
}
