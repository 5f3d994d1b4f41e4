//! What has to change its place, and what becomes of the directories that stay.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::geteuid;

use super::base::{self, BaseLine, BaseReader, BaseRoot, BaseWriter};
use super::carry::{Carrier, take_back};
use super::directory_facts::DirectoryFacts;
use super::entries::{FOLDER, beneath, names, readable, same_mount};
use super::fault;
use super::journal::{DirectoryRecord, StepRecord};
use super::sighting::{EntryId, sight};
use super::staging::Staging;
use crate::error::{Error, Result};

/// What a commit is about to do.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<StepRecord>,
    pub(super) directories: Vec<DirectoryRecord>,
    /// What directories shall be that are carried over into those that are exchanged as a whole.
    pub(super) carried: BTreeMap<PathBuf, DirectoryFacts>,
}

/// Compares the new tree with what is there.
pub(super) struct Planner<'a> {
    pub(super) staging: &'a Staging,
    /// Directories that turned out to be no candidates for an exchange.
    pub(super) fixed: &'a BTreeSet<PathBuf>,
    pub(super) plan: Plan,
    pub(super) area: usize,
    pub(super) base: BaseWriter,
}

impl Planner<'_> {
    /// All areas.
    pub(super) fn run(mut self) -> Result<Plan> {
        let root = Path::new("");
        for at in 0..self.staging.areas.len() {
            self.area = at;
            let area = &self.staging.areas[at];
            let base = area.base.clone();
            let live = beneath(&self.staging.root, &base, FOLDER)
                .map_err(|error| self.staging.failed("open", &base, error))?;
            let whole = area.beside.is_some() && self.is_worth_it(&area.folder, &base)?;
            let exchanged = match area.id {
                Some(id) if whole => self.exchange(&area.folder, &live, &base, id)?,
                _ => false,
            };
            if !exchanged {
                self.entries(&area.folder, &live, &base)?;
            }
        }
        let finished = self.base.finish();
        finished.map_err(|error| self.staging.failed("note what is in", root, error))?;
        Ok(self.plan)
    }

    /// The entries of a directory that stays.
    fn entries(&mut self, staged: &OwnedFd, live: &OwnedFd, name: &Path) -> Result<()> {
        let failed = |name: &Path, error| self.staging.failed("look at", name, error);
        let known = self.staging.facts.get(name);
        let entries = names(staged).map_err(|error| failed(name, error))?;
        let mut steps = Vec::new();
        let mut inner = Vec::new();
        for entry in entries {
            let below = name.join(&entry);
            let inspect = |folder| sight(folder, &entry).map_err(|error| failed(&below, error));
            let (Some(made), there) = (inspect(staged)?, inspect(live)?) else {
                continue;
            };
            match there {
                Some(there) if there.id.directory && made.id.directory => {
                    inner.push((entry, made.id));
                }
                Some(there) if there.id.directory => {
                    return Err(blocked(&self.staging.target.join(below)));
                }
                there => steps.push(self.step(&below, made.id, there.is_some())),
            }
        }
        let stays = steps.is_empty() && known.is_none();
        if !stays || !inner.is_empty() {
            self.stays(live, name, known.cloned())?;
        }
        self.plan.steps.extend(steps);
        for (entry, made) in inner {
            let below = name.join(&entry);
            let open = |folder| beneath(folder, &entry, FOLDER);
            let staged = open(staged).map_err(|error| failed_at(self.staging, &below, error))?;
            let live = match same_mount(live, &entry) {
                // The area of that mount has it.
                Err(Errno::XDEV) => continue,
                live => live.map_err(|error| failed_at(self.staging, &below, error))?,
            };
            let whole = self.staging.directories && self.is_worth_it(&staged, &below)?;
            if !(whole && self.exchange(&staged, &live, &below, made)?) {
                self.entries(&staged, &live, &below)?;
            }
        }
        Ok(())
    }

    /// Whether exchanging the directory itself does more than exchanging the one thing in it.
    fn is_worth_it(&self, staged: &OwnedFd, name: &Path) -> Result<bool> {
        if self.fixed.contains(name) || self.holds_own_files(name) {
            return Ok(false);
        }
        let entries = names(staged).map_err(|error| self.staging.failed("list", name, error))?;
        let needless = usize::from(!self.staging.facts.contains_key(name));
        Ok(entries.len() > needless)
    }

    /// The journal itself must stay where the next run looks for it.
    fn holds_own_files(&self, name: &Path) -> bool {
        let journals = self.staging.journals.canonicalize();
        journals.is_ok_and(|path| path.starts_with(self.staging.target.join(name)))
    }

    /// Completes a directory and plans its exchange. False if it has to stay.
    fn exchange(
        &mut self,
        staged: &OwnedFd,
        live: &OwnedFd,
        name: &Path,
        id: EntryId,
    ) -> Result<bool> {
        let before = self.begin(name);
        let before = before.map_err(|error| self.staging.failed("note what is in", name, error))?;
        let mut carrier = Carrier {
            known: &self.staging.facts,
            base: &mut self.base,
            facts: BTreeMap::new(),
        };
        let done = match is_ours(live) {
            true => carrier.complete(staged, live, name),
            false => Err(Errno::PERM),
        };
        match done {
            Ok(()) => {
                self.plan.carried.append(&mut carrier.facts);
                let step = self.step(name, id, true);
                self.plan.steps.push(step);
                Ok(true)
            }
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::IO)) => {
                Err(self.staging.failed("build beside", name, error))
            }
            Err(error) => {
                if error != Errno::ISDIR {
                    let path = self.staging.target.join(name);
                    tracing::info!(path = %path.display(), %error, "this directory is exchanged entry by entry");
                }
                let area = &self.staging.areas[self.area];
                let lines = self.base.take_since(before);
                let taken = lines.and_then(|lines| take_back(lines.into_iter().map(Ok), area));
                taken.map_err(|error| self.staging.failed("build beside", name, error))?;
                Ok(false)
            }
        }
    }

    /// Notes that what follows is in this directory; returns where that begins.
    fn begin(&mut self, name: &Path) -> rustix::io::Result<u64> {
        let position = self.base.position()?;
        let (area, name) = (self.area, name.into());
        self.base
            .write(&BaseLine::Exchanged(BaseRoot { area, name }))?;
        Ok(position)
    }

    fn step(&self, name: &Path, made: EntryId, exchange: bool) -> StepRecord {
        StepRecord {
            area: self.area,
            name: name.into(),
            inode: made.inode,
            made: made.made,
            directory: made.directory,
            exchange,
        }
    }

    /// A directory that stays gets what the new tree says of it, or keeps what it is.
    fn stays(&mut self, live: &OwnedFd, name: &Path, after: Option<DirectoryFacts>) -> Result<()> {
        let path = self.staging.target.join(name);
        let now = readable(live).and_then(|open| DirectoryFacts::of(&open));
        let now = now.map_err(|error| self.staging.failed("look at", name, error))?;
        let before = self.staging.before.get(&path).cloned().unwrap_or(now);
        self.plan.directories.push(DirectoryRecord {
            path: path.as_path().into(),
            after: after.unwrap_or_else(|| before.clone()),
            before,
        });
        Ok(())
    }
}

