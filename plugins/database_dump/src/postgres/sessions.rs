//! Who else is connected to a database: one that is in use cannot be renamed.

use std::time::Duration;

use serde::Deserialize;
use sidecar_sdk::{Failure, Result};

use super::server::PostgresServer;
use super::sql::literal;

/// A connection of another client.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pid: i64,
    account: Option<String>,
    application: Option<String>,
    /// Null where the account may not know.
    state: Option<String>,
}

impl Session {
    fn describe(&self) -> String {
        let known = [&self.account, &self.application, &self.state];
        let known: Vec<&str> = known
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        format!("{} ({})", self.pid, known.join(", "))
    }
}

// The server itself ends those that clean up.
const OTHERS: &str = "
    FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_database d ON d.oid = a.datid
    WHERE d.datname = current_setting('sidecar.database') AND a.pid <> pg_backend_pid()
    AND coalesce(a.backend_type, '') <> 'autovacuum worker'";

/// Waits until the others have gone, at most so long. Returns those that have not.
pub(super) fn wait_for_others(
    server: &PostgresServer,
    entry: &str,
    database: &str,
    limit: Duration,
) -> Result<Vec<Session>> {
    let sql = format!(
        "SET sidecar.database = {};
         DO $sidecar$ DECLARE until timestamptz := clock_timestamp() + interval '{} seconds';
         BEGIN
            LOOP
                PERFORM pg_stat_clear_snapshot();
                EXIT WHEN clock_timestamp() >= until OR NOT EXISTS (SELECT {OTHERS});
                PERFORM pg_sleep(0.1);
            END LOOP;
         END $sidecar$;
         SELECT coalesce(json_agg(json_build_object('pid', a.pid, 'account', a.usename,
            'application', a.application_name, 'state', a.state) ORDER BY a.pid), '[]') {OTHERS}",
        literal(database),
        limit.as_secs(),
    );
    server.query(entry, &sql)
}

/// The script of a session that ends all others in a database for as long as `new` waits to take its place.
pub(super) fn ending_script(database: &str, new: &str) -> String {
    format!(
        "SET sidecar.database = {}; SET sidecar.new = {};
         DO $sidecar$ DECLARE until timestamptz := clock_timestamp() + interval '6 seconds';
         BEGIN
            WHILE clock_timestamp() < until
                AND EXISTS (SELECT FROM pg_database WHERE datname = current_setting('sidecar.new'))
            LOOP
                PERFORM pg_stat_clear_snapshot();
                BEGIN
                    PERFORM pg_terminate_backend(a.pid) {OTHERS};
                EXCEPTION WHEN insufficient_privilege THEN
                    RAISE WARNING 'may not end all sessions: %', SQLERRM;
                END;
                PERFORM pg_sleep(0.05);
            END LOOP;
         END $sidecar$;",
        literal(database),
        literal(new),
    )
}

/// The failure for a database that others do not let go of.
pub(super) fn in_use(database: &str, sessions: &[Session], waited: Duration) -> Failure {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = sessions.iter().take(SHOWN).map(Session::describe).collect();
    if sessions.len() > SHOWN {
        shown.push(format!("{} more", sessions.len() - SHOWN));
    }
    Failure::new(
        "in-use",
        format!(
            "{database} is in use, after {} s still: {}; it was left as it is",
            waited.as_secs(),
            shown.join(", ")
        ),
    )
    .hint("stop what uses it, or wait longer (--wait SECONDS), or end its sessions: --accept end-sessions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_use_it_are_named() {
        let session = |pid, state: Option<&str>| Session {
            pid,
            account: Some("app".to_owned()),
            application: Some(String::new()),
            state: state.map(str::to_owned),
        };
        let sessions: Vec<Session> = (1..=10).map(|pid| session(pid, Some("idle"))).collect();
        let failure = in_use("shop", &sessions, Duration::from_secs(30));
        assert!(
            failure
                .message
                .starts_with("shop is in use, after 30 s still: 1 (app, idle), 2")
        );
        assert!(failure.message.contains(", 2 more;"));
        assert_eq!(session(7, None).describe(), "7 (app)");
    }
}
