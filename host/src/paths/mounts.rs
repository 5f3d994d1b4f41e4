//! The mounts that what is read lies on: one that goes away during a run leaves an empty directory, which looks like
//! any other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::mount_table::{self, Mount};
use crate::error::{Error, Result};

/// Those at a moment, by their place, with the number that the system gave to each.
#[derive(Debug, Default)]
pub(crate) struct Mounts(BTreeMap<PathBuf, u64>);

impl Mounts {
    /// Those that these paths lie on, and those below them. None where the system tells of none.
    pub(crate) fn of(paths: &[PathBuf]) -> Self {
        Self(relevant(mount_table::read().unwrap_or_default(), paths))
    }

    /// Fails if one of them has gone, or is another one now.
    pub(crate) fn require_all(&self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let now: BTreeMap<PathBuf, u64> = match mount_table::read() {
            Ok(mounts) => mounts
                .into_iter()
                .map(|mount| (mount.place, mount.id))
                .collect(),
            Err(_) => return Ok(()),
        };
        let mut known = self.0.iter();
        let gone = known.find(|(place, id)| now.get(*place) != Some(id));
        gone.map_or(Ok(()), |(place, _)| {
            let message = format!("{} was unmounted while it was read", place.display());
            Err(Error::run("unmounted", message)
                .hint("mount it again, and keep it mounted until the backup is over"))
        })
    }
}

/// A later mount of the same place lies over an earlier one.
fn relevant(all: Vec<Mount>, paths: &[PathBuf]) -> BTreeMap<PathBuf, u64> {
    let automatic: Vec<PathBuf> = all
        .iter()
        .filter(|mount| mount.automatic)
        .map(|mount| mount.place.clone())
        .collect();
    let carries = |place: &Path| {
        paths.iter().any(|path| {
            let holds = |mount: &&Mount| path.starts_with(&mount.place);
            let nearest = all.iter().filter(holds);
            let nearest = nearest.max_by_key(|mount| mount.place.as_os_str().len());
            place.starts_with(path) || nearest.is_some_and(|mount| mount.place == place)
        })
    };
    let comes_and_goes = |place: &Path| automatic.iter().any(|known| place.starts_with(known));
    all.iter()
        .filter(|mount| carries(&mount.place) && !comes_and_goes(&mount.place))
        .map(|mount| (mount.place.clone(), mount.id))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"1 0 8:1 / / rw - ext4 /dev/sda rw\n\
        5 1 8:2 / /data rw shared:1 - ext4 /dev/sdb rw\n\
        6 5 8:3 / /data/a\\040b rw - ext4 /dev/sdc rw\n\
        7 1 8:4 / /datab rw - ext4 /dev/sdd rw\n\
        8 1 0:9 / /net rw - autofs systemd rw\n\
        9 8 0:10 / /net/x rw - nfs4 server:/x rw\n";

    fn of(path: &str) -> Vec<(String, u64)> {
        let found = relevant(mount_table::parse(TABLE), &[path.into()]).into_iter();
        found
            .map(|(place, id)| (place.to_str().unwrap().to_owned(), id))
            .collect()
    }

    #[test]
    fn what_a_path_lies_on_and_what_lies_below_it_counts() {
        let data = [("/data".to_owned(), 5), ("/data/a b".to_owned(), 6)];
        assert_eq!(of("/data"), data);
        assert_eq!(of("/data/sub/deep"), data[..1]);
        assert_eq!(of("/srv"), [("/".to_owned(), 1)]);
        assert_eq!(of("/net/x"), [], "it comes and goes");
    }
}
