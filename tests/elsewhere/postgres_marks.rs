//! What a drill may replace on its PostgreSQL server: what bears its mark, which no name gives.

use super::drilling;
use crate::engines_complete::keeping;
use crate::harness::{Postgres, Sidecar};

const NOT_SCRATCH: &str = "has data that no drill has made: app1";
const PRECIOUS: &str = "CREATE TABLE precious AS SELECT 42 AS a";
const COMMENT: &str =
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'app1'";

/// A server with a database, a backup of it, and a server for drills.
fn prepared() -> (Postgres, Postgres, Sidecar) {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE DATABASE app1;\nCOMMENT ON DATABASE app1 IS E'it''s\\nthe shop'",
    );
    postgres.sql("app1", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = keeping("postgres", &postgres.login()).set("strategy.config.databases", "app1");
    sidecar.backup().succeeds();
    let scratch = Postgres::start();
    let sidecar = drilling(sidecar, &scratch.login());
    (postgres, scratch, sidecar)
}

/// A drill is refused, and what is precious stays.
#[track_caller]
fn is_refused(sidecar: &Sidecar, scratch: &Postgres) {
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains(NOT_SCRATCH)
        .stderr_contains("remove there what is in the way");
    let precious = scratch.sql("app1", "SELECT a FROM precious").stdout;
    assert_eq!(precious, "42\n");
}

#[test]
fn what_was_made_anew_copied_or_renamed_since_the_last_drill_is_not_replaced() {
    let (_postgres, scratch, sidecar) = prepared();
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        let comment = scratch.sql("postgres", COMMENT).stdout;
        assert!(
            comment.starts_with("sidecar drill oid=") && comment.ends_with("\nit's\nthe shop\n"),
            "{comment}"
        );
    }
    for (how, made_anew) in [
        ("anew", "DROP DATABASE app1;\nCREATE DATABASE app1"),
        (
            "of a copy, mark included",
            "ALTER DATABASE app1 RENAME TO before;\nCREATE DATABASE app1 TEMPLATE before;\n\
             SELECT format('COMMENT ON DATABASE app1 IS %L', shobj_description(oid, 'pg_database')) FROM pg_database \
             WHERE datname = 'before' \\gexec",
        ),
        (
            "under another name",
            "CREATE DATABASE kept;\nCOMMENT ON DATABASE kept IS 'sidecar drill oid=1 of=app1 on=1';\n\
             DROP DATABASE app1;\nALTER DATABASE kept RENAME TO app1",
        ),
    ] {
        scratch.sql("postgres", made_anew);
        scratch.sql("app1", PRECIOUS);
        is_refused(&sidecar, &scratch);
        scratch.sql("postgres", "DROP DATABASE app1");
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(
            scratch.sql("app1", "SELECT a FROM t").stdout,
            "1\n",
            "{how}"
        );
    }
}

#[test]
fn a_note_of_an_earlier_version_counts_for_nothing_and_stops_no_drill() {
    let (_postgres, scratch, sidecar) = prepared();
    scratch.sql(
        "postgres",
        "CREATE DATABASE sidecar_drill;\nCOMMENT ON DATABASE sidecar_drill IS '[\"app1\"]';\nCREATE DATABASE app1",
    );
    scratch.sql("app1", PRECIOUS);
    is_refused(&sidecar, &scratch);
    scratch.sql("postgres", "DROP DATABASE app1");
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
    }
}

#[test]
fn what_is_made_anew_while_a_drill_loads_is_not_replaced() {
    let (_postgres, scratch, sidecar) = prepared();
    sidecar.run(&["drill"]).succeeds();
    let gate = sidecar.gate("swap");
    let hook = "case \"$SIDE_CAR_SQL\" in *'RENAME TO'*) stop;; esac";
    let sidecar = sidecar.hooked("psql", hook, &gate);
    let running = sidecar.start(&["drill"]);
    let open = gate.reached();
    scratch.sql("postgres", "DROP DATABASE app1;\nCREATE DATABASE app1");
    scratch.sql("app1", PRECIOUS);
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("was made anew while it was restored");
    is_refused(&sidecar, &scratch);
    let left = "SELECT count(*) FROM pg_database WHERE datname ~ '^sidecar_'";
    assert_eq!(scratch.sql("postgres", left).stdout, "0\n");
}

#[test]
fn an_account_that_may_create_nothing_marks_the_database_that_it_was_given() {
    let (postgres, scratch) = (Postgres::start(), Postgres::start());
    let made = "CREATE DATABASE app1 OWNER app";
    for server in [&postgres, &scratch] {
        let role = "CREATE ROLE app LOGIN PASSWORD 'a'";
        server.sql("postgres", &format!("{role};\n{made}"));
    }
    postgres.sql("app1", "SET ROLE app; CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = keeping("postgres", &postgres.login()).set("strategy.config.databases", "app1");
    sidecar.backup().succeeds();
    let into = scratch.url("app1").replace("backup@", "app:a@");
    let sidecar = drilling(sidecar, &into);
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(scratch.sql("app1", "SELECT a FROM t").stdout, "1\n");
        assert!(
            scratch
                .sql("postgres", COMMENT)
                .stdout
                .starts_with("sidecar drill oid=")
        );
    }
    scratch.sql("postgres", &format!("DROP DATABASE app1;\n{made}"));
    scratch.sql("app1", PRECIOUS);
    is_refused(&sidecar, &scratch);
}
