//! The directory that files are restored into, and nothing outside of it: every name is looked up
//! beneath it, and no symbolic link is followed on the way.

mod content;
mod name;
mod temporary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Timespec, Timestamps, UTIME_OMIT,
    Uid, chmodat, chownat, fchmod, fchown, fstat, futimens, mkdirat, mknodat, open, openat,
    openat2, statat, symlinkat, syncfs, unlinkat, utimensat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::access::path_of;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::restorer::sidecar::strategy::target::Node;
pub(super) use content::Body;
use name::Name;
use temporary::Temporary;

/// How a directory is opened to look up names in it.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Bits that give whoever runs a file the rights of its owner.
const SET_ID: u32 = 0o6000;

/// A directory that is being filled.
pub(crate) struct Tree {
    root: Arc<OwnedFd>,
    path: PathBuf,
    replace: bool,
    /// The change time of a file that was made when this began: what is older was there before.
    began: (i64, i64),
    /// What directories shall be in the end, and that has not been set yet.
    pending: BTreeMap<Name, Node>,
    /// The directory used last, because its neighbours come next.
    recent: Option<(Name, Arc<OwnedFd>)>,
}

impl Tree {
    /// Opens the directory; makes it if it is missing. With `replace`, what stands in the way of
    /// anything but a directory is replaced.
    pub(crate) fn open(path: PathBuf, replace: bool) -> Result<Self> {
        fs::create_dir_all(&path).map_err(|error| Error::io("create", &path, error))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(&path, flags, Mode::empty())
            .map_err(|error| Error::io("open", &path, error.into()))?;
        let root = Arc::new(root);
        let probe = Temporary::file(&root).and_then(|(_temporary, file)| fstat(&file));
        let probe = probe.map_err(|error| Error::io("write to", &path, error.into()))?;
        Ok(Self {
            root,
            path,
            replace,
            began: changed(&probe),
            pending: BTreeMap::new(),
            recent: None,
        })
    }

    /// Makes a regular file. It appears when it is complete, and has its owner, mode and time.
    pub(super) fn file(&mut self, node: &Node, body: Body<'_>, cancel: &Cancel) -> Result<()> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let (temporary, file) =
            Temporary::file(&folder).map_err(|error| self.failed("create", &name, error))?;
        body.write_to(&file, &name, cancel)?;
        set(&file, node).map_err(|error| self.failed("set the mode of", &name, error))?;
        self.publish(temporary, last, &name)
    }

    /// Makes a directory, or keeps the one that is there. What it shall be is set in the end.
    pub(super) fn directory(&mut self, node: Node) -> Result<()> {
        let name = Name::parse(&node.name)?;
        if !name.is_root() {
            let (folder, last) = self.place(&name)?;
            let failed = |error| self.failed("create", &name, error);
            match mkdirat(&folder, last, Mode::RWXU) {
                Ok(()) => {}
                Err(Errno::EXIST) if is_directory(&folder, last) => {
                    open_to_us(&folder, last).map_err(failed)?;
                }
                Err(Errno::EXIST) if self.replace => {
                    unlinkat(&folder, last, AtFlags::empty()).map_err(failed)?;
                    mkdirat(&folder, last, Mode::RWXU).map_err(failed)?;
                }
                Err(Errno::EXIST) => return Err(self.exists(&name)),
                Err(error) => return Err(failed(error)),
            }
        }
        self.pending.insert(name, node);
        Ok(())
    }

    /// Makes a symbolic link; nobody looks where it leads.
    pub(super) fn symlink(&mut self, node: &Node, text: &[u8]) -> Result<()> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let failed = |error| self.failed("create", &name, error);
        let temporary =
            Temporary::made(&folder, |at| symlinkat(text, &folder, at)).map_err(failed)?;
        let at = temporary.name();
        let owner = chownat(
            &folder,
            at,
            Some(Uid::from_raw(node.uid)),
            Some(Gid::from_raw(node.gid)),
            AtFlags::SYMLINK_NOFOLLOW,
        );
        permitted(owner).map_err(failed)?;
        utimensat(&folder, at, &times(node), AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        self.publish(temporary, last, &name)
    }

    /// Gives a file that this restore made another name.
    pub(super) fn hard_link(&mut self, name: &[u8], existing: &[u8]) -> Result<()> {
        let (name, existing) = (Name::parse(name)?, Name::parse(existing)?);
        let (from, file) = self.place(&existing)?;
        let facts = statat(&from, file, AtFlags::SYMLINK_NOFOLLOW);
        let facts = facts.map_err(|error| self.failed("link to", &existing, error))?;
        let is_file = FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile;
        if !is_file || changed(&facts) < self.began {
            return Err(Error::run(
                "not-restored",
                format!("{name} is another name of {existing}, which this restore has not made"),
            )
            .hint("restore both of them"));
        }
        let (folder, last) = self.place(&name)?;
        let link = |at: &str| rustix::fs::linkat(&from, file, &folder, at, AtFlags::empty());
        let temporary =
            Temporary::made(&folder, link).map_err(|error| self.failed("create", &name, error))?;
        self.publish(temporary, last, &name)
    }

