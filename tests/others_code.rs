//! Rows that call functions of their database's owner while they come: by whatever account, these functions get no more
//! rights than they had.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;

use crate::engines_complete::keeping;
use crate::engines_restore::dump;
use crate::harness::{Postgres, Sidecar, sh, within};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A database in which everything that is called while rows come calls `spring`.
const OWN: &str = r#"
CREATE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION helper() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM public.spring(); END';
REVOKE EXECUTE ON FUNCTION helper() FROM PUBLIC;
CREATE FUNCTION checked(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM public.helper(); RETURN true; END';
CREATE FUNCTION made(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM public.spring(); RETURN $1; END';
CREATE FUNCTION same(text, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM public.spring(); RETURN true; END';
CREATE FUNCTION known(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) >= 0 FROM public.words); END';
CREATE OPERATOR === (leftarg = text, rightarg = integer, function = same);
CREATE DOMAIN word AS text CHECK (checked(VALUE));
CREATE TABLE words (a word, c text CHECK (c OPERATOR(public.===) 1),
    n int GENERATED ALWAYS AS IDENTITY, CHECK (known(c)));
CREATE SCHEMA "private Schema"; CREATE TABLE "private Schema"."odd;Name" (a text CHECK (checked(a)));
CREATE INDEX ON words (made(c));
CREATE MATERIALIZED VIEW seen AS SELECT made('y');
INSERT INTO words (a, c) SELECT 'w' || i, 'c' FROM generate_series(1, 50) i;
INSERT INTO "private Schema"."odd;Name" VALUES ('x');
SELECT lo_from_bytea(4711, 'a large object');
CREATE OR REPLACE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE mallory SUPERUSER; END IF;
    FOREACH statement IN ARRAY ARRAY['RESET SESSION AUTHORIZATION; ALTER ROLE mallory SUPERUSER', 'RESET ROLE; ALTER ROLE mallory SUPERUSER',
        'SET ROLE backup; ALTER ROLE mallory SUPERUSER'] LOOP
        BEGIN EXECUTE statement; EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    -- What the role of a restore makes goes with it.
    IF current_user LIKE 'sidecar%' THEN PERFORM lo_from_bytea(0, 'left behind'); END IF;
END $$;
"#;

/// As a session of its own: what it calls finds nothing to set back.
fn as_mallory(postgres: &Postgres, database: &str, script: &str) {
    let url = postgres.url(database).replace("backup@", "mallory:m@");
    let file = postgres.folder().join("mallory.sql");
    fs::write(&file, script).unwrap();
    sh(&format!(
        "psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -d '{url}' -f '{}'",
        file.display()
    ))
    .succeeds();
}

fn planted() -> Postgres {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE mallory LOGIN PASSWORD 'm';\nCREATE DATABASE app OWNER mallory",
    );
    postgres.sql("app", "ALTER SCHEMA public OWNER TO mallory");
    as_mallory(&postgres, "app", OWN);
    postgres
}

fn sidecar(postgres: &Postgres) -> Sidecar {
    keeping("postgres", &postgres.url(""))
        .set("strategy.config.env.PGPASSWORD", postgres.password())
}

/// There is one superuser, and nothing of a restore's own.
#[track_caller]
fn nothing_happened(postgres: &Postgres) {
    let supers = "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper";
    assert_eq!(postgres.sql("postgres", supers).stdout.trim(), "backup");
    assert_eq!(own_names(postgres), "");
}

fn own_names(postgres: &Postgres) -> String {
    let names = "SELECT rolname FROM pg_roles WHERE rolname ~ '^sidecar' \
         UNION ALL SELECT datname FROM pg_database WHERE datname ~ '^sidecar'";
    postgres.sql("postgres", names).stdout
}

/// What is called does no harm any more.
const HARMLESS: &str =
    "CREATE OR REPLACE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'";

/// Lets no other account in than the one that restores.
fn only_backup_logs_in(postgres: &Postgres) {
    postgres.sql(
        "postgres",
        "DO $$ BEGIN EXECUTE format('COPY (SELECT ''host all backup 127.0.0.1/32 scram-sha-256'') TO %L', \
         current_setting('hba_file')); END $$; SELECT pg_reload_conf()",
    );
}

#[test]
fn what_rows_call_gets_no_rights_of_the_superuser_that_restores_them() {
    let postgres = planted();
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app");
    let named = "its rows call code of others, and come with the rights of a role that is made for them: \
         public.checked(text) of mallory, public.known(text) of mallory, public.same(text,integer) of mallory";
    postgres.sql("app", "CREATE TABLE since (x int)");
    sidecar
        .run(&["restore", "latest", "--only", "app", "--replace"])
        .succeeds()
        .stderr_contains(named);
    nothing_happened(&postgres);
    assert!(dump(&postgres, "app") == before, "not what it was");
    sidecar
        .run(&["restore", "latest", "--only", "app=copy"])
        .succeeds();
    nothing_happened(&postgres);

    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    nothing_happened(&fresh);
    assert!(dump(&fresh, "app") == before, "not what it was");
}

#[test]
fn a_drill_gives_it_none_either() {
    let postgres = planted();
    let scratch = Postgres::start();
    scratch.adopt_password_of(&postgres);
    let sidecar =
        sidecar(&postgres).set("drill", json!({"into": scratch.login(), "check": ["true"]}));
    sidecar.backup().succeeds();
    sidecar.run(&["drill"]).succeeds();
    nothing_happened(&scratch);
}

#[test]
fn what_a_drill_may_accept_stands_in_the_configuration() {
    let postgres = planted();
    let scratch = Postgres::start();
    scratch.adopt_password_of(&postgres);
    only_backup_logs_in(&scratch);
    postgres.sql("app", HARMLESS);
    let sidecar = sidecar(&postgres).set("drill", json!({"into": scratch.login()}));
    sidecar.backup().succeeds();
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("--accept others-code");
    let sidecar = sidecar.set("drill.accept", json!(["others-code"]));
    sidecar.run(&["drill"]).succeeds();
    assert_eq!(scratch.contents("app"), postgres.contents("app"));
}

#[test]
fn where_no_other_role_can_log_in_it_is_refused_until_it_is_accepted() {
    let postgres = planted();
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app");
    only_backup_logs_in(&postgres);
    let restore = ["restore", "latest", "--only", "app", "--replace"];
    sidecar
        .run(&restore)
        .exits(1)
        .stderr_contains("code of others would run with the rights of the superuser backup: public.checked(text) of mallory")
        .stderr_contains("no pg_hba.conf entry")
        .stderr_contains("--accept others-code");
    nothing_happened(&postgres);
    assert!(dump(&postgres, "app") == before, "not what it was");
    postgres.sql("app", HARMLESS);
    sidecar.backup().succeeds();
    sidecar
        .run(&[&restore[..], &["--accept", "others-code"]].concat())
        .succeeds()
        .stderr_contains("accepted: app: code of others would run");
    nothing_happened(&postgres);
}

#[test]
fn what_a_definition_calls_is_refused_until_it_is_accepted() {
    const CAST: &str = "CREATE TYPE e AS ENUM ('x'); \
         CREATE FUNCTION called(e) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ''x''::text; END'; \
         CREATE CAST (e AS text) WITH FUNCTION called(e) AS IMPLICIT; CREATE TABLE keys (k text PRIMARY KEY); \
         CREATE TABLE uses (k e REFERENCES keys); INSERT INTO keys VALUES ('x'); INSERT INTO uses VALUES ('x')";
    const FUNCTION: &str = "CREATE FUNCTION called(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END'; ";
    let generated = "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (called(1)) STORED); INSERT INTO t VALUES (1)";
    let key = "CREATE TABLE t (a int) PARTITION BY LIST ((a + called(1))); \
         CREATE TABLE one PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (1)";
    let check = "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE one (a int, CHECK (called(1) = 1)); \
         ALTER TABLE t ATTACH PARTITION one FOR VALUES IN (1)";
    for (definitions, named) in [
        (CAST.to_owned(), "public.called(public.e) of mallory"),
        (
            format!("{FUNCTION}{generated}"),
            "public.called(integer) of mallory",
        ),
        (
            format!("{FUNCTION}{key}"),
            "public.called(integer) of mallory",
        ),
        (
            format!("{FUNCTION}{check}"),
            "public.called(integer) of mallory",
        ),
    ] {
        let postgres = Postgres::start();
        postgres.sql(
            "postgres",
            "CREATE ROLE mallory LOGIN PASSWORD 'm';\nCREATE DATABASE app OWNER mallory",
        );
        postgres.sql("app", "ALTER SCHEMA public OWNER TO mallory");
        as_mallory(&postgres, "app", &definitions);
        let sidecar = sidecar(&postgres);
        sidecar.backup().succeeds();
        let restore = ["restore", "latest", "--only", "app=copy"];
        sidecar.run(&restore).exits(1).stderr_contains(named);
        nothing_happened(&postgres);
        sidecar
            .run(&[&restore[..], &["--accept", "others-code"]].concat())
            .succeeds();
    }
}

#[test]
fn an_account_without_rights_needs_no_role_for_it() {
    let postgres = planted();
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    postgres.sql(
        "postgres",
        "CREATE ROLE limited LOGIN CREATEDB PASSWORD 'l'",
    );
    let into = postgres.url("").replace("backup@", "limited:l@");
    let restore = [
        "restore",
        "latest",
        "--only",
        "app=second",
        "--accept",
        "no-owner",
        "--into",
    ];
    sidecar
        .run(&[&restore[..], &[&into]].concat())
        .succeeds()
        .never_says("code of others");
    nothing_happened(&postgres);
    // With no-owner the functions of others become those of the superuser itself.
    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    sidecar
        .run(&[&restore[..], &[&fresh.login()]].concat())
        .exits(1)
        .stderr_contains("with no-owner it becomes the account's own");
    nothing_happened(&fresh);
}

#[test]
fn the_role_of_a_killed_restore_is_no_part_of_a_backup_and_goes_with_the_next() {
    let postgres = planted();
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app");
    let tools = sidecar.folder().join("tools");
    fs::create_dir(&tools).unwrap();
    let gate = sidecar.gate("gate");
    let tool = tools.join("pg_restore");
    let script = format!(
        "#!/bin/sh\n[ \"$SIDE_CAR_SECTION\" != data ] || {} >/dev/null\nexec /usr/bin/pg_restore \"$@\"\n",
        gate.wait()
    );
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let sidecar = sidecar.env("PATH", &path);
    let running = sidecar.start(&["restore", "latest", "--only", "app", "--replace"]);
    let open = gate.reached();
    within(TIME_LIMIT, "an end of all processes", || {
        let processes = sidecar.processes();
        let ids: Vec<String> = processes.iter().map(|(id, _)| id.to_string()).collect();
        sh(&format!("kill -9 {} 2>/dev/null", ids.join(" ")));
        processes.is_empty().then_some(())
    });
    drop((open, running));
    fs::remove_file(&tool).unwrap();
    assert_eq!(
        own_names(&postgres).lines().count(),
        2,
        "a role and its database"
    );
    sidecar.backup().succeeds();
    let artifact = sidecar.folder().join("artifact");
    sidecar
        .run(&["fetch", "latest", "-o", artifact.to_str().unwrap()])
        .succeeds();
    // The part with the roles is text.
    let artifact = fs::read(artifact).unwrap();
    let names = |word: &[u8]| artifact.windows(word.len()).any(|found| found == word);
    assert!(names(b"mallory") && !names(b"sidecar_new_"));
    sidecar
        .run(&["restore", "latest", "--only", "app", "--replace"])
        .succeeds();
    nothing_happened(&postgres);
    assert!(dump(&postgres, "app") == before, "not what it was");
}
