//! Stores that are one place, or that the folders of a run lie in.

use std::path::PathBuf;

use super::bucket::BucketPlace;
use crate::config::{Config, Place, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::paths::{Directories, Location};

/// Where the objects of a store lie, if that is a folder.
pub(super) fn folder(spec: &StoreSpec) -> Option<PathBuf> {
    match &spec.place {
        Place::Fs { path } => Some(path.join(&spec.prefix)),
        Place::S3(_) => None,
    }
}

/// The same with what other strategies have there.
pub(super) fn root_folder(spec: &StoreSpec) -> Option<PathBuf> {
    match &spec.place {
        Place::Fs { path } => Some(path.join(&spec.root)),
        Place::S3(_) => None,
    }
}

/// Stores, and folders of a run, that lie in each other and must not.
pub(in crate::service) fn overlaps(config: &Config) -> Vec<Error> {
    let stores: Vec<(&StoreSpec, Option<Location>)> = config
        .stores
        .iter()
        .map(|spec| (spec, folder(spec).map(|path| Location::of(&path))))
        .collect();
    let mut found = Vec::new();
    for (at, (spec, location)) in stores.iter().enumerate() {
        for (other, other_location) in &stores[..at] {
            let one = match (location, other_location) {
                (Some(a), Some(b)) => a.overlaps(b),
                _ => BucketPlace::of(spec)
                    .zip(BucketPlace::of(other))
                    .is_some_and(|(a, b)| a.overlaps(&b)),
            };
            if one {
                found.push(same_place(&other.name, &spec.name));
            }
        }
        found.extend(
            location
                .iter()
                .filter_map(|location| inside(config, spec, location)),
        );
    }
    found
}

/// Fails a run whose places lie in one another.
pub(in crate::service) fn require_apart(config: &Config) -> Result<()> {
    overlaps(config).into_iter().next().map_or(Ok(()), Err)
}

/// Two stores of one place.
pub(in crate::service) fn same_place(one: &str, other: &str) -> Error {
    let message =
        format!("the stores `{one}` and `{other}` are one place, or one lies in the other");
    Error::new(Kind::Config, "same-store", message)
        .hint("a second copy in the same place protects from nothing: give each a folder, or a prefix, beside the other's, or remove one")
}

/// A store in a folder of the run, or the reverse.
fn inside(config: &Config, spec: &StoreSpec, store: &Location) -> Option<Error> {
    let directories = Directories::from(&config.paths);
    let own = [
        ("workdir", &directories.workdir),
        ("artifacts", &directories.artifacts),
        ("temp_dump", &directories.temp),
    ];
    let (key, path) = own
        .into_iter()
        .find(|(_, path)| Location::of(path).overlaps(store))?;
    let message = format!(
        "store `{}` ({}) and paths.{key} ({}) lie in one another",
        spec.name,
        store.path().display(),
        path.display()
    );
    Some(
        Error::new(Kind::Config, "store-in-paths", message)
            .hint("commands and modules write there: give the backups a folder of their own"),
    )
}
