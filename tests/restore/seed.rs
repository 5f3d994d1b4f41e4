//! The `pg_restore` lines that backups have always been restored with here, as restore commands.

use serde_json::json;

use super::stored;
use crate::databases::POSTGRES_APP;
use crate::harness::{Postgres, Sidecar};

/// A server with the databases app1 and app2, and a sidecar that dumps app1.
fn app1(restore: &str) -> (Postgres, Sidecar) {
    let postgres = Postgres::start();
    for name in ["app1", "app2"] {
        postgres.sql("postgres", &format!("CREATE DATABASE {name}"));
        postgres.sql(name, POSTGRES_APP);
    }
    let url = postgres.url("postgres");
    let port = url
        .split(['/', ':'])
        .find_map(|word| word.parse::<u16>().ok());
    let sidecar = stored(Sidecar::new())
        .strategy("database_dump")
        .set("strategy.artifact.compression", "zst")
        .set("strategy.config.command", "pg_dump -U backup -d app1 --format=custom")
        .set("strategy.config.restore", restore)
        .set(
            "strategy.config.env",
            json!({"PGHOST": "127.0.0.1", "PGPORT": port.unwrap(), "PGPASSWORD": postgres.password()}),
        );
    (postgres, sidecar)
}

#[test]
fn everything_from_a_file() {
    let (postgres, sidecar) = app1("");
    let line = format!(
        "pg_restore -U backup -d postgres -v {}",
        sidecar.temp_dump().display()
    );
    let sidecar = sidecar.set("strategy.config.restore", line);
    sidecar.backup().succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(postgres.contents("app1"), postgres.contents("postgres"));
    assert_eq!(postgres.schema("app1"), postgres.schema("postgres"));
}

#[test]
fn one_project_without_touching_the_other() {
    let (postgres, sidecar) = app1("pg_restore -U backup -d postgres --clean --create -v");
    let before = (postgres.contents("app1"), postgres.schema("app1"));
    let other = postgres.contents("app2");
    sidecar.backup().succeeds();
    postgres.sql(
        "app1",
        "DROP TABLE orders CASCADE; UPDATE customers SET name = id",
    );
    postgres.sql("app2", "DELETE FROM empty_one");
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!((postgres.contents("app1"), postgres.schema("app1")), before);
    assert_eq!(postgres.contents("app2"), other);
}
