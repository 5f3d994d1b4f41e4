//! A server or a file in which there is nothing is no success, unless the operator says that it may be.

use serde_json::json;

use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Postgres, Redis, Sidecar, sh};

/// It fails before the night and at night, publishes nothing, and is a backup once its name is allowed.
#[track_caller]
fn is_refused_until_allowed(sidecar: Sidecar, name: &str) {
    for run in [sidecar.check().exits(3), sidecar.backup().exits(1)] {
        run.stderr_contains("nothing is in it")
            .stderr_contains(&format!("allow_empty: [{name}]"));
    }
    assert_eq!(sidecar.files(), [""; 0]);
    let sidecar = sidecar.set("strategy.config.allow_empty", json!(["another"]));
    sidecar.backup().exits(1);
    let sidecar = sidecar.set("strategy.config.allow_empty", json!([name]));
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup");
    sidecar
        .check()
        .succeeds()
        .stderr_contains("nothing is in it");
    sidecar.run(&["verify", "latest"]).succeeds();
}

#[test]
fn a_sqlite_file_without_a_table_is_no_backup() {
    for script in ["", "CREATE TABLE t (i); DROP TABLE t"] {
        let sidecar = keeping("sqlite", "/nowhere");
        let file = sidecar.folder().join("app.db");
        std::fs::write(&file, "").unwrap();
        sh(&format!("sqlite3 '{}' '{script}'", file.display())).succeeds();
        is_refused_until_allowed(
            sidecar.set("strategy.config.url", file.to_str().unwrap()),
            "app.db",
        );
    }
}

#[test]
fn a_redis_without_a_key_is_no_backup() {
    let redis = Redis::start();
    let url = format!("redis://127.0.0.1:{}/", redis.port());
    is_refused_until_allowed(keeping("redis", &url), "snapshot");
    // Functions are content too, and come back.
    redis.cli(
        "function load \"#!lua name=lib\nredis.register_function('f', function() return 7 end)\"",
    );
    let sidecar = keeping("redis", &url);
    sidecar.backup().succeeds();
    let fresh = Redis::start();
    let into = format!("redis://127.0.0.1:{}/", fresh.port());
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    assert!(fresh.cli("fcall f 0").stdout.contains('7'));
}

#[test]
fn a_postgres_server_that_has_nothing_is_no_backup() {
    let postgres = Postgres::start();
    let sidecar = || {
        keeping("postgres", &postgres.url(""))
            .set("strategy.config.env.PGPASSWORD", postgres.password())
    };
    is_refused_until_allowed(sidecar(), "postgres");
    // One that is empty among others is as it should be; by name it is not.
    postgres.sql(
        "postgres",
        "CREATE DATABASE app; CREATE DATABASE words; CREATE DATABASE hollow",
    );
    postgres.sql("app", "CREATE TABLE t (i int)");
    postgres.sql("words", "CREATE TYPE mood AS ENUM ('good')");
    sidecar().backup().succeeds();
    let named = |names: &[&str]| sidecar().set("strategy.config.databases", json!(names));
    named(&["app", "words"]).backup().succeeds();
    is_refused_until_allowed(named(&["app", "hollow"]), "hollow");
}

#[test]
fn a_mariadb_server_that_has_nothing_is_no_backup() {
    let mariadb = MariaDb::start();
    let sidecar = || keeping("mariadb", &mariadb.login());
    is_refused_until_allowed(sidecar(), "all");
    mariadb.sql("", "CREATE DATABASE app; CREATE DATABASE hollow");
    mariadb.sql("app", "CREATE PROCEDURE p() SELECT 1");
    sidecar().backup().succeeds();
    let named = sidecar().set("strategy.config.databases", json!(["app", "hollow"]));
    is_refused_until_allowed(named, "hollow");
}
