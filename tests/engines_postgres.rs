//! `engine: postgres`: one artifact that holds every database, each of them on its own.

use serde_json::Value;

use crate::databases::POSTGRES_APP;
use crate::harness::{Postgres, Sidecar, cut, index, sh};

/// What belongs to the server.
const ROLES: &str = r#"
CREATE ROLE readers;
CREATE ROLE "Ñ 'owner' \ ""x""" LOGIN PASSWORD 'it''s a secret' CONNECTION LIMIT 7 IN ROLE readers;
ALTER ROLE readers SET work_mem = '8MB';
"#;

/// Names that shells, connection strings, paths and SQL take for something else.
const ODD: [&str; 4] = [
    r#"host=evil 'q' "d" \ $(id) ñ€"#,
    "globals",
    "database:index",
    "-c postgresql://x/../y",
];

/// Three projects and some odd ones, with what dumps tend to lose.
pub(crate) fn populated() -> Postgres {
    let postgres = Postgres::start();
    postgres.sql("postgres", ROLES);
    for app in ["app1", "app2", "app3"] {
        let owner = r#""Ñ 'owner' \ ""x""""#;
        postgres.sql(
            "postgres",
            &format!(
                "CREATE DATABASE {app} OWNER {owner} LC_COLLATE 'C' TEMPLATE template0;
                 ALTER DATABASE {app} SET search_path = public, \"Ñandú & co\";
                 ALTER ROLE readers IN DATABASE {app} SET work_mem = '9MB';
                 REVOKE CONNECT ON DATABASE {app} FROM PUBLIC; GRANT CONNECT ON DATABASE {app} TO readers"
            ),
        );
        postgres.sql(app, POSTGRES_APP);
        postgres.sql(
            app,
            &format!(
                "CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm SCHEMA \"Ñandú & co\";
                 ALTER TABLE orders OWNER TO {owner}; GRANT SELECT ON customers TO readers;
                 CREATE TABLE many AS SELECT i, md5('{app}' || i) AS text, hstore('n', i::text) AS pairs
                     FROM generate_series(1, 10000) i;
                 CREATE INDEX ON many USING gin (text \"Ñandú & co\".gin_trgm_ops)"
            ),
        );
    }
    for name in ODD {
        postgres.sql(
            "postgres",
            &format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\"")),
        );
        let quoted = name.replace('\'', r"'\''");
        postgres.client(&format!(
            "PGDATABASE='{quoted}' psql -Xqc 'CREATE TABLE odd AS SELECT 1 AS one'"
        ));
    }
    postgres
}

pub(crate) fn sidecar(postgres: &Postgres) -> Sidecar {
    Sidecar::new()
        .strategy("postgres")
        .set("strategy.config.engine", "postgres")
        .set("strategy.config.url", "${DATABASE_URL}")
        .set("strategy.config.env.PGPASSWORD", "${DATABASE_PASSWORD}")
        .env("DATABASE_URL", &postgres.url(""))
        .env("DATABASE_PASSWORD", postgres.password())
}

#[test]
fn every_database_is_a_part_that_pg_restore_takes_without_a_sidecar() {
    let postgres = populated();
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds().never_says(postgres.password());
    let artifact = sidecar.artifacts().join("backup.dat");
    let part = sidecar.folder().join("part");

    let fresh = Postgres::start();
    cut(&artifact, "globals", &part);
    // The role that asks is there already.
    fresh.client(&format!("psql -Xq -d postgres -f '{}'", part.display()));
    let parts = index(&artifact)["parts"].as_array().unwrap().clone();
    let databases = parts.iter().filter(|part| part["database"] != Value::Null);
    let mut names = Vec::new();
    for entry in databases {
        cut(&artifact, entry["part"].as_str().unwrap(), &part);
        let name = entry["database"]["name"].as_str().unwrap();
        names.push(name.to_owned());
        if name != "postgres" {
            fresh.client(&format!(
                "pg_restore --exit-on-error --create -d postgres '{}'",
                part.display()
            ));
        }
    }
    let mut expected = [["app1", "app2", "app3", "postgres"], ODD].concat();
    expected.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, expected);
    fresh.adopt_password_of(&postgres);
    assert_eq!(postgres.everything(), fresh.everything());
}

