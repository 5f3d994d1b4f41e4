//! MariaDB.

use super::{drilling, is_protected};
use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Sidecar};

const ROWS: &str = "SELECT COUNT(*) FROM app1.t";

/// A server with a database that has changed since the backup, and its sidecar.
fn changed_since() -> (MariaDb, Sidecar) {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app1; CREATE TABLE app1.t (a INT); INSERT INTO app1.t VALUES (1)",
    );
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    mariadb.sql("app1", "INSERT INTO t SELECT seq FROM seq_2_to_1000");
    (mariadb, sidecar)
}

fn rows(mariadb: &MariaDb) -> String {
    mariadb.sql("", ROWS).stdout.trim().to_owned()
}

#[test]
fn a_drill_into_the_server_that_is_backed_up_is_refused_however_its_address_is_spelled() {
    let (mariadb, mut sidecar) = changed_since();
    let (port, password) = (mariadb.port(), mariadb.password());
    let options = sidecar.folder().join("my.cnf");
    let text = format!("[client]\nhost=127.0.0.1\nport={port}\nuser=backup\npassword={password}\n");
    std::fs::write(&options, text).unwrap();
    let login = format!("mysql://backup:{password}@");
    let spellings = [
        format!("{login}localhost:{port}/"),
        format!("{login}127.0.0.1:{port}/"),
        format!("{login}[::1]:{port}/"),
        format!("{login}localhost/?socket={}", mariadb.socket()),
        format!("mysql:///?option-file={}", options.display()),
    ];
    for spelling in spellings {
        sidecar = is_protected(sidecar, &spelling);
        assert_eq!(rows(&mariadb), "1000", "{spelling}");
    }
}

#[test]
fn a_drill_into_another_server_may_be_repeated_and_replaces_only_what_drills_have_made() {
    let (mariadb, sidecar) = changed_since();
    let scratch = MariaDb::start();
    let sidecar = drilling(sidecar, &scratch.login());
    sidecar.check().succeeds();
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(
            (rows(&mariadb), rows(&scratch)),
            ("1000".into(), "1".into())
        );
    }
    let procedure = "CREATE PROCEDURE app2.p() SELECT 1";
    mariadb.sql("", "CREATE DATABASE app2");
    scratch.sql("", &format!("CREATE DATABASE app2; {procedure}"));
    sidecar.backup().succeeds();
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made: app2");
    scratch.sql("", "CALL app2.p()");
}

#[test]
fn a_database_that_a_person_has_made_under_the_name_of_an_earlier_drill_is_no_scratch() {
    let (_mariadb, sidecar) = changed_since();
    let scratch = MariaDb::start();
    let sidecar = drilling(sidecar, &scratch.login());
    sidecar.run(&["drill"]).succeeds();
    let mine = "CREATE OR REPLACE DATABASE app1; CREATE TABLE app1.mine AS SELECT 42 AS x";
    scratch.sql("", mine);
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made: app1");
    // Nor is one whose mark was copied from another name.
    scratch.sql(
        "",
        "CREATE PROCEDURE app1.sidecar_drill() COMMENT 'abcdefghij' SELECT 1",
    );
    sidecar.run(&["drill"]).exits(1);
    assert_eq!(scratch.sql("app1", "SELECT x FROM mine").stdout, "42\n");
}

#[test]
fn what_comes_in_place_of_a_scratch_database_during_the_drill_stays() {
    let (_mariadb, sidecar) = changed_since();
    let scratch = MariaDb::start();
    let sidecar = drilling(sidecar, &scratch.login());
    sidecar.run(&["drill"]).succeeds();
    let gate = sidecar.gate("loading");
    let load = "case \"$*\" in *--max-allowed-packet=1G*) stop;; esac";
    let sidecar = sidecar.hooked("mariadb", load, &gate);
    let running = sidecar.start(&["drill"]);
    let open = gate.reached();
    let mine = "CREATE OR REPLACE DATABASE app1; CREATE TABLE app1.mine AS SELECT 42 AS x";
    scratch.sql("", mine);
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("app1 was made by something else than a drill");
    assert_eq!(scratch.sql("app1", "SELECT x FROM mine").stdout, "42\n");
    assert_eq!(
        scratch
            .sql("", "SHOW DATABASES LIKE 'sidecar\\_old%'")
            .stdout,
        ""
    );
}

