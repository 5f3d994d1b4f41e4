//! Damage that a MariaDB server can tell of is no good backup, also where the dump tool passes over it.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;

use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Sidecar};

fn served() -> (MariaDb, Sidecar) {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app; USE app; CREATE TABLE rows_of_it (a INT, b CHAR(100)) ENGINE=MyISAM; \
         CREATE TABLE lines_of_it (a INT NOT NULL, b VARCHAR(99) NOT NULL) ENGINE=CSV; CREATE TABLE kept (a INT PRIMARY KEY); \
         CREATE TABLE `o'dd;` (a INT) PARTITION BY HASH (a) PARTITIONS 2; CREATE TABLE texts (a TEXT, FULLTEXT (a)); \
         INSERT INTO rows_of_it SELECT seq, 'x' FROM seq_1_to_1000; INSERT INTO lines_of_it SELECT a, b FROM rows_of_it; \
         INSERT INTO kept VALUES (1); FLUSH TABLES",
    );
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    (mariadb, sidecar)
}

#[track_caller]
fn is_refused(sidecar: Sidecar, what: &str) -> Sidecar {
    sidecar.check().exits(3).stderr_contains(what);
    let files = sidecar.files().len();
    sidecar
        .backup()
        .exits(1)
        .stderr_contains(what)
        .stderr_contains("allow_missing: [damaged-pages]");
    assert_eq!(sidecar.files().len(), files);
    sidecar
}

#[test]
fn a_table_whose_file_is_too_short_is_no_backup() {
    let (mariadb, sidecar) = served();
    let file = mariadb.data().join("app/rows_of_it.MYD");
    OpenOptions::new()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(50_000)
        .unwrap();
    is_refused(sidecar, "app.rows_of_it: Size of datafile is");
}

#[test]
fn lines_that_the_dump_tool_would_end_at_are_no_backup() {
    let (mariadb, sidecar) = served();
    let file = mariadb.data().join("app/lines_of_it.CSV");
    let file = OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(b"\"zz\n", 5_000).unwrap();
    let sidecar = is_refused(sidecar, "app.lines_of_it: Corrupt");
    sidecar
        .set("strategy.config.allow_missing", vec!["damaged-pages"])
        .backup()
        .succeeds()
        .stderr_contains("rows of damaged tables of app");
}

#[test]
fn a_table_that_the_server_has_lost_the_definition_of_is_no_backup() {
    let (mariadb, sidecar) = served();
    let definition = mariadb.data().join("app/kept.frm");
    let aside = mariadb.data().join("app/kept.aside");
    fs::rename(&definition, &aside).unwrap();
    mariadb.sql("", "FLUSH TABLES");
    let sidecar = is_refused(sidecar, "the table kept of app");
    fs::rename(&aside, &definition).unwrap();
    mariadb.sql("", "FLUSH TABLES");
    sidecar.backup().succeeds();
}
