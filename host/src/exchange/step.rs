//! One entry that gets its place, there and back.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{RenameFlags, renameat_with};
use rustix::io::{Errno, Result};

use super::area::Area;
use super::entries::{FOLDER, beneath, split};
use super::fault;
use super::journal::StepRecord;
use super::sighting::sight;

/// The two places of an entry: where it is built, and where it belongs.
pub(super) struct Places {
    staged: (Arc<OwnedFd>, PathBuf),
    live: (Arc<OwnedFd>, PathBuf),
}

/// Finds the places of steps; remembers the folders of the last one.
pub(super) struct PlaceFinder<'a> {
    pub(super) root: &'a Arc<OwnedFd>,
    pub(super) areas: &'a [Area],
    recent: Option<(usize, PathBuf, Arc<OwnedFd>, Arc<OwnedFd>)>,
}

impl<'a> PlaceFinder<'a> {
    pub(super) fn new(root: &'a Arc<OwnedFd>, areas: &'a [Area]) -> Self {
        Self {
            root,
            areas,
            recent: None,
        }
    }

    pub(super) fn of(&mut self, step: &StepRecord) -> Result<Places> {
        let area = self.areas.get(step.area).ok_or(Errno::NOENT)?;
        let name = step.name.path();
        if let (true, Some(beside)) = (name.as_os_str().is_empty(), &area.beside) {
            return Ok(Places {
                staged: (Arc::clone(&area.holder), area.name.clone()),
                live: (Arc::clone(&area.holder), beside.clone()),
            });
        }
        let (parent, last) = split(&name);
        let known = self.recent.as_ref();
        let known = known.filter(|(of, recent, ..)| *of == step.area && recent == parent);
        let (staged, live) = match known {
            Some((_, _, staged, live)) => (Arc::clone(staged), Arc::clone(live)),
            None => {
                let below = parent.strip_prefix(&area.base).unwrap_or(parent);
                let staged = Arc::new(beneath(&area.folder, below, FOLDER)?);
                let live = Arc::new(beneath(self.root, parent, FOLDER)?);
                let found = (Arc::clone(&staged), Arc::clone(&live));
                self.recent = Some((step.area, parent.to_owned(), staged, live));
                found
            }
        };
        Ok(Places {
            staged: (staged, last.to_owned()),
            live: (live, last.to_owned()),
        })
    }
}

impl Places {
    /// Whether the new entry has its place.
    pub(super) fn is_done(&self, step: &StepRecord) -> Result<bool> {
        let found = sight(&self.live.0, &self.live.1)?;
        Ok(found.is_some_and(|found| step.is(found.id)))
    }

    /// Whether the new entry is still where it was built.
    pub(super) fn is_waiting(&self, step: &StepRecord) -> Result<bool> {
        let found = sight(&self.staged.0, &self.staged.1)?;
        Ok(found.is_some_and(|found| step.is(found.id)))
    }

    /// Gives the new entry its place; the old one gets the other.
    pub(super) fn exchange(&self, step: &StepRecord) -> Result<()> {
        fault::at("exchange")?;
        self.swap(step.exchange, &self.staged, &self.live)?;
        fault::at("exchanged")
    }

    /// The same back.
    pub(super) fn undo(&self, step: &StepRecord) -> Result<()> {
        fault::at("undo")?;
        self.swap(step.exchange, &self.live, &self.staged)
    }

    fn swap(
        &self,
        exchange: bool,
        from: &(Arc<OwnedFd>, PathBuf),
        to: &(Arc<OwnedFd>, PathBuf),
    ) -> Result<()> {
        let flags = match exchange {
            true => RenameFlags::EXCHANGE,
            false => RenameFlags::NOREPLACE,
        };
        renameat_with(&from.0, &from.1, &to.0, &to.1, flags)
    }

    /// The directory that was replaced, and the one that is there now.
    pub(super) fn directories(&self) -> Result<(OwnedFd, OwnedFd)> {
        let open =
            |(folder, name): &(Arc<OwnedFd>, PathBuf)| beneath(folder, Path::new(name), FOLDER);
        Ok((open(&self.staged)?, open(&self.live)?))
    }
}
