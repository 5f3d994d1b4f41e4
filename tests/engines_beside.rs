//! What lies beside the rows of a database: saved, or said to be missing, and never passed over in silence.

use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Postgres, Redis, sh};

#[test]
fn foreign_servers_of_mariadb_come_back_and_other_things_are_said() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app; CREATE TABLE app.t (i INT); CREATE TABLE app.logs (i INT) ENGINE=MyISAM; \
         CREATE TABLE app.crashsafe (i INT) ENGINE=Aria; INSERT INTO app.logs VALUES (1); \
         CREATE SERVER other FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'db2', USER 'u', PASSWORD 'p'); \
         INSERT INTO mysql.func (name, ret, dl, type) VALUES ('lib_f', 0, 'udf.so', 'function')",
    );
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar
        .check()
        .succeeds()
        .stderr_contains("logs (MyISAM)")
        .stderr_contains("lib_f (udf.so)");
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("crashsafe (Aria), logs (MyISAM)")
        .stderr_contains("lib_f (udf.so)")
        .never_says("t (InnoDB)");
    let fresh = MariaDb::start();
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    let servers = "SELECT Server_name, Host, Username, Password FROM mysql.servers";
    assert_eq!(
        fresh.sql("", servers).stdout,
        mariadb.sql("", servers).stdout
    );
    assert!(fresh.sql("", servers).stdout.contains("db2"));
}

#[test]
fn tables_in_the_servers_own_databases_and_rows_on_other_servers_are_said_to_be_missing() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        &format!(
            "INSTALL SONAME 'ha_federatedx'; CREATE DATABASE app; CREATE TABLE app.t (i INT PRIMARY KEY); \
             CREATE TABLE app.away (i INT PRIMARY KEY) ENGINE=FEDERATED CONNECTION='mysql://backup:{}@127.0.0.1:{}/app/t'; \
             CREATE TABLE mysql.notes (i INT); CREATE TABLE sys.notes (i INT); CREATE PROCEDURE mysql.own() SELECT 1",
            mariadb.password(),
            mariadb.port()
        ),
    );
    let said = keeping("mariadb", &mariadb.login()).backup().succeeds();
    said.stderr_contains("not in the backup: the tables mysql.notes, sys.notes")
        .stderr_contains("not in the backup: the code mysql.own")
        .stderr_contains(
            "not in the backup: the rows of tables of app that lie elsewhere: away (FEDERATED)",
        );
}

#[test]
fn rows_of_an_extension_that_it_has_not_marked_are_said_to_be_missing() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE EXTENSION hstore; CREATE TABLE settings (i int); INSERT INTO settings VALUES (7); \
         CREATE TABLE unused (i int); ALTER EXTENSION hstore ADD TABLE settings; ALTER EXTENSION hstore ADD TABLE unused",
    );
    let sidecar = keeping("postgres", &postgres.url(""))
        .set("strategy.config.env.PGPASSWORD", postgres.password());
    sidecar
        .check()
        .succeeds()
        .stderr_contains("public.settings of hstore");
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: rows of public.settings of hstore, in postgres")
        .never_says("public.unused");
}

#[test]
fn accounts_of_redis_are_said_to_be_missing() {
    let redis = Redis::start();
    redis.cli("set k v");
    let url = format!("redis://127.0.0.1:{}/", redis.port());
    keeping("redis", &url)
        .backup()
        .succeeds()
        .never_says("not in the backup");
    redis.cli("acl setuser app on '>secret' '~*' '+@all'");
    keeping("redis", &url)
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the accounts app");
}

#[test]
fn a_dump_that_fails_half_way_names_the_server_and_the_reason_and_no_command_line() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE TABLE t (i int); CREATE FUNCTION boom() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    );
    let sidecar = crate::engines_postgres::sidecar(&postgres);
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    for (script, reason) in [
        (
            "echo 'pg_dump: error: connection lost' >&2; exit 1",
            "connection lost",
        ),
        ("kill -KILL $$", "was killed"),
    ] {
        let tool = tools.join("pg_dump");
        let real = sh("command -v pg_dump").succeeds().stdout;
        let text = format!(
            "#!/bin/sh\n[ \"$1\" != --version ] || exec {} --version\n{script}\n",
            real.trim()
        );
        std::fs::write(&tool, text).unwrap();
        sh(&format!("chmod 755 '{}'", tool.display())).succeeds();
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let sidecar =
            crate::engines_postgres::sidecar(&postgres).set("strategy.config.env.PATH", path);
        sidecar
            .backup()
            .exits(1)
            .stderr_contains("cannot dump postgres at ")
            .stderr_contains(reason)
            .never_says("--format=custom");
        assert_eq!(sidecar.artifact(), None);
    }
}
