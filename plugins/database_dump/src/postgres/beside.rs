//! Replace means: beside, then swap. The new database is made under a name of the restore's own, filled,
//! compared with the archive; then the names are swapped, and the old one goes last. Until the swap a
//! failure costs nothing but the new one.

use serde_json::json;
use sidecar_sdk::{Failure, Result, choices, log};

use super::catalogue::PostgresProperties;
use super::command_lines::RESTORE;
use super::comparison;
use super::database_restore::DatabaseRestore;
use super::fill::{fill, fill_apart, unless_accepted};
use super::leftovers::drop_database;
use super::live::TargetServer;
use super::others_code::ACCEPT;
use super::own_names::OwnNames;
use super::properties;
use super::sql::{comment_on, literal};
use super::swap::swap;

/// A restore beside what is there.
pub(super) struct Beside<'a> {
    pub(super) job: &'a DatabaseRestore<'a>,
    pub(super) target: &'a TargetServer,
    /// Not the database that is restored.
    pub(super) entry: &'a str,
    pub(super) names: OwnNames,
    /// Fails if what may not be replaced has come into being meanwhile.
    pub(super) still_free: &'a dyn Fn() -> Result<()>,
}

impl Beside<'_> {
    /// Restores it. Returns what could not be carried over, in words.
    pub(super) fn restore(&self) -> Result<Vec<String>> {
        let DatabaseRestore { live, backup, .. } = self.job;
        let properties =
            live.map_or_else(|| (*backup).clone(), |live| live.properties_after(backup));
        let left_out = self.build(&properties).and_then(|left_out| {
            self.write_down()?;
            (self.still_free)()?;
            self.swap(&properties)?;
            Ok(left_out)
        });
        let left_out = left_out.inspect_err(|_| self.discard())?;
        self.drop_old();
        Ok(left_out)
    }

    /// Makes the new one, and compares it with the archive.
    fn build(&self, properties: &PostgresProperties) -> Result<Vec<String>> {
        let new = &self.names.new;
        properties::check_locale(properties, self.target.number)?;
        let DatabaseRestore { server, part, .. } = self.job;
        let create = properties::create_statement(new, properties, &self.target.tablespaces);
        let script = format!("{create}\n{}", comment_on("new", "mark"));
        let arguments = json!({"new": new, "mark": self.names.mark_new()});
        server.execute_with(self.entry, &script, &arguments)?;
        self.fill()?;
        unless_accepted(comparison::compare(server, part, new))?;
        // The statistics are not in the dump; without them the first hour is slow.
        if let Err(failure) = server.execute(new, "ANALYZE") {
            log::warn(&format!("no statistics were made: {}", failure.message));
        }
        let mut left_out = properties::apply(server, self.entry, new, properties)?;
        left_out.extend(properties::missing_tablespace(
            properties,
            &self.target.tablespaces,
        ));
        Ok(left_out)
    }

    /// Code of others is not called with the rights of a superuser, unless that is accepted.
    fn fill(&self) -> Result<()> {
        let (new, TargetServer { account, .. }) = (&self.names.new, self.target);
        let code = self.job.backup.needs.others_code.as_ref();
        let calls = code.is_none_or(|code| !code.rows.is_empty());
        if !self.target.superuser || !calls {
            return fill(self.job, RESTORE, new);
        }
        if !choices::accepted(ACCEPT) {
            return fill_apart(self.job, account, new);
        }
        if let Some(code) = code {
            code.require_accepted(self.job.name, account, "")?;
        }
        fill(self.job, RESTORE, new)
    }

    /// A copy of the template takes its room on the disk only when it is written down: on a full one that fails, after
    /// the old one was swapped out perhaps, and keeps it from being dropped.
    fn write_down(&self) -> Result<()> {
        if !self.target.checkpoints {
            return Ok(());
        }
        let written = self.job.server.execute(self.entry, "CHECKPOINT");
        written.map_err(|failure| {
            failure.hint(
                "the server cannot write the new database down, its log says why; nothing was replaced. \
                 It needs room for the old database and the new one at once",
            )
        })
    }

    /// Swaps the names. An answer that is lost may have been a success: the server is asked which it was.
    fn swap(&self, properties: &PostgresProperties) -> Result<()> {
        let number = self.number_of(&self.names.new)?;
        let comment = number.map(|number| self.job.comment(number, properties.comment()));
        let swapped = swap(
            self.job.server,
            self.entry,
            &self.names,
            self.job.live.map(|live| live.number),
            comment.flatten().as_deref(),
        );
        match self.number_of(&self.names.of) {
            Ok(Some(now)) if Some(now) == number => Ok(()),
            Ok(_) => Err(swapped.err().unwrap_or_else(|| {
                let message = format!("{} is not the database that was restored", self.names.of);
                Failure::new("not-swapped", message)
            })),
            Err(failure) => Err(swapped.err().unwrap_or(failure).hint(format!(
                "{} is the old one or the new one, whole: the next restore tidies",
                self.names.of
            ))),
        }
    }

    /// The server's number of a database: it keeps it under any name.
    fn number_of(&self, database: &str) -> Result<Option<u64>> {
        let name = literal(database);
        let sql = format!(
            "SELECT coalesce((SELECT to_json(oid::bigint) FROM pg_catalog.pg_database WHERE datname = {name}), 'null')"
        );
        self.job.server.query(self.entry, &sql)
    }

    /// Drops the new one, after a failure.
    fn discard(&self) {
        self.drop(&self.names.new);
    }

    /// Drops what was replaced.
    fn drop_old(&self) {
        if self.job.live.is_some() {
            self.drop(&self.names.old);
        }
    }

    fn drop(&self, database: &str) {
        let (server, number) = (self.job.server, self.target.number);
        if let Err(failure) = drop_database(server, self.entry, number, database) {
            log::warn(&format!(
                "{database} could not be dropped, the next restore does it: {}",
                failure.message
            ));
        }
    }
}
