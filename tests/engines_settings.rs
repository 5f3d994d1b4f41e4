//! What a server does to sessions and names of its own accord: it cuts neither a dump nor the name of a target.

use crate::engines_complete::{keeping, objects, shop};
use crate::engines_restore::dump;
use crate::harness::Postgres;

#[test]
fn mariadb_is_not_dumped_where_the_server_limits_answers_and_is_restored_there_whole() {
    let mariadb = shop();
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    let before = objects(&mariadb);
    mariadb.sql(
        "",
        "SET GLOBAL sql_select_limit = 1; SET GLOBAL autocommit = 0",
    );
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("sql_select_limit")
        .stderr_contains("SET GLOBAL sql_select_limit = 18446744073709551615");
    let restore = ["restore", "latest", "--only", "shop", "--replace"];
    sidecar.run(&restore).succeeds();
    mariadb.sql(
        "",
        "SET GLOBAL sql_select_limit = 18446744073709551615; SET GLOBAL autocommit = 1",
    );
    assert_eq!(objects(&mariadb), before);
}

#[test]
fn a_name_that_mariadb_refuses_is_refused_before_anything() {
    let mariadb = shop();
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    let before = objects(&mariadb);
    let only = format!("shop={}", "x".repeat(65));
    sidecar
        .run(&["restore", "latest", "--only", &only, "--replace"])
        .exits(3)
        .stderr_contains("64 characters");
    assert_eq!(objects(&mariadb), before);
}

/// PostgreSQL cuts a longer name in silence: it would be the name of another database.
#[test]
fn a_name_that_postgres_would_cut_replaces_no_other_database() {
    let postgres = Postgres::start();
    let longest = "m".repeat(63);
    postgres.sql(
        "postgres",
        &format!("CREATE DATABASE app;\nCREATE DATABASE {longest};"),
    );
    postgres.sql("app", "CREATE TABLE t (i int); INSERT INTO t VALUES (1)");
    postgres.sql(
        &longest,
        "CREATE TABLE precious (i int); INSERT INTO precious VALUES (1)",
    );
    let sidecar =
        crate::engines_postgres::sidecar(&postgres).set("strategy.config.databases", "app");
    let sidecar = crate::engines_restore::keeping(sidecar);
    sidecar.backup().succeeds();
    let before = dump(&postgres, &longest);
    for name in [format!("{longest}x"), format!("{}é", "m".repeat(62))] {
        sidecar
            .run(&[
                "restore",
                "latest",
                "--only",
                &format!("app={name}"),
                "--replace",
            ])
            .exits(3)
            .stderr_contains("63 bytes");
    }
    assert_eq!(dump(&postgres, &longest), before);
}
