//! The directory itself: looked up, and made where something is to be made in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, Stat, fstat, mkdirat, open};
use rustix::io::Errno;

use super::directories::Pending;
use super::name::Name;
use super::owners::LostOwners;
use super::refusal;
use crate::error::{Error, Result};
use crate::exchange::{Adding, PARTIAL, Staging, StagingRequest, beneath, fault};
use crate::fs_atomic::TemporaryEntry;

/// How a directory is opened to look up names in it.
pub(super) const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// How a directory is opened to be changed itself.
pub(super) const LISTED: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// How a directory is to be filled.
pub(in crate::sandbox) struct TreeRequest<'a> {
    pub(in crate::sandbox) path: PathBuf,
    /// Whether what stands in the way of anything but a directory is replaced: all of it, or nothing.
    pub(in crate::sandbox) replace: bool,
    /// Whether all of the backup is restored.
    pub(in crate::sandbox) whole: bool,
    /// Only this restore has it.
    pub(in crate::sandbox) id: &'a str,
    /// Where the next run finds what a process that died has left.
    pub(in crate::sandbox) journals: &'a Path,
    /// Consequences that the operator accepted.
    pub(in crate::sandbox) accepted: &'a [String],
}

/// A directory that is being filled.
pub(in crate::sandbox) struct Tree {
    pub(super) root: Arc<OwnedFd>,
    pub(super) path: PathBuf,
    /// Whether the directory is a new one.
    pub(super) made: bool,
    pub(super) replace: bool,
    /// Where what replaces is built.
    pub(super) staging: Option<Staging>,
    /// Tells the next run of what is added one by one.
    pub(super) _adding: Option<Adding>,
    /// How an entry is called that is not complete.
    pub(super) partial: String,
    /// The change time of a file that was made when this began: what is older was there before.
    pub(super) began: (i64, i64),
    /// What directories shall be in the end, and that has not been set yet.
    pub(super) pending: BTreeMap<Name, Pending>,
    /// Directories that were made because something below them was.
    pub(super) implied: BTreeSet<Name>,
    pub(super) owners: LostOwners,
    pub(super) entries: u64,
    pub(super) finished: bool,
    /// The directory used last, because its neighbours come next.
    pub(super) recent: Option<(Name, Arc<OwnedFd>)>,
}

impl Tree {
    /// The directory.
    pub(in crate::sandbox) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Opens the directory; makes it if it is missing.
    pub(in crate::sandbox) fn open(request: TreeRequest<'_>) -> Result<Self> {
        let path = request.path;
        let made = !path.exists();
        fs::create_dir_all(&path).map_err(|error| Error::io("create", &path, error))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(&path, flags, Mode::empty())
            .map_err(|error| Error::io("open", &path, error.into()))?;
        let root = Arc::new(root);
        let partial = format!("{PARTIAL}{}", request.id);
        let accepts = |word: &str| request.accepted.iter().any(|accepted| accepted == word);
        let (mut staging, mut adding) = (None, None);
        if request.replace && !accepts("in-place") {
            let asked = StagingRequest {
                journals: request.journals,
                id: request.id,
                target: &path,
                directories: request.whole,
            };
            staging = Some(Staging::begin(&asked, &root)?.ok_or_else(|| cannot_exchange(&path))?);
        } else {
            let target =
                fs::canonicalize(&path).map_err(|error| Error::io("find", &path, error))?;
            adding = Some(Adding::begin(request.journals, request.id, &target)?);
        }
        let mut tree = Self {
            root,
            made,
            replace: request.replace,
            staging,
            _adding: adding,
            partial,
            began: (0, 0),
            pending: BTreeMap::new(),
            implied: BTreeSet::new(),
            owners: LostOwners::new(accepts("owners")),
            entries: 0,
            finished: false,
            recent: None,
            path,
        };
        let folder = tree.folder(&Name::root())?;
        let probe = TemporaryEntry::file(&folder, &tree.partial)
            .and_then(|(_temporary, file)| fstat(&file));
        let probe = probe.map_err(|error| Error::io("write to", &tree.path, error.into()))?;
        tree.began = changed(&probe);
        Ok(tree)
    }

    /// Fails if the volume has no room for so much.
    pub(in crate::sandbox) fn expect(&self, entries: u64, bytes: u64) -> Result<()> {
        refusal::require_room(&self.root, &self.path, entries, bytes)
    }

