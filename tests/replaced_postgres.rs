//! Replacing a PostgreSQL database: what counts as something, who may be in the way, what belongs to the
//! database and not to its dump, and through which database the server is reached.

use std::time::Duration;

use crate::engines_postgres::sidecar as of_postgres;
use crate::engines_restore::{dump, keeping};
use crate::harness::{Finished, Postgres, Running, Sidecar, sh, within};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A sidecar whose URL names `database`.
fn through(postgres: &Postgres, database: &str) -> Sidecar {
    keeping(of_postgres(postgres)).env("DATABASE_URL", &postgres.url(database))
}

fn restore(sidecar: &Sidecar, more: &[&str]) -> Finished {
    sidecar.run(&[&["restore", "latest"][..], more].concat())
}

fn databases(postgres: &Postgres) -> String {
    postgres
        .sql("postgres", "SELECT datname FROM pg_database ORDER BY 1")
        .stdout
}

#[test]
fn a_database_with_anything_in_it_is_not_empty() {
    let source = Postgres::start_with(&["wal_level=logical"]);
    source.sql("postgres", "CREATE DATABASE shop");
    source.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = through(&source, "");
    sidecar.backup().succeeds();
    for something in [
        "CREATE SCHEMA precious",
        "CREATE TYPE mood AS ENUM ('a')",
        "CREATE DOMAIN d AS int",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SEQUENCE s",
        "CREATE PUBLICATION p",
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE COLLATION c (locale = 'C')",
        "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)",
        "CREATE CAST (text AS money) WITH INOUT",
        "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
        "CREATE EXTENSION hstore",
        "SELECT lo_from_bytea(7, 'x')",
        "ALTER DATABASE shop SET app.secret = 'x'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    ] {
        source.sql("postgres", "DROP DATABASE shop;\nCREATE DATABASE shop");
        source.sql("shop", something);
        let before = dump(&source, "shop");
        restore(&sidecar, &["--only", "shop"])
            .exits(1)
            .stderr_contains("the database shop is there already, with ")
            .stderr_contains("--replace");
        assert_eq!(dump(&source, "shop"), before, "after {something}");
    }
    source.sql("postgres", "DROP DATABASE shop;\nCREATE DATABASE shop");
    restore(&sidecar, &["--only", "shop"])
        .succeeds()
        .stdout_contains("restored into shop, which was empty");
    assert_eq!(source.sql("shop", "SELECT a FROM t").stdout, "1\n");
}

/// A client that is connected, and stays.
fn connected_till(postgres: &Postgres, database: &str) -> Running {
    let url = postgres
        .url(database)
        .replace("backup@", "backup:PASSWORD@");
    let mut command = std::process::Command::new("psql");
    command
        .env("PGPASSWORD", postgres.password())
        .env("PGAPPNAME", "the shop's till")
        .args(["-Xqc", "SELECT pg_sleep(600)", "-d"])
        .arg(url.replace(":PASSWORD@", "@"));
    let running = Running::start(command);
    let connected = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'the shop''s till'";
    within(TIME_LIMIT, "a session", || {
        (postgres.sql("postgres", connected).stdout == "1\n").then_some(())
    });
    running
}

#[test]
fn sessions_are_waited_for_and_named_and_ended_only_if_that_is_accepted() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE shop");
    postgres.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = through(&postgres, "shop");
    sidecar.backup().succeeds();
    let replace = ["--only", "shop", "--replace"];
    postgres.sql("shop", "INSERT INTO t VALUES (2)");
    let till = connected_till(&postgres, "shop");
    restore(&sidecar, &[&replace[..], &["--wait", "1"]].concat())
        .exits(1)
        .stderr_contains("shop is in use, after 1 s still: ")
        .stderr_contains("the shop's till")
        .stderr_contains("--accept end-sessions");
    assert_eq!(postgres.sql("shop", "SELECT count(*) FROM t").stdout, "2\n");
    assert!(!databases(&postgres).contains("sidecar_"));

    restore(
        &sidecar,
        &[&replace[..], &["--accept", "end-sessions"]].concat(),
    )
    .succeeds();
    till.finish()
        .exits(2)
        .stderr_contains("terminating connection");
    assert_eq!(postgres.sql("shop", "SELECT count(*) FROM t").stdout, "1\n");
    assert!(!databases(&postgres).contains("sidecar_"));

    // One that goes in time is no hindrance.
    let till = connected_till(&postgres, "shop");
    let running = sidecar.start(&[&["restore", "latest"][..], &replace].concat());
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE query ~ 'pg_sleep.0.1' AND pid <> pg_backend_pid()";
    within(TIME_LIMIT, "a restore that waits", || {
        (postgres.sql("postgres", waiting).stdout == "1\n").then_some(())
    });
    drop(till);
    postgres.sql(
        "postgres",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'the shop''s till'",
    );
    running.finish().succeeds();
}

