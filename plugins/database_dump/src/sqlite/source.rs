//! The file that is backed up: what lies beside it, and how it can be opened. A database in WAL mode
//! normally needs a folder that can be written, also by those who only read.

use sidecar_sdk::{Failure, Result};

/// The database's file, as a path.
pub(super) const PATH: &str = "SIDE_CAR_FILE";

/// Prints a word for each thing that matters, and then what would change if the file did.
/// The kernel escapes space, tab, newline and backslash in the fifth field of its list of mounts.
pub(super) const INSPECT: &str = r#"f=$(readlink -f -- "$SIDE_CAR_FILE") && [ -e "$f" ] || exit 0
[ ! -w "${f%/*}/" ] || echo writable
[ "$(od -An -tu1 -j18 -N1 "$f" | tr -d ' ')" != 2 ] || echo wal-mode
[ ! -s "$f-wal" ] || echo wal
[ ! -e "$f-shm" ] || echo shm
m=$(printf '%s\n' "$f" | sed -e ':a' -e '$!{N' -e 'ba' -e '}' -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/\t/\\011/g' -e 's/\n/\\012/g')
while read -r _ _ _ _ point _; do [ "$point" != "$m" ] || echo mounted-alone; done 2>/dev/null </proc/self/mountinfo || :
stat -c 'is %i %s %y %z' "$f""#;

/// What `INSPECT` has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    found: String,
}

/// How the file is opened: parameters of its URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    ReadWrite,
    ReadOnly,
    /// Without any lock: correct as long as the file stays the same.
    Immutable,
}

impl Source {
    /// From the output of `INSPECT`.
    pub(super) fn new(found: String) -> Self {
        Self { found }
    }

    fn has(&self, word: &str) -> bool {
        self.found.lines().any(|line| line == word)
    }

    /// How it can be read whole. Fails where committed transactions cannot be reached.
    pub(super) fn opening(&self, path: &str) -> Result<Opening> {
        if self.has("mounted-alone") {
            return Err(Failure::new(
                "journal-elsewhere",
                format!("{path} is mounted as a single file: its WAL or journal, which tells what is committed, is not here"),
            )
            .hint("mount the folder that holds it"));
        }
        if self.has("writable") || self.found.is_empty() {
            return Ok(Opening::ReadWrite);
        }
        match (self.has("wal-mode"), self.has("wal"), self.has("shm")) {
            (true, true, false) => Err(Failure::new(
                "read-only",
                format!("{path}-wal has transactions that only a writer can read, and its folder is read-only"),
            )
            .hint("mount the folder writable, or close the database cleanly before the backup")),
            (true, false, false) => Ok(Opening::Immutable),
            _ => Ok(Opening::ReadOnly),
        }
    }
}

impl Opening {
    pub(super) fn parameters(self) -> &'static str {
        match self {
            Self::ReadWrite => "mode=rw",
            Self::ReadOnly => "mode=ro",
            Self::Immutable => "mode=ro&immutable=1",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn opening(found: &str) -> Result<Opening> {
        Source::new(found.to_owned()).opening("/data/app.db")
    }

    #[test]
    fn a_file_at_rest_on_a_read_only_volume_is_read_without_locks() {
        assert_eq!(opening("wal-mode\nis 1").unwrap(), Opening::Immutable);
        assert_eq!(opening("is 1").unwrap(), Opening::ReadOnly);
        assert_eq!(
            opening("wal-mode\nwal\nshm\nis 1").unwrap(),
            Opening::ReadOnly
        );
        assert_eq!(
            opening("writable\nwal-mode\nwal\nis 1").unwrap(),
            Opening::ReadWrite
        );
        assert_eq!(opening("").unwrap(), Opening::ReadWrite);
    }

    #[test]
    fn transactions_that_cannot_be_reached_are_a_failure() {
        assert_eq!(
            opening("wal-mode\nwal\nis 1").unwrap_err().code,
            "read-only"
        );
        for outcome in [
            "writable\nwal-mode\nmounted-alone\nis 1",
            "mounted-alone\nis 1",
        ] {
            assert_eq!(opening(outcome).unwrap_err().code, "journal-elsewhere");
        }
    }
}
