//! What is restored is what was there, and nothing else is touched.

use super::{OLD, REPLACE, leftovers, served, sidecar, spoil, whole};
use crate::harness::MariaDb;

#[test]
fn everything_of_a_database_is_replaced_and_nothing_of_the_old_one_stays() {
    let mariadb = served();
    mariadb.sql(
        "",
        "CREATE USER reader@'%'; GRANT SELECT ON shop.t TO reader@'%'; GRANT EXECUTE ON PROCEDURE shop.how_many TO reader@'%'",
    );
    let (new, other) = (whole(&mariadb, "shop"), whole(&mariadb, "other"));
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    mariadb.sql("shop", "DROP VIEW base, outer_view; DROP TABLE child");
    mariadb.sql(
        "shop",
        &OLD.replace("CREATE TABLE t ", "DROP TABLE t; CREATE TABLE t ")
            .replace("CREATE PROCEDURE how", "CREATE OR REPLACE PROCEDURE how"),
    );
    sidecar.run(&REPLACE).succeeds();
    assert_eq!(whole(&mariadb, "shop"), new);
    assert_eq!(whole(&mariadb, "other"), other);
    assert_eq!(leftovers(&mariadb), "");
    let grants = mariadb.sql("", "SHOW GRANTS FOR reader@'%'").stdout;
    assert!(
        grants.contains("`shop`.`t`") && grants.contains("`how_many`"),
        "{grants}"
    );
    mariadb.sql("shop", "INSERT INTO t VALUES (3, 'x')");
    assert!(
        mariadb
            .sql("shop", "SELECT v FROM t WHERE id = 3")
            .stdout
            .contains("x;;new")
    );
}

#[test]
fn a_copy_touches_nothing_of_the_original_that_its_code_names() {
    let mariadb = served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    spoil(&mariadb);
    let old = whole(&mariadb, "shop");
    sidecar
        .run(&["restore", "latest", "--only", "shop=copy"])
        .succeeds();
    assert_eq!(whole(&mariadb, "shop"), old);
    mariadb.sql("copy", "INSERT INTO t VALUES (3, 'x')");
    assert_eq!(
        mariadb
            .sql(
                "copy",
                "SELECT d FROM outer_view; SELECT v FROM t WHERE id = 3"
            )
            .stdout,
        "2\n4\n6\nx;;new\n"
    );
}

/// The clauses that a database was made with.
fn made_with(mariadb: &MariaDb, database: &str) -> String {
    let shown = mariadb.sql("", &format!("SHOW CREATE DATABASE `{database}`"));
    shown.stdout.replace(database, "")
}

#[test]
fn the_comment_and_the_character_set_of_a_database_are_those_of_the_backup() {
    let mariadb = served();
    mariadb.sql(
        "",
        "ALTER DATABASE shop CHARACTER SET latin2 COLLATE latin2_croatian_ci COMMENT 'it''s \\\\ \"ñ\";; --\\nx'; \
         CREATE TABLE shop.inherits (v VARCHAR(9))",
    );
    let (made, new) = (made_with(&mariadb, "shop"), whole(&mariadb, "shop"));
    assert!(
        made.contains("latin2_croatian_ci") && made.contains("COMMENT"),
        "{made}"
    );
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    mariadb.sql(
        "",
        "ALTER DATABASE shop CHARACTER SET utf8mb4 COMMENT 'since'",
    );
    sidecar.run(&REPLACE).succeeds();
    sidecar
        .run(&["restore", "latest", "--only", "shop=copy"])
        .succeeds();
    mariadb.sql("", "DROP DATABASE shop");
    sidecar.run(&REPLACE).succeeds();
    for database in ["shop", "copy"] {
        assert_eq!(made_with(&mariadb, database), made);
    }
    assert_eq!(whole(&mariadb, "shop"), new);
}

/// Names and values that are told apart from what is around them with care only.
const ODD: &str = r#"
CREATE TABLE `a``b;;c $$ñ#@x'"` (`q``;` INT PRIMARY KEY, d DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    t TIMESTAMP NULL DEFAULT '2001-01-01 00:00:00', u VARCHAR(36) DEFAULT uuid(), g INT AS (`q``;` + 1) PERSISTENT, CHECK (`q``;` > 0));
INSERT INTO `a``b;;c $$ñ#@x'"` (`q``;`, d) VALUES (1, '2020-02-02 02:02:02.123');
CREATE TABLE `-- line
two` (a INT) PARTITION BY RANGE (a) (PARTITION `p;;` VALUES LESS THAN (10), PARTITION q VALUES LESS THAN MAXVALUE);
INSERT INTO `-- line
two` VALUES (5), (50);
CREATE DEFINER=missing@'%' SQL SECURITY INVOKER VIEW undefined AS SELECT 1 AS a;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; CREATE PROCEDURE moded() COMMENT 'a;;b' SELECT 'a\' AS "q";
CREATE EVENT semi ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' ON COMPLETION PRESERVE DISABLE COMMENT 'x'';;y' DO SELECT ';;\';
SET sql_mode = ''; SET time_zone = '+03:00';
CREATE EVENT `e;;` ON SCHEDULE AT '2035-01-01 00:00:00' DISABLE ON SLAVE DO SELECT ';;\'' /* ;; */;
"#;