#[test]
fn the_index_says_what_a_copy_needs() {
    let postgres = populated();
    let sidecar = sidecar(&postgres).set("strategy.config.databases", vec!["app2", "globals"]);
    sidecar.backup().succeeds();
    let index = index(&sidecar.artifacts().join("backup.dat"));
    assert_eq!(index["layout"], 1);
    assert_eq!(index["engine"], "postgres");
    assert!(index["client"].as_str().unwrap().starts_with("pg_dump"));
    let names: Vec<&Value> = index["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["part"])
        .collect();
    assert_eq!(names, ["globals", "app2", "database:globals"]);
    let app2 = &index["parts"][1]["database"];
    assert_eq!(app2["owner"], r#"Ñ 'owner' \ "x""#);
    assert_eq!(
        (&app2["encoding"], &app2["collate"]),
        (&"UTF8".into(), &"C".into())
    );
    assert_eq!(app2["settings"][0], r#"search_path=public, "Ñandú & co""#);
    let extensions = app2["extensions"].as_array().unwrap();
    assert!(
        extensions
            .iter()
            .any(|extension| extension.as_str().unwrap().starts_with("hstore "))
    );
    assert_eq!(app2.get("citus"), None);
}

#[test]
fn the_distribution_of_citus_is_saved_where_its_view_is() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1; CREATE DATABASE app2");
    postgres.sql("app1", CITUS);
    postgres.sql(
        "app2",
        "CREATE VIEW public.citus_tables AS SELECT 1 / 0 AS table_name",
    );
    let sidecar = sidecar(&postgres).set("strategy.config.databases", vec!["app1", "app2"]);
    sidecar.backup().succeeds();
    let index = index(&sidecar.artifacts().join("backup.dat"));
    assert_eq!(index["parts"][2]["database"].get("citus"), None);
    let tables = &index["parts"][1]["database"]["citus"]["tables"];
    assert_eq!(
        *tables,
        serde_json::json!([
            {"schema": "Odd \"one\"", "name": "events", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
            {"schema": "public", "name": "countries", "type": "reference", "column": null, "colocation": 2, "shards": 1},
            {"schema": "public", "name": "lines", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
        ])
    );
}

/// A stand-in for where Citus is not installed: another extension with its name, and a view with the columns of its own.
/// A view that is not the extension's is not read: it could be anybody's.
pub(crate) const CITUS: &str = r#"
CREATE SCHEMA "Odd ""one""";
CREATE TABLE countries (id int PRIMARY KEY);
CREATE TABLE "Odd ""one""".events (tenant int, country int REFERENCES countries) PARTITION BY LIST (tenant);
CREATE TABLE events_1 PARTITION OF "Odd ""one""".events FOR VALUES IN (1);
CREATE TABLE lines (tenant int);
INSERT INTO countries SELECT generate_series(1, 10);
INSERT INTO "Odd ""one""".events SELECT 1, i FROM generate_series(1, 10) i;
CREATE VIEW citus_tables AS
    SELECT 'countries'::regclass AS table_name, 'reference' AS citus_table_type, '<none>' AS distribution_column,
        2 AS colocation_id, 1::bigint AS shard_count
    UNION ALL SELECT '"Odd ""one""".events', 'distributed', 'tenant', 5, 32
    UNION ALL SELECT 'events_1', 'distributed', 'tenant', 5, 32
    UNION ALL SELECT 'lines', 'distributed', 'tenant', 5, 32;
CREATE EXTENSION hstore;
UPDATE pg_extension SET extname = 'citus' WHERE extname = 'hstore';
ALTER EXTENSION citus ADD VIEW citus_tables;
"#;

#[test]
fn a_client_that_is_older_than_the_server_is_told_before_anything_starts() {
    let postgres = Postgres::start();
    let sidecar = sidecar(&postgres);
    let old = sidecar.folder().join("old");
    std::fs::create_dir(&old).unwrap();
    sh(&format!(
        "printf '#!/bin/sh\\ntouch \"$0.$1\"\\necho \"pg_dump (PostgreSQL) 9.6.24\"\\n' >'{old}/pg_dump'; chmod 755 '{old}/pg_dump'",
        old = old.display()
    ))
    .succeeds();
    let path = format!("{}:{}", old.display(), std::env::var("PATH").unwrap());
    let sidecar = sidecar.env("PATH", &path);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("9.6.24")
        .stderr_contains("install postgresql-client-");
    assert_eq!(sidecar.files(), [""; 0]);
    let asked = std::fs::read_dir(&old).unwrap().count();
    assert_eq!(
        asked, 2,
        "pg_dump was asked for its version and for nothing else"
    );
}

#[test]
fn a_database_that_is_not_there_is_named_beside_those_that_are() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1");
    let sidecar = sidecar(&postgres).set("strategy.config.databases", vec!["app1", "app9"]);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the server has no database app9")
        .stderr_contains("there are: app1, postgres");
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_dump_that_fails_half_way_leaves_nothing() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE TABLE t (i INT)");
    let sidecar = sidecar(&postgres);
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let script = "#!/bin/sh\n[ \"$1\" != --no-password ] || { printf half; exit 1; }\nexec /usr/bin/pg_dump \"$@\"\n";
    std::fs::write(tools.join("pg_dump"), script).unwrap();
    sh(&format!("chmod 755 '{}/pg_dump'", tools.display())).succeeds();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    sidecar.backup().succeeds();
    let before = sidecar.artifact();
    let sidecar = sidecar.env("PATH", &path);
    sidecar.backup().exits(1);
    assert!(sidecar.artifact() == before, "yesterday's stays");
}

#[test]
fn what_an_engine_has_no_use_for_is_refused_at_its_place() {
    let sidecar = Sidecar::new()
        .strategy("database_dump")
        .set("strategy.config.engine", "postgres")
        .set("strategy.config.url", "db:5432")
        .command("pg_dump")
        .set("strategy.config.databases", "all");
    sidecar
        .check()
        .exits(3)
        .stderr_contains("strategy.config.url is not a URL")
        .stderr_contains("strategy.config.command has no effect beside strategy.config.engine");
    Sidecar::new()
        .strategy("database_dump")
        .command("pg_dump")
        .set("strategy.config.databases", "all")
        .check()
        .exits(3)
        .stderr_contains("has no effect without strategy.config.engine");
}
