//! Which paths a module may read, and how they are opened without leaving them.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2,
    readlinkat, statat,
};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::error::{Error, Result};
use crate::plan::normal;

/// How something is opened to be read: never waiting for whatever it is.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);
/// The same, unless it is a link.
pub(super) const NO_LINK: OFlags = READ.union(OFlags::NOFOLLOW);

/// Everything that may be read, by this run.
pub(crate) struct Access {
    /// What the plan names.
    granted: Vec<PathBuf>,
    /// The run's own directories, outermost first: opened before the module starts, for it may
    /// rename and link in them as it likes.
    own: Vec<(PathBuf, OwnedFd)>,
    follow_links: bool,
    /// The directory used last, because its neighbours come next.
    recent: Option<Recent>,
}

struct Recent {
    path: PathBuf,
    folder: OwnedFd,
    /// Whether something stands directly in it that is granted by its own name.
    holds_root: bool,
}

impl Access {
    /// Nothing at all.
    pub(crate) fn none() -> Self {
        Self {
            granted: Vec::new(),
            own: Vec::new(),
            follow_links: false,
            recent: None,
        }
    }

    /// All paths are normalised and absolute. Links may lead out of what is granted if
    /// `follow_links`, and never out of the run's own directories, where modules make links.
    pub(crate) fn new(
        granted: Vec<PathBuf>,
        mut own: Vec<PathBuf>,
        follow_links: bool,
    ) -> Result<Self> {
        own.sort();
        let own = own.into_iter().map(|path| {
            let opened = open(&path, FOLDER, Mode::empty());
            let opened = opened.map_err(|error| failed("open", &path, error))?;
            Ok((path, opened))
        });
        Ok(Self {
            granted,
            own: own.collect::<Result<_>>()?,
            follow_links,
            recent: None,
        })
    }

    /// What stands at `path`, and where it points if it is a link.
    pub(super) fn inspect(&mut self, path: &Path, follow: bool) -> Result<(Stat, Option<CString>)> {
        let path = self.allowed(path)?;
        let wrong = |error| failed("inspect", &path, error);
        if follow {
            let opened = self.open_beneath(&path, OFlags::PATH)?;
            return Ok((fstat(opened).map_err(wrong)?, None));
        }
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !self.is_root(&path) => {
                look(self.folder(parent)?, Path::new(name))
            }
            _ => look(CWD, &path),
        }
        .map_err(wrong)
    }

    /// Opens `path` for reading, never waiting for whatever it is.
    pub(crate) fn open(&mut self, path: &Path, follow: bool, kind: OFlags) -> Result<OwnedFd> {
        if !follow && let Some((folder, name)) = self.neighbour(path) {
            return openat(folder, name, kind | NO_LINK, Mode::empty())
                .map_err(|error| failed("open", path, error));
        }
        let path = self.allowed(path)?;
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !follow && !self.is_root(&path) => {
                let folder = self.folder(parent)?;
                openat(folder, name, kind | NO_LINK, Mode::empty())
                    .map_err(|error| failed("open", &path, error))
            }
            _ if !follow => open(&path, kind | NO_LINK, Mode::empty())
                .map_err(|error| failed("open", &path, error)),
            _ => self.open_beneath(&path, kind | READ),
        }
    }

    /// The same as `allowed` and `folder`, for one more name in the directory used last: that is
    /// most of them, and comparing paths takes longer than opening a file.
    fn neighbour<'a>(&'a self, path: &'a Path) -> Option<(&'a OwnedFd, &'a OsStr)> {
        let recent = self.recent.as_ref().filter(|recent| !recent.holds_root)?;
        let path = path.as_os_str().as_bytes();
        let name = path
            .strip_prefix(recent.path.as_os_str().as_bytes())?
            .strip_prefix(b"/")?;
        let one_step = !name.contains(&b'/') && !matches!(name, b"" | b"." | b"..");
        one_step.then(|| (&recent.folder, OsStr::from_bytes(name)))
    }

    /// The path, if it may be read; links on its way are judged when it is opened.
    fn allowed(&self, path: &Path) -> Result<PathBuf> {
        normal(path)
            .filter(|path| self.own_of(path).is_some() || self.granted_root(path).is_some())
            .ok_or_else(|| not_granted(path))
    }

    fn granted_root(&self, path: &Path) -> Option<&PathBuf> {
        self.granted.iter().find(|root| path.starts_with(root))
    }

    /// The outermost of the run's own directories that `path` is in.
    fn own_of(&self, path: &Path) -> Option<&(PathBuf, OwnedFd)> {
        self.own.iter().find(|(root, _)| path.starts_with(root))
    }

    /// Whether no module can change what is above `path`, so that it may be looked up from anywhere.
    fn is_root(&self, path: &Path) -> bool {
        match self.own_of(path) {
            Some((own, _)) => own == path,
            None => self.granted.iter().any(|root| root == path),
        }
    }

    /// The directory `path`, for looking up names in it.
    fn folder(&mut self, path: &Path) -> Result<impl AsFd + '_> {
        let known = self
            .recent
            .as_ref()
            .is_some_and(|recent| recent.path == path);
        if !known {
            let folder = self.open_beneath(path, OFlags::PATH | OFlags::DIRECTORY)?;
            let own = self.own.iter().map(|(root, _)| root);
            self.recent = Some(Recent {
                path: path.to_owned(),
                folder,
                holds_root: own
                    .chain(&self.granted)
                    .any(|root| root.parent() == Some(path)),
            });
        }
        let recent = self.recent.as_ref().ok_or_else(|| not_granted(path))?;
        Ok(&recent.folder)
    }

    /// Opens `path` through whatever links are on its way, as long as they stay below its root,
    /// or lead out with permission.
    fn open_beneath(&self, path: &Path, flags: OFlags) -> Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        let wrong = |error| failed("open", path, error);
        let granted = self.granted_root(path);
        if self.follow_links && granted.is_some() {
            return open(path, flags, Mode::empty()).map_err(wrong);
        }
        if let Some((own, folder)) = self.own_of(path) {
            return beneath(folder, own, path, flags);
        }
        let root = granted.ok_or_else(|| not_granted(path))?;
        if root == path {
            return open(path, flags, Mode::empty()).map_err(wrong);
        }
        let folder = open(root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| failed("open", root, error))?;
        beneath(&folder, root, path, flags)
    }
}