    /// Whether nothing was made in it.
    pub(in crate::sandbox) fn is_untouched(&self) -> bool {
        self.entries == 0
    }

    /// The directory that `name` stands in, and how it is called there. Makes what is missing.
    pub(super) fn place<'n>(&mut self, name: &'n Name) -> Result<(Arc<OwnedFd>, &'n Path)> {
        let (parent, last) = name.split().ok_or_else(|| {
            Error::run("exists", "the target directory itself stands there already")
        })?;
        if let Some((recent, folder)) = &self.recent
            && *recent == parent
        {
            return Ok((Arc::clone(folder), last));
        }
        let folder = self.folder(&parent)?;
        self.recent = Some((parent, Arc::clone(&folder)));
        Ok((folder, last))
    }

    /// A directory to make something in; what is missing of it is made, closed to others.
    fn folder(&mut self, name: &Name) -> Result<Arc<OwnedFd>> {
        if self.staging.is_some() {
            return self.staged_folder(name);
        }
        match beneath(&self.root, name.path(), FOLDER) {
            Err(Errno::NOENT) => {}
            opened => {
                let opened = opened.map_err(|error| self.failed("open", name, error))?;
                if !self.implied.contains(name) {
                    self.leave_unchanged(name)?;
                }
                return Ok(Arc::new(opened));
            }
        }
        let Some((above, last)) = name.split() else {
            return Err(self.failed("open", name, Errno::NOENT));
        };
        let parent = self.folder(&above)?;
        let made = mkdirat(&parent, last, Mode::RWXU);
        made.map_err(|error| self.failed("create", name, error))?;
        self.implied.insert(name.clone());
        let opened = beneath(&self.root, name.path(), FOLDER);
        opened
            .map(Arc::new)
            .map_err(|error| self.failed("open", name, error))
    }

    /// The same of the tree that is built beside.
    pub(super) fn staged_folder(&mut self, name: &Name) -> Result<Arc<OwnedFd>> {
        let staging = self.staging.as_mut();
        let folder = staging.map_or(Err(Errno::NOENT), |staging| staging.folder(name.below()));
        let folder = folder.map_err(|error| self.failed("open", name, error))?;
        Ok(folder.staged)
    }

    pub(super) fn publish(
        &mut self,
        temporary: TemporaryEntry,
        last: &Path,
        name: &Name,
    ) -> Result<()> {
        fault("make").map_err(|error| self.failed("create", name, error))?;
        if self.is_blocked(name, last)? {
            return Err(self.exists(name));
        }
        match temporary.publish(last, self.replace) {
            Ok(()) => {
                self.entries += 1;
                Ok(())
            }
            Err(Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY) => Err(self.exists(name)),
            Err(error) => Err(self.failed("create", name, error)),
        }
    }

    /// Whether a directory stands where something else is to replace it.
    fn is_blocked(&mut self, name: &Name, last: &Path) -> Result<bool> {
        let Some((parent, _)) = name.split() else {
            return Ok(false);
        };
        let Some(staging) = self.staging.as_mut() else {
            return Ok(false);
        };
        let folder = staging.folder(parent.below());
        folder
            .and_then(|folder| Staging::is_blocked(&folder, last))
            .map_err(|error| self.failed("look at", name, error))
    }

    pub(super) fn exists(&self, name: &Name) -> Error {
        refusal::exists(&self.path, name, self.replace)
    }

    pub(super) fn failed(&self, doing: &str, name: &Name, error: Errno) -> Error {
        refusal::failed(&self.path, doing, name, error)
    }
}

/// A restore that ends early leaves no directory half open, and none that was only made for it.
impl Drop for Tree {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let replaces = self.staging.take().is_some();
        if let Err(error) = self.set_directories() {
            tracing::warn!("what was restored is not complete: {error}");
        }
        if self.made && replaces {
            // Unless something came into it meanwhile.
            fs::remove_dir(&self.path).ok();
        }
    }
}

fn cannot_exchange(path: &Path) -> Error {
    Error::run(
        "cannot-exchange",
        format!(
            "the file system of {} cannot exchange names, so that what is there cannot be replaced all at once",
            path.display()
        ),
    )
    .hint("restore into another directory (--into), or accept that files are replaced one by one, and that a failure leaves some of each: --accept in-place")
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
pub(super) fn changed(facts: &Stat) -> (i64, i64) {
    (facts.st_ctime as i64, facts.st_ctime_nsec as i64)
}
