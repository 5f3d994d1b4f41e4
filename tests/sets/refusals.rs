//! What one member would refuse keeps every member from being touched: asked before the first is restored.

use std::fs;

use serde_json::{Value, json};

use super::{application, custom, destroy, state, upload, with_store};
use crate::harness::{MariaDb, Postgres, Redis, Sidecar, sh};

/// A state that any restore overwrites, and after it a database.
fn before(database: Value) -> Sidecar {
    let sidecar = with_store(Sidecar::new()).strategies(json!({
        "state": custom("cat state"),
        "db": {"type": "database_dump", "artifact": {"filename": "db.sql"}, "config": database},
    }));
    fs::write(sidecar.workdir().join("state"), "state 1").unwrap();
    sidecar
}

/// Fails for this reason, and the state is as it is.
fn is_refused(sidecar: &Sidecar, arguments: &[&str], reason: &str) {
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    let all = [&["restore", "latest", "--set"], arguments].concat();
    sidecar
        .run(&all)
        .exits(1)
        .stderr_contains(reason)
        .stderr_contains("no member was touched");
    assert_eq!(state(sidecar), "destroyed");
}

#[test]
fn files_that_are_there() {
    let sidecar = application();
    sidecar.backup().succeeds();
    let file = sidecar.workdir().join("uploads/a b\n.txt");
    fs::write(&file, "theirs").unwrap();
    is_refused(&sidecar, &[], "is there already");
    assert_eq!(upload(&sidecar).as_deref(), Some("theirs"));
    // What stands in the way even of a replacement.
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(file.join("below")).unwrap();
    is_refused(&sidecar, &["--replace"], "a directory is never replaced");
    assert!(file.join("below").exists());

    destroy(&sidecar);
    sidecar.run(&["restore", "latest", "--set"]).succeeds();
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar).as_deref()),
        ("state 1", Some("first"))
    );
    fs::write(&file, "theirs").unwrap();
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(upload(&sidecar).as_deref(), Some("first"));
}

#[test]
fn several_that_refuse_are_named_at_once() {
    let sidecar = application();
    let file = sidecar.workdir().join("app.sqlite");
    let line = |sql: &str| sh(&format!("sqlite3 '{}' \"{sql}\"", file.display())).succeeds();
    line("CREATE TABLE t (n); INSERT INTO t VALUES (1)");
    let sidecar = sidecar.set(
        "strategies.rows",
        json!({"type": "database_dump", "config": {"engine": "sqlite", "url": file}}),
    );
    sidecar.backup().succeeds();
    line("INSERT INTO t VALUES (2)");
    is_refused(&sidecar, &[], "uploads: ");
    is_refused(&sidecar, &[], "rows: the database");
    is_refused(&sidecar, &["--only", "db", "--only", "rows"], "rows: ");
    assert_eq!(line("SELECT count(*) FROM t").stdout, "2\n");
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(line("SELECT count(*) FROM t").stdout, "1\n");
    assert_eq!(state(&sidecar), "state 1");
}

#[test]
fn a_postgresql_database_that_is_there_or_cannot_be_asked_or_replaced() {
    let postgres = Postgres::start_with(&["max_prepared_transactions=1"]);
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql("app", "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let sidecar = before(json!({
        "engine": "postgres", "url": postgres.url("app"), "databases": ["app"],
        "env": {"PGPASSWORD": postgres.password()},
    }));
    sidecar.backup().succeeds();
    is_refused(&sidecar, &[], "the database app is there already");
    postgres.sql(
        "app",
        "BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'theirs'",
    );
    is_refused(&sidecar, &["--replace"], "prepared transactions");
    postgres.sql("app", "ROLLBACK PREPARED 'theirs'");
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
    assert_eq!(postgres.sql("app", "SELECT n FROM t").stdout, "1\n");
    drop(postgres);
    is_refused(&sidecar, &["--replace"], "db: ");
}

#[test]
fn a_mariadb_database_that_is_there() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app; CREATE TABLE app.t (n int); INSERT INTO app.t VALUES (1)",
    );
    let sidecar = before(json!({
        "engine": "mariadb", "url": mariadb.url(), "databases": ["app"],
        "env": {"MYSQL_PWD": mariadb.password()},
    }));
    sidecar.backup().succeeds();
    mariadb.sql("app", "INSERT INTO t VALUES (2)");
    is_refused(&sidecar, &[], "the database app is there already");
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
    assert_eq!(mariadb.sql("app", "SELECT n FROM t").stdout, "1\n");
}

#[test]
fn keys_that_are_there() {
    let redis = Redis::start();
    redis.cli("SET one 1").succeeds();
    let sidecar = before(json!({
        "engine": "redis", "url": format!("redis://127.0.0.1:{}/", redis.port()),
    }));
    sidecar.backup().succeeds();
    redis.cli("SET two 2").succeeds();
    is_refused(&sidecar, &[], "the server has 2 keys already");
    assert_eq!(redis.cli("DBSIZE").stdout.trim(), "2");
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
    assert_eq!(redis.cli("DBSIZE").stdout.trim(), "1");
}
