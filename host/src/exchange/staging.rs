//! The tree that is being built beside what is there.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, mkdirat};
use rustix::io::Errno;

use super::area::Area;
use super::directory_facts::DirectoryFacts;
use super::entries::{FOLDER, absolute, beneath, facts, readable, same_mount, split};
use super::journal::{AreaRecord, ExchangeProgress, Record};
use super::{STAGED, fault};
use crate::error::{Error, Result};

/// What a tree is built for.
pub(crate) struct StagingRequest<'a> {
    /// The folder of journals.
    pub(crate) journals: &'a Path,
    /// Ten lowercase letters and digits that only this restore has.
    pub(crate) id: &'a str,
    /// The directory that it goes into.
    pub(crate) target: &'a Path,
    /// Whether directories may be exchanged: not for the sake of a few chosen files.
    pub(crate) directories: bool,
}

/// The tree that is being built beside what is there. Dropped, it goes away.
pub(crate) struct Staging {
    pub(super) journals: PathBuf,
    pub(super) record: Record,
    pub(super) target: PathBuf,
    pub(super) root: Arc<OwnedFd>,
    pub(super) areas: Vec<Area>,
    pub(super) directories: bool,
    /// What directories shall be.
    pub(super) facts: BTreeMap<PathBuf, DirectoryFacts>,
    /// Directories that stay themselves, as they were before anything was made in them.
    pub(super) before: BTreeMap<PathBuf, DirectoryFacts>,
}

/// A directory of the new tree.
#[derive(Clone)]
pub(crate) struct StagedFolder {
    /// Where its entries are built.
    pub(crate) staged: Arc<OwnedFd>,
    /// The directory of that name that is there now.
    pub(crate) live: Option<Arc<OwnedFd>>,
}

impl Staging {
    /// Begins a tree for `root`. None if the file system cannot exchange names.
    pub(crate) fn begin(request: &StagingRequest<'_>, root: &Arc<OwnedFd>) -> Result<Option<Self>> {
        let target = fs::canonicalize(request.target)
            .map_err(|error| Error::io("find", request.target, error))?;
        let record = Record::new(request.id, &target, ExchangeProgress::Building);
        let mut staging = Self {
            journals: request.journals.to_owned(),
            record,
            target,
            root: Arc::clone(root),
            areas: Vec::new(),
            directories: request.directories,
            facts: BTreeMap::new(),
            before: BTreeMap::new(),
        };
        if let Err(error) = staging.first_area() {
            staging.record.remove(&staging.journals);
            return Err(error);
        }
        let first = staging.areas.first().map(Area::can_exchange);
        match first.transpose() {
            Ok(Some(true)) => Ok(Some(staging)),
            Ok(_) => Ok(None),
            Err(error) => Err(staging.failed("write to", Path::new(""), error)),
        }
    }

    /// Beside the target if that can be exchanged itself, else in it.
    fn first_area(&mut self) -> Result<()> {
        if self.directories
            && let Some((parent, name)) = self.parent()
        {
            let path = self.target.parent().unwrap_or(Path::new("/")).to_owned();
            match self.area(Arc::new(parent), path, Path::new(""), Some(name)) {
                Err(error) if matches!(error.code(), "permission-denied" | "read-only") => {}
                made => return made,
            }
        }
        let (root, path) = (Arc::clone(&self.root), self.target.clone());
        self.area(root, path, Path::new(""), None)
    }

    /// The folder that the target lies in, on the same mount.
    fn parent(&self) -> Option<(OwnedFd, PathBuf)> {
        let name = PathBuf::from(self.target.file_name()?);
        let parent = absolute(self.target.parent()?).ok()?;
        let again = same_mount(&parent, &name).ok()?;
        let [found, expected] = [&again, &*self.root].map(|open| rustix::fs::fstat(open).ok());
        let same = |facts: rustix::fs::Stat| (facts.st_dev, facts.st_ino);
        let is_target = found
            .map(same)
            .is_some_and(|id| Some(id) == expected.map(same));
        is_target.then_some((parent, name))
    }

