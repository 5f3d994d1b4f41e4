//! Foreign keys of other databases into the one that is replaced: none is lost in silence.

use super::client::{KILL, REAL, client, with_client};
use super::{REPLACE, leftovers, served, sidecar, spoil, whole};
use crate::harness::MariaDb;

/// A server on which two tables of another database refer to shop.
fn referred() -> MariaDb {
    let mariadb = served();
    mariadb.sql(
        "other",
        "CREATE TABLE o2 (id INT PRIMARY KEY, t INT, CONSTRAINT `k'1` FOREIGN KEY (t) REFERENCES shop.t (id) ON DELETE CASCADE); \
         INSERT INTO o2 VALUES (1, 1); \
         CREATE TABLE o3 (t INT, CONSTRAINT k2 FOREIGN KEY (t) REFERENCES shop.t (id) ON UPDATE SET NULL)",
    );
    mariadb
}

/// The old shop, with a table that the keys fit.
fn spoiled(mariadb: &MariaDb) {
    mariadb.sql(
        "",
        "SET foreign_key_checks = 0; DROP DATABASE shop; CREATE DATABASE shop",
    );
    mariadb.sql(
        "shop",
        "CREATE TABLE t (id INT PRIMARY KEY, old INT); INSERT INTO t VALUES (10, 1)",
    );
}

#[test]
fn one_that_was_dropped_and_not_made_again_is_told_and_the_next_restore_makes_it() {
    let mariadb = referred();
    let (shop, other) = (whole(&mariadb, "shop"), whole(&mariadb, "other"));
    let mut sidecar = with_client(sidecar(&mariadb));
    sidecar.backup().succeeds();
    spoiled(&mariadb);
    let accepted = [&REPLACE[..], &["--accept", "foreign-keys"]].concat();
    let making = "case \"$SIDE_CAR_SQL\" in *'ALTER TABLE'*'ADD CONSTRAINT `k'*";
    for script in [
        format!("{KILL}\n{making}) kill_sidecar;; esac; {REAL}"),
        format!(
            "{making}) echo 'ERROR 1205 (HY000): Lock wait timeout exceeded' >&2; exit 1;; esac; {REAL}"
        ),
    ] {
        client(&sidecar, &script);
        assert_ne!(sidecar.run(&accepted).code, Some(0));
        client(&sidecar, REAL);
        let keys = "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'other'";
        assert_eq!(mariadb.sql("", keys).stdout, "1\n", "{script}");
        for databases in ["other", "shop"] {
            sidecar = sidecar.set("strategy.config.databases", vec![databases]);
            let words = "a restore of shop is at work, or was killed in the middle";
            sidecar.check().exits(3).stderr_contains(words);
            sidecar.backup().exits(1).stderr_contains(words);
        }
        sidecar = sidecar.set("strategy.config.databases", "all");
        sidecar
            .run(&["restore", "latest", "--only", "shop=copy", "--replace"])
            .succeeds();
        assert_eq!(whole(&mariadb, "other"), other, "{script}");
        assert_eq!(whole(&mariadb, "shop"), shop, "{script}");
        assert_eq!(leftovers(&mariadb), "", "{script}");
        sidecar.backup().succeeds();
    }
}

#[test]
fn one_that_the_restored_tables_do_not_take_is_named_with_its_definition() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    spoil(&mariadb);
    mariadb.sql("shop", "CREATE TABLE later (id INT PRIMARY KEY)");
    mariadb.sql(
        "other",
        "CREATE TABLE o2 (t INT, CONSTRAINT k1 FOREIGN KEY (t) REFERENCES shop.later (id) ON DELETE CASCADE)",
    );
    mariadb.sql(
        "other",
        "CREATE TABLE o3 (t INT, CONSTRAINT k2 FOREIGN KEY (t) REFERENCES shop.t (id)); INSERT INTO o3 VALUES (10)",
    );
    let new = [&REPLACE[..], &["--accept", "foreign-keys"]].concat();
    sidecar
        .run(&new)
        .exits(1)
        .stderr_contains("the foreign key k1 of other.o2 is gone")
        .stderr_contains("the foreign key k2 of other.o3 is as it was, and rows of that table refer to rows")
        .stderr_contains("ADD CONSTRAINT `k1` FOREIGN KEY (`t`) REFERENCES `shop`.`later` (`id`) ON DELETE CASCADE");
    // One that is made again, with a row that refers to none now.
    assert!(
        whole(&mariadb, "other")
            .contains("CONSTRAINT `k2` FOREIGN KEY (`t`) REFERENCES `shop`.`t` (`id`)")
    );
    assert_eq!(leftovers(&mariadb), "");
    mariadb.sql("other", "INSERT INTO o2 VALUES (7)");
    assert_eq!(
        mariadb.sql("shop", "SELECT d FROM outer_view").stdout,
        "2\n4\n"
    );
}
