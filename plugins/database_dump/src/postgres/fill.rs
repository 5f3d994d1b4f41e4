//! Fills a database from an archive.

use sidecar_sdk::{Result, choices, log};

use super::database_restore::DatabaseRestore;
use super::judgement::judge;

/// Gives an archive to `pg_restore`, and judges what it calls errors.
pub(super) fn fill(job: &DatabaseRestore<'_>, line: &str, database: &str) -> Result<()> {
    let mut command = job.adapted.command(job.server.command(line, database));
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

/// Goes on in spite of a failure, if the operator would rather have what there is.
pub(super) fn unless_accepted(result: Result<()>) -> Result<()> {
    match result {
        Err(failure) if choices::accepted("incomplete") => {
            log::warn(&format!("accepted as incomplete: {}", failure.message));
            Ok(())
        }
        result => result.map_err(|failure| {
            let hint = match failure.message.contains("No space left on device") {
                true => "nothing was replaced; the server needs room for the old database and the new one at once",
                false => {
                    "nothing was replaced; the log has each error. A role that is missing comes with --only globals; \
                     --accept incomplete takes what could be restored"
                }
            };
            failure.hint(hint)
        }),
    }
}
