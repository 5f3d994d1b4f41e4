//! What is refused before anything happens, and the word that it needs.

use super::{REPLACE, leftovers, served, sidecar, spoil, whole};
use crate::harness::MariaDb;

#[test]
fn a_database_with_anything_in_it_is_not_empty() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    for content in [
        "CREATE VIEW v AS SELECT 1 AS x",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f() RETURNS INT RETURN 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE SEQUENCE s",
    ] {
        mariadb.sql("", "CREATE OR REPLACE DATABASE target");
        mariadb.sql("target", content);
        let before = whole(&mariadb, "target");
        sidecar
            .run(&["restore", "latest", "--only", "shop=target"])
            .exits(1)
            .stderr_contains("target is there already");
        assert_eq!(whole(&mariadb, "target"), before);
    }
    mariadb.sql(
        "",
        "CREATE OR REPLACE DATABASE target; GRANT SELECT ON target.* TO backup@'%'",
    );
    sidecar
        .run(&["restore", "latest", "--only", "shop=target"])
        .succeeds();
    assert_eq!(
        mariadb.sql("target", "SELECT d FROM outer_view").stdout,
        "2\n4\n"
    );
}

#[test]
fn foreign_keys_of_other_databases_need_a_word() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let key = "CREATE TABLE other.o2 (t INT, CONSTRAINT `k``ey` FOREIGN KEY (t) REFERENCES shop.t (id) ON DELETE CASCADE)";
    mariadb.sql("", key);
    mariadb.sql(
        "shop",
        "UPDATE t SET v = 'since'; INSERT INTO other.o2 VALUES (1)",
    );
    let (before, other) = (whole(&mariadb, "shop"), whole(&mariadb, "other"));
    sidecar
        .run(&REPLACE)
        .exits(1)
        .stderr_contains("other.o2")
        .stderr_contains("--accept foreign-keys");
    assert_eq!(whole(&mariadb, "shop"), before);
    sidecar
        .run(&[&REPLACE[..], &["--accept", "foreign-keys"]].concat())
        .succeeds();
    assert_eq!(whole(&mariadb, "other"), other);
    mariadb.sql(
        "",
        "SET FOREIGN_KEY_CHECKS = 1; DELETE FROM shop.child; DELETE FROM shop.t WHERE id = 1",
    );
    assert_eq!(
        mariadb.sql("other", "SELECT COUNT(*) FROM o2").stdout,
        "0\n"
    );
    assert_eq!(leftovers(&mariadb), "");
}

/// An owner of one database, who may make no other.
fn owner(mariadb: &MariaDb) -> String {
    mariadb.sql(
        "",
        "CREATE USER owner@'%' IDENTIFIED BY 'p'; GRANT ALL ON shop.* TO owner@'%'; GRANT ALL ON copy.* TO owner@'%'",
    );
    mariadb.url().replace("backup@", "owner:p@")
}

#[test]
fn an_owner_chooses_who_the_definer_is_and_that_nothing_is_built_beside() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let into = owner(&mariadb);
    let copy = ["restore", "latest", "--into", &into, "--only", "shop=copy"];
    sidecar
        .run(&copy)
        .exits(1)
        .stderr_contains("backup@%")
        .stderr_contains("--accept own-definer");
    let databases = mariadb.sql("", "SHOW DATABASES LIKE 'copy'").stdout;
    assert_eq!(databases, "", "nothing was done before it was said");
    let own = ["--accept", "own-definer"];
    sidecar.run(&[&copy[..], &own].concat()).succeeds();
    assert_eq!(
        mariadb.sql("copy", "SELECT d FROM outer_view").stdout,
        "2\n4\n"
    );
    let definers =
        "SELECT DISTINCT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'copy'";
    assert_eq!(mariadb.sql("", definers).stdout, "owner@%\n");

    spoil(&mariadb);
    let old = whole(&mariadb, "shop");
    // What is replaced is the server that is backed up.
    let sidecar = sidecar.set("strategy.config.url", into.as_str());
    let replace = ["restore", "latest", "--only", "shop", "--replace"];
    sidecar
        .run(&[&replace[..], &own].concat())
        .exits(1)
        .stderr_contains("--accept in-place");
    assert_eq!(whole(&mariadb, "shop"), old);
    sidecar
        .run(&[&replace[..], &own, &["--accept", "in-place"]].concat())
        .succeeds();
    assert_eq!(
        mariadb
            .sql(
                "shop",
                "SELECT d FROM outer_view; SHOW TABLES LIKE 'sidecar%'"
            )
            .stdout,
        "2\n4\n"
    );
}

#[test]
fn a_database_of_the_servers_own_is_no_target() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    for target in ["mysql", "sys", "MYSQL", "performance_schema"] {
        sidecar
            .run(&[
                "restore",
                "latest",
                "--only",
                &format!("shop={target}"),
                "--replace",
            ])
            .exits(3)
            .stderr_contains("is a database of the server's own");
    }
    mariadb.sql("mysql", "SELECT 1 FROM db");
}

#[test]
fn what_is_filled_during_the_load_is_not_replaced_unasked() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    mariadb.sql("", "CREATE DATABASE target");
    let gate = sidecar.gate("loading");
    let sidecar = sidecar.hooked(
        "mariadb",
        "case \"$*\" in *--max-allowed-packet=1G*) stop;; esac",
        &gate,
    );
    let running = sidecar.start(&["restore", "latest", "--only", "shop=target"]);
    let open = gate.reached();
    mariadb.sql("target", "CREATE TABLE mine AS SELECT 42 AS x");
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("target is there already");
    assert_eq!(mariadb.sql("target", "SELECT x FROM mine").stdout, "42\n");
}

#[test]
fn a_database_that_comes_while_one_of_its_name_is_built_stays() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let gate = sidecar.gate("making");
    let making = "case \"$SIDE_CAR_SQL\" in *'CREATE DATABASE `target`'*) stop;; esac";
    let sidecar = sidecar.hooked("mariadb", making, &gate);
    let running = sidecar.start(&["restore", "latest", "--only", "shop=target"]);
    let open = gate.reached();
    mariadb.sql(
        "",
        "CREATE DATABASE target; CREATE TABLE target.mine AS SELECT 42 AS x",
    );
    drop(open);
    running.finish().exits(1).stderr_contains("database exists");
    assert_eq!(mariadb.sql("target", "SELECT x FROM mine").stdout, "42\n");
    assert_eq!(leftovers(&mariadb), "");
}
