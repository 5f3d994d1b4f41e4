//! What an engine dumped, given back: everything, or one database without touching the others.

use std::path::Path;

use serde_json::json;

use crate::databases::same;
use crate::engines::{ODD, populated as mariadb_with_users};
use crate::engines_postgres::{CITUS, populated, sidecar as of_postgres};
use crate::harness::{MariaDb, Postgres, Redis, Sidecar, sh};

/// A sidecar that keeps its backups in a folder.
pub(crate) fn keeping(sidecar: Sidecar) -> Sidecar {
    let folder = sidecar.folder().join("store");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.display().to_string();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    )
}

/// What `pg_dump` says of a database.
pub(crate) fn dump(postgres: &Postgres, database: &str) -> String {
    postgres
        .client(&format!(
            "pg_dump --create -d {database} | grep -v '^.\\(un\\)\\?restrict'"
        ))
        .stdout
}

#[test]
fn a_project_comes_back_and_the_others_are_untouched() {
    let postgres = populated();
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app1");

    postgres.sql(
        "app1",
        "DROP TABLE orders CASCADE; DELETE FROM many WHERE i % 2 = 0",
    );
    postgres.sql("app2", "INSERT INTO many VALUES (-1, 'written since')");
    let others = [dump(&postgres, "app2"), dump(&postgres, "app3")];
    sidecar
        .run(&["restore", "latest", "--only", "app1"])
        .exits(1)
        .stderr_contains("app1 is there already")
        .stderr_contains("--replace");
    assert_ne!(dump(&postgres, "app1"), before, "nothing was overwritten");

    sidecar
        .run(&["restore", "latest", "--only", "app1", "--replace"])
        .succeeds()
        .never_says(postgres.password());
    assert!(dump(&postgres, "app1") == before, "app1 is not what it was");
    assert!([dump(&postgres, "app2"), dump(&postgres, "app3")] == others);
}

#[test]
fn a_destroyed_server_comes_back_as_a_whole() {
    let postgres = populated();
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let before = postgres.everything();
    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    drop(postgres);
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    assert!(
        fresh.everything() == before,
        "the server is not what it was"
    );
}

#[test]
fn a_copy_has_another_name_and_the_same_content() {
    let postgres = populated();
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    sidecar
        .run(&[
            "restore",
            "latest",
            "--only",
            "app1=a \"copy\" \\ of 'app1'",
            "--only",
            "database:globals=app9",
        ])
        .succeeds();
    let renamed = "ALTER DATABASE \"a \"\"copy\"\" \\ of 'app1'\" RENAME TO copy";
    postgres.sql("postgres", renamed);
    same(&postgres.contents("app1"), &postgres.contents("copy"));
    assert_eq!(postgres.schema("app1"), postgres.schema("copy"));
    let facts = |name: &str| {
        let sql = "SELECT pg_get_userbyid(datdba), datcollate, encoding, setconfig FROM pg_database d \
             LEFT JOIN pg_db_role_setting ON setdatabase = d.oid AND setrole = 0 WHERE datname = ";
        postgres.sql("postgres", &format!("{sql}'{name}'")).stdout
    };
    assert_eq!(facts("app1"), facts("copy"));
    assert_eq!(
        postgres.sql("app9", "SELECT one FROM odd").stdout.trim(),
        "1"
    );
}

#[test]
fn one_database_that_fails_does_not_hide_the_others() {
    let postgres = populated();
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app2");
    postgres.sql("postgres", "DROP DATABASE app2");
    let only = [
        "--only",
        "app1",
        "--only",
        "app2",
        "--only",
        "database:globals=app9",
    ];
    sidecar
        .run(&[&["restore", "latest"][..], &only].concat())
        .exits(1)
        .stderr_contains("app1 is there already");
    assert!(dump(&postgres, "app2") == before);
    assert_eq!(
        postgres.sql("app9", "SELECT one FROM odd").stdout.trim(),
        "1"
    );
}

#[test]
fn the_database_that_is_the_way_in_is_replaced_like_any_other() {
    let postgres = Postgres::start();
    let content = "CREATE TABLE kept (x int); INSERT INTO kept VALUES (1); CREATE SCHEMA more; \
         CREATE EXTENSION hstore; SELECT lo_from_bytea(1, 'x')";
    postgres.sql("postgres", content);
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let before = postgres.everything();
    postgres.sql(
        "postgres",
        "CREATE TABLE since (x int); DROP TABLE kept; CREATE TABLE more.since (x int)",
    );
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    assert_eq!(postgres.everything(), before);
}

