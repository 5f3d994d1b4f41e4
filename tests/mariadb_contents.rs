//! What a dump and a restore of MariaDB hold is compared with the catalogue: a tool that leaves something out without a word makes
//! no backup, and no restore that is called done.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::engines_complete::{keeping, shop};
use crate::harness::{MariaDb, Sidecar};

/// Has the client run through a script; `$real` in it is the client itself.
fn through(sidecar: Sidecar, tool: &str, script: &str) -> Sidecar {
    let tools = sidecar.folder().join("tools");
    fs::create_dir_all(&tools).unwrap();
    let path = tools.join(tool);
    let script = format!("#!/bin/bash\nreal=/usr/bin/{tool}\n{script}\nexec $real \"$@\"\n");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    sidecar.env("PATH", &search)
}

fn served() -> (MariaDb, Sidecar) {
    let mariadb = shop();
    let sidecar = keeping("mariadb", &mariadb.login());
    (mariadb, sidecar)
}

#[test]
fn a_dump_that_has_less_than_the_catalogue_is_no_backup() {
    let (_mariadb, mut sidecar) = served();
    for (option, lacking) in [
        (
            "--ignore-table=shop.audit",
            "the dump of shop has 1 of 2 tables",
        ),
        ("--ignore-table=shop.v", "the dump of shop has 0 of 1 views"),
        ("--skip-triggers", "the dump of shop has 0 of 1 triggers"),
        ("--skip-events", "the dump of shop has 0 of 1 events"),
        ("--skip-routines", "the dump of shop has 0 of 2 routines"),
    ] {
        // Before `--`: after it come names.
        let script = format!(
            "[[ \"$*\" != *' -- '* ]] || {{ arguments=(\"$@\"); exec $real \"${{arguments[@]:0:$#-2}}\" {option} -- \"${{@: -1}}\"; }}"
        );
        sidecar = through(sidecar, "mariadb-dump", &script);
        sidecar.backup().exits(1).stderr_contains(lacking);
    }
    let stopped =
        "[[ \"$*\" != *' -- '* ]] || { $real \"$@\" | sed '/^-- Dump completed/d'; exit; }";
    sidecar = through(sidecar, "mariadb-dump", stopped);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("did not say that the dump of shop is complete");
    assert!(sidecar.artifact().is_none());
    sidecar = through(sidecar, "mariadb-dump", "");
    sidecar.backup().succeeds();
}

#[test]
fn an_option_file_that_leaves_something_out_is_named_before_a_dump() {
    let (mariadb, sidecar) = served();
    let file = sidecar.folder().join("my.cnf");
    let url = format!("{}?option-file={}", mariadb.login(), file.display());
    let sidecar = sidecar.set("strategy.config.url", url);
    for (group, option, named) in [
        ("client", "loose-no_data", "loose-no-data"),
        ("mariadb-dump", "where=1 = 0", "where"),
        ("mysqldump", "ignore-table=shop.audit", "ignore-table"),
        // With these, there is a dump that no restore takes.
        ("mariadb-dump", "no-autocommit", "no-autocommit"),
        ("mysqldump", "databases", "databases"),
        ("mariadb-dump", "system=users", "system"),
    ] {
        fs::write(&file, format!("[{group}]\n{option}\n")).unwrap();
        sidecar.check().exits(3).stderr_contains(named);
        let told = format!("what the option files of the dump tool leave out or change ({named})");
        sidecar.backup().exits(1).stderr_contains(&told);
    }
    // What it writes beside the tables is no loss.
    fs::write(
        &file,
        "[mariadb-dump]\nskip-comments\nskip-add-drop-table\n[client]\ncompress\n",
    )
    .unwrap();
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
}

#[test]
fn what_a_restore_has_not_made_is_told() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT); CREATE VIEW shop.v AS SELECT id FROM shop.t; \
         CREATE DATABASE copies",
    );
    let sidecar = keeping("mariadb", &mariadb.login()).set("strategy.config.databases", "shop");
    sidecar.backup().succeeds();
    let sidecar = through(
        sidecar,
        "mariadb",
        "[[ $SIDE_CAR_SQL != *'EXECUTE definition'* ]] || { cat >/dev/null; exit 0; }",
    );
    sidecar
        .run(&["restore", "latest", "--only", "shop=copy"])
        .exits(1)
        .stderr_contains("copy has 0 of 1 views");
}

#[test]
fn what_is_made_while_a_dump_runs_is_not_missed() {
    let (mariadb, sidecar) = served();
    let statement = "CREATE TABLE shop.since (a INT); DROP TABLE shop.audit";
    let login = format!(
        "MYSQL_PWD='{}' mariadb -ubackup -h127.0.0.1 -P{} -e '{statement}'",
        mariadb.password(),
        mariadb.port()
    );
    // Between the catalogue and the dump.
    let script = format!("[[ \"$*\" != *' -- '* ]] || {login}");
    let sidecar = through(sidecar, "mariadb-dump", &script);
    sidecar.backup().succeeds();
}
