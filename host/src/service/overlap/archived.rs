//! Backups in what is archived: a backup that holds all earlier ones doubles each night.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::stores::{folder, root_folder};
use crate::config::{Config, Place};
use crate::error::{Error, Kind, Result};
use crate::paths::Location;
use crate::plan::AccessRequest;
use crate::service::folders::state_folder;

/// Folders whose content no module archives: those of the stores, of unfinished artifacts, and of the backups
/// of other strategies.
pub(in crate::service) fn backup_folders(config: &Config) -> Vec<PathBuf> {
    let stores = config.stores.iter().filter_map(|spec| match spec.strategy {
        Some(_) => root_folder(spec),
        None => folder(spec),
    });
    let own = match config.member {
        Some(_) => config.paths.root.clone(),
        None => state_folder(&config.paths),
    };
    stores.chain([own]).collect()
}

/// Makes the folders of the stores below their roots, as the uploads would: what is there is recognised
/// under every name. The root is the operator's: a store that is away, or refuses, says so itself.
pub(in crate::service) fn prepare(config: &Config) {
    for spec in &config.stores {
        if let Place::Fs { path: root } = &spec.place
            && root.is_dir()
            && let Some(path) = folder(spec)
            && let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(&path)
        {
            tracing::debug!(path = %path.display(), %error, "cannot make the folder of a store");
        }
    }
}

/// Fails if the operator names backups as what is to be backed up.
pub(in crate::service) fn require_not_named(config: &Config, asked: &AccessRequest) -> Result<()> {
    let artifacts = [config.paths.root.clone()];
    let backups = config
        .stores
        .iter()
        .filter_map(root_folder)
        .chain(artifacts);
    let backups: Vec<Location> = backups.map(|path| Location::of(&path)).collect();
    for path in &asked.read {
        let named = Location::of(Path::new(path));
        if let Some(folder) = backups.iter().find(|folder| named.is_within(folder)) {
            let message = format!(
                "the strategy is to archive {path}, which lies in {}: that is where backups are kept",
                folder.path().display()
            );
            return Err(Error::new(Kind::Config, "archives-itself", message).hint(
                "archive what the backups are made of; to have a second copy of them, add a store",
            ));
        }
    }
    Ok(())
}

/// Says which folders of backups lie below what is archived: they are not in the archive.
pub(in crate::service) fn say_left_out(config: &Config, read: &[PathBuf]) {
    let read: Vec<Location> = read.iter().map(|path| Location::of(path)).collect();
    for path in backup_folders(config) {
        let folder = Location::of(&path);
        if read.iter().any(|root| folder.is_within(root)) {
            tracing::warn!(
                path = %path.display(),
                "left out of what is archived: this is where backups are kept"
            );
        }
    }
}