/// What belongs to the database itself.
const FACTS: &str = "SELECT pg_get_userbyid(datdba), datacl, datconnlimit, datistemplate, \
     shobj_description(oid, 'pg_database'), (SELECT array_agg(format('%s %s', setrole::regrole, setconfig) ORDER BY setrole::regrole::text) \
     FROM pg_db_role_setting WHERE setdatabase = d.oid) FROM pg_database d WHERE datname = 'shop'";

const FURNISHED: &str = r#"
CREATE ROLE app LOGIN; CREATE ROLE readers; CREATE ROLE "odd ""one""";
CREATE DATABASE shop OWNER app CONNECTION LIMIT 33;
COMMENT ON DATABASE shop IS 'it''s the "shop"';
REVOKE ALL ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO readers WITH GRANT OPTION;
SET ROLE readers; GRANT CONNECT ON DATABASE shop TO "odd ""one"""; RESET ROLE;
ALTER DATABASE shop SET search_path = "$user", "Ñ ""x""", public;
ALTER DATABASE shop SET app.text = E'a\nb''c';
ALTER ROLE app IN DATABASE shop SET search_path = x, public;
ALTER ROLE "odd ""one""" IN DATABASE shop SET work_mem = '8MB';
"#;

#[test]
fn what_belongs_to_the_database_comes_back_on_a_new_server() {
    let source = Postgres::start();
    source.sql("postgres", FURNISHED);
    source.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = through(&source, "shop");
    sidecar.backup().succeeds();
    let facts = source.sql("postgres", FACTS).stdout;
    for made_before in ["SELECT 1", "CREATE DATABASE shop"] {
        let fresh = Postgres::start();
        fresh.sql("postgres", made_before);
        // The database of the URL is not there yet, or it is the one that is restored.
        let target = fresh.login();
        let target = target.trim_end_matches('/');
        restore(&sidecar, &["--into", &format!("{target}/shop")]).succeeds();
        assert_eq!(fresh.sql("postgres", FACTS).stdout, facts);
        assert_eq!(fresh.contents("shop"), source.contents("shop"));
    }
}

#[test]
fn what_was_set_on_a_living_database_since_stays() {
    let postgres = Postgres::start();
    postgres.sql("postgres", FURNISHED);
    postgres.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = through(&postgres, "shop");
    sidecar.backup().succeeds();
    postgres.sql(
        "postgres",
        "ALTER DATABASE shop OWNER TO readers; ALTER DATABASE shop CONNECTION LIMIT 5; \
         GRANT TEMPORARY ON DATABASE shop TO PUBLIC; COMMENT ON DATABASE shop IS 'since'; \
         ALTER DATABASE shop RESET search_path; ALTER ROLE app IN DATABASE shop SET work_mem = '1MB'",
    );
    let facts = postgres.sql("postgres", FACTS).stdout;
    postgres.sql("shop", "INSERT INTO t VALUES (2)");
    restore(&sidecar, &["--only", "shop", "--replace"]).succeeds();
    assert_eq!(postgres.sql("postgres", FACTS).stdout, facts);
    assert_eq!(postgres.sql("shop", "SELECT a FROM t").stdout, "1\n");
}

