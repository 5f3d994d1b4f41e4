//! The end of a restore into a directory: what directories shall be, and that the disk has all of it.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, chmodat, mkdirat, open, statat, syncfs, unlinkat,
};
use rustix::io::{Errno, Result as IoResult};
use rustix::process::geteuid;

use super::attributes::{RefusedAttribute, try_on};
use super::directories::Pending;
use super::name::Name;
use super::nodes::set;
use super::owners::{LostOwners, own};
use super::target_tree::{FOLDER, LISTED, Tree};
use super::unchanged::rolled_back;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::exchange::{Committed, DirectoryFacts, beneath, fault, is_directory};
use crate::paths::Attribute;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;

impl Tree {
    /// Makes a directory, or keeps the one that is there. What it shall be is set in the end.
    pub(in crate::sandbox) fn directory(
        &mut self,
        node: Node,
        attributes: Vec<Attribute>,
    ) -> Result<Vec<RefusedAttribute>> {
        let name = Name::parse(&node.name)?;
        let unchanged = self.make_directory(&name)? && !self.replace;
        self.entries += 1;
        match unchanged {
            true => Ok(Vec::new()),
            false => self.describe(name, node, attributes),
        }
    }

    /// A directory that was not chosen, on the way to what was.
    pub(in crate::sandbox) fn parent(
        &mut self,
        node: Node,
        attributes: Vec<Attribute>,
    ) -> Result<Vec<RefusedAttribute>> {
        let name = Name::parse(&node.name)?;
        let there = match &self.staging {
            None => self.make_directory(&name)?,
            Some(_) => {
                self.staged_folder(&name)?;
                self.was_there(&name)
            }
        };
        match there {
            true => Ok(Vec::new()),
            false => self.describe(name, node, attributes),
        }
    }

    /// Whether there was a directory of that name before.
    fn was_there(&self, name: &Name) -> bool {
        match name.is_root() {
            true => !self.made,
            false => beneath(&self.root, name.path(), FOLDER).is_ok(),
        }
    }

