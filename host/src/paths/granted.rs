//! Which paths a module may read, and how they are opened without leaving them.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2};
use rustix::io::Errno;

use super::descriptor::{NO_LINK, READ, failed, inspect_entry, open_own};
use super::left_out::LeftOut;
use crate::error::{Error, Result};
use crate::plan::{Grants, normal};

/// Everything that may be read, by this run.
pub(crate) struct ReadAccess {
    /// What the plan names.
    granted: Vec<PathBuf>,
    /// What the operator names: looked up from anywhere, while all below is looked up from there.
    roots: Vec<PathBuf>,
    /// The run's own directories, outermost first: opened before the module starts, for it may
    /// rename and link in them as it likes.
    own: Vec<(PathBuf, OwnedFd)>,
    follow_links: bool,
    left_out: Arc<LeftOut>,
    /// The directory used last, because its neighbours come next.
    recent: Option<RecentFolder>,
}

struct RecentFolder {
    path: PathBuf,
    folder: OwnedFd,
    /// Whether something stands directly in it that is granted by its own name.
    holds_root: bool,
}

impl ReadAccess {
    /// Nothing at all.
    pub(crate) fn none() -> Self {
        Self {
            granted: Vec::new(),
            roots: Vec::new(),
            own: Vec::new(),
            follow_links: false,
            left_out: Arc::default(),
            recent: None,
        }
    }

    /// All paths are normalised and absolute. Links may lead out of what the operator names if
    /// `follow_links`, and never out of the run's own directories, where modules make links.
    pub(crate) fn new(grants: &Grants, mut own: Vec<PathBuf>) -> Result<Self> {
        own.sort();
        let own = own.into_iter().map(|path| {
            let opened = open_own(&path)?;
            Ok((path, opened))
        });
        Ok(Self {
            granted: grants.read.clone(),
            roots: grants.roots.clone(),
            own: own.collect::<Result<_>>()?,
            follow_links: grants.follow_links,
            left_out: Arc::default(),
            recent: None,
        })
    }

    /// The same without these folders: they are as if they were not there.
    #[must_use]
    pub(crate) fn without(mut self, folders: &[PathBuf]) -> Self {
        self.left_out = Arc::new(LeftOut::new(folders));
        self
    }

    /// Whether `path` lies in one of the run's own directories, as it is written.
    pub(crate) fn is_own(&self, path: &Path) -> bool {
        normal(path).is_some_and(|path| self.own_of(&path).is_some())
    }

    /// Whether `path` lies in one of the run's own directories, as it is written or behind its links.
    pub(crate) fn lies_in_own(&self, path: &Path) -> bool {
        let real = path.canonicalize();
        self.is_own(path) || real.is_ok_and(|real| self.is_own(&real))
    }

    /// One of the run's own directories, by the name that it was given with.
    pub(crate) fn own(&self, path: &Path) -> Result<&OwnedFd> {
        let found = self.own.iter().find(|(own, _)| own == path);
        found
            .map(|(_, folder)| folder)
            .ok_or_else(|| not_granted(path))
    }

    /// What is left out, for listings.
    pub(crate) fn left_out(&self) -> Arc<LeftOut> {
        Arc::clone(&self.left_out)
    }

