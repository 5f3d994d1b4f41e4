//! What a directory is, beside what is in it: taken from one, given to another.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{
    Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags, fchmod, fchown, fremovexattr,
    fsetxattr, fstat, futimens,
};
use rustix::io::{Errno, Result};
use serde::{Deserialize, Serialize};

use crate::paths::attributes_of_file;

/// Bits that run a file with the rights of its owner.
const SET_ID: u32 = 0o6000;

/// Mode, owner, time and extended attributes of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectoryFacts {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Seconds and nanoseconds.
    pub(crate) mtime: (i64, u32),
    /// Names and values.
    pub(crate) attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl DirectoryFacts {
    /// Those of one that is open for reading.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the widths of stat's fields differ between machines"
    )]
    pub(crate) fn of(directory: &OwnedFd) -> Result<Self> {
        let facts = fstat(directory)?;
        let attributes = attributes_of_file(directory)?;
        let attributes = attributes.into_iter();
        Ok(Self {
            mode: facts.st_mode & 0o7777,
            uid: facts.st_uid,
            gid: facts.st_gid,
            mtime: (facts.st_mtime as i64, facts.st_mtime_nsec as u32),
            attributes: attributes.map(|known| (known.name, known.value)).collect(),
        })
    }

    /// The same with another time.
    pub(super) fn at(&self, mtime: (i64, u32)) -> Self {
        Self {
            mtime,
            ..self.clone()
        }
    }

    /// Gives them to one that is open for reading. Owners that cannot be set are left as they are.
    pub(super) fn apply(&self, directory: &OwnedFd) -> Result<()> {
        let is_acl = |name: &[u8]| name.starts_with(b"system.posix_acl_");
        self.set_attributes(directory, |name| !is_acl(name))?;
        let owner = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        let mode = match fchown(directory, Some(owner.0), Some(owner.1)) {
            Ok(()) => self.mode,
            Err(Errno::PERM | Errno::INVAL) => self.mode & !SET_ID,
            Err(error) => return Err(error),
        };
        // What is so already needs no right to be changed.
        if fstat(directory)?.st_mode & 0o7777 != mode {
            fchmod(directory, Mode::from_raw_mode(mode))?;
        }
        self.set_attributes(directory, is_acl)?;
        self.set_time(directory)
    }

    /// Gives back mode and time to one that stays.
    pub(crate) fn put_mode_and_time(&self, directory: &OwnedFd) -> Result<()> {
        if fstat(directory)?.st_mode & 0o7777 != self.mode {
            fchmod(directory, Mode::from_raw_mode(self.mode))?;
        }
        self.set_time(directory)
    }

    /// Makes one what it was: what it has beyond these goes.
    pub(super) fn put_back(&self, directory: &OwnedFd) -> Result<()> {
        for known in attributes_of_file(directory)? {
            if self.attributes.iter().all(|(name, _)| *name != known.name) {
                fremovexattr(directory, OsStr::from_bytes(&known.name))?;
            }
        }
        self.apply(directory)
    }

    /// Whether all of them can be given to another directory: tried on it.
    pub(super) fn try_on(&self, directory: &OwnedFd) -> Result<()> {
        let owner = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        fchown(directory, Some(owner.0), Some(owner.1))?;
        self.set_attributes(directory, |name| !name.starts_with(b"system.posix_acl_"))
    }

    /// Gives it the time needless.
    pub(super) fn set_time(&self, directory: impl AsFd) -> Result<()> {
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: self.mtime.0,
                tv_nsec: self.mtime.1.into(),
            },
        };
        match futimens(directory, &times) {
            // Of another user's directory, only the mode matters.
            Err(Errno::PERM | Errno::ACCESS) => Ok(()),
            set => set,
        }
    }

    fn set_attributes(&self, directory: &OwnedFd, wanted: impl Fn(&[u8]) -> bool) -> Result<()> {
        let known = attributes_of_file(directory)?;
        let has = |name: &[u8], value: &[u8]| {
            let mut known = known.iter();
            known.any(|known| known.name == name && known.value == value)
        };
        for (name, value) in &self.attributes {
            if wanted(name) && !has(name, value) {
                let flags = XattrFlags::empty();
                fsetxattr(directory, OsStr::from_bytes(name), value, flags)?;
            }
        }
        Ok(())
    }
}