#[test]
fn what_will_happen_is_said_before_it_does() {
    let postgres = populated();
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let before = postgres.everything();
    let said = sidecar
        .run(&["restore", "latest", "--only", "app1=copy", "--dry-run"])
        .succeeds();
    assert!(
        said.stdout
            .contains("app1: restore as copy, only if nothing is there"),
        "{said:#?}"
    );
    assert!(postgres.everything() == before);
    sidecar
        .run(&["restore", "latest", "--only", "app7"])
        .exits(2)
        .stderr_contains("the backup has no part app7")
        .stderr_contains("app1, app2, app3");
}

/// A stand-in for where Citus is not installed: functions of its names, where its own are, say when they were called, and on
/// what.
const STAND_IN: &str = r#"
SET allow_system_table_mods = on;
CREATE EXTENSION hstore;
UPDATE pg_extension SET extname = 'citus' WHERE extname = 'hstore';
CREATE VIEW public.citus_tables AS SELECT NULL::regclass AS table_name, '' AS citus_table_type, '' AS distribution_column,
    0 AS colocation_id, 0 AS shard_count WHERE false;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
CREATE TABLE pg_catalog.calls (call text);
CREATE FUNCTION pg_catalog.note(name text, t regclass, rest text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE n bigint; keys bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', t) INTO n;
    SELECT count(*) INTO keys FROM pg_constraint WHERE conrelid = t;
    INSERT INTO pg_catalog.calls VALUES (format('%s %s %s: %s rows, %s constraints', name, t, rest, n, keys));
END $$;
CREATE FUNCTION pg_catalog.create_reference_table(t regclass) RETURNS void LANGUAGE sql AS
    $$ SELECT note('reference', t, '') $$;
CREATE FUNCTION pg_catalog.create_distributed_table(t regclass, c text, colocate_with text, shard_count int DEFAULT 0)
    RETURNS void LANGUAGE sql AS
    $$ SELECT note('distributed', t, c || ' with ' || colocate_with || ' over ' || shard_count) $$;
ALTER EXTENSION citus ADD VIEW public.citus_tables; ALTER EXTENSION citus ADD TABLE pg_catalog.pg_dist_partition;
ALTER EXTENSION citus ADD TABLE pg_catalog.calls; ALTER EXTENSION citus ADD FUNCTION pg_catalog.note;
ALTER EXTENSION citus ADD FUNCTION pg_catalog.create_reference_table;
ALTER EXTENSION citus ADD FUNCTION pg_catalog.create_distributed_table;
"#;

#[test]
fn citus_distributes_empty_tables_before_their_rows_come() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1; CREATE DATABASE copy");
    postgres.sql("app1", CITUS);
    postgres.sql("copy", STAND_IN);
    let sidecar = keeping(of_postgres(&postgres));
    sidecar.backup().succeeds();
    sidecar
        .run(&["restore", "latest", "--only", "app1=copy"])
        .succeeds();
    let calls = postgres.sql("copy", "SELECT call FROM calls").stdout;
    assert_eq!(
        calls.lines().collect::<Vec<_>>(),
        [
            "reference public.countries : 0 rows, 0 constraints",
            "distributed \"Odd \"\"one\"\"\".events tenant with none over 32: 0 rows, 0 constraints",
            "distributed public.lines tenant with \"Odd \"\"one\"\"\".\"events\" over 0: 0 rows, 0 constraints",
        ]
    );
    same(&postgres.contents("app1"), &postgres.contents("copy"));
    assert_eq!(postgres.schema("app1"), postgres.schema("copy"));
}