    /// Makes a FIFO.
    pub(super) fn fifo(&mut self, node: &Node) -> Result<()> {
        let name = Name::parse(&node.name)?;
        let (folder, last) = self.place(&name)?;
        let failed = |error| self.failed("create", &name, error);
        let make = |at: &str| mknodat(&folder, at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0);
        let temporary = Temporary::made(&folder, make).map_err(failed)?;
        // Opened for both, it waits for nobody.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&folder, temporary.name(), flags, Mode::empty()).map_err(failed)?;
        set(&opened, node).map_err(failed)?;
        self.publish(temporary, last, &name)
    }

    /// Makes directories what they shall be, and waits until all of it is on the disk.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.set_directories()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open(&self.path, flags, Mode::empty())
            .and_then(syncfs)
            .map_err(|error| Error::io("sync", &self.path, error.into()))
    }

    /// Those inside of others first: what is set may close a directory to us.
    fn set_directories(&mut self) -> Result<()> {
        self.recent = None;
        while let Some((name, node)) = self.pending.pop_last() {
            let failed = |error| self.failed("set the mode of", &name, error);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = beneath(&self.root, name.path(), flags).map_err(failed)?;
            set(&opened, &node).map_err(failed)?;
        }
        Ok(())
    }

    /// The directory that `name` stands in, and how it is called there. Makes what is missing.
    fn place<'n>(&mut self, name: &'n Name) -> Result<(Arc<OwnedFd>, &'n Path)> {
        let (parent, last) = name.split().ok_or_else(|| {
            Error::run("exists", "the target directory itself stands there already")
        })?;
        if let Some((recent, folder)) = &self.recent
            && *recent == parent
        {
            return Ok((Arc::clone(folder), last));
        }
        let folder = Arc::new(self.folder(&parent)?);
        self.recent = Some((parent, Arc::clone(&folder)));
        Ok((folder, last))
    }

    fn folder(&self, name: &Name) -> Result<OwnedFd> {
        match beneath(&self.root, name.path(), FOLDER) {
            Err(Errno::NOENT) => {}
            opened => return opened.map_err(|error| self.failed("open", name, error)),
        }
        let Some((parent, last)) = name.split() else {
            return Err(self.failed("open", name, Errno::NOENT));
        };
        let parent = self.folder(&parent)?;
        let made = mkdirat(&parent, last, Mode::from_raw_mode(0o755));
        made.map_err(|error| self.failed("create", name, error))?;
        beneath(&self.root, name.path(), FOLDER).map_err(|error| self.failed("open", name, error))
    }

    fn publish(&self, temporary: Temporary, last: &Path, name: &Name) -> Result<()> {
        match temporary.publish(last, self.replace) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY) => Err(self.exists(name)),
            Err(error) => Err(self.failed("create", name, error)),
        }
    }

    fn exists(&self, name: &Name) -> Error {
        let place = self.path.join(name.path());
        let error = Error::run("exists", format!("{} is there already", place.display()));
        error.hint(match self.replace {
            true => "a directory is never replaced by something else: move it away",
            false => {
                "restore into another directory (--into), or allow it to be replaced (--replace)"
            }
        })
    }

    fn failed(&self, doing: &str, name: &Name, error: Errno) -> Error {
        let place = self.path.join(name.path());
        match error {
            Errno::LOOP | Errno::XDEV => Error::run(
                "outside-target",
                format!(
                    "{} lies behind a symbolic link, which a restore does not follow",
                    place.display()
                ),
            )
            .hint("restore into another directory, or replace the link by a directory"),
            Errno::NOTDIR => Error::run(
                "exists",
                format!(
                    "{} cannot be: something on the way to it is no directory",
                    place.display()
                ),
            )
            .hint("restore into another directory (--into), or move it away"),
            error => Error::io(doing, &place, error.into()),
        }
    }
}

/// A restore that ends early leaves no directory half open.
impl Drop for Tree {
    fn drop(&mut self) {
        if let Err(error) = self.set_directories() {
            tracing::warn!("what was restored is not complete: {error}");
        }
    }
}

/// Opens what is below `root`, through no symbolic link.
fn beneath(root: &OwnedFd, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(root, path, flags, Mode::empty(), resolve)
}

fn is_directory(folder: &OwnedFd, name: &Path) -> bool {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::Directory)
}

/// Lets us fill a directory that its owner closed. Root needs no permission.
fn open_to_us(folder: &OwnedFd, name: &Path) -> rustix::io::Result<()> {
    if geteuid().is_root() {
        return Ok(());
    }
    let facts = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let mode = Mode::from_raw_mode(facts.st_mode) | Mode::RWXU;
    // Somebody else's stays as it is: filling it tells.
    permitted(chmodat(folder, name, mode, AtFlags::empty())).map(drop)
}

/// Owner, mode and time, in this order: a new owner takes bits away.
fn set(open: impl std::os::fd::AsFd, node: &Node) -> rustix::io::Result<()> {
    let owner = fchown(
        &open,
        Some(Uid::from_raw(node.uid)),
        Some(Gid::from_raw(node.gid)),
    );
    let mode = match permitted(owner)? {
        true => node.mode & 0o7777,
        false => node.mode & 0o7777 & !SET_ID,
    };
    fchmod(&open, Mode::from_raw_mode(mode))?;
    futimens(&open, &times(node))
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

#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
fn changed(facts: &Stat) -> (i64, i64) {
    (facts.st_ctime as i64, facts.st_ctime_nsec as i64)
}
