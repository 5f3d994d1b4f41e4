//! Names for files that are complete and synced, and folders that remember them.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::CWD;

use super::entry::rename_unless_exists;
use super::step::{PublishError, PublishStep, attempt};

/// Gives a file that was written and synced its name, in place of what stands there.
pub fn rename(from: &Path, to: &Path) -> Result<(), PublishError> {
    attempt(PublishStep::Rename, to, || fs::rename(from, to))?;
    sync_folder(folder_of(to))
}

/// The same, where nothing may stand yet.
pub fn rename_new(from: &Path, to: &Path) -> Result<(), PublishError> {
    attempt(PublishStep::Rename, to, || {
        rename_unless_exists(CWD, from, to)?;
        // Still there where the file system can only link. The name is given, also if it stays.
        let _ = fs::remove_file(from);
        Ok(())
    })?;
    sync_folder(folder_of(to))
}

/// Makes the names in a folder survive a power cut: those of many files at once.
pub fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    attempt(PublishStep::SyncFolder, folder, || {
        File::open(folder)?.sync_all()
    })
}

/// The same for the folder of `path` and those above it up to `root`, any of which may be new.
pub fn sync_folders(root: &Path, path: &Path) -> Result<(), PublishError> {
    path.ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(root))
        .try_for_each(sync_folder)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
