//! Real servers: dumped as their operators would, restored elsewhere, compared.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::{MariaDb, Orchestrator, Postgres, Redis, Server, Sidecar};

/// The strategy of the README that sidecars have been configured by from the beginning.
const POSTGRES: &str = r#"
app: {host: 127.0.0.1, port: 0}
capabilities: {version: v1, types: [database]}
strategy:
  type: database_dump
  artifact:
    filename: backup.sql.gz
    format: postgres-custom
    content_type: application/gzip
  config:
    command: |
      pg_dump --dbname="${DATABASE_URL}" --format=custom
    capture_stdout: true
    env:
      PGPASSWORD: ${DATABASE_PASSWORD}
paths:
  workdir: {folder}/work
  artifacts: {folder}/artifacts
  temp_dump: {folder}/tmp/dump.tmp
secrets:
  api_token: ${BACKUP_API_TOKEN}
"#;

/// A schema with what dumps tend to lose, and rows enough for more than one buffer.
pub(crate) const POSTGRES_APP: &str = r#"
CREATE SCHEMA "Ñandú & co";
CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
CREATE SEQUENCE invoice_numbers START 1000 INCREMENT 7;
CREATE TABLE customers (
    id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, born date, notes jsonb, photo bytea);
CREATE TABLE orders (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL REFERENCES customers,
    amount numeric(12, 4) CHECK (amount >= 0), state state DEFAULT 'new', tags text[],
    at timestamptz NOT NULL, invoice int DEFAULT nextval('invoice_numbers'));
CREATE TABLE "Ñandú & co"."Odd ""name""" ("a column" text, "order" int);
CREATE TABLE empty_one (x int);
CREATE INDEX ON orders (at DESC) WHERE state <> 'sent';
CREATE VIEW open_orders AS SELECT * FROM orders WHERE state <> 'sent';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.notes := coalesce(NEW.notes, '{}') || '{"touched": true}'; RETURN NEW; END $$;
INSERT INTO customers (name, born, notes, photo)
    SELECT 'name ' || i || E' \t\\ ''ñ€𝄞', date '1970-01-01' + i, jsonb_build_object('n', i, 'null', null),
        decode(md5(i::text), 'hex') FROM generate_series(1, 20000) i;
INSERT INTO customers (name) VALUES (''), (E'line\nbreak');
INSERT INTO orders (customer, amount, state, tags, at)
    SELECT 1 + i % 20000, i / 3.0, (ARRAY['new', 'paid', 'sent'])[1 + i % 3]::state, ARRAY['a,b', NULL, '"q"'],
        timestamptz '2024-03-31 01:59:59.123456+00' + i * interval '1 hour' FROM generate_series(1, 50000) i;
INSERT INTO "Ñandú & co"."Odd ""name""" VALUES (NULL, 1), ('NULL', 2), ('\N', 3);
CREATE TRIGGER touched BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();
SELECT lo_from_bytea(424242, decode(repeat('00ff', 50000), 'hex'));
"#;

#[test]
fn postgres_comes_back_table_by_table_from_an_export() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql("postgres", "CREATE DATABASE copy");
    postgres.sql("app", POSTGRES_APP);
    let sidecar = Sidecar::new()
        .config_text(POSTGRES)
        .env("DATABASE_URL", &postgres.url("app"))
        .env("DATABASE_PASSWORD", postgres.password())
        .env("BACKUP_API_TOKEN", crate::harness::TOKEN);

    let dump = sidecar.folder().join("received.dump");
    let server = sidecar.serve();
    receive(&server, &dump, "postgres-custom");
    postgres.client(&format!(
        "pg_restore --exit-on-error --no-owner -d copy '{}'",
        dump.display()
    ));

    let original = postgres.contents("app");
    assert!(original.len() >= 6, "{:?}", original.keys());
    assert_eq!(original["public.orders"].lines().count(), 50_000);
    same(&original, &postgres.contents("copy"));
    assert_eq!(postgres.schema("app"), postgres.schema("copy"));
}

