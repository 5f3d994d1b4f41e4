//! The Citus backup service: every night at three a dump in the bucket, once a month one that stays for
//! a year, and the way back.

use std::time::Duration;

use serde_json::json;

use crate::databases::{POSTGRES_APP, same};
use crate::harness::{Clock, Postgres, S3, Sidecar, TOKEN, within};

/// How long a night may take on a busy machine.
const NIGHT: Duration = Duration::from_secs(60);

const CITUS: &str = r#"
app: {host: 127.0.0.1, port: 0}
capabilities: {version: v1, types: [database]}
strategy:
  type: postgres
  artifact: {filename: backup.dump, format: postgres-custom}
  config:
    command: pg_dump --dbname="${DATABASE_URL}" --format=custom
    env: {PGPASSWORD: "${DATABASE_PASSWORD}"}
paths:
  workdir: {folder}/work
  artifacts: {folder}/artifacts
  temp_dump: {folder}/tmp/dump.tmp
secrets: {api_token: "${BACKUP_API_TOKEN}"}
schedule:
  - {cron: "0 3 * * *"}
stores:
  - {name: minio, type: s3, bucket: backups, prefix: citus, endpoint: "${ENDPOINT}",
     access_key_id: "${MINIO_ROOT_USER}", secret_access_key: "${MINIO_ROOT_PASSWORD}"}
retention:
  daily: {days: 30}
  monthly: {days: 365}
"#;

#[test]
fn every_night_a_dump_and_every_month_a_copy_of_it() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql("postgres", "CREATE DATABASE copy");
    postgres.sql("app", POSTGRES_APP);
    let s3 = S3::start();
    let endpoint = s3.store()["endpoint"].as_str().unwrap().to_owned();
    let clock = Clock::at("2023-11-30T02:59:59Z");
    let citus = |sidecar: Sidecar| {
        clock
            .rules(sidecar.config_text(CITUS))
            .env("DATABASE_URL", &postgres.url("app"))
            .env("DATABASE_PASSWORD", postgres.password())
            .env("BACKUP_API_TOKEN", TOKEN)
            .env("ENDPOINT", &endpoint)
            .env("MINIO_ROOT_USER", "admin")
            .env("MINIO_ROOT_PASSWORD", "tu_minio_password")
    };
    let sidecar = citus(Sidecar::new());
    let mut server = sidecar.serve();
    within(NIGHT, "the schedule", || {
        server.log().contains("next backup at").then_some(())
    });
    for (night, next) in [
        ("2023-11-30", "2023-12-01"),
        ("2023-12-01", "2023-12-02"),
        ("2023-12-02", "2023-12-03"),
    ] {
        clock.set(&format!("{night}T03:00:00Z"));
        within(NIGHT, "the night is over", || {
            let next = format!("next backup at {next}T03:00:00Z");
            server.log().contains(&next).then_some(())
        });
        assert_eq!(sidecar.files(), [""; 0], "the local file is cleaned up");
    }
    let artifacts = [
        "citus/daily/backup_20231130_030000.dump",
        "citus/daily/backup_20231201_030000.dump",
        "citus/daily/backup_20231202_030000.dump",
        // The month had none before.
        "citus/monthly/backup_20231130_030000.dump",
        "citus/monthly/backup_20231201_030000.dump",
    ];
    let with_manifests = artifacts.map(|key| [key.to_owned(), format!("{key}.manifest.json")]);
    assert_eq!(s3.keys(), with_manifests.concat());

    // A machine that has nothing but the configuration.
    let elsewhere = citus(Sidecar::new());
    let fetched = elsewhere.folder().join("fetched.dump");
    elsewhere
        .run(&["fetch", "latest", "-o", fetched.to_str().unwrap()])
        .succeeds();
    let bytes = std::fs::read(&fetched).unwrap();
    assert!(bytes == s3.object("citus/daily/backup_20231202_030000.dump"));
    elsewhere.run(&["verify", "--all"]).succeeds();
    postgres.client(&format!(
        "pg_restore --exit-on-error --no-owner -d copy '{}'",
        fetched.display()
    ));
    same(&postgres.contents("app"), &postgres.contents("copy"));
    assert_eq!(postgres.schema("app"), postgres.schema("copy"));
}

#[test]
fn the_first_of_a_month_outlives_its_week() {
    let s3 = S3::start();
    let clock = Clock::at("2023-12-01T03:00:00Z");
    let sidecar = Sidecar::new()
        .command("cat number")
        .capture()
        .set("stores", json!([s3.store()]))
        .set(
            "retention",
            json!({"daily": {"days": 7}, "monthly": {"days": 90}}),
        );
    let sidecar = clock.rules(sidecar);
    for day in 1..=9 {
        std::fs::write(sidecar.workdir().join("number"), format!("{day}\n")).unwrap();
        clock.set(&format!("2023-12-0{day}T03:00:00Z"));
        sidecar.backup().succeeds();
    }
    let keys = s3.keys();
    let of = |tier: &str| {
        let keys = keys.iter().filter(|key| key.ends_with(".dat"));
        keys.filter(|key| key.contains(tier)).collect::<Vec<_>>()
    };
    assert_eq!(of("/daily/").len(), 7, "{keys:?}");
    assert_eq!(of("/daily/")[0], "citus/daily/backup_20231203_030000.dat");
    assert_eq!(
        of("/monthly/"),
        ["citus/monthly/backup_20231201_030000.dat"]
    );
    assert_eq!(
        s3.object("citus/monthly/backup_20231201_030000.dat"),
        b"1\n"
    );
}
