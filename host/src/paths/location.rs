//! Where a folder really is, whatever it is called: by links, `..`, and mounts of the same folder.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::mount_table::{self, Mount};

/// A folder, which may not be there yet, seen through all its names.
#[derive(Debug, Clone)]
pub struct Location {
    /// Without links, `.` and `..`, as far as it exists.
    canonical: PathBuf,
    /// Device and inode of it and of each folder above it that exists.
    identities: Vec<(u64, u64)>,
    /// Device and inode of itself.
    own: Option<(u64, u64)>,
    /// The file system, and the path in it: two mounts of one folder have the same.
    mounted: Option<(String, PathBuf)>,
}

impl Location {
    /// Looks at the machine. What cannot be seen is taken as it is written.
    pub fn of(path: &Path) -> Self {
        let canonical = canonical(path);
        let identity = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.dev(), found.ino()))
        };
        let mounts = mount_table::read().unwrap_or_default();
        Self {
            own: identity(&canonical),
            identities: canonical.ancestors().filter_map(identity).collect(),
            mounted: mounted(&canonical, &mounts),
            canonical,
        }
    }

    /// What is mounted somewhere below it: by its path it lies here, and by its content elsewhere.
    pub fn mounts_below(&self) -> Vec<Self> {
        let mounts = mount_table::read().unwrap_or_default();
        let below = places_below(&self.canonical, &mounts);
        below.into_iter().map(Self::of).collect()
    }

    /// Without links, `.` and `..`.
    pub fn path(&self) -> &Path {
        &self.canonical
    }

    /// Device and inode, if it is there.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        self.own
    }

    /// Whether it is `other`, or lies somewhere below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.canonical.starts_with(&other.canonical)
            || other.own.is_some_and(|own| self.identities.contains(&own))
            || match (&self.mounted, &other.mounted) {
                (Some((device, path)), Some((other_device, above))) => {
                    device == other_device && path.starts_with(above)
                }
                _ => false,
            }
    }

    /// Whether one of the two lies in the other, or both are one.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.is_within(other) || other.is_within(self)
    }
}

/// The part that exists without links, and the rest as it is written.
fn canonical(path: &Path) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    for length in (1..=parts.len()).rev() {
        let there: PathBuf = parts[..length].iter().collect();
        if let Ok(mut found) = fs::canonicalize(&there) {
            for part in &parts[length..] {
                match part {
                    Component::ParentDir => {
                        found.pop();
                    }
                    part => found.push(part),
                }
            }
            return found;
        }
    }
    path.to_owned()
}

/// The file system of a path and the path in it.
fn mounted(path: &Path, mounts: &[Mount]) -> Option<(String, PathBuf)> {
    let depth = |mount: &&Mount| mount.place.components().count();
    let holding = mounts.iter().filter(|mount| path.starts_with(&mount.place));
    // Of several, the last one counts: a later mount on the same place hides the one before.
    let mount = holding.max_by_key(depth)?;
    let below = path.strip_prefix(&mount.place).ok()?;
    let inside = mount.root.join(below).components().collect();
    Some((mount.device.clone(), inside))
}

/// Where something is mounted below a folder.
fn places_below<'m>(folder: &Path, mounts: &'m [Mount]) -> Vec<&'m Path> {
    let places = mounts.iter().map(|mount| mount.place.as_path());
    places
        .filter(|place| *place != folder && place.starts_with(folder))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_folder_is_one_by_every_name() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("data/sub")).unwrap();
        fs::create_dir(at("other")).unwrap();
        std::os::unix::fs::symlink("data", at("link")).unwrap();
        let location = |name: &str| Location::of(&at(name));
        for inside in [
            "data",
            "data/sub",
            "link/sub",
            "other/../data",
            "data/./new/deep",
            "link/new",
        ] {
            assert!(location(inside).is_within(&location("data")), "{inside}");
            assert!(location("link").overlaps(&location(inside)), "{inside}");
        }
        assert!(!location("data").is_within(&location("data/sub")));
        for outside in ["other", "data2", "data/../other/data"] {
            assert!(!location(outside).overlaps(&location("data")), "{outside}");
        }
    }

    #[test]
    fn mounts_of_one_folder_are_one_place() {
        let mounts = mount_table::parse(
            b"21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
              30 21 8:1 /srv/my\\040data /backups rw - ext4 /dev/sda1 rw\n\
              31 21 8:2 / /srv/volume rw - ext4 /dev/sdb1 rw\n",
        );
        let at = |path: &str| mounted(Path::new(path), &mounts).unwrap();
        assert_eq!(at("/backups/daily"), at("/srv/my data/daily"));
        assert_eq!(at("/srv/volume/x"), ("8:2".to_owned(), "/x".into()));
        assert_ne!(at("/srv/volume"), at("/"));
        let below = |folder: &str| places_below(Path::new(folder), &mounts);
        assert_eq!(below("/srv"), [Path::new("/srv/volume")]);
        assert!(below("/srv/volume").is_empty() && below("/back").is_empty());
    }
}
