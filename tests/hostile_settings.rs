//! The owner of a database sets what every session in it begins with, so that a backup or a restore by another account
//! would end, see nothing, or mean something else. Sessions of the sidecar begin as it says, and the settings are kept.

use crate::engines_complete::keeping;
use crate::harness::{Postgres, Sidecar};

/// Each of them alone makes an ordinary client fail or go astray.
const SETTINGS: &str = "statement_timeout=1 lock_timeout=1 idle_in_transaction_session_timeout=1 \
     idle_session_timeout=1 role=mallory default_transaction_read_only=on \
     default_transaction_isolation=serializable default_transaction_deferrable=on exit_on_error=on \
     client_min_messages=debug5 array_nulls=off transform_null_equals=on standard_conforming_strings=off \
     intervalstyle=sql_standard local_preload_libraries=nope client_encoding=LATIN1 search_path=evil \
     quote_all_identifiers=on datestyle=German";

/// What comes back wrong, if a setting counts.
const ROWS: &str = "
CREATE TABLE t (a text[], i interval, d date, s text, CHECK (s <> 'x' OR s = NULL));
INSERT INTO t VALUES ('{NULL,x}', '-1 day +02:03', '2026-02-01', E'a\\\\b €');
CREATE INDEX ON t (s);
";

/// Set by the owner of the database, and by a role for itself.
fn planted() -> Postgres {
    let postgres = Postgres::start();
    let script = "CREATE ROLE mallory LOGIN; CREATE ROLE other LOGIN; GRANT mallory TO other;\n\
         CREATE DATABASE app OWNER mallory;";
    postgres.sql("postgres", script);
    postgres.sql("app", &format!("SET ROLE mallory; {ROWS}"));
    let mut set =
        String::from("SET SESSION AUTHORIZATION mallory; SET search_path = pg_catalog;\n");
    for setting in SETTINGS.split_whitespace() {
        let (name, value) = setting.split_once('=').unwrap();
        set.push_str(&format!("ALTER DATABASE app SET {name} = '{value}';\n"));
        set.push_str(&format!("ALTER ROLE mallory SET {name} = '{value}';\n"));
    }
    postgres.sql("postgres", &set);
    postgres
}

fn settings(postgres: &Postgres) -> String {
    let sql = "SELECT d.datname, r.rolname, unnest(setconfig) FROM pg_db_role_setting s \
         LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole ORDER BY 1, 2, 3";
    postgres.sql("postgres", sql).stdout
}

/// The content, once nothing is set any more.
fn contents(postgres: &Postgres) -> String {
    postgres.sql(
        "postgres",
        "ALTER DATABASE app RESET ALL; ALTER ROLE mallory RESET ALL",
    );
    let owner = "SELECT relowner::regrole, pg_get_constraintdef(c.oid) FROM pg_class r JOIN pg_constraint c \
         ON conrelid = r.oid WHERE relname = 't'";
    format!(
        "{:?} {}",
        postgres.contents("app"),
        postgres.sql("app", owner).stdout
    )
}

fn sidecar(url: &str) -> Sidecar {
    keeping("postgres", url)
}

#[test]
fn what_the_owner_of_a_database_sets_stops_no_backup_and_no_restore_and_comes_back() {
    let postgres = planted();
    let sidecar = sidecar(&postgres.login());
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
    let wanted = settings(&postgres);
    assert_eq!(wanted.lines().count(), 38, "{wanted}");

    let fresh = Postgres::start();
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    assert_eq!(settings(&fresh), wanted);
    // Beside what is there, which has the settings.
    let replace = ["restore", "latest", "--only", "app", "--replace"];
    sidecar.run(&replace).succeeds();
    // Within it, by a role that has them as well.
    postgres.sql("postgres", "ALTER ROLE mallory PASSWORD 'm'");
    let owner = postgres.url("app").replace("backup@", "mallory:m@");
    let as_owner = sidecar.set("strategy.config.url", owner.as_str());
    as_owner.run(&replace).succeeds();
    assert_eq!(settings(&postgres), wanted);
    let back = contents(&postgres);
    assert!(back.contains("{NULL,x}"), "{back}");
    assert_eq!(contents(&fresh), back);
}

#[test]
fn what_the_operator_asks_of_sessions_wins() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE ROLE app; CREATE DATABASE app OWNER app");
    postgres.sql("app", "SET ROLE app; CREATE TABLE t AS SELECT 1 AS a");
    let url = format!("{}?options=-c%20statement_timeout%3D1ms", postgres.login());
    sidecar(&url)
        .backup()
        .exits(1)
        .stderr_contains("statement timeout");
    let url = format!("{}?options=-c%20role%3Dapp", postgres.login());
    sidecar(&url).backup().exits(1).stderr_contains("pg_authid");
}

#[test]
fn a_pooler_that_takes_no_options_is_served_as_well() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql("app", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = sidecar(&postgres.login());
    let gate = sidecar.gate("unused");
    let refuse = "case \"$PGOPTIONS\" in ?*) echo 'psql: error: FATAL:  unsupported startup parameter: options' >&2; exit 2;; esac";
    let sidecar = sidecar
        .hooked("psql", refuse, &gate)
        .hooked("pg_dump", refuse, &gate)
        .hooked("pg_restore", refuse, &gate);
    sidecar.backup().succeeds();
    postgres.sql("app", "INSERT INTO t VALUES (2)");
    let replace = ["restore", "latest", "--only", "app", "--replace"];
    sidecar.run(&replace).succeeds();
    assert_eq!(postgres.sql("app", "SELECT a FROM t").stdout, "1\n");
}