#[test]
fn any_database_is_connected_to_and_replaced() {
    let postgres = Postgres::start_with(&["wal_level=logical"]);
    postgres.sql("postgres", "CREATE DATABASE shop");
    // What lives in no schema.
    let outside = "CREATE TABLE t AS SELECT 1 AS a; CREATE PUBLICATION p FOR TABLE t; \
         CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'; \
         CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f(); \
         CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; \
         CREATE FUNCTION x(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; \
         CREATE CAST (text AS int) WITH FUNCTION x(text)";
    for database in ["shop", "postgres"] {
        postgres.sql(database, outside);
    }
    for entry in ["shop", "postgres", "template1"] {
        let sidecar = through(&postgres, entry);
        sidecar.backup().succeeds();
        let before = postgres.everything();
        for database in ["shop", "postgres"] {
            postgres.sql(database, "CREATE TABLE since (x int); DROP TABLE t");
        }
        restore(&sidecar, &["--replace"]).succeeds();
        assert_eq!(postgres.everything(), before, "through {entry}");
    }
}

#[test]
fn what_would_be_lost_or_is_in_the_way_is_said_before_anything_is_made() {
    let postgres = Postgres::start_with(&["wal_level=logical", "max_prepared_transactions=2"]);
    postgres.sql("postgres", "CREATE DATABASE shop");
    postgres.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = through(&postgres, "");
    sidecar.backup().succeeds();
    let replace = ["--only", "shop", "--replace"];

    postgres.sql(
        "shop",
        "BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'held'",
    );
    restore(&sidecar, &replace)
        .exits(1)
        .stderr_contains("prepared transactions")
        .stderr_contains("held");
    postgres.sql("shop", "COMMIT PREPARED 'held'");

    let subscription = "CREATE SUBSCRIPTION from_afar CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)";
    postgres.sql("shop", subscription);
    restore(&sidecar, &replace)
        .exits(1)
        .stderr_contains("subscriptions")
        .stderr_contains("from_afar");
    postgres.sql(
        "shop",
        "ALTER SUBSCRIPTION from_afar SET (slot_name = NONE);\nDROP SUBSCRIPTION from_afar",
    );

    postgres.sql(
        "shop",
        "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')",
    );
    restore(&sidecar, &replace)
        .exits(1)
        .stderr_contains("cdc")
        .stderr_contains("--accept drop-slots");
    assert_eq!(postgres.sql("shop", "SELECT count(*) FROM t").stdout, "2\n");
    restore(
        &sidecar,
        &[&replace[..], &["--accept", "drop-slots"]].concat(),
    )
    .succeeds();
    assert_eq!(postgres.sql("shop", "SELECT count(*) FROM t").stdout, "1\n");
    assert_eq!(
        postgres
            .sql("shop", "SELECT count(*) FROM pg_replication_slots")
            .stdout,
        "0\n"
    );
}

/// What an owner without further rights has: schemas of his own, and `public`, in which extensions live.
const OWNED: &str = r#"
SET ROLE app;
CREATE SCHEMA goods; CREATE TYPE goods.mood AS ENUM ('a', 'b');
CREATE TABLE goods.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m goods.mood, h hstore);
INSERT INTO goods.t (m, h) SELECT 'a', 'x=>1' FROM generate_series(1, 1000);
CREATE DOMAIN pos AS int CHECK (value > 0); CREATE TYPE pair AS (a int, b text);
CREATE TABLE u (id serial PRIMARY KEY, p pos, c pair); INSERT INTO u (p) SELECT generate_series(1, 500);
CREATE TABLE parts (id int, k int) PARTITION BY LIST (k); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
CREATE INDEX ON parts (id); INSERT INTO parts VALUES (1, 1);
CREATE VIEW v AS SELECT * FROM u; CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM u;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int4);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE STATISTICS st ON id, p FROM u;
CREATE COLLATION c (locale = 'C'); CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple);
SELECT lo_from_bytea(4711, '\x001122');
CREATE TABLE tricky (t text); INSERT INTO tricky VALUES ('BEGIN;'), ('COMMIT;'), ('SET transaction_timeout = 0;');
"#;

