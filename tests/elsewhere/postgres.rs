//! PostgreSQL.

use super::{drilling, is_protected};
use crate::engines_complete::keeping;
use crate::harness::{Postgres, Sidecar};

const ROWS: &str = "SELECT count(*) FROM t";

/// A server with a database that has changed since the backup, and its sidecar.
fn changed_since() -> (Postgres, Sidecar) {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1");
    postgres.sql("app1", "CREATE TABLE t AS SELECT 1 AS a");
    let sidecar = keeping("postgres", &postgres.login());
    sidecar.backup().succeeds();
    postgres.sql("app1", "INSERT INTO t SELECT generate_series(2, 1000)");
    (postgres, sidecar)
}

fn rows(postgres: &Postgres) -> String {
    postgres.sql("app1", ROWS).stdout.trim().to_owned()
}

#[test]
fn a_drill_into_the_server_that_is_backed_up_is_refused_however_its_address_is_spelled() {
    let (postgres, mut sidecar) = changed_since();
    let service = sidecar.folder().join("services");
    let (port, password) = (postgres.port(), postgres.encoded_password());
    let text = format!(
        "[prod]\nhost=127.0.0.1\nport={port}\nuser=backup\npassword={}\n",
        postgres.password()
    );
    std::fs::write(&service, text).unwrap();
    let socket = postgres.folder().display().to_string().replace('/', "%2F");
    let spellings = [
        format!("postgresql://backup:{password}@localhost:{port}/scratch"),
        format!("postgresql://backup:{password}@127.0.0.1:{port}/"),
        format!("postgresql://backup:{password}@[::1]:{port}/"),
        format!("postgresql://backup:{password}@{socket}:{port}/"),
        format!(
            "postgresql:///?service=prod&servicefile={}",
            service.display()
        ),
    ];
    for spelling in spellings {
        postgres.sql("postgres", "DROP DATABASE IF EXISTS scratch");
        postgres.sql("postgres", "CREATE DATABASE scratch");
        sidecar = is_protected(sidecar, &spelling);
        assert_eq!(rows(&postgres), "1000", "{spelling}");
    }
}

#[test]
fn a_drill_into_another_server_may_be_repeated_and_replaces_only_what_drills_have_made() {
    let (postgres, sidecar) = changed_since();
    let scratch = Postgres::start();
    let sidecar = drilling(sidecar, &scratch.login());
    sidecar.check().succeeds();
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(
            (rows(&postgres), rows(&scratch)),
            ("1000".into(), "1".into())
        );
    }
    // A database that a person made there; types without tables count.
    postgres.sql("postgres", "CREATE DATABASE app2");
    scratch.sql("postgres", "CREATE DATABASE app2");
    scratch.sql("app2", "CREATE TYPE mood AS ENUM ('good')");
    sidecar.backup().succeeds();
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made: app2");
    scratch.sql("app2", "SELECT 'good'::mood");
}

#[test]
fn a_drill_into_a_replica_of_what_is_backed_up_is_refused() {
    let (postgres, sidecar) = changed_since();
    let replica = postgres.replica();
    let sidecar = drilling(sidecar, &replica.login());
    let words = "hold the same data";
    sidecar.check().exits(3).stderr_contains(words);
    sidecar.run(&["drill"]).exits(1).stderr_contains(words);
}

#[test]
fn a_server_that_is_away_is_recognised_by_what_it_told_at_the_backup() {
    let (postgres, sidecar) = changed_since();
    let scratch = Postgres::start();
    let sidecar = drilling(sidecar, &scratch.login());
    let moved = postgres.moved();
    sidecar.run(&["drill"]).succeeds();
    assert_eq!(rows(&scratch), "1");
    drilling(sidecar, &moved.login())
        .run(&["drill"])
        .exits(1)
        .stderr_contains("is the server that is backed up");
    assert_eq!(rows(&moved), "1000");
}

#[test]
fn into_replaces_nothing_on_the_server_that_is_backed_up_but_may_restore_beside() {
    let (postgres, sidecar) = changed_since();
    let into = postgres.login().replace("127.0.0.1", "localhost");
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
        .stderr_contains("is the server that is backed up")
        .stderr_contains("leave --into out");
    assert_eq!(rows(&postgres), "1000");
    sidecar
        .run(&[
            "restore",
            "latest",
            "--only",
            "app1=beside",
            "--into",
            &into,
        ])
        .succeeds();
    assert_eq!(postgres.sql("beside", ROWS).stdout.trim(), "1");
    assert_eq!(rows(&postgres), "1000");
}