    /// Makes another folder to build in; the journal knows of it first.
    fn area(
        &mut self,
        holder: Arc<OwnedFd>,
        path: PathBuf,
        base: &Path,
        beside: Option<PathBuf>,
    ) -> Result<()> {
        let name = PathBuf::from(format!("{STAGED}{}", self.record.id));
        let failed = |error: Errno| Error::io("build in", &path, error.into());
        let before = match readable(&holder) {
            Ok(opened) => Some(DirectoryFacts::of(&opened).map_err(failed)?),
            Err(_) => None,
        };
        if let Some(before) = &before {
            self.before
                .entry(path.clone())
                .or_insert_with(|| before.clone());
        }
        self.record.areas.push(AreaRecord {
            holder: path.as_path().into(),
            before,
            base: base.into(),
        });
        self.record.write(&self.journals)?;
        let made =
            fault::at("area").and_then(|()| Area::make(holder, path.clone(), &name, base, beside));
        let area = match made {
            Ok(area) => area,
            Err(error) => {
                self.record.areas.pop();
                return Err(failed(error));
            }
        };
        self.areas.push(area);
        Ok(())
    }

    /// The directory of that name, below the target. Makes what is missing of the new tree.
    pub(crate) fn folder(&mut self, name: &Path) -> rustix::io::Result<StagedFolder> {
        if name.as_os_str().is_empty() {
            let staged = self.areas.first().ok_or(Errno::NOENT)?;
            return Ok(StagedFolder {
                staged: Arc::clone(&staged.folder),
                live: Some(Arc::clone(&self.root)),
            });
        }
        let (parent, last) = split(name);
        let parent = self.folder(parent)?;
        let (live, mounted) = match &parent.live {
            None => (None, false),
            Some(live) => match same_mount(live, last) {
                Ok(found) => (Some(Arc::new(found)), false),
                Err(Errno::NOENT) => (None, false),
                // The new tree has a directory there, in place of what it is now.
                Err(Errno::NOTDIR | Errno::LOOP) if super::is_directory(&parent.staged, last) => {
                    (None, false)
                }
                Err(Errno::XDEV) => (Some(Arc::new(beneath(live, last, FOLDER)?)), true),
                Err(error) => return Err(error),
            },
        };
        if let (true, Some(live)) = (mounted, &live) {
            return self.mounted(name, live);
        }
        let staged = match beneath(&parent.staged, last, FOLDER) {
            Err(Errno::NOENT) => {
                mkdirat(&parent.staged, last, Mode::RWXU)?;
                beneath(&parent.staged, last, FOLDER)?
            }
            staged => staged?,
        };
        Ok(StagedFolder {
            staged: Arc::new(staged),
            live,
        })
    }

    /// What lies on another mount is built there.
    fn mounted(&mut self, name: &Path, live: &Arc<OwnedFd>) -> rustix::io::Result<StagedFolder> {
        if self.areas.iter().all(|area| area.base != name) {
            let path = self.target.join(name);
            let made = self.area(Arc::clone(live), path, name, None);
            made.map_err(|_| Errno::XDEV)?;
        }
        let area = self.areas.iter().find(|area| area.base == name);
        Ok(StagedFolder {
            staged: Arc::clone(&area.ok_or(Errno::XDEV)?.folder),
            live: Some(Arc::clone(live)),
        })
    }

    /// What a directory of the new tree shall be.
    pub(crate) fn set(&mut self, name: &Path, facts: DirectoryFacts) {
        self.facts.insert(name.to_owned(), facts);
    }

    /// Whether a directory stands where something else is to be.
    pub(crate) fn is_blocked(folder: &StagedFolder, last: &Path) -> rustix::io::Result<bool> {
        match &folder.live {
            None => Ok(false),
            Some(live) => {
                let found = facts(live, last)?;
                Ok(found.is_some_and(|found| super::entries::is_dir(&found)))
            }
        }
    }

    pub(super) fn failed(&self, doing: &str, name: &Path, error: Errno) -> Error {
        Error::io(doing, &self.target.join(name), error.into())
    }

    /// Removes what was built, and then the journal.
    pub(super) fn tidy(&mut self) {
        let mut left = false;
        for area in &self.areas {
            if let Err(error) = area.remove() {
                left = true;
                let path = area.holder_path.join(&area.name);
                tracing::warn!(path = %path.display(), %error, "cannot remove what a restore has made; the next run tries again");
            }
        }
        for (path, before) in &self.before {
            let put = absolute(path)
                .and_then(readable)
                .and_then(|open| before.set_time(&open));
            if let Err(error) = put {
                tracing::debug!(path = %path.display(), %error, "the time of a directory is another one");
            }
        }
        if !left {
            self.record.remove(&self.journals);
        }
        self.areas.clear();
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.areas.is_empty() {
            self.tidy();
        }
    }
}
