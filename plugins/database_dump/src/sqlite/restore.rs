//! How a file comes back: checked in a file of its own, and then in one transaction of the engine. A live file is
//! never renamed over: SQLite would apply the WAL of the old one to the new one.

use std::cell::Cell;
use std::time::{Duration, Instant};

use sidecar_sdk::{Command, Failure, Result, choices, log};

use super::command_lines::{CONVERT, LAND, PLACE, QUERY, READ, TIDY};
use super::drill_notes::{self, DRILL};
use super::integrity;
use super::names::{FILE, at, helper, quoted, uri};
use super::source::{INSPECT, Opening, PATH, Source};
use super::target::Target;

use crate::client::{Client, SQL};
use crate::restore::not_empty;
use crate::selection::SelectedDatabase;

/// What the files beside the target are named by.
const ID: &str = "SIDE_CAR_ID";

pub(super) const COMMANDS: [&str; 8] = [
    TIDY,
    PLACE,
    INSPECT,
    READ,
    QUERY,
    CONVERT,
    LAND,
    drill_notes::FOUND,
];
pub(super) const VARIABLES: [&str; 2] = [ID, DRILL];

/// A restore to one path.
pub(super) struct FileRestore<'a> {
    client: Client,
    path: &'a str,
}

impl<'a> FileRestore<'a> {
    pub(super) fn new(client: &Client, path: &'a str) -> Self {
        Self {
            client: client.at(at(path)),
            path,
        }
    }

    /// Restores the part, and leaves nothing else, however it ends.
    pub(super) fn run(&self, database: &SelectedDatabase, replace: bool) -> Result<String> {
        self.line(TIDY, "", "")?;
        let restored = self.restore(database, replace);
        self.line(TIDY, "", "")?;
        restored
    }

    /// Fails if it would be refused. Nothing is changed.
    pub(super) fn require_possible(
        &self,
        database: &SelectedDatabase,
        replace: bool,
    ) -> Result<()> {
        let place = self.place(self.path)?;
        match place.exists(self.path)? {
            true => {
                self.require_writable()?;
                self.require_empty_or(replace)
            }
            false => place.require_space(self.path, database.part.length),
        }
    }

    /// Whether there is a file with anything in it.
    pub(super) fn is_taken(&self) -> Result<bool> {
        if !self.place(self.path)?.exists(self.path)? {
            return Ok(false);
        }
        match self.require_empty_or(false) {
            Err(failure) if failure.code != "exists" => Err(failure),
            looked => Ok(looked.is_err()),
        }
    }

    fn restore(&self, database: &SelectedDatabase, replace: bool) -> Result<String> {
        self.require_possible(database, replace)?;
        database.part.lay_out()?;
        let laid_out = helper("SIDE_CAR_TEMP_DUMP");
        let what = format!("the backup of {}", database.part.name);
        self.check(&what, &laid_out)?;
        self.report_foreign_keys(&what, &laid_out);
        let target = self.place(self.path)?;
        if !target.exists(self.path)? {
            target.require_space(self.path, database.part.length)?;
            self.line(LAND, self.path, "")?;
            return Ok(format!("restored as {}", self.path));
        }
        // Another program may have filled it meanwhile.
        self.require_empty_or(replace)?;
        self.overwrite(&target, &what, laid_out)
    }

    /// Brings the copy in line with the live file, and writes it into that.
    fn overwrite(&self, target: &Target, what: &str, mut copy: String) -> Result<String> {
        let laid_out = self.place(&copy)?;
        let page = target.wanted_page(&laid_out);
        if let Some(page) = page {
            copy = self.converted(page)?;
            self.check(what, &copy)?;
        } else if laid_out.is_wal() && !target.is_wal() {
            // Whether it has a WAL is the live file's to say.
            self.client.capture(&self.query(
                QUERY,
                &copy,
                "mode=rw",
                "PRAGMA journal_mode = DELETE;",
            ))?;
        }
        self.place(self.path)?
            .require_space(self.path, self.place(&copy)?.size())?;
        self.copy_in(&copy)?;
        self.verify()?;
        let note = page.map_or(String::new(), |page| {
            format!(", with its pages of {page} bytes")
        });
        Ok(format!("restored as {}{note}", self.path))
    }

    /// Tries until nothing else has a transaction open that is in the way. Each attempt is a transaction of its own: one that
    /// fails has changed nothing.
    fn copy_in(&self, copy: &str) -> Result<()> {
        let wait = choices::wait();
        let begun = Instant::now();
        let script = format!(".timeout 500\n.restore main {}", quoted(copy));
        loop {
            drill_notes::require(&self.client, self.path)?;
            match self.attempt(&script)? {
                None => return Ok(()),
                Some(said) if !is_busy(&said) => {
                    let message = format!("cannot overwrite {}: {said}", self.path);
                    return Err(Failure::new("command-failed", message));
                }
                Some(_) if begun.elapsed() >= wait => return Err(busy(self.path, wait)),
                Some(_) => {}
            }
        }
    }

    /// Reads all of the live file once more, unless another program keeps it from being read.
    fn verify(&self) -> Result<()> {
        let in_use = Cell::new(false);
        let read = |script: &str| {
            let answer = self.answer(self.path, "mode=rw", &format!(".timeout 5000\n{script}"))?;
            in_use.set(is_busy(&answer));
            Ok(answer)
        };
        let checked = integrity::check(self.path, read);
        if !in_use.get() {
            return checked;
        }
        log::warn(&format!(
            "{} is restored, and in use: it could not be read back",
            self.path
        ));
        Ok(())
    }