#[test]
fn whatever_a_table_is_called_and_an_event_says_comes_back() {
    let mariadb = served();
    mariadb.sql("shop", ODD);
    let all = |database: &str| {
        let rows = mariadb.sql(
            database,
            "SELECT * FROM `a``b;;c $$ñ#@x'\"`; SHOW CREATE TABLE `a``b;;c $$ñ#@x'\"`; SELECT * FROM `-- line\ntwo` PARTITION (q); \
             SHOW CREATE TABLE `-- line\ntwo`",
        );
        let objects = format!(
            "SHOW CREATE PROCEDURE `{database}`.moded; SHOW CREATE EVENT `{database}`.semi; SHOW CREATE EVENT `{database}`.`e;;`; \
             SHOW CREATE EVENT `{database}`.sweep; SHOW CREATE VIEW `{database}`.undefined"
        );
        let shown = mariadb
            .sql("", &objects)
            .stdout
            .replace(&format!("`{database}`."), "");
        (rows.stdout, shown)
    };
    let before = all("shop");
    let sidecar = sidecar(&mariadb);
    // The dump tool looks for a delimiter for minutes.
    sidecar
        .backup()
        .succeeds()
        .ends_within(std::time::Duration::from_secs(60));
    sidecar
        .run(&["restore", "latest", "--only", "shop=copy"])
        .succeeds()
        .stderr_contains("run with the rights of missing@%");
    assert_eq!(all("copy"), before);
    spoil(&mariadb);
    sidecar.run(&REPLACE).succeeds();
    assert_eq!(all("shop"), before);
}

#[test]
fn users_come_before_views_and_views_after_all_tables() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE USER app@'%' IDENTIFIED BY 'x'; CREATE DATABASE shop; CREATE DATABASE crm; GRANT ALL ON *.* TO app@'%'; \
         CREATE TABLE shop.t AS SELECT 7 AS id; CREATE DEFINER=app@'%' VIEW shop.v1 AS SELECT * FROM shop.t; \
         CREATE DEFINER=app@'%' VIEW crm.v0 AS SELECT id + 1 AS id FROM shop.v1; \
         CREATE DEFINER=app@'%' VIEW shop.a AS SELECT id + 1 AS id FROM crm.v0; CREATE VIEW crm.z AS SELECT * FROM shop.a",
    );
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let fresh = MariaDb::start();
    fresh.sql("", "SET PASSWORD FOR backup@'%' = PASSWORD('another')");
    let into = fresh.url().replace("backup@", "backup:another@");
    sidecar
        .run(&["restore", "latest", "--into", &into, "--replace"])
        .succeeds()
        .never_says("another");
    // Its password is the backup's again: the harness uses that one.
    assert_eq!(fresh.sql("crm", "SELECT id FROM z").stdout, "9\n");
    assert_eq!(fresh.users(), mariadb.users());
}

#[test]
fn a_backup_of_everything_holds_no_database_of_a_restore() {
    let mariadb = served();
    mariadb.sql(
        "",
        "CREATE DATABASE sidecar_new_0123456789; CREATE DATABASE sidecar_old_0123456789; \
         CREATE TABLE sidecar_old_0123456789.sidecar_swap_0123456789 (marker INT); \
         CREATE DATABASE sidecar_old_abcdefghij; CREATE DATABASE sidecar_old_mine",
    );
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let contents = sidecar.run(&["restore", "latest", "--dry-run"]).succeeds();
    assert!(!contents.stdout.contains("0123456789"), "{contents:#?}");
    // A name is no marker.
    for of_others in ["sidecar_old_abcdefghij", "sidecar_old_mine"] {
        assert!(contents.stdout.contains(of_others), "{contents:#?}");
    }
    mariadb.sql(
        "",
        "DROP DATABASE sidecar_new_0123456789; DROP DATABASE sidecar_old_0123456789",
    );
    spoil(&mariadb);
    mariadb.sql("", "CREATE TABLE sidecar_old_abcdefghij.t AS SELECT 1");
    sidecar
        .run(&REPLACE)
        .succeeds()
        .stderr_contains("left alone");
    assert!(
        leftovers(&mariadb).contains("sidecar_old_abcdefghij"),
        "it has no marker of ours"
    );
}
