//! How many names of directories the host holds for a module: all those of each directory that is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::{Error, Result};

/// What a name costs beside its bytes.
const OVERHEAD: u64 = 48;

/// Bytes of the names of all open directories; clones count together.
#[derive(Clone, Default)]
pub(in crate::sandbox) struct ListedNames(Arc<AtomicU64>);

/// The names of one of them, until it is closed.
pub(super) struct NamesHeld {
    all: ListedNames,
    bytes: u64,
}

impl ListedNames {
    /// Counts the names of one more directory, each of so many bytes. The first may be of any size: there is
    /// only one of it on a disk.
    pub(super) fn add(&self, names: impl Iterator<Item = usize>, most: u64) -> Result<NamesHeld> {
        let bytes = names.map(|name| name as u64 + OVERHEAD).sum();
        let before = self.0.fetch_add(bytes, Relaxed);
        let held = NamesHeld {
            all: self.clone(),
            bytes,
        };
        match before > 0 && before + bytes > most {
            true => Err(too_many(most)),
            false => Ok(held),
        }
    }
}

impl Drop for NamesHeld {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Relaxed);
    }
}

fn too_many(most: u64) -> Error {
    let message = format!("the names of all directories that are open have more than {most} bytes");
    Error::run("too-many-names", message)
        .hint("read a directory to its end, and close it, before the next one is opened")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn one_may_be_large_and_all_together_may_not() {
        let all = ListedNames::default();
        let large = all.add([10; 1000].into_iter(), 100).unwrap();
        assert_eq!(
            all.add([10].into_iter(), 100).err().unwrap().code(),
            "too-many-names"
        );
        drop(large);
        let _one = all.add([10].into_iter(), 120).unwrap();
        let _two = all.add([10].into_iter(), 120).unwrap();
        assert!(all.add([10].into_iter(), 120).is_err());
        assert_eq!(all.0.load(Relaxed), 116);
    }
}
