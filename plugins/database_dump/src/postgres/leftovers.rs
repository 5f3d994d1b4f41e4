//! What killed restores have left. A new one that was never swapped is of no use; an old one was swapped
//! out in the transaction that marked it, so the new one is in its place.

use serde::Deserialize;
use sidecar_sdk::{Result, log};

use super::own_names::{Marker, OURS, marker};
use super::server::PostgresServer;
use super::sql::identifier;

#[derive(Debug, Deserialize)]
struct Leftover {
    name: String,
    comment: Option<String>,
    /// Whether a session is in it: of another restore, perhaps.
    used: bool,
}

#[derive(Debug, Deserialize)]
struct Found {
    leftovers: Vec<Leftover>,
    databases: Vec<String>,
}

/// Drops them, through `entry`. `targets` are about to be restored: no other restore of theirs goes on.
pub(super) fn tidy(
    server: &PostgresServer,
    entry: &str,
    number: u32,
    targets: &[&str],
) -> Result<()> {
    let found: Found = server.query(
        entry,
        &format!(
            "SELECT json_build_object(
                'leftovers', coalesce((SELECT json_agg(json_build_object('name', d.datname,
                        'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
                        'used', EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)))
                    FROM pg_catalog.pg_database d WHERE {OURS}), '[]'),
                'databases', (SELECT json_agg(datname) FROM pg_catalog.pg_database))"
        ),
    )?;
    for leftover in &found.leftovers {
        let name = &leftover.name;
        let goes = match leftover.comment.as_deref().and_then(marker) {
            None => !leftover.used,
            Some(Marker::New(of)) => !leftover.used || targets.contains(&of),
            Some(Marker::Old(of)) => {
                let replaced = found.databases.iter().any(|database| database == of);
                if !replaced {
                    log::warn(&format!(
                        "{name} is what {of} was before a restore replaced it, and there is no {of} now: \
                         rename it to have it back, or drop it"
                    ));
                }
                replaced
            }
        };
        if goes {
            log::info(&format!(
                "dropping {name}, which a restore that did not end has left"
            ));
            if let Err(failure) = drop_database(server, entry, number, name) {
                log::warn(&format!("cannot drop {name}: {}", failure.message));
            }
        }
    }
    Ok(())
}

/// Drops a database that a restore has made or swapped out, and ends the sessions in it where the server
/// can do that.
pub(super) fn drop_database(
    server: &PostgresServer,
    entry: &str,
    number: u32,
    database: &str,
) -> Result<()> {
    let name = identifier(database);
    let force = if number >= 130_000 {
        " WITH (FORCE)"
    } else {
        ""
    };
    // No template can be dropped, and an invalid database cannot be altered.
    let sql = format!(
        "SET sidecar.database = {};
         DO $sidecar$ BEGIN
            IF EXISTS (SELECT FROM pg_catalog.pg_database
                WHERE datname = current_setting('sidecar.database') AND datistemplate AND datconnlimit <> -2)
            THEN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE false', current_setting('sidecar.database')); END IF;
         END $sidecar$;
         DROP DATABASE IF EXISTS {name}{force}",
        super::sql::literal(database)
    );
    server.execute(entry, &sql)
}
