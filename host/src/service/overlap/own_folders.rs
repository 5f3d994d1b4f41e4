//! The folders that a module from elsewhere writes: nothing that the sidecar trusts lies in one, and
//! none of them lies in another, where the module could replace it by a link.

use std::path::{Path, PathBuf};

use super::stores;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::modules;
use crate::paths::{Directories, Location};
use crate::service::folders;

/// A place, and what it is to the operator.
struct OwnPlace {
    what: String,
    location: Location,
}

/// A folder that the module sees, and all that is mounted below it: a mount brings what lies elsewhere.
struct OwnFolder {
    folder: OwnPlace,
    mounts: Vec<OwnPlace>,
}

/// Fails if the configured strategy is a module from elsewhere that could reach, by way of its own
/// folders, what is not its own.
pub(in crate::service) fn require_confined(config: &Config) -> Result<()> {
    let Some(spec) = config.modules.get(&config.strategy.name) else {
        return Ok(());
    };
    let directories = Directories::from(&config.paths);
    let workdir = OwnFolder::of("paths.workdir", &directories.workdir);
    let artifacts = OwnFolder::of("paths.artifacts", &directories.artifacts);
    let temp = OwnFolder::of("the folder of paths.temp_dump", &directories.temp);
    for (one, other) in [
        (&temp, &workdir),
        (&artifacts, &workdir),
        (&artifacts, &temp),
    ] {
        one.require_apart(other)?;
    }
    let granted = spec.allow.read.iter();
    let granted = granted.map(|root| {
        let what = format!("modules.{}.allow.read", config.strategy.name);
        OwnPlace::of(&what, root)
    });
    let (trusted, protected) = (trusted(config), protected(config));
    for written in [&workdir, &temp] {
        for place in trusted.iter().chain(&protected) {
            written.require_nothing_of(place)?;
        }
        for place in trusted.iter() {
            written.require_not_around(place)?;
        }
        for root in granted.clone() {
            written.require_not_around(&root)?;
        }
    }
    require_private(&temp.folder)
}

/// What a run believes: a module that writes one of them decides what the sidecar does.
fn trusted(config: &Config) -> Vec<OwnPlace> {
    let files = trusted_files(config).into_iter();
    let files = files.map(|file| OwnPlace::of("a file that the configuration names,", &file));
    let cache = modules::cache_folder(config);
    let cache = cache.map(|folder| OwnPlace::of("the cache of compiled modules", &folder));
    let lock = OwnPlace::of("the lock of modules", &modules::lock_file(config));
    files.chain(cache).chain([lock]).collect()
}

/// What is kept, or run, for every strategy. That it lies apart from the folders themselves is said elsewhere: for
/// stores with the built-in strategies', for programs where they are looked up.
fn protected(config: &Config) -> Vec<OwnPlace> {
    let stores = config.stores.iter().filter_map(|spec| {
        let folder = stores::root_folder(spec)?;
        Some(OwnPlace::of(&format!("store `{}`", spec.name), &folder))
    });
    let journal = folders::shared_folder(&config.paths);
    let journal = OwnPlace::of("the folder of the journal", &journal);
    let programs = std::env::var_os("PATH").unwrap_or_default();
    let programs: Vec<PathBuf> = std::env::split_paths(&programs).collect();
    let programs = programs.iter().filter(|folder| folder.is_absolute());
    let programs = programs.map(|folder| OwnPlace::of("a folder of PATH,", folder));
    stores.chain([journal]).chain(programs).collect()
}

impl OwnFolder {
    fn of(what: &str, path: &Path) -> Self {
        let folder = OwnPlace::of(what, path);
        let mounts = folder.location.mounts_below().into_iter();
        let mounts = mounts.map(|location| OwnPlace {
            what: format!("what is mounted below {what}, at"),
            location,
        });
        Self {
            mounts: mounts.collect(),
            folder,
        }
    }

    fn places(&self) -> impl Iterator<Item = &OwnPlace> {
        std::iter::once(&self.folder).chain(&self.mounts)
    }

    /// Fails if any place of one is, holds, or lies in, a place of the other.
    fn require_apart(&self, other: &Self) -> Result<()> {
        let mut pairs = self
            .places()
            .flat_map(|one| other.places().map(move |other| (one, other)));
        let found = pairs.find(|(one, other)| one.location.overlaps(&other.location));
        found.map_or(Ok(()), |(one, other)| Err(nested(one, other)))
    }

    /// Fails if `place` is, or lies in, one of its places.
    fn require_not_around(&self, place: &OwnPlace) -> Result<()> {
        let mut places = self.places();
        let found = places.find(|own| place.location.is_within(&own.location));
        found.map_or(Ok(()), |own| Err(nested(place, own)))
    }

    /// Fails if what is mounted below it is `place`, holds it, or is a part of it. Where the folder itself lies in
    /// the place, so does by its path whatever is mounted.
    fn require_nothing_of(&self, place: &OwnPlace) -> Result<()> {
        let inside = self.folder.location.is_within(&place.location);
        let found = self.mounts.iter().find(|mount| {
            place.location.is_within(&mount.location)
                || (!inside && mount.location.is_within(&place.location))
        });
        found.map_or(Ok(()), |mount| Err(nested(place, mount)))
    }
}

/// The configuration and the files that it names: secrets, certificates, keys, modules.
pub(in crate::service) fn trusted_files(config: &Config) -> Vec<PathBuf> {
    // From here, as every program reads a path that is not absolute.
    let named = config.named_files().into_iter();
    let absolute = named.filter_map(|file| std::path::absolute(file).ok());
    absolute.filter(|file| file.is_file()).collect()
}

impl OwnPlace {
    fn of(what: &str, path: &Path) -> Self {
        Self {
            what: what.to_owned(),
            location: Location::of(path),
        }
    }
}

fn nested(inner: &OwnPlace, outer: &OwnPlace) -> Error {
    let message = format!(
        "{} {} and {} {} lie in one another",
        inner.what,
        inner.location.path().display(),
        outer.what,
        outer.location.path().display()
    );
    Error::new(Kind::Config, "nested-folders", message).hint(
        "a module that is not built in writes to paths.workdir, to the folder of paths.temp_dump, and to what is mounted below: give each a folder of its own, with nothing else in it",
    )
}

/// Folders that programs of every user work in. A container's own volumes are for every user too, and for
/// one program.
const SHARED: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// The module gets all of the folder: one that other programs share is not for it.
fn require_private(temp: &OwnPlace) -> Result<()> {
    let is_shared = |shared: &str| {
        let shared = Location::of(Path::new(shared));
        temp.location.is_within(&shared) && shared.is_within(&temp.location)
    };
    let Some(shared) = SHARED.into_iter().find(|shared| is_shared(shared)) else {
        return Ok(());
    };
    let message = format!(
        "{} is {shared}, which every program of this machine uses, and the module would get all of it",
        temp.what
    );
    Err(Error::new(Kind::Config, "shared-folder", message)
        .hint("put paths.temp_dump into a folder of its own: it is made if it is missing"))
}
