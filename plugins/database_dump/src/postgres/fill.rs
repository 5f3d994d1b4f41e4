//! Fills a database from an archive.

use sidecar_sdk::{Result, choices, log};

use super::command_lines::RESTORE;
use super::database_restore::DatabaseRestore;
use super::judgement::{judge, what_helps};
use super::others_code::{ACCEPT, OthersCode};
use super::rows_role::RowsRole;
use super::server::PostgresServer;

/// The section of the archive that `pg_restore` restores; all if there is none.
pub(super) const SECTION: &str = "SIDE_CAR_SECTION";

/// Gives an archive to `pg_restore`, and judges what it calls errors.
pub(super) fn fill(job: &DatabaseRestore<'_>, line: &str, database: &str) -> Result<()> {
    feed(job, job.server, line, database, "")
}

/// The same section by section, for a superuser: rows that call code of others come as a role that may do nothing else.
/// Whether there is such code the new database itself says, once its definitions are there.
pub(super) fn fill_apart(job: &DatabaseRestore<'_>, account: &str, database: &str) -> Result<()> {
    let section = |name: &str| feed(job, job.server, RESTORE, database, name);
    section("pre-data")?;
    let code = OthersCode::of(job.server, database)?;
    match code.rows.is_empty() {
        true => section("data")?,
        false => rows(job, account, database, &code)?,
    }
    section("post-data")
}

fn rows(job: &DatabaseRestore<'_>, account: &str, database: &str, code: &OthersCode) -> Result<()> {
    let role = match RowsRole::make(job.server, database) {
        Ok(role) => role,
        Err(failure) => {
            let why = format!(
                "no role that is made for it can bring the rows: {}",
                failure.message
            );
            return code.require_accepted(job.name, account, &why);
        }
    };
    log::info(&format!(
        "{}: its rows call code of others, and come with the rights of a role that is made for them: {}",
        job.name,
        code.shown()
    ));
    let filled = feed(job, &role.own, RESTORE, database, "data");
    role.remove();
    filled.map_err(|failure| {
        let hint = failure.hint.clone().unwrap_or_default();
        failure.hint(format!(
            "{hint}; code that needs more than the tables and functions of its owner: --accept {ACCEPT} gives it the rights of {account}"
        ))
    })
}

fn feed(
    job: &DatabaseRestore<'_>,
    server: &PostgresServer,
    line: &str,
    database: &str,
    section: &str,
) -> Result<()> {
    let command = server.command(line, database).env(SECTION, section);
    let mut command = job.adapted.command(command);
    command.accept = (1..=125).collect();
    let unknown = judge(&job.part.feed(&command)?);
    unless_accepted(unknown.map(|unknown| {
        if !unknown.is_empty() {
            log::info(&format!(
                "pg_restore is newer than the server, which does not know {}: that does no harm",
                unknown.join(", ")
            ));
        }
    }))
}

/// What helps where the errors say nothing better.
const OF_ANY: &str = "the log has each error. A role that is missing comes with --only globals; --accept incomplete takes \
                      what could be restored";

/// Goes on in spite of a failure, if the operator would rather have what there is.
pub(super) fn unless_accepted(result: Result<()>) -> Result<()> {
    match result {
        Err(failure) if choices::accepted("incomplete") => {
            log::warn(&format!("accepted as incomplete: {}", failure.message));
            Ok(())
        }
        result => result.map_err(|failure| {
            let advice = if failure.message.contains("No space left on device") {
                "the server needs room for the old database and the new one at once".to_owned()
            } else {
                what_helps(&failure.message).unwrap_or_else(|| OF_ANY.to_owned())
            };
            failure.hint(format!("nothing was replaced; {advice}"))
        }),
    }
}
