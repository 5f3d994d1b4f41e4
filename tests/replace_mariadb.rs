//! A restore into MariaDB: the new database is built beside, the tables change places in one statement, and
//! whatever happens, the patient is the old or the new one.

mod client;
mod foreign_keys;
mod hostile;
mod interrupted;
mod refused;
mod unfinished;
mod whole;

use serde_json::json;

use crate::harness::{MariaDb, Sidecar, sh};

/// What the backup holds.
const NEW: &str = "
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(30)); INSERT INTO t VALUES (1, 'new'), (2, 'newer');
CREATE TABLE child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id)); INSERT INTO child VALUES (1, 2);
CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO plain VALUES (7);
CREATE TABLE history (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; INSERT INTO history VALUES (1, 1); UPDATE history SET v = 2;
CREATE SEQUENCE counter START WITH 100;
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
CREATE VIEW outer_view AS SELECT 1 AS a; CREATE VIEW base AS SELECT id, twice(id) AS d FROM t;
CREATE OR REPLACE VIEW outer_view AS SELECT d FROM base;
CREATE TRIGGER stamp BEFORE INSERT ON shop.t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, ';;new');
CREATE PROCEDURE how_many() SELECT COUNT(*) FROM t;
CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM child;
";

/// What is there when it is restored: a view has the name of a table, and a table that of a view.
const OLD: &str = "
CREATE TABLE t (id INT PRIMARY KEY, old INT); INSERT INTO t VALUES (10, 1);
CREATE TABLE base (id INT); CREATE VIEW child AS SELECT old FROM t; CREATE VIEW since AS SELECT id FROM t;
CREATE TABLE log (line VARCHAR(9));
CREATE TRIGGER noted AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES ('old');
CREATE PROCEDURE how_many() SELECT 'old'; CREATE PROCEDURE gone() SELECT 'old';
CREATE EVENT old_sweep ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM log;
";

/// A server with the database shop, as it is in the backup, and another one.
fn served() -> MariaDb {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE shop; CREATE DATABASE other CHARACTER SET latin1; CREATE TABLE other.o AS SELECT 1 AS x",
    );
    mariadb.sql("shop", NEW);
    mariadb
}

/// Makes shop what it is when it is restored.
fn spoil(mariadb: &MariaDb) {
    mariadb.sql("", "DROP DATABASE shop; CREATE DATABASE shop");
    mariadb.sql("shop", OLD);
}

fn sidecar(mariadb: &MariaDb) -> Sidecar {
    let sidecar = Sidecar::new();
    let folder = sidecar.folder().join("store");
    std::fs::create_dir(&folder).unwrap();
    sidecar
        .strategy("mariadb")
        .set("strategy.config.engine", "mariadb")
        .set("strategy.config.url", mariadb.url())
        .set("strategy.config.env.MYSQL_PWD", mariadb.password())
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": folder.display().to_string()}]),
        )
}

/// All that a database holds.
fn whole(mariadb: &MariaDb, database: &str) -> String {
    dumped(mariadb, database, "--routines --events --dump-history")
}

fn dumped(mariadb: &MariaDb, database: &str, options: &str) -> String {
    sh(&format!(
        "MYSQL_PWD={} mariadb-dump --no-defaults -ubackup -h127.0.0.1 -P{} --default-character-set=utf8mb4 --hex-blob \
         --skip-dump-date {options} '{database}' | grep -v 'Host: '",
        mariadb.password(),
        mariadb.port()
    ))
    .succeeds()
    .stdout
}

/// The databases that restores have made and not removed.
fn leftovers(mariadb: &MariaDb) -> String {
    mariadb.sql("", "SHOW DATABASES LIKE 'sidecar%'").stdout
}

const REPLACE: [&str; 5] = ["restore", "latest", "--only", "shop", "--replace"];
