//! Replace within the database, in one transaction of one session: where it cannot be renamed, because the
//! account may not, there is no other database to go through, or a cluster knows it by its name. The old is set aside, the
//! new comes, COMMIT; a failure or a crash at any moment is a rollback by the server.

use serde_json::json;
use sidecar_sdk::{Failure, Result, choices, log};

use super::aside;
use super::citus;
use super::command_lines::INSIDE;
use super::database_restore::DatabaseRestore;
use super::judgement::what_helps;
use super::left_out;
use super::live::LiveDatabase;
use super::sql::{ARGUMENTS, WITH_ARGUMENTS, comment_on};
use super::swap::require_number;

/// What the session begins with.
pub(super) const BEFORE: &str = "SIDE_CAR_BEFORE";
/// What comes between the definitions and the rows: more than fits into one variable.
pub(super) const BETWEEN: [&str; 8] = [
    "SIDE_CAR_BETWEEN",
    "SIDE_CAR_BETWEEN_2",
    "SIDE_CAR_BETWEEN_3",
    "SIDE_CAR_BETWEEN_4",
    "SIDE_CAR_BETWEEN_5",
    "SIDE_CAR_BETWEEN_6",
    "SIDE_CAR_BETWEEN_7",
    "SIDE_CAR_BETWEEN_8",
];
/// What it ends with, if all went well.
pub(super) const AFTER: &str = "SIDE_CAR_AFTER";
/// The numbers of the archive's entries that are left out.
pub(super) const LEFT_OUT: &str = "SIDE_CAR_LEFT_OUT";

/// A restore within a database.
pub(super) struct Inside<'a> {
    pub(super) job: &'a DatabaseRestore<'a>,
    /// The database, which may have been created for it.
    pub(super) within: &'a LiveDatabase,
}

impl Inside<'_> {
    /// Restores it. `comment` is what it says of itself afterwards.
    pub(super) fn restore(&self, comment: Option<&str>) -> Result<()> {
        let DatabaseRestore { server, name, .. } = self.job;
        if !self.within.owned {
            let message = format!("the account is not the owner of the database {name}");
            return Err(Failure::new("not-owner", message).hint(
                "restore as its owner or as a superuser; --only NAME=NEW restores beside it",
            ));
        }
        self.drop_aside();
        if !self.within.is_empty() {
            log::info(&format!(
                "{name} is replaced within itself, in one transaction: readers of a schema in which an extension lives \
                 wait until it ends"
            ));
        }
        let staying: Vec<String> = server.query(name, &aside::staying_schemas())?;
        self.job.part.lay_out()?;
        let comment = self.job.comment(self.within.number, comment);
        let mut command = server
            .command(INSIDE, name)
            .env(
                ARGUMENTS,
                json!({"of": name, "comment": comment}).to_string(),
            )
            .env(BEFORE, self.before())
            .env(AFTER, after())
            .env(LEFT_OUT, left_out::entries(self.job, &staying)?.join(" "));
        let mut between = self.between()?.into_iter();
        for variable in BETWEEN {
            command = command.env(variable, between.next().unwrap_or_default());
        }
        let command = self.job.adapted.command(command);
        server.client.run(&command).map_err(|failure| {
            let rolled_back = "everything was rolled back: the database is what it was";
            let hint = match what_helps(&failure.message) {
                Some(advice) => format!("{rolled_back}; {advice}"),
                None => rolled_back.to_owned(),
            };
            Failure::new("restore-failed", format!("{name}: {}", failure.message)).hint(hint)
        })?;
        self.drop_aside();
        Ok(())
    }

    fn before(&self) -> String {
        let sequential = if self.job.backup.citus.is_some() && self.within.citus {
            "SET LOCAL citus.multi_shard_modify_mode = 'sequential';"
        } else {
            ""
        };
        format!(
            "{}
             BEGIN; SET LOCAL lock_timeout = '{}s'; {sequential}
             {}{}
             SET LOCAL lock_timeout = 0;",
            self.job.server.guarded(""),
            choices::wait().as_secs().max(1),
            require_number("pg_catalog.current_database()", self.within.number),
            aside::set_aside()
        )
    }

    /// Tables are distributed while they are empty, so that each row goes to its shard.
    fn between(&self) -> Result<Vec<String>> {
        let Some(citus) = &self.job.backup.citus else {
            return Ok(Vec::new());
        };
        let mut statements = citus.statements();
        statements.insert(0, "SET LOCAL search_path = pg_catalog;".to_owned());
        let batches = citus::batches(&statements);
        if batches.len() > BETWEEN.len() {
            let message = format!(
                "{} has too many distributed tables for one transaction",
                self.job.name
            );
            return Err(Failure::new("too-many-tables", message)
                .hint("fetch the backup, cut the part out, and distribute the tables by hand"));
        }
        Ok(batches)
    }

    fn drop_aside(&self) {
        let DatabaseRestore { server, name, .. } = self.job;
        if let Err(failure) = server.execute(name, &aside::drop_aside()) {
            log::warn(&format!(
                "{name}: what was set aside (the schemas sidecar_old_…) could not be dropped, the next restore does it: {}",
                failure.message
            ));
        }
    }
}

/// The end of the transaction: what the database says of itself comes with what is in it.
fn after() -> String {
    format!("{WITH_ARGUMENTS}{}COMMIT;", comment_on("of", "comment"))
}