/// How a directory is opened to start from.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens `path`, which is `root` or below it, through links that stay below `folder`, which is `root`.
fn beneath(folder: &OwnedFd, root: &Path, path: &Path, flags: OFlags) -> Result<OwnedFd> {
    let mut below = path.strip_prefix(root).unwrap_or(Path::new("."));
    if below.as_os_str().is_empty() {
        below = Path::new(".");
    }
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, below, flags, Mode::empty(), resolve).map_err(|error| match error {
        Errno::XDEV => Error::run(
            "not-granted",
            format!(
                "{} leads through a symbolic link out of {}",
                path.display(),
                root.display()
            ),
        )
        .hint("allow the place that it leads to as well, or set follow_links"),
        other => failed("open", path, other),
    })
}

/// A name for what is open that no renaming changes.
pub(crate) fn by_descriptor(open: &impl AsRawFd) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_raw_fd()).into()
}

/// What stands at `name` in `folder`, and where it points if it is a link.
pub(super) fn look(
    folder: impl AsFd,
    name: impl Arg + Copy,
) -> rustix::io::Result<(Stat, Option<CString>)> {
    let facts = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let link = match FileType::from_raw_mode(facts.st_mode) {
        FileType::Symlink => Some(readlinkat(&folder, name, Vec::new())?),
        _ => None,
    };
    Ok((facts, link))
}

/// Bytes of a guest's path.
pub(super) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// What stands there may have been replaced since a module listed it: that has codes of its own.
pub(super) fn failed(doing: &str, path: &Path, error: Errno) -> Error {
    let (code, what) = match error {
        Errno::LOOP => ("not-a-file", "a symbolic link"),
        Errno::NOTDIR => ("not-a-directory", "not a directory"),
        other => return Error::io(doing, path, other.into()),
    };
    Error::run(
        code,
        format!("cannot {doing} {}: it is {what}", path.display()),
    )
}

fn not_granted(path: &Path) -> Error {
    Error::run("not-granted", format!("{} is not among what this module may read", path.display()))
        .hint("the module must ask for it in its plan, and the configuration must allow it (modules.NAME.allow.read)")
}
