//! What is no directory: files, links, FIFOs. Each appears when it is complete.

use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, chownat,
    fchmod, futimens, mknodat, openat, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::attributes::{RefusedAttribute, is_late, set_on};
use super::content::Body;
use super::name::Name;
use super::owners::{SET_ID, own};
use super::target_tree::{Tree, changed};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::fs_atomic::TemporaryEntry;
use crate::paths::Attribute;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;

impl Tree {
    /// Makes a regular file. It appears when it is complete, and has its owner, mode and time.
    pub(in crate::sandbox) fn file(
        &mut self,
        node: &Node,
        attributes: &[Attribute],
        body: Body<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<RefusedAttribute>> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let (temporary, file) = TemporaryEntry::file(&folder, &self.partial)
            .map_err(|error| self.failed("create", &name, error))?;
        body.write_to(&file, &name, cancel)?;
        let (refused, owned) = set(&file, node, attributes)
            .map_err(|error| self.failed("set the mode of", &name, error))?;
        if !owned {
            self.owners.note(&name, node)?;
        }
        self.publish(temporary, last, &name)?;
        Ok(refused)
    }

    /// Makes a symbolic link; where it leads is not looked at.
    pub(in crate::sandbox) fn symlink(
        &mut self,
        node: &Node,
        text: &[u8],
        attributes: &[Attribute],
    ) -> Result<Vec<RefusedAttribute>> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let failed = |error| self.failed("create", &name, error);
        let temporary =
            TemporaryEntry::made(&folder, &self.partial, |at| symlinkat(text, &folder, at))
                .map_err(failed)?;
        let at = temporary.name();
        let owner = chownat(
            &folder,
            at,
            Some(Uid::from_raw(node.uid)),
            Some(Gid::from_raw(node.gid)),
            AtFlags::SYMLINK_NOFOLLOW,
        );
        let owned = permitted(owner).map_err(failed)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let refused = match attributes {
            [] => Vec::new(),
            some => {
                let opened = openat(&folder, at, flags, Mode::empty()).map_err(failed)?;
                set_on(&opened, some, |_| true)
            }
        };
        utimensat(&folder, at, &times(node), AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        if !owned {
            let facts = statat(&folder, at, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
            if (facts.st_uid, facts.st_gid) != (node.uid, node.gid) {
                self.owners.note(&name, node)?;
            }
        }
        self.publish(temporary, last, &name)?;
        Ok(refused)
    }

    /// Gives a file that this restore made another name.
    pub(in crate::sandbox) fn hard_link(&mut self, name: &[u8], existing: &[u8]) -> Result<()> {
        let (name, existing) = (Name::parse(name)?, Name::parse(existing)?);
        let (from, file) = self.place(&existing)?;
        let facts = match statat(&from, file, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) if self.staging.is_some() => None,
            facts => Some(facts.map_err(|error| self.failed("link to", &existing, error))?),
        };
        let is_file =
            |facts: &Stat| FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile;
        if facts.is_none_or(|facts| !is_file(&facts) || changed(&facts) < self.began) {
            return Err(Error::run(
                "not-restored",
                format!("{name} is another name of {existing}, which this restore has not made"),
            )
            .hint("restore both of them"));
        }
        let (folder, last) = self.place(&name)?;
        let link = |at: &str| rustix::fs::linkat(&from, file, &folder, at, AtFlags::empty());
        let temporary =
            TemporaryEntry::made(&folder, &self.partial, link).map_err(|error| match error {
                Errno::XDEV => other_file_system(&name, &existing),
                error => self.failed("create", &name, error),
            })?;
        self.publish(temporary, last, &name)
    }

    /// Makes a FIFO.
    pub(in crate::sandbox) fn fifo(
        &mut self,
        node: &Node,
        attributes: &[Attribute],
    ) -> Result<Vec<RefusedAttribute>> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let failed = |error| self.failed("create", &name, error);
        let make = |at: &str| mknodat(&folder, at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0);
        let temporary = TemporaryEntry::made(&folder, &self.partial, make).map_err(failed)?;
        // Opened for both, it does not wait for a second process.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&folder, temporary.name(), flags, Mode::empty()).map_err(failed)?;
        let (refused, owned) = set(&opened, node, attributes).map_err(failed)?;
        if !owned {
            self.owners.note(&name, node)?;
        }
        self.publish(temporary, last, &name)?;
        Ok(refused)
    }
}

/// Owner, mode, what they take away, and time, in this order. Returns the attributes that cannot be set,
/// and whether the owner could.
pub(super) fn set(
    open: &(impl AsFd + AsRawFd),
    node: &Node,
    attributes: &[Attribute],
) -> rustix::io::Result<(Vec<RefusedAttribute>, bool)> {
    let mut refused = set_on(open, attributes, |attribute| !is_late(attribute));
    let owned = own(open, node)?;
    let mode = match owned {
        true => node.mode & 0o7777,
        false => node.mode & 0o7777 & !SET_ID,
    };
    fchmod(open, Mode::from_raw_mode(mode))?;
    refused.extend(set_on(open, attributes, is_late));
    futimens(open, &times(node))?;
    Ok((refused, owned))
}

/// Whether the owner was set: only root may give files away.
fn permitted(set: rustix::io::Result<()>) -> rustix::io::Result<bool> {
    match set {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::INVAL) => Ok(false),
        Err(error) => Err(error),
    }
}

fn times(node: &Node) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: node.mtime_seconds,
            tv_nsec: node.mtime_nanoseconds.into(),
        },
    }
}

fn other_file_system(name: &Name, existing: &Name) -> Error {
    Error::run(
        "other-file-system",
        format!("{name} is another name of {existing}, which is on another file system here"),
    )
    .hint("restore one of them alone (--only), or into a directory on one file system (--into)")
}