impl Plan {
    /// Takes back what was carried over, so that another plan can be made.
    pub(super) fn take_back(&self, staging: &Staging) -> Result<()> {
        let failed = |error| staging.failed("build beside", Path::new(""), error);
        let file = base::file(&staging.journals, &staging.record.id);
        let Some(lines) = BaseReader::open(&file).map_err(failed)? else {
            return Ok(());
        };
        let mut area = None;
        for line in lines {
            match line.map_err(failed)? {
                BaseLine::Exchanged(root) => area = staging.areas.get(root.area),
                line => {
                    let taken = area.map_or(Ok(()), |area| take_back([Ok(line)], area));
                    taken.map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Gives the directories of the new tree what they shall be, those inside of others first.
    pub(super) fn set_directories(&self, staging: &Staging) -> Result<()> {
        fault::at("facts").map_err(|error| staging.failed("build beside", Path::new(""), error))?;
        let mut all: Vec<_> = staging.facts.iter().chain(&self.carried).collect();
        all.sort_by_key(|(name, _)| std::cmp::Reverse(*name));
        for (name, facts) in all {
            let path = staging.target.join(name);
            let stays = |known: &DirectoryRecord| known.path.path() == path;
            if self.directories.iter().any(stays) {
                continue;
            }
            let set = staging
                .staged(name)
                .and_then(|open| facts.apply(&readable(open)?));
            set.map_err(|error| staging.failed("set the mode of", name, error))?;
        }
        Ok(())
    }
}

impl Staging {
    /// Where a directory of the new tree is built.
    fn staged(&self, name: &Path) -> rustix::io::Result<OwnedFd> {
        let mut areas: Vec<_> = self.areas.iter().collect();
        areas.sort_by_key(|area| std::cmp::Reverse(area.base.as_os_str().len()));
        let area = areas.into_iter().find(|area| name.starts_with(&area.base));
        let area = area.ok_or(Errno::NOENT)?;
        let below = name.strip_prefix(&area.base).unwrap_or(name);
        beneath(&area.folder, below, FOLDER)
    }
}

fn failed_at(staging: &Staging, name: &Path, error: Errno) -> Error {
    staging.failed("look at", name, error)
}

/// Whether a directory may get another inode without another owner.
fn is_ours(live: &OwnedFd) -> bool {
    let user = geteuid();
    user.is_root() || rustix::fs::fstat(live).is_ok_and(|facts| facts.st_uid == user.as_raw())
}

/// A directory stands in the way of something else.
pub(super) fn blocked(path: &Path) -> Error {
    Error::run("exists", format!("{} is there already", path.display()))
        .hint("a directory is never replaced by something else: move it away")
}
