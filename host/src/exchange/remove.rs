//! Removing a tree, on its own mount.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, chmodat, unlinkat};
use rustix::io::{Errno, Result};
use rustix::process::geteuid;

use super::entries::{facts, is_dir, names, same_mount};
use super::fault;

/// Removes what is called `name` in `folder`, and all below it. What is not there any more is removed.
pub(super) fn remove_tree(folder: impl AsFd, name: &Path) -> Result<()> {
    let Some(found) = facts(&folder, name)? else {
        return Ok(());
    };
    fault::at("tidy")?;
    if !is_dir(&found) {
        return gone(unlinkat(&folder, name, AtFlags::empty()));
    }
    if !geteuid().is_root() {
        // Its owner may have closed it.
        let mode = Mode::from_raw_mode(found.st_mode) | Mode::RWXU;
        chmodat(&folder, name, mode, AtFlags::empty())?;
    }
    let opened = same_mount(&folder, name)?;
    for entry in names(&opened)? {
        remove_tree(&opened, &entry)?;
    }
    gone(unlinkat(&folder, name, AtFlags::REMOVEDIR))
}

fn gone(removed: Result<()>) -> Result<()> {
    match removed {
        Err(Errno::NOENT) => Ok(()),
        removed => removed,
    }
}
