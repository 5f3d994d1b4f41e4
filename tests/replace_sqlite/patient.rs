//! A SQLite file, a backup of it, and restores that end where the test says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::engines_complete::keeping;
use crate::harness::{Finished, Gate, Sidecar, send, sh, within};

const LIMIT: Duration = Duration::from_secs(120);

pub(super) const ROWS: &str =
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i <";

/// A file, a backup of it, and then other rows in it.
pub(super) struct Patient {
    pub(super) sidecar: Sidecar,
    pub(super) gate: Gate,
    pub(super) file: PathBuf,
    pub(super) old: String,
    pub(super) new: String,
}

impl Patient {
    /// `mode` is the journal mode of the file: "wal" or "delete".
    pub(super) fn new(mode: &str) -> Self {
        let sidecar = keeping("sqlite", "");
        let file = sidecar.folder().join("app.db");
        Self::at(sidecar, file, mode)
    }

    pub(super) fn at(sidecar: Sidecar, file: PathBuf, mode: &str) -> Self {
        let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
        sqlite(
            &file,
            &format!(
                "PRAGMA journal_mode = {mode}; CREATE TABLE t (i INTEGER PRIMARY KEY, x); CREATE INDEX x ON t (x); \
                 {ROWS} 4000) INSERT INTO t SELECT i, 'new' || i || hex(randomblob(50)) FROM c; CREATE VIEW v AS SELECT x FROM t"
            ),
        );
        sidecar.backup().succeeds();
        let new = dump(&file);
        sqlite(
            &file,
            &format!(
                "DROP VIEW v; DELETE FROM t WHERE i % 3; CREATE TABLE since (y); {ROWS} 3000) INSERT INTO since SELECT hex(randomblob(60)) FROM c"
            ),
        );
        let (gate, old) = (sidecar.gate("stop"), dump(&file));
        assert_ne!(old, new);
        Self {
            sidecar,
            gate,
            file,
            old,
            new,
        }
    }

    pub(super) fn hooked(mut self, program: &str, hook: &str) -> Self {
        self.sidecar = self.sidecar.hooked(program, hook, &self.gate);
        self
    }

    pub(super) fn restore(&self, more: &[&str]) -> Finished {
        let words = [&["restore", "latest", "--replace"][..], more].concat();
        self.sidecar.run(&words)
    }

    pub(super) fn has_the_old(&self, when: &str) {
        assert!(dump(&self.file) == self.old, "{when}");
    }

    pub(super) fn has_the_new(&self, when: &str) {
        assert!(dump(&self.file) == self.new, "{when}");
    }

    /// Ends a restore with `end` where it stops, and then waits until nothing of it runs.
    pub(super) fn ended(&self, end: Signal) {
        let running = self.sidecar.start(&["restore", "latest", "--replace"]);
        let open = self.gate.reached();
        send(running.pid(), end);
        assert_ne!(running.finish().code, Some(0));
        within(LIMIT, "the end of all commands", || {
            self.sidecar.processes().is_empty().then_some(())
        });
        drop(open);
    }

    /// The next restore gives all of the backup, and leaves nothing else.
    pub(super) fn must_be_restored(mut self, when: &str) {
        self.sidecar = self.sidecar.unhooked();
        self.restore(&[]).succeeds();
        self.has_the_new(when);
        assert_eq!(self.sidecar.files(), [""; 0], "{when}");
        assert_eq!(beside(&self.file), ["app.db"], "{when}");
    }
}

pub(super) fn sqlite(file: &Path, sql: &str) {
    sh(&format!("sqlite3 '{}' \"{sql}\"", file.display())).succeeds();
}

pub(super) fn dump(file: &Path) -> String {
    let printed = sh(&format!(
        "sqlite3 -cmd '.timeout 10000' '{}' 'PRAGMA integrity_check' .dump",
        file.display()
    ));
    let text = printed.succeeds().stdout;
    assert!(text.starts_with("ok\n"), "{}", &text[..text.len().min(300)]);
    text
}

/// What lies beside the file, with our marks in its name or its own.
pub(super) fn beside(file: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("app.db") || name.contains("sidecar_new"))
        .collect();
    names.sort();
    names
}