#[test]
fn mariadb_comes_back_whole_and_one_by_one() {
    let mariadb = mariadb_with_users();
    mariadb.sql(
        "",
        "CREATE ROLE readers; GRANT SELECT ON app.* TO readers; GRANT readers TO reader@'%'",
    );
    let sidecar = keeping(
        Sidecar::new()
            .strategy("mariadb")
            .set("strategy.config.engine", "mariadb")
            .set("strategy.config.url", mariadb.url())
            .set("strategy.config.env.MYSQL_PWD", mariadb.password())
            .set("strategy.artifact.compression", "zst"),
    );
    sidecar.backup().succeeds();
    let (app, odd, users) = (
        mariadb.contents("app"),
        mariadb.contents(ODD),
        mariadb.users(),
    );

    mariadb.sql("app", "DROP TABLE customers; CREATE TABLE since (x INT)");
    sidecar
        .run(&["restore", "latest", "--only", "app"])
        .exits(1)
        .stderr_contains("app is there already");
    sidecar
        .run(&["restore", "latest", "--only", "app", "--replace"])
        .succeeds();
    same(&app, &mariadb.contents("app"));
    sidecar
        .run(&["restore", "latest", "--only", "app=a copy"])
        .succeeds();
    assert_eq!(mariadb.contents("a copy")["customers"], app["customers"]);

    let fresh = MariaDb::start();
    drop(mariadb);
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    same(&app, &fresh.contents("app"));
    same(&odd, &fresh.contents(ODD));
    assert_eq!(users, fresh.users());
}

#[test]
fn a_sqlite_file_comes_back() {
    let sidecar = keeping(Sidecar::new());
    let file = sidecar.folder().join("it's an app.db");
    let quoted = |file: &Path| format!("'{}'", file.display().to_string().replace('\'', r"'\''"));
    let text = |file: &Path| {
        sh(&format!("sqlite3 {} .dump", quoted(file)))
            .succeeds()
            .stdout
    };
    sh(&format!(
        "sqlite3 {} \"CREATE TABLE t (i INTEGER PRIMARY KEY, x BLOB); \
         WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) \
         INSERT INTO t SELECT i, randomblob(100) FROM c; CREATE INDEX x ON t (x); CREATE VIEW v AS SELECT 1\"",
        quoted(&file)
    ))
    .succeeds();
    let sidecar = sidecar
        .strategy("database_dump")
        .set("strategy.config.engine", "sqlite")
        .set("strategy.config.url", file.to_str().unwrap());
    sidecar.backup().succeeds();
    let before = text(&file);

    sh(&format!("sqlite3 {} 'DELETE FROM t'", quoted(&file))).succeeds();
    sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stderr_contains("is there already");
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    assert!(text(&file) == before);
    std::fs::remove_file(&file).unwrap();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert!(text(&file) == before);
    sidecar
        .run(&["restore", "latest", "--only", "it's an app.db=copy.db"])
        .succeeds();
    assert!(text(&sidecar.folder().join("copy.db")) == before);
    assert!(!sidecar.temp_dump().exists());
}

#[test]
fn redis_comes_back_key_by_key_into_a_server_that_runs() {
    let redis = Redis::start();
    redis.cli("debug populate 20000");
    redis.cli(r"hset $'a\nhash' field $'\r\n ñ\x01'");
    redis.cli("-n 3 zadd scores 1.5 one 2 two");
    redis.cli("-n 3 set 'with an end' x pxat 4102444800000");
    redis.cli("xadd stream 1-1 a b");
    redis.cli(r"function load $'#!lua name=mine\nredis.register_function(\'f\', function() return 1 end)'");
    let sidecar = keeping(Sidecar::new())
        .strategy("database_dump")
        .set("strategy.config.engine", "redis")
        .set(
            "strategy.config.url",
            format!("redis://127.0.0.1:{}/", redis.port()),
        );
    sidecar.backup().succeeds();
    let (digest, functions) = (redis.digest(), redis.cli("function list withcode").stdout);
    let whole = |redis: &Redis| {
        assert_eq!(redis.digest(), digest);
        assert_eq!(redis.cli("function list withcode").stdout, functions);
        assert_eq!(
            redis.cli("-n 3 pexpiretime 'with an end'").stdout.trim(),
            "4102444800000"
        );
    };

    redis.cli("set since x");
    sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stderr_contains("has 20005 keys already");
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    whole(&redis);
    let fresh = Redis::start();
    drop(redis);
    sidecar
        .run(&[
            "restore",
            "latest",
            "--into",
            &format!("redis://127.0.0.1:{}/", fresh.port()),
        ])
        .succeeds();
    whole(&fresh);
    assert_eq!(sidecar.files(), [""; 0]);
}
