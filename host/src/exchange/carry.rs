//! What the archive does not have: it stays, under its names in the new directories.
//!
//! Files get a second name, so that both trees are whole at any moment; directories are made again.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, linkat, mkdirat, unlinkat};
use rustix::io::{Errno, Result};

use super::area::Area;
use super::base::{BaseDirectory, BaseEntry, BaseLine, BaseWriter};
use super::directory_facts::DirectoryFacts;
use super::entries::{FOLDER, beneath, names, readable, same_mount};
use super::fault;
use super::sighting::sight;

/// The longest name below the target by which a directory is found again: the system takes 4096 bytes.
const LONGEST_NAME: usize = 3500;

/// Completes the directories that are exchanged as a whole.
pub(super) struct Carrier<'a> {
    /// What directories shall be, as the archive says.
    pub(super) known: &'a BTreeMap<PathBuf, DirectoryFacts>,
    pub(super) base: &'a mut BaseWriter,
    /// What those shall be that it says nothing of.
    pub(super) facts: BTreeMap<PathBuf, DirectoryFacts>,
}

impl Carrier<'_> {
    /// Completes the directory `name` of the new tree by what the one that is there has. An error means
    /// that it cannot be exchanged as a whole.
    pub(super) fn complete(&mut self, staged: &OwnedFd, live: &OwnedFd, name: &Path) -> Result<()> {
        let id = |folder| match sight(folder, Path::new("."))? {
            Some(found) => Ok(found.id),
            None => Err(Errno::NOENT),
        };
        if name.as_os_str().len() > LONGEST_NAME {
            return Err(Errno::NAMETOOLONG);
        }
        let mut directory = BaseDirectory {
            name: name.into(),
            ids: [id(live)?, id(staged)?],
            facts: None,
            entries: Vec::new(),
        };
        let done = self.fill(staged, live, name, &mut directory);
        // What was carried over before an error is taken back by what stands here.
        let noted = self.base.write(&BaseLine::Directory(directory));
        done.and(noted)
    }

    fn fill(
        &mut self,
        staged: &OwnedFd,
        live: &OwnedFd,
        name: &Path,
        directory: &mut BaseDirectory,
    ) -> Result<()> {
        if !self.known.contains_key(name) {
            let facts = DirectoryFacts::of(&readable(live)?)?;
            facts.try_on(&readable(staged)?)?;
            self.facts.insert(name.to_owned(), facts.clone());
            directory.facts = Some(facts);
        }
        let mut inner = Vec::new();
        for entry in names(live)? {
            let Some(there) = sight(live, &entry)? else {
                continue;
            };
            // Exchanging a directory above it would get round that.
            if there.is_fixed {
                return Err(Errno::PERM);
            }
            let made = sight(staged, &entry)?;
            match (there.id.directory, made) {
                (false, None) => {
                    fault::at("carry")?;
                    match linkat(live, &entry, staged, &entry, AtFlags::empty()) {
                        // The application has just removed it.
                        Err(Errno::NOENT) => continue,
                        linked => linked?,
                    }
                    let linked = sight(staged, &entry)?.ok_or(Errno::NOENT)?;
                    let carried = BaseEntry::carried(&entry, linked.id, &linked);
                    directory.entries.push(carried);
                }
                (true, None) => {
                    mkdirat(staged, &entry, Mode::RWXU)?;
                    let made = sight(staged, &entry)?.ok_or(Errno::NOENT)?;
                    let carried = BaseEntry::carried(&entry, there.id, &made);
                    directory.entries.push(carried);
                    inner.push(entry);
                }
                (true, Some(made)) => {
                    if !made.id.directory {
                        return Err(Errno::ISDIR);
                    }
                    let archived = BaseEntry::archived(&entry, Some(there.id), &made);
                    directory.entries.push(archived);
                    inner.push(entry);
                }
                (false, Some(made)) => {
                    let archived = BaseEntry::archived(&entry, Some(there.id), &made);
                    directory.entries.push(archived);
                }
            }
        }
        for entry in inner {
            let below = name.join(&entry);
            let staged = beneath(staged, &entry, FOLDER)?;
            self.complete(&staged, &same_mount(live, &entry)?, &below)?;
        }
        add_new_names(staged, directory)
    }
}

/// Names that the archive has and the old tree has not.
fn add_new_names(staged: &OwnedFd, directory: &mut BaseDirectory) -> Result<()> {
    let known: std::collections::BTreeSet<PathBuf> = directory
        .entries
        .iter()
        .map(|entry| entry.name.path())
        .collect();
    for entry in names(staged)? {
        if known.contains(&entry) {
            continue;
        }
        if let Some(made) = sight(staged, &entry)? {
            directory
                .entries
                .push(BaseEntry::archived(&entry, None, &made));
        }
    }
    Ok(())
}

/// Takes away again what these lines say that was carried over.
pub(super) fn take_back(
    lines: impl IntoIterator<Item = Result<BaseLine>>,
    area: &Area,
) -> Result<()> {
    for line in lines {
        let BaseLine::Directory(directory) = line? else {
            continue;
        };
        let name = directory.name.path();
        let below = name.strip_prefix(&area.base).unwrap_or(&name);
        let folder = match beneath(&area.folder, below, FOLDER) {
            Err(Errno::NOENT) => continue,
            folder => folder?,
        };
        for entry in directory.entries.iter().filter(|entry| entry.carried) {
            let flags = match entry.new.directory {
                true => AtFlags::REMOVEDIR,
                false => AtFlags::empty(),
            };
            match unlinkat(&folder, entry.name.path(), flags) {
                Err(Errno::NOENT) => {}
                taken => taken?,
            }
        }
    }
    Ok(())
}
