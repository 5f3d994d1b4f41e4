//! Where the objects of a store lie on a file system.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use crate::config::StoreSpec;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::store::keys;

/// The folder of a store.
pub(super) struct Folder {
    /// The store's name.
    pub(super) store: String,
    pub(super) root: PathBuf,
    prefix: String,
}

impl Folder {
    /// The folder must be there: made here, on a machine whose volume is not mounted, backups would
    /// vanish with the container.
    pub(super) fn open(spec: &StoreSpec, root: &Path) -> Result<Self> {
        if !root.is_dir() {
            let message = format!(
                "the folder {} of store `{}` does not exist",
                root.display(),
                spec.name
            );
            return Err(Error::run("no-such-folder", message)
                .hint("mount the volume there, create the folder, or correct `path`"));
        }
        Ok(Self {
            store: spec.name.clone(),
            root: root.to_owned(),
            prefix: spec.prefix.clone(),
        })
    }

    /// The file of a key. Keys may come out of objects that others wrote (a lease notes some): none
    /// leads out of the store.
    pub(super) fn path(&self, key: &str) -> io::Result<PathBuf> {
        let within = keys::prefixed(&self.prefix, key);
        let is_name = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        match Path::new(&within).components().all(is_name) {
            true => Ok(self.root.join(within)),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The key as the operator would look for it.
    pub(super) fn shown(&self, key: &str) -> String {
        let path = self.root.join(keys::prefixed(&self.prefix, key));
        path.display().to_string()
    }

    /// Makes renames and removals beside a file survive a power cut: syncs its folder and those above
    /// it up to the store's, any of which may be new.
    pub(super) fn sync_parents(&self, path: &Path) -> Result<()> {
        Ok(fs_atomic::sync_folders(&self.root, path)?)
    }
}

/// Creates the folder of a file. What is in a store is for the sidecar alone: the volume may be seen
/// by all users of a machine.
pub(super) fn create_parent(path: &Path) -> io::Result<()> {
    let create = |folder| DirBuilder::new().recursive(true).mode(0o700).create(folder);
    path.parent().map_or(Ok(()), create)
}
