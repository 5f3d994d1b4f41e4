//! A clock that shows what the test says: see `SIDECAR_TEST_CLOCK` in `tests/README.md`.

use std::path::PathBuf;

use tempfile::TempDir;

use super::Sidecar;

/// A clock that stands still until it is set.
pub(crate) struct Clock {
    folder: TempDir,
}

impl Clock {
    /// "2023-12-01T02:59:00Z"
    pub(crate) fn at(time: &str) -> Self {
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        clock.set(time);
        clock
    }

    pub(crate) fn set(&self, time: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, time).unwrap();
        // The sidecar never reads half a time.
        std::fs::rename(new, self.file()).unwrap();
    }

    /// The sidecar goes by this clock.
    pub(crate) fn rules(&self, sidecar: Sidecar) -> Sidecar {
        sidecar.env("SIDECAR_TEST_CLOCK", self.file().to_str().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("now")
    }
}
