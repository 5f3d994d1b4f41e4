//! A configuration with one `strategy:` does what it did before there were several: `tests/fixtures/one_strategy`.
//!
//! Each test has a sidecar do all that its configuration is for, and writes down what came of it, but for times, ids
//! and what differs from machine to machine. `before` was written down in the same way, with the binary of then.

mod differences;
mod story;
mod transcript;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::harness::{Clock, Postgres, S3, Sidecar, TOKEN, repository, sh};
use story::Story;

/// The binary of then: names it where `before` is to be recorded.
const RECORD: &str = "SIDECAR_TEST_RECORD";

/// A dump client whose dumps are the same on every machine.
const PG_DUMP: &str = "#!/bin/sh\n[ -e refuse ] && { echo 'pg_dump: error: connection refused' >&2; exit 1; }\necho \"a dump of $1 as $2\"\n";

fn fixtures() -> PathBuf {
    repository().join("tests/fixtures/one_strategy")
}

/// A sidecar with a configuration of the fixtures, with its folders beside it.
fn sidecar(name: &str, clock: &Clock) -> Sidecar {
    let text = fs::read_to_string(fixtures().join(format!("{name}.yaml"))).unwrap();
    let text = text
        .replace("/var/lib/sidecar", "{folder}/lib")
        .replace("port: 8000", "port: 0")
        .replace("host: 0.0.0.0", "host: 127.0.0.1");
    let text = match text.lines().any(|line| line.starts_with("app:")) {
        // Without a port, two would listen on the same one.
        true => text.replace(
            "app:\n  host: 127.0.0.1\n\n",
            "app:\n  host: 127.0.0.1\n  port: 0\n\n",
        ),
        false => format!("{text}app: {{port: 0, host: 127.0.0.1}}\n"),
    };
    let sidecar = Sidecar::new();
    let lib = sidecar.folder().join("lib");
    for name in ["workdir", "artifacts", "tmp", "backups", "scratch", "bin"] {
        fs::create_dir_all(lib.join(name)).unwrap();
    }
    let pg_dump = lib.join("bin/pg_dump");
    fs::write(&pg_dump, PG_DUMP).unwrap();
    fs::set_permissions(&pg_dump, fs::Permissions::from_mode(0o755)).unwrap();
    let sidecar = match std::env::var_os(RECORD) {
        Some(binary) => sidecar.binary(PathBuf::from(binary)),
        None => sidecar,
    };
    clock
        .rules(sidecar.config_text(&text))
        .env("BACKUP_API_TOKEN", TOKEN)
}

/// With the stand-in of `pg_dump`.
fn with_stand_in(sidecar: Sidecar) -> Sidecar {
    let bin = sidecar.folder().join("lib/bin");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    sidecar
        .env("PATH", &path)
        .env("DATABASE_URL", "postgresql://user@db:5432/app")
        .env("DATABASE_PASSWORD", "very_secret")
}

/// With the bucket of `s3`.
fn with_bucket(sidecar: Sidecar, s3: &S3) -> Sidecar {
    let store = s3.store();
    let value = |name: &str| store[name].as_str().unwrap().to_owned();
    ["MINIO", "S3"]
        .into_iter()
        .fold(sidecar, |sidecar, kind| {
            sidecar.env(&format!("{kind}_ENDPOINT"), &value("endpoint"))
        })
        .env("S3_BUCKET", &value("bucket"))
        .env("S3_ACCESS_KEY_ID", &value("access_key_id"))
        .env("S3_SECRET_ACCESS_KEY", &value("secret_access_key"))
        .env("MINIO_ROOT_USER", &value("access_key_id"))
        .env("MINIO_ROOT_PASSWORD", &value("secret_access_key"))
}

#[test]
fn the_seeds_database_dump() {
    let clock = Clock::at("2024-01-31T03:00:00Z");
    let sidecar =
        with_stand_in(sidecar("example", &clock)).env("SIDECAR_STRATEGY_TYPE", "database_dump");
    Story::of("example", &sidecar, &clock).told();
}

#[test]
fn the_seeds_file_archive() {
    let clock = Clock::at("2024-01-31T03:00:00Z");
    let sidecar = sidecar("archive", &clock);
    let folder = sidecar.folder().join("lib/workdir");
    sh(&format!(
        "cd '{}' && umask 022 && mkdir -p uploads/deep media/2024 && echo one > uploads/one && echo two > 'uploads/deep/two words' \
         && echo no > uploads/no.tmp && echo photo > media/2024/a.jpg && echo text > media/2024/a.txt && ln -s one uploads/link \
         && find . -depth -exec touch -h -d 2024-01-01T00:00:00Z {{}} +",
        folder.display()
    ))
    .succeeds();
    Story::of("archive", &sidecar, &clock).told();
}

#[test]
fn the_seeds_custom_scripts() {
    let clock = Clock::at("2024-01-31T03:00:00Z");
    Story::of("script", &sidecar("script", &clock), &clock).told();
}

#[test]
fn the_demo() {
    let clock = Clock::at("2024-01-31T03:00:00Z");
    let sidecar = sidecar("demo", &clock);
    let folder = sidecar.folder().to_owned();
    sh(&format!(
        "cd '{}' && umask 022 && mkdir config wit && echo readme > README.md && echo a > config/a.yaml && echo b > wit/b.wit \
         && touch config.yaml && find README.md config wit -depth -exec touch -d 2024-01-01T00:00:00Z {{}} +",
        folder.display()
    ))
    .succeeds();
    let sidecar = sidecar.env("TMPDIR", folder.join("lib/tmp").to_str().unwrap());
    Story::of("demo", &sidecar, &clock).told();
}

#[test]
fn the_pod_of_kubernetes() {
    let (clock, s3) = (Clock::at("2024-01-31T03:00:00Z"), S3::start());
    let sidecar = with_bucket(with_stand_in(sidecar("kubernetes", &clock)), &s3);
    Story::of("kubernetes", &sidecar, &clock)
        .with_bucket(&s3)
        .told();
}

#[test]
fn stores_tiers_and_drills() {
    let (clock, s3) = (Clock::at("2024-01-31T03:00:00Z"), S3::start());
    let sidecar = with_bucket(sidecar("stored", &clock), &s3);
    sh(&format!(
        "sqlite3 '{}/lib/workdir/app.db' \"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users (name) VALUES ('Ana'), ('O''Hara');\"",
        sidecar.folder().display()
    ))
    .succeeds();
    Story::of("stored", &sidecar, &clock)
        .with_bucket(&s3)
        .with_engine()
        .told();
}

#[test]
fn the_cluster_for_a_year() {
    cluster("citus");
}

#[test]
fn the_cluster_for_a_week() {
    cluster("citus-minimal");
}

/// A server in the place of the cluster's coordinator.
fn cluster(name: &str) {
    let (clock, s3) = (Clock::at("2024-01-31T03:00:00Z"), S3::start());
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql(
        "app",
        "CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'Ana')",
    );
    let sidecar = with_bucket(sidecar(name, &clock), &s3)
        .env("POSTGRES_HOST", "127.0.0.1")
        .env("POSTGRES_USER", "backup")
        .env("POSTGRES_PASSWORD", postgres.password())
        .in_text(":5432/", &format!(":{}/", postgres.port()));
    Story::of(name, &sidecar, &clock)
        .with_bucket(&s3)
        .with_engine()
        .with_sizes_of_the_machine()
        .told();
}
