//! Where a restore may not go: into the sidecar itself, or over what was backed up under another name.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::plan::PlannedRestore;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::paths::Location;
use crate::sandbox::Module;
use crate::service::context::Context;
use crate::service::overlap;
use crate::service::restore_needs::source_directory;
use crate::service::runs::request::Order;

/// The places that an order names: `into`, and parts that get a path for a name.
pub(super) fn places(order: &Order) -> impl Iterator<Item = &str> {
    let names = order
        .only
        .iter()
        .filter_map(|part| part.new_name.as_deref());
    let paths = names.filter(|name| name.starts_with('/'));
    order.into.as_deref().into_iter().chain(paths)
}

/// Fails for a directory, or a file, that is one of the sidecar's own, lies in one, or holds one.
pub(super) fn require_not_own(context: &Context, into: &str) -> Result<()> {
    let Some(path) = path_of(into) else {
        return Ok(());
    };
    let into = Location::of(path);
    for (what, own) in own_places(context) {
        let own = Location::of(&own);
        if into.overlaps(&own) {
            let message = format!(
                "{} cannot be restored into: {what} of this sidecar are in {}",
                path.display(),
                own.path().display()
            );
            return Err(Error::new(Kind::Config, "own-folder", message)
                .hint("restore into a directory of its own, and move from there what is needed"));
        }
    }
    Ok(())
}

/// Fails if files would be replaced in the directory that they were archived from, under another of its names.
pub(super) fn require_not_source(
    config: &Config,
    module: &Module,
    planned: &PlannedRestore,
) -> Result<()> {
    let replaces = planned.request.replace && planned.request.into.is_some();
    let (Some(directory), true) = (&planned.grants.directory, replaces) else {
        return Ok(());
    };
    let strategy_config: Value = serde_json::from_str(&planned.config).unwrap_or_default();
    let Some(source) = source_directory(config, module, &strategy_config) else {
        return Ok(());
    };
    let source = Location::of(&source);
    let target = Location::of(directory);
    if !(target.is_within(&source) && source.is_within(&target)) {
        return Ok(());
    }
    let message = format!("{} is the directory that is archived", directory.display());
    Err(Error::new(Kind::Config, "same-directory", message).hint(
        "to replace what is there, leave --into out; to restore beside it, name another directory",
    ))
}

/// The path of a target that is a directory or a file.
fn path_of(into: &str) -> Option<&Path> {
    let path = match into.split_once("://") {
        None => into,
        Some(("sqlite" | "file", path)) => path,
        Some(_) => return None,
    };
    Some(Path::new(path))
}

/// What the sidecar needs to be itself.
fn own_places(context: &Context) -> Vec<(&'static str, PathBuf)> {
    let config = context.config();
    let mut places = vec![(
        "the artifacts, the journal and the lock",
        config.paths.root.clone(),
    )];
    places.extend(
        context
            .cache
            .iter()
            .map(|cache| ("compiled modules", cache.clone())),
    );
    let stores = overlap::backup_folders(config).into_iter();
    places.extend(stores.map(|store| ("the backups", store)));
    let files = overlap::trusted_files(config).into_iter();
    places.extend(files.map(|file| ("the configuration, or a file that it names,", file)));
    places
}
