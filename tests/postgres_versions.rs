//! PostgreSQL 15 and 17 as server, each with the clients of both: refused before anything happens, or restored
//! and compared.

use crate::engines_postgres::sidecar as of_postgres;
use crate::engines_restore::keeping;
use crate::harness::{Postgres, Sidecar, skip};

const CONTENT: &str = "
CREATE TABLE t (id int PRIMARY KEY, text text);
INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 1000) i;
CREATE TABLE u (id int REFERENCES t); INSERT INTO u VALUES (1); CREATE INDEX ON u (id);
CREATE VIEW v AS SELECT * FROM t; SELECT lo_from_bytea(4711, 'x');
CREATE TABLE tricky (t text); INSERT INTO tricky VALUES ('SET transaction_timeout = 0;')";

fn with_clients(sidecar: Sidecar, version: u32) -> Sidecar {
    let programs = Postgres::programs_of(version).unwrap();
    let path = std::env::var("PATH").unwrap();
    sidecar.env("PATH", &format!("{}:{path}", programs.display()))
}

/// Whether a server notes at columns what only servers of its release know.
fn notes_of_its_own(server: &Postgres) -> bool {
    let noted = "SELECT count(*) FROM pg_attribute WHERE attoptions::text LIKE '%pg_attver=%'";
    server.sql("postgres", noted).stdout != "0\n"
}

/// `/usr/bin/psql` and its like choose a version by themselves.
#[test]
fn debians_own_names_of_the_clients_serve_as_well() {
    let server = Postgres::start();
    server.sql("postgres", "CREATE DATABASE shop");
    server.sql("shop", CONTENT);
    let before = server.contents("shop");
    let sidecar = of_postgres(&server).env("PATH", "/usr/bin:/bin");
    sidecar.backup().succeeds();
    server.sql("shop", "DROP TABLE tricky");
    let restored = sidecar.run(&["restore", "latest", "--only", "shop", "--replace"]);
    restored.succeeds();
    assert_eq!(server.contents("shop"), before);
}

#[test]
fn each_server_with_the_clients_of_each_version() {
    let name = "each_server_with_the_clients_of_each_version";
    if Postgres::programs_of(15).is_none() || Postgres::programs_of(17).is_none() {
        return skip(
            name,
            "needs PostgreSQL 15 and 17: tests/setup could not have them",
        );
    }
    let server = |version| {
        let server = Postgres::of_version(version).unwrap();
        server.sql("postgres", "CREATE DATABASE shop");
        server.sql("shop", CONTENT);
        server
    };
    let (old, new) = (server(15), server(17));
    // By the version of the clients: where backups come from, and where they go.
    for clients in [15, 17] {
        for (from, source) in [(15, &old), (17, &new)] {
            let sidecar = with_clients(keeping(of_postgres(source)), clients);
            if clients < from {
                sidecar
                    .backup()
                    .exits(1)
                    .stderr_contains("postgresql-client-17");
                continue;
            }
            sidecar.backup().succeeds();
            let contents = source.contents("shop");
            for (to, target) in [(15, &old), (17, &new)] {
                target.sql("shop", "INSERT INTO t VALUES (-1, 'since')");
                let url = target.login();
                let mut arguments = vec!["restore", "latest", "--only", "shop", "--replace"];
                // Over the server that is backed up, nothing else is named.
                if from != to {
                    arguments.extend(["--into", &url]);
                }
                let restored = sidecar.run(&arguments);
                // An older pg_dump saves what a newer server notes for itself.
                if restored.stderr.contains("unrecognized parameter") {
                    assert!(notes_of_its_own(source) && !notes_of_its_own(target));
                    restored
                        .exits(1)
                        .stderr_contains("update this server")
                        .stdout_contains("FAILED");
                    let count = target.sql("shop", "SELECT count(*) FROM t").stdout;
                    assert_eq!(count, "1001\n", "{from} to {to} with {clients}");
                    target.sql("shop", "DELETE FROM t WHERE id = -1");
                    continue;
                }
                let restored = restored.succeeds();
                assert_eq!(
                    target.contents("shop"),
                    contents,
                    "{from} to {to} with {clients}"
                );
                let told = restored.stderr.contains("goes to the older");
                assert_eq!(told, from > to, "{restored:#?}");
            }
        }
    }
    // An archive that the clients cannot read is refused before anything is changed.
    let sidecar = with_clients(keeping(of_postgres(&new)), 17);
    sidecar.backup().succeeds();
    old.sql("shop", "INSERT INTO t VALUES (-1, 'since')");
    with_clients(sidecar, 15)
        .run(&[
            "restore",
            "latest",
            "--only",
            "shop",
            "--replace",
            "--into",
            &old.login(),
        ])
        .exits(1)
        .stderr_contains("pg_restore must not be older");
    assert_eq!(old.sql("shop", "SELECT count(*) FROM t").stdout, "1001\n");
}
