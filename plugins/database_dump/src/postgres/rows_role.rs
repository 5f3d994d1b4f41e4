//! Rows that call code of others come through a session of a role that is made for them: it may write rows into the new
//! database, call that code, and read what its owners may. A session that only sets its role to another one is no such:
//! what it calls may set it back.

use serde_json::json;
use sidecar_sdk::{Failure, Result, log};

use super::others_code::CALLED_BY_ROWS;
use super::server::PostgresServer;

/// The variables that its sessions have of their own.
pub(super) const ACCOUNT: [&str; 2] = ["PGUSER", "PGPASSWORD"];

/// The comment that tells a role of ours from that of others.
const MARK: &str = "sidecar: brings the rows of a restore";

/// Whether the role `r` was made by a restore, as a condition in SQL.
pub(super) const OURS: &str = "(r.rolname ~ '^sidecar_new_[a-z0-9]{10}$'
    AND coalesce(pg_catalog.shobj_description(r.oid, 'pg_authid'), '') = 'sidecar: brings the rows of a restore')";

// Rights are given in this database only. Those on large objects are checked for their owners, unless the server is told not to.
const MAKE: &str = "
DO $sidecar$
DECLARE
    a json := current_setting('sidecar.arguments')::json;
    account text := a ->> 'role';
    place name;
    routine regprocedure;
    readable regclass;
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
        account, a ->> 'password');
    EXECUTE format('COMMENT ON ROLE %I IS %L', account, a ->> 'mark');
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET lo_compat_privileges = on', account, current_database());
    FOR place IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, account);
        EXECUTE format('GRANT INSERT ON ALL TABLES IN SCHEMA %I TO %I', place, account);
        EXECUTE format('GRANT UPDATE ON ALL SEQUENCES IN SCHEMA %I TO %I', place, account);
    END LOOP;
    FOR routine IN SELECT oid FROM pg_proc WHERE oid >= 16384 AND prokind IN ('f', 'p')
        AND proowner IN (SELECT proowner FROM CALLED_BY_ROWS AS called) LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %I', routine, account);
    END LOOP;
    FOR readable IN SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND relowner IN (SELECT proowner FROM CALLED_BY_ROWS AS called) LOOP
        EXECUTE format('GRANT SELECT ON %s TO %I', readable, account);
    END LOOP;
END $sidecar$;
";

/// Takes it away with all that it has and has made: in the database that it wrote into.
const REMOVE: &str = "
DO $sidecar$
DECLARE account text := current_setting('sidecar.arguments')::json ->> 'role';
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = account) THEN RETURN; END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN', account);
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = account;
    EXECUTE format('DROP OWNED BY %I CASCADE', account);
    EXECUTE format('DROP ROLE %I', account);
END $sidecar$;
";

/// Those that a killed restore has left: their database is gone.
const REMOVE_LEFT: &str = "
DO $sidecar$
DECLARE account name;
BEGIN
    FOR account IN SELECT rolname FROM pg_roles r WHERE OURS
        AND NOT EXISTS (SELECT FROM pg_database WHERE datname = rolname) LOOP
        EXECUTE format('ALTER ROLE %I NOLOGIN', account);
        EXECUTE format('DROP ROLE %I', account);
    END LOOP;
END $sidecar$;
";

/// A role that brings the rows of one database.
pub(super) struct RowsRole<'a> {
    /// The superuser's.
    server: &'a PostgresServer,
    database: &'a str,
    /// The server for the role.
    pub(super) own: PostgresServer,
}

impl<'a> RowsRole<'a> {
    /// Makes it for a database of a restore, whose name it has. Fails if it cannot log in.
    pub(super) fn make(server: &'a PostgresServer, database: &'a str) -> Result<Self> {
        let password: String = server.query(
            database,
            "SELECT to_json(gen_random_uuid()::text || gen_random_uuid()::text)",
        )?;
        let [user, secret] = ACCOUNT;
        let own = server.for_account(&[
            (user.to_owned(), database.to_owned()),
            (secret.to_owned(), password.clone()),
        ]);
        let role = Self {
            server,
            database,
            own,
        };
        let script = MAKE.replace("CALLED_BY_ROWS", CALLED_BY_ROWS);
        let arguments = json!({"role": database, "password": password, "mark": MARK});
        let ready = server
            .execute_with(database, &script, &arguments)
            .and_then(|()| role.require_login());
        ready.inspect_err(|_| role.remove())?;
        Ok(role)
    }

    /// A service file or a certificate may make the session another role's.
    fn require_login(&self) -> Result<()> {
        let sql = "SELECT json_build_array(session_user, current_user)";
        let accounts: [String; 2] = self.own.query(self.database, sql)?;
        match accounts.iter().all(|account| account == self.database) {
            true => Ok(()),
            false => Err(Failure::new(
                "other-account",
                format!("a session of {} is one of {}", self.database, accounts[0]),
            )),
        }
    }

    /// Takes it away. One that stays has no use: the next restore removes it.
    pub(super) fn remove(&self) {
        let arguments = json!({"role": self.database});
        let removed = self.server.execute_with(self.database, REMOVE, &arguments);
        if let Err(failure) = removed {
            log::warn(&format!(
                "the role {} could not be dropped, the next restore does it: {}",
                self.database, failure.message
            ));
        }
    }
}

/// Drops those that killed restores have left, once their databases are gone.
pub(super) fn remove_left(server: &PostgresServer, entry: &str) {
    let script = REMOVE_LEFT.replace("OURS", OURS);
    if let Err(failure) = server.execute(entry, &script) {
        log::warn(&format!(
            "a role that a restore has left (sidecar_new_…) could not be dropped: {}",
            failure.message
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_knows_the_mark() {
        assert!(OURS.contains(MARK));
    }
}
