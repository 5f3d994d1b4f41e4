//! A folder that a tree is built in, on the same mount as what it is exchanged with.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, Mode, RenameFlags, fchmod, mkdirat, removexattr, renameat_with, unlinkat,
};
use rustix::io::{Errno, Result};

use super::entries::{FOLDER, beneath, readable};
use super::remove::remove_tree;
use super::sighting::{EntryId, sight};
use crate::paths::by_descriptor;

/// What lies in `holder` under `name`, and stands for `base` below the target.
#[derive(Clone)]
pub(super) struct Area {
    pub(super) holder: Arc<OwnedFd>,
    pub(super) holder_path: PathBuf,
    pub(super) name: PathBuf,
    pub(super) folder: Arc<OwnedFd>,
    pub(super) id: Option<EntryId>,
    pub(super) base: PathBuf,
    /// How the base is called in the holder, if it lies beside it: then it can be exchanged itself.
    pub(super) beside: Option<PathBuf>,
}

impl Area {
    /// Makes one. It is closed to others.
    pub(super) fn make(
        holder: Arc<OwnedFd>,
        holder_path: PathBuf,
        name: &Path,
        base: &Path,
        beside: Option<PathBuf>,
    ) -> Result<Self> {
        mkdirat(&holder, name, Mode::RWXU)?;
        let folder = beneath(&holder, name, FOLDER)?;
        let readable = readable(&folder)?;
        for inherited in ["system.posix_acl_default", "system.posix_acl_access"] {
            match removexattr(by_descriptor(&folder), inherited) {
                Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
                Err(error) => return Err(error),
            }
        }
        fchmod(&readable, Mode::RWXU)?;
        let made = sight(&holder, name)?.ok_or(Errno::NOENT)?;
        Ok(Self {
            holder,
            holder_path,
            name: name.to_owned(),
            folder: Arc::new(folder),
            id: Some(made.id),
            base: base.to_owned(),
            beside,
        })
    }

    /// Whether the file system exchanges names: tried with two empty files.
    pub(super) fn can_exchange(&self) -> Result<bool> {
        let [one, other] = [".one", ".other"];
        for name in [one, other] {
            let mode = rustix::fs::FileType::RegularFile;
            rustix::fs::mknodat(&self.folder, name, mode, Mode::RUSR | Mode::WUSR, 0)?;
        }
        let done = renameat_with(
            &self.folder,
            one,
            &self.folder,
            other,
            RenameFlags::EXCHANGE,
        );
        for name in [one, other] {
            unlinkat(&self.folder, name, AtFlags::empty())?;
        }
        match done {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes it with all that is in it.
    pub(super) fn remove(&self) -> Result<()> {
        remove_tree(&self.holder, &self.name)
    }
}