    /// Makes the directory; true if it was there before this restore.
    fn make_directory(&mut self, name: &Name) -> Result<bool> {
        if name.is_root() {
            return Ok(!self.made);
        }
        let (folder, last) = self.place(name)?;
        let failed = |error| self.failed("create", name, error);
        match mkdirat(&folder, last, Mode::RWXU) {
            Ok(()) => Ok(false),
            Err(Errno::EXIST) if is_directory(&folder, last) => {
                if !self.implied.remove(name) && !self.pending.contains_key(name) {
                    if self.staging.is_none() {
                        self.leave_unchanged(name)?;
                        open_to_us(&folder, last)
                            .map_err(|error| self.failed("open", name, error))?;
                    }
                    return Ok(true);
                }
                Ok(matches!(
                    self.pending.get(name),
                    Some(Pending::Unchanged(_))
                ))
            }
            Err(Errno::EXIST) if self.replace => {
                unlinkat(&folder, last, AtFlags::empty()).map_err(failed)?;
                mkdirat(&folder, last, Mode::RWXU).map_err(failed)?;
                Ok(false)
            }
            Err(Errno::EXIST) => Err(self.exists(name)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Remembers what a directory is that stays.
    pub(super) fn leave_unchanged(&mut self, name: &Name) -> Result<()> {
        if self.pending.contains_key(name) {
            return Ok(());
        }
        // One that cannot be listed cannot be changed either.
        if let Ok(opened) = beneath(&self.root, name.path(), LISTED) {
            let facts = DirectoryFacts::of(&opened);
            let facts = facts.map_err(|error| self.failed("look at", name, error))?;
            self.pending.insert(name.clone(), Pending::Unchanged(facts));
        }
        Ok(())
    }

    /// Notes what a directory shall be; finds out which attributes and owner it cannot have.
    fn describe(
        &mut self,
        name: Name,
        node: Node,
        mut attributes: Vec<Attribute>,
    ) -> Result<Vec<RefusedAttribute>> {
        let opened = match &self.staging {
            None => beneath(&self.root, name.path(), LISTED),
            Some(_) => {
                let folder = self.staged_folder(&name)?;
                beneath(&folder, Path::new("."), LISTED)
            }
        };
        let opened = opened.map_err(|error| self.failed("open", &name, error))?;
        let refused = try_on(&opened, &attributes)
            .map_err(|error| self.failed("set the attributes of", &name, error))?;
        attributes.retain(|known| refused.iter().all(|refused| refused.name != known.name));
        let owned =
            own(&opened, &node).map_err(|error| self.failed("set the owner of", &name, error))?;
        if !owned {
            self.owners.note(&name, &node)?;
        }
        match &mut self.staging {
            Some(staging) => staging.set(name.below(), facts_of(&node, attributes)),
            None => drop(self.pending.insert(name, Pending::Node(node, attributes))),
        }
        Ok(refused)
    }

    /// Makes directories what they shall be, and waits until all of it is on the disk. What is built
    /// beside gets its place. Returns the owners that could not be set.
    pub(in crate::sandbox) fn finish(mut self, cancel: &Cancel) -> Result<LostOwners> {
        cancel.check()?;
        if let Some(staging) = self.staging.take() {
            self.finished = true;
            return match staging.commit().map_err(rolled_back)? {
                Committed::Done => Ok(std::mem::take(&mut self.owners)),
                Committed::Unfinished(error) => Err(error),
            };
        }
        fault("finish").map_err(|error| self.failed("restore into", &Name::root(), error))?;
        self.set_directories()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open(&self.path, flags, Mode::empty())
            .and_then(syncfs)
            .map_err(|error| Error::io("sync", &self.path, error.into()))?;
        self.finished = true;
        Ok(std::mem::take(&mut self.owners))
    }

    /// Those inside of others first: what is set may close a directory to us.
    pub(super) fn set_directories(&mut self) -> Result<()> {
        self.recent = None;
        while let Some((name, pending)) = self.pending.pop_last() {
            let failed = |error| self.failed("set the mode of", &name, error);
            let opened = beneath(&self.root, name.path(), LISTED);
            let (node, attributes) = match pending {
                Pending::Node(node, attributes) => (node, attributes),
                Pending::Unchanged(facts) => {
                    // One that is gone again needs nothing.
                    if let Ok(opened) = opened {
                        facts.put_mode_and_time(&opened).map_err(failed)?;
                    }
                    continue;
                }
            };
            let opened = opened.map_err(failed)?;
            let (refused, _) = set(&opened, &node, &attributes).map_err(failed)?;
            if let Some(refused) = refused.first() {
                let attribute = refused.name.escape_ascii();
                let doing = format!("set the attribute {attribute} of");
                let reason = std::io::Error::other(refused.reason.clone());
                return Err(Error::io(&doing, &self.path.join(name.path()), reason));
            }
        }
        Ok(())
    }
}

fn facts_of(node: &Node, attributes: Vec<Attribute>) -> DirectoryFacts {
    let attributes = attributes.into_iter();
    DirectoryFacts {
        mode: node.mode & 0o7777,
        uid: node.uid,
        gid: node.gid,
        mtime: (node.mtime_seconds, node.mtime_nanoseconds),
        attributes: attributes.map(|known| (known.name, known.value)).collect(),
    }
}

/// Lets us fill a directory that its owner closed. Root needs no permission.
fn open_to_us(folder: &OwnedFd, name: &Path) -> IoResult<()> {
    if geteuid().is_root() {
        return Ok(());
    }
    let facts = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(facts.st_mode) != FileType::Directory {
        return Ok(());
    }
    let mode = Mode::from_raw_mode(facts.st_mode) | Mode::RWXU;
    // That of another user stays as it is: filling it shows whether that works.
    match chmodat(folder, name, mode, AtFlags::empty()) {
        Err(Errno::PERM) => Ok(()),
        opened => opened,
    }
}
