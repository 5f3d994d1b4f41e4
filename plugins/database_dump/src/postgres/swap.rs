//! The swap: two names change in one transaction, from another database. At any moment there is the old
//! one or the new one, whole.

use std::time::Duration;

use serde_json::json;
use sidecar_sdk::{Result, choices};

use super::command_lines::END_AND_SWAP;
use super::own_names::OwnNames;
use super::server::PostgresServer;
use super::sessions::{ending_script, in_use, wait_for_others};
use super::sql::{ARGUMENTS, comment_on, identifier};
use crate::client::SQL;

/// The session that ends others.
pub(super) const END_SESSIONS: &str = "SIDE_CAR_END_SESSIONS";

/// How long the server itself waits in a rename until others have gone.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Gives the new one its name; what was there under it becomes the old one, if it has the number `replaces` and
/// was not made anew meanwhile. `comment` is what the database is to say of itself.
pub(super) fn swap(
    server: &PostgresServer,
    entry: &str,
    names: &OwnNames,
    replaces: Option<u64>,
    comment: Option<&str>,
) -> Result<()> {
    let script = script(names, replaces);
    let arguments = json!({
        "of": names.of, "comment": comment, "old": names.old, "old_mark": names.mark_old()
    });
    let swap = || server.execute_with(entry, &script, &arguments);
    if replaces.is_none() {
        return swap();
    }
    if choices::accepted("end-sessions") {
        let ending = ending_script(&names.of, &names.new);
        let command = server
            .command(END_AND_SWAP, entry)
            .env(SQL, server.with_arguments(&script))
            .env(ARGUMENTS, arguments.to_string());
        return server
            .client
            .run(&command.env(END_SESSIONS, server.guarded(&ending)));
    }
    let limit = choices::wait();
    let mut attempts = 1 + limit.as_secs() / ATTEMPT.as_secs();
    loop {
        let others = wait_for_others(server, entry, &names.of, limit)?;
        if !others.is_empty() {
            return Err(in_use(&names.of, &others, limit));
        }
        attempts -= 1;
        match swap() {
            Ok(()) => return Ok(()),
            Err(failure) if attempts == 0 => return Err(failure),
            // Another session came in between, or it failed for another reason, and does so again.
            Err(failure) => {
                if wait_for_others(server, entry, &names.of, Duration::ZERO)?.is_empty() {
                    return Err(failure);
                }
            }
        }
    }
}

fn script(names: &OwnNames, replaces: Option<u64>) -> String {
    let (of, new, old) = (
        identifier(&names.of),
        identifier(&names.new),
        identifier(&names.old),
    );
    // No session writes into what will be dropped.
    let aside = replaces.map(|number| {
        format!(
            "ALTER DATABASE {of} RENAME TO {old};
             {}{}
             ALTER DATABASE {old} ALLOW_CONNECTIONS false;",
            require_number(&format!("'{}'", names.old), number),
            comment_on("old", "old_mark"),
        )
    });
    format!(
        "BEGIN;
         SET LOCAL lock_timeout = '{}s';
         {}
         ALTER DATABASE {new} RENAME TO {of};
         {}
         COMMIT;",
        ATTEMPT.as_secs(),
        aside.unwrap_or_default(),
        comment_on("of", "comment"),
    )
}

/// The statement that fails unless the database `name`, an expression, has this number.
pub(super) fn require_number(name: &str, number: u64) -> String {
    format!(
        "DO $sidecar$ BEGIN
            IF (SELECT oid FROM pg_catalog.pg_database WHERE datname = {name}) <> {number} THEN
                RAISE EXCEPTION 'the database was made anew while it was restored';
            END IF;
         END $sidecar$;
         "
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_change_in_one_transaction() {
        let names = OwnNames::of("a \"b\"");
        let script = script(&names, Some(7));
        let at = |text: &str| script.find(text).unwrap_or(usize::MAX);
        let order = [
            at("BEGIN;"),
            at("ALTER DATABASE \"a \"\"b\"\"\" RENAME TO \"sidecar_old_"),
            at("RENAME TO \"a \"\"b\"\"\";"),
            at("a ->> 'of'"),
            at("COMMIT;"),
        ];
        assert!(order.is_sorted() && order[4] < usize::MAX, "{script}");
        assert!(!super::script(&names, None).contains("sidecar_old_"));
    }
}