#[test]
fn an_owner_who_may_not_create_databases_replaces_his_within_itself() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        &format!(
            "CREATE ROLE app LOGIN PASSWORD '{}'",
            postgres.password().replace('\'', "''")
        ),
    );
    postgres.sql("postgres", "CREATE DATABASE shop OWNER app");
    postgres.sql(
        "shop",
        "CREATE EXTENSION hstore; CREATE SCHEMA ext AUTHORIZATION app; CREATE EXTENSION pgcrypto SCHEMA ext",
    );
    postgres.sql("shop", OWNED);
    let sidecar = through(&postgres, "shop");
    sidecar.backup().succeeds();
    let before = dump(&postgres, "shop");
    let since =
        "SET ROLE app; DELETE FROM goods.t; CREATE TABLE since (a int); ALTER TABLE u ADD x int";
    postgres.sql("shop", since);
    let since = dump(&postgres, "shop");
    let login = format!("app:{}@", postgres.encoded_password());
    let url = postgres.url("shop").replace("backup@", &login);

    // Everything or nothing: a tool that fails in the middle is a rollback.
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let failing = "#!/bin/sh\ncase \"$*\" in *--section=post-data*) exit 1;; esac\nexec /usr/bin/pg_restore \"$@\"\n";
    std::fs::write(tools.join("pg_restore"), failing).unwrap();
    sh(&format!("chmod 755 '{}/pg_restore'", tools.display())).succeeds();
    let path = std::env::var("PATH").unwrap();
    let sidecar = sidecar.env("PATH", &format!("{}:{path}", tools.display()));
    let sidecar = sidecar.env("DATABASE_URL", &url);
    let replace = ["--only", "shop", "--replace", "--accept", "no-owner"];
    restore(&sidecar, &replace)
        .exits(1)
        .stderr_contains("everything was rolled back");
    assert_eq!(dump(&postgres, "shop"), since);

    std::fs::remove_file(tools.join("pg_restore")).unwrap();
    restore(&sidecar, &replace).succeeds();
    assert_eq!(dump(&postgres, "shop"), before);
    assert!(!databases(&postgres).contains("sidecar_"));
    restore(&sidecar, &["--only", "shop=copy", "--accept", "no-owner"])
        .exits(1)
        .stderr_contains("app may not create the database copy");
}

#[test]
fn a_backup_takes_no_notice_of_what_restores_have_made() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE DATABASE sidecar_old_0123456789;\n\
         COMMENT ON DATABASE sidecar_old_0123456789 IS 'sidecar old of=shop';\n\
         ALTER DATABASE sidecar_old_0123456789 ALLOW_CONNECTIONS false;\n\
         CREATE DATABASE sidecar_new_abcdefghij;\n\
         COMMENT ON DATABASE sidecar_new_abcdefghij IS 'sidecar new of=shop';\n\
         CREATE DATABASE sidecar_new_klmnopqrst;",
    );
    for database in ["postgres", "sidecar_new_klmnopqrst"] {
        postgres.sql(database, "CREATE TABLE t AS SELECT 1 AS a");
    }
    let sidecar = through(&postgres, "");
    sidecar.backup().succeeds();
    let contents = sidecar.run(&["restore", "latest", "--dry-run"]).succeeds();
    assert!(
        contents.stdout.contains("sidecar_new_klmnopqrst"),
        "an operator's own"
    );
    assert!(!contents.stdout.contains("0123456789") && !contents.stdout.contains("abcdefghij"));
    // The old one of a database that is not there is not to be dropped.
    restore(&sidecar, &["--only", "sidecar_new_klmnopqrst=copy"])
        .succeeds()
        .stderr_contains("there is no shop now");
    let left = databases(&postgres);
    assert!(left.contains("sidecar_old_0123456789") && left.contains("sidecar_new_klmnopqrst"));
    assert!(!left.contains("sidecar_new_abcdefghij"));
}

#[test]
fn what_is_filled_during_the_load_is_not_replaced_unasked() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE shop; CREATE DATABASE target");
    postgres.sql("shop", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = keeping(of_postgres(&postgres)).set("strategy.config.databases", "shop");
    sidecar.backup().succeeds();
    let gate = sidecar.gate("loading");
    let sidecar = sidecar.hooked(
        "pg_restore",
        "case \"$*\" in *--dbname*) stop;; esac",
        &gate,
    );
    let running = sidecar.start(&["restore", "latest", "--only", "shop=target"]);
    let open = gate.reached();
    postgres.sql("target", "CREATE TABLE mine AS SELECT 42 AS x");
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("target is there already, with");
    assert_eq!(
        postgres.sql("target", "SELECT x FROM mine").stdout.trim(),
        "42"
    );
}