#[test]
fn a_wrong_password_fails_with_the_servers_own_words() {
    let postgres = Postgres::start();
    let sidecar = Sidecar::new()
        .config_text(POSTGRES)
        .env("DATABASE_URL", &postgres.url("postgres"))
        .env("DATABASE_PASSWORD", "not-the-password")
        .env("BACKUP_API_TOKEN", crate::harness::TOKEN);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("password authentication failed")
        .never_says("not-the-password");
    assert_eq!(sidecar.files(), [""; 0]);
}

pub(crate) const MARIADB_APP: &str = r"
CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200), photo BLOB,
    at DATETIME(6), price DECIMAL(12, 4)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `odd ``name` (`a column` TEXT, `order` INT);
CREATE TABLE log (line TEXT);
INSERT INTO customers (name, photo, at, price)
    SELECT CONCAT('name ', seq, ' \\ ''ñ€𝄞'), UNHEX(MD5(seq)), '2024-03-31 02:30:00.123456', seq / 3
    FROM seq_1_to_20000;
INSERT INTO `odd ``name` VALUES (NULL, 1), ('NULL', 2), ('', 3);
CREATE VIEW cheap AS SELECT id, name FROM customers WHERE price < 100;
CREATE TRIGGER seen AFTER INSERT ON customers FOR EACH ROW INSERT INTO log VALUES (NEW.name);
CREATE PROCEDURE how_many() SELECT COUNT(*) FROM customers;
";

#[test]
fn mariadb_comes_back_table_by_table_from_an_export() {
    let mariadb = MariaDb::start();
    mariadb.sql("", "CREATE DATABASE app; CREATE DATABASE copy");
    mariadb.sql("app", MARIADB_APP);
    let sidecar = Sidecar::new()
        .strategy("database_dump")
        .set("strategy.artifact.format", "mysql-sql")
        .command("mysqldump --no-defaults -h127.0.0.1 -P${PORT} -ubackup --single-transaction --routines --triggers --hex-blob app")
        .set("strategy.config.env.MYSQL_PWD", "${DATABASE_PASSWORD}")
        .env("PORT", &mariadb.port().to_string())
        .env("DATABASE_PASSWORD", mariadb.password());

    let dump = sidecar.folder().join("received.sql");
    receive(&sidecar.serve(), &dump, "mysql-sql");
    mariadb.load("copy", &dump);

    let original = mariadb.contents("app");
    assert_eq!(
        original["customers"]
            .lines()
            .filter(|line| line.contains("name "))
            .count(),
        20_000
    );
    assert!(original["code"].contains("how_many") && original["code"].contains("seen"));
    same(&original, &mariadb.contents("copy"));
}

#[test]
fn redis_comes_back_key_by_key() {
    let redis = Redis::start();
    redis.cli("debug populate 10000");
    redis.cli("hset 'a hash' field 'value with ñ'");
    redis.cli("zadd scores 1.5 one 2 two");
    let sidecar = Sidecar::new()
        .command("redis-cli -p ${PORT} --rdb \"$SIDE_CAR_TEMP_DUMP\"")
        .env("PORT", &redis.port().to_string());
    let dump = sidecar.folder().join("received.rdb");
    receive(&sidecar.serve(), &dump, "binary");
    let copy = Redis::start_from(&dump);
    assert_eq!(copy.cli("dbsize").stdout.trim(), "10002");
    assert_eq!(redis.digest(), copy.digest());
}

/// The orchestrator fetches a whole export into `file`.
fn receive(server: &Server, file: &Path, format: &str) {
    let answer = Orchestrator::of(server).export(&["--into", file.to_str().unwrap()]);
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["headers"]["x-backup-format"], format, "{answer}");
    assert_eq!(
        answer["headers"]["x-checksum-sha256"], answer["sha256"],
        "{answer}"
    );
}

/// Compares part by part, so that a difference names its table and not megabytes of rows.
pub(crate) fn same(original: &BTreeMap<String, String>, copy: &BTreeMap<String, String>) {
    let names = |contents: &BTreeMap<String, String>| contents.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(original), names(copy));
    for (name, rows) in original {
        assert!(rows == &copy[name], "{name} differs after the restore");
    }
}