    /// What the tool says, if it fails.
    fn attempt(&self, script: &str) -> Result<Option<String>> {
        let mut command = self.query(QUERY, self.path, "mode=rw", script);
        command.accept = vec![1];
        let captured = command.capture(MAX_OUTPUT_BYTES)?;
        let said = captured.finished.stderr_tail.trim().to_owned();
        Ok((captured.finished.exit_code != 0).then_some(said))
    }

    fn require_writable(&self) -> Result<()> {
        let inspect = self.client.command(INSPECT).env(PATH, self.path);
        match Source::new(self.client.capture(&inspect)?).opening(self.path)? {
            Opening::ReadWrite => Ok(()),
            Opening::ReadOnly | Opening::Immutable => Err(Failure::new(
                "read-only",
                format!("the folder of {} cannot be written to", self.path),
            )
            .hint("mount it writable: SQLite keeps its journal there")),
        }
    }

    fn require_empty_or(&self, replace: bool) -> Result<()> {
        if replace {
            return Ok(());
        }
        let script = ".timeout 5000\nSELECT count(*) FROM sqlite_schema;";
        let answer = self.answer(self.path, "mode=rw", script)?;
        match answer.trim().parse() {
            Ok(0) => Ok(()),
            Ok(count) => Err(not_empty(self.path, count, 0)),
            Err(_) => Err(Failure::new(
                "exists",
                format!(
                    "{} is there already, and cannot be read: {}",
                    self.path,
                    answer.trim()
                ),
            )
            .hint("--replace overwrites it; --only NAME=NEW restores beside it")),
        }
    }

    /// Fails if this copy, which is ours alone, is damaged.
    fn check(&self, what: &str, copy: &str) -> Result<()> {
        integrity::check(what, |script| {
            self.answer(copy, Opening::Immutable.parameters(), script)
        })
    }

    /// Rows without the row that they refer to were there when the backup was made: they come back, and are told.
    fn report_foreign_keys(&self, what: &str, copy: &str) {
        let script = "SELECT count(*) FROM pragma_foreign_key_check;";
        match self.answer(copy, Opening::Immutable.parameters(), script) {
            Ok(answer) if answer.trim() == "0" => {}
            Ok(answer) => log::warn(&format!(
                "{what}: foreign keys that refer to nothing: {}",
                answer.trim()
            )),
            Err(failure) => log::warn(&format!(
                "{what}: foreign keys cannot be checked: {}",
                failure.message
            )),
        }
    }

    /// A copy with pages of this size. `VACUUM INTO` keeps every rowid, which `VACUUM` does not.
    fn converted(&self, page: u64) -> Result<String> {
        const NAME: &str = "converted";
        let script = format!(
            "PRAGMA trusted_schema = OFF;\nPRAGMA page_size = {page};\nVACUUM INTO '{NAME}';"
        );
        self.client
            .run(&self.query(CONVERT, &helper("SIDE_CAR_TEMP_DUMP"), "mode=rw", &script))?;
        let workdir = helper("SIDE_CAR_WORKDIR");
        Ok(format!("{workdir}/sidecar_sqlite_{}/{NAME}", choices::id()))
    }

    fn place(&self, path: &str) -> Result<Target> {
        let printed = self.line(PLACE, path, "")?;
        Target::parse(&printed).ok_or_else(|| {
            Failure::new(
                "unexpected-answer",
                format!("cannot look at {path}: {printed}"),
            )
        })
    }

    /// What the tool prints, and why it fails if it does.
    fn answer(&self, path: &str, parameters: &str, script: &str) -> Result<String> {
        let mut read = self.query(
            READ,
            path,
            parameters,
            &format!("PRAGMA trusted_schema = OFF;\n{script}"),
        );
        read.accept = vec![1];
        let captured = read.capture(MAX_OUTPUT_BYTES)?;
        let mut answer = String::from_utf8_lossy(&captured.stdout).into_owned();
        if captured.finished.exit_code != 0 {
            answer.push_str(&captured.finished.stderr_tail);
        }
        Ok(answer)
    }

    fn line(&self, line: &str, path: &str, script: &str) -> Result<String> {
        self.client.capture(
            &self
                .client
                .command(line)
                .env(ID, choices::id())
                .env(PATH, path)
                .env(DRILL, if choices::is_drill() { "yes" } else { "" })
                .env(SQL, script),
        )
    }

    fn query(&self, line: &str, path: &str, parameters: &str, script: &str) -> Command {
        let command = self.client.command(line).env(ID, choices::id());
        command.env(FILE, uri(path, parameters)).env(SQL, script)
    }
}

const MAX_OUTPUT_BYTES: u32 = 4 << 20;

fn is_busy(said: &str) -> bool {
    said.contains("database is busy") || said.contains("database is locked")
}

fn busy(path: &str, wait: Duration) -> Failure {
    Failure::new(
        "busy",
        format!("{path} is in use: for {} s another program has had a transaction open in it; nothing was changed", wait.as_secs()),
    )
    .hint("end that transaction, or wait longer: --wait SECONDS")
}
