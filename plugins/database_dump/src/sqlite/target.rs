//! The place of the file that is restored.

use sidecar_sdk::{Failure, Result};

/// What is there, from the output of `PLACE`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Bytes on its file system.
    free: u64,
    /// Files that tell of transactions: "-wal", "-journal".
    logs: Vec<String>,
    /// Of the file in bytes, if there is one.
    size: Option<u64>,
    /// The page size, if the file is a database.
    page: Option<u64>,
    is_wal: bool,
}

impl Target {
    /// None if this is no output of `PLACE`.
    pub(super) fn parse(printed: &str) -> Option<Self> {
        let values = |wanted: &'static str| {
            let lines = printed.lines().filter_map(|line| line.split_once(' '));
            lines
                .filter(move |(word, _)| *word == wanted)
                .map(|(_, value)| value)
        };
        let number = |word| values(word).next()?.parse().ok();
        Some(Self {
            free: number("free")?,
            logs: values("log").map(str::to_owned).collect(),
            size: number("size"),
            page: number("page"),
            is_wal: printed.lines().any(|line| line == "wal-mode"),
        })
    }

    /// Whether a file is there. Fails if it cannot be replaced, or a new one not be put there.
    pub(super) fn exists(&self, path: &str) -> Result<bool> {
        match (self.size, self.page, self.logs.first()) {
            (None, _, Some(log)) => Err(Failure::new(
                "journal-left",
                format!("{path} does not exist, but {path}{log} does, and SQLite would take it for the journal of the restored file"),
            )
            .hint(format!("move {path}{log} away: it belongs to a file that is gone"))),
            (None, ..) => Ok(false),
            (Some(1..), None, _) => Err(Failure::new(
                "not-a-database",
                format!("{path} is there, and is no SQLite database: it is not touched"),
            )
            .hint("move it away, or restore under another name (--only NAME=NEW); an encrypted database looks like this")),
            (Some(_), ..) => Ok(true),
        }
    }

    /// Of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size.unwrap_or(0)
    }

    pub(super) fn is_wal(&self) -> bool {
        self.is_wal
    }

    /// The page size that a copy needs in order to be written into this file: a database in WAL mode keeps its own.
    pub(super) fn wanted_page(&self, copy: &Self) -> Option<u64> {
        self.page
            .filter(|page| self.is_wal && copy.page != Some(*page))
    }

    /// Fails if the file system has no room for what is written until `bytes` are in place: a new file, a WAL with the new
    /// pages, or a journal with the old ones and what the file grows by.
    pub(super) fn require_space(&self, path: &str, bytes: u64) -> Result<()> {
        let needed = if self.is_wal {
            bytes
        } else {
            bytes.max(self.size())
        };
        if needed <= self.free {
            return Ok(());
        }
        Err(Failure::new(
            "no-space",
            format!(
                "restoring {path} needs about {needed} bytes beside it, and {} are free",
                self.free
            ),
        )
        .hint("make room, or restore to another place (--only NAME=/PATH)"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn target(printed: &str) -> Target {
        Target::parse(printed).unwrap()
    }

    #[test]
    fn what_is_there_decides() {
        let code = |printed: &str| {
            target(printed)
                .exists("/app.db")
                .map_err(|failure| failure.code)
        };
        assert_eq!(code("free 9"), Ok(false));
        assert_eq!(code("free 9\nlog -wal"), Err("journal-left".to_owned()));
        assert_eq!(code("free 9\nsize 7"), Err("not-a-database".to_owned()));
        assert_eq!(code("free 9\nlog -journal\nsize 0"), Ok(true));
        assert_eq!(
            code("free 9\nlog -wal\nsize 4096\npage 4096\nwal-mode"),
            Ok(true)
        );
        assert_eq!(Target::parse(""), None);
    }

    #[test]
    fn only_a_file_in_wal_mode_keeps_its_page_size() {
        let copy = target("free 9\nsize 8192\npage 8192");
        let wal = target("free 9\nsize 4096\npage 4096\nwal-mode");
        assert_eq!(wal.wanted_page(&copy), Some(4096));
        assert_eq!(
            target("free 9\nsize 4096\npage 4096").wanted_page(&copy),
            None
        );
        assert_eq!(copy.wanted_page(&wal), None);
    }

    #[test]
    fn a_journal_holds_what_is_overwritten() {
        let rollback = target("free 100\nsize 150\npage 1");
        assert!(rollback.require_space("/app.db", 50).is_err());
        let wal = target("free 100\nsize 150\npage 1\nwal-mode");
        wal.require_space("/app.db", 50).unwrap();
        assert!(target("free 100").require_space("/app.db", 101).is_err());
    }
}