#[test]
fn names_are_quoted_the_same_way_whatever_the_servers_sql_mode_is() {
    let mariadb = MariaDb::start();
    let name = "o''dd\\\"x";
    let create = format!(
        "CREATE DATABASE `o'dd\\\"x` COMMENT '{name}'; CREATE TABLE `o'dd\\\"x`.t AS SELECT 7 AS a; \
         CREATE USER `o'dd\\\"x`@localhost"
    );
    mariadb.sql(
        "",
        &format!("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; {create}"),
    );
    let sidecar = keeping("mariadb", &mariadb.login());
    let modes = "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_AUTO_VALUE_ON_ZERO'";
    mariadb.sql("", modes);
    sidecar.backup().succeeds();
    let scratch = MariaDb::start();
    scratch.sql("", modes);
    let sidecar = drilling(sidecar, &scratch.login());
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        let there = "SELECT SCHEMA_NAME, SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'o%'; \
             SELECT User FROM mysql.user WHERE User LIKE 'o%'";
        assert_eq!(scratch.sql("", there).stdout, mariadb.sql("", there).stdout);
        assert_eq!(scratch.sql("", "SELECT a FROM `o'dd\\\"x`.t").stdout, "7\n");
    }
}

#[test]
fn into_replaces_nothing_on_the_server_that_is_backed_up() {
    let (mariadb, sidecar) = changed_since();
    let into = mariadb.login().replace("127.0.0.1", "[::1]");
    sidecar
        .run(&[
            "restore",
            "latest",
            "--replace",
            "--only",
            "app1",
            "--into",
            &into,
        ])
        .exits(1)
        .stderr_contains("is the server that is backed up");
    assert_eq!(rows(&mariadb), "1000");
}

#[test]
fn a_database_that_was_made_anew_from_a_dump_of_a_drilled_one_is_no_scratch() {
    let (_mariadb, sidecar) = changed_since();
    let scratch = MariaDb::start();
    let sidecar = drilling(sidecar, &scratch.login());
    sidecar.run(&["drill"]).succeeds();
    // As a dump has it: the same comment, in another second.
    let marks =
        "SELECT ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'app1'";
    let mark = scratch.sql("", marks).stdout;
    scratch.sql(
        "",
        &format!(
            "CREATE OR REPLACE DATABASE app1; CREATE TABLE app1.mine AS SELECT 42 AS x; SET timestamp = UNIX_TIMESTAMP() + 60; \
             CREATE PROCEDURE app1.sidecar_drill() COMMENT '{mark}' SELECT '{mark}'",
            mark = mark.trim()
        ),
    );
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made: app1");
    assert_eq!(scratch.sql("app1", "SELECT x FROM mine").stdout, "42\n");
}

#[test]
fn drills_may_be_repeated_where_databases_refer_to_each_other_and_users_have_roles() {
    let (mariadb, sidecar) = changed_since();
    mariadb.sql(
        "",
        "CREATE DATABASE other; CREATE TABLE other.p (id INT PRIMARY KEY); INSERT INTO other.p VALUES (1); \
         CREATE TABLE app1.c (p INT, FOREIGN KEY (p) REFERENCES other.p (id)); INSERT INTO app1.c VALUES (1); \
         CREATE ROLE r9; GRANT SELECT ON other.* TO r9; CREATE USER u9@'%' IDENTIFIED BY 'x'; GRANT r9 TO u9@'%'",
    );
    sidecar.backup().succeeds();
    let scratch = MariaDb::start();
    let sidecar = drilling(sidecar, &scratch.login());
    for _ in 0..3 {
        sidecar.run(&["drill"]).succeeds();
        let found = scratch.sql("", "SELECT c.p FROM app1.c JOIN other.p ON p.id = c.p");
        assert_eq!(found.stdout, "1\n");
        let member = "SELECT User FROM mysql.roles_mapping WHERE Role = 'r9'";
        assert_eq!(scratch.sql("", member).stdout, "u9\n");
    }
}