    /// What stands at `path`, and where it points if it is a link.
    pub(crate) fn inspect(&mut self, path: &Path, follow: bool) -> Result<(Stat, Option<CString>)> {
        let path = self.allowed(path)?;
        let wrong = |error| failed("inspect", &path, error);
        if follow {
            let opened = self.open_beneath(&path, OFlags::PATH)?;
            if self.left_out.has(&opened) {
                return Err(wrong(Errno::NOENT));
            }
            return Ok((fstat(opened).map_err(wrong)?, None));
        }
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !self.is_root(&path) => {
                inspect_entry(self.folder(parent)?, Path::new(name))
            }
            _ => inspect_entry(CWD, &path),
        }
        .map_err(wrong)
    }

    /// What stands at `path`, for the kernel's rules, which hold for all that lies below: none if it may not be read,
    /// is not there, or holds what is left out.
    pub(crate) fn handle(&self, path: &Path) -> Option<OwnedFd> {
        let path = self.allowed(path).ok()?;
        let handle = self.open_beneath(&path, OFlags::PATH).ok()?;
        if self.left_out.is_below(&handle) {
            tracing::warn!(path = %path.display(), "commands cannot read here: backups lie below");
            return None;
        }
        (!self.left_out.has(&handle)).then_some(handle)
    }

    /// Opens `path` for reading, without ever waiting for it.
    pub(crate) fn open(&mut self, path: &Path, follow: bool, kind: OFlags) -> Result<OwnedFd> {
        let opened = self.open_granted(path, follow, kind)?;
        // The folder of what is opened without following a link was judged already.
        match (follow || kind.contains(OFlags::DIRECTORY)) && self.left_out.has(&opened) {
            true => Err(failed("open", path, Errno::NOENT)),
            false => Ok(opened),
        }
    }

    fn open_granted(&mut self, path: &Path, follow: bool, kind: OFlags) -> Result<OwnedFd> {
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
            // The kernel refuses a place that is opened for reading as well.
            _ if kind.contains(OFlags::PATH) => self.open_beneath(&path, kind),
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
            .filter(|path| self.own_of(path).is_some() || self.is_granted(path))
            .ok_or_else(|| not_granted(path))
    }

    fn is_granted(&self, path: &Path) -> bool {
        self.granted.iter().any(|granted| path.starts_with(granted))
    }

    /// The innermost of what the operator names that `path` is in.
    fn root_of(&self, path: &Path) -> Option<&PathBuf> {
        let around = self.roots.iter().filter(|root| path.starts_with(root));
        around.max_by_key(|root| root.as_os_str().len())
    }

    /// The outermost of the run's own directories that `path` is in.
    fn own_of(&self, path: &Path) -> Option<&(PathBuf, OwnedFd)> {
        self.own.iter().find(|(root, _)| path.starts_with(root))
    }

    /// Whether no module can change what is above `path`, so that it may be looked up from anywhere.
    fn is_root(&self, path: &Path) -> bool {
        match self.own_of(path) {
            Some((own, _)) => own == path,
            None => self.roots.iter().any(|root| root == path),
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
            if self.left_out.has(&folder) {
                return Err(failed("open", path, Errno::NOENT));
            }
            let own = self.own.iter().map(|(root, _)| root);
            self.recent = Some(RecentFolder {
                path: path.to_owned(),
                folder,
                holds_root: own
                    .chain(&self.granted)
                    .chain(&self.roots)
                    .any(|root| root.parent() == Some(path)),
            });
        }
        let recent = self.recent.as_ref().ok_or_else(|| not_granted(path))?;
        Ok(&recent.folder)
    }

    /// Opens `path` through the links on its way, as long as they stay below its root,
    /// or lead out with permission.
    fn open_beneath(&self, path: &Path, flags: OFlags) -> Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        let wrong = |error| failed("open", path, error);
        let root = self.root_of(path);
        if self.follow_links && root.is_some() {
            return open(path, flags, Mode::empty()).map_err(wrong);
        }
        if let Some((own, folder)) = self.own_of(path) {
            return beneath(folder, own, path, flags);
        }
        let root = root.ok_or_else(|| not_granted(path))?;
        if root == path {
            return open(path, flags, Mode::empty()).map_err(wrong);
        }
        let folder = open(root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| failed("open", root, error))?;
        beneath(&folder, root, path, flags)
    }
}

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
        .hint("name the place that it leads to instead, or have links followed (follow_links in a plan, follow_symlinks of file_archive)"),
        other => failed("open", path, other),
    })
}

fn not_granted(path: &Path) -> Error {
    Error::run("not-granted", format!("{} is not among what this module may read", path.display()))
        .hint("the module must ask for it in its plan, and the configuration must allow it (modules.NAME.allow.read)")
}
