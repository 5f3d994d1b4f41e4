//! A preview says what is there already where a restore would put something, without reading the backup or changing anything.

use serde_json::{Value, json};

use crate::engines_complete::keeping;
use crate::engines_postgres::sidecar as of_postgres;
use crate::harness::{Answer, MariaDb, Postgres, Redis, Sidecar, TOKEN, sh};

fn previewed(sidecar: &Sidecar, order: &[&str]) -> Value {
    let all = [&["restore", "latest", "--dry-run", "--json"], order].concat();
    sidecar.run(&all).succeeds().json()
}

fn exists(preview: &Value) -> Vec<(&str, &str, bool)> {
    let targets = preview["targets"].as_array();
    let targets = targets.unwrap_or_else(|| panic!("{preview}")).iter();
    targets
        .map(|target| {
            let text = |key: &str| target[key].as_str().unwrap();
            (
                text("part"),
                text("name"),
                target["exists"].as_bool().unwrap(),
            )
        })
        .collect()
}

fn stored(sidecar: Sidecar) -> Sidecar {
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    )
}

#[test]
fn databases_of_postgresql_are_there_or_new() {
    let postgres = Postgres::start();
    for app in ["app1", "app2", "app3"] {
        postgres.sql("postgres", &format!("CREATE DATABASE {app}"));
        postgres.sql(app, "CREATE TABLE t AS SELECT 1");
    }
    let sidecar = stored(of_postgres(&postgres));
    sidecar.backup().succeeds();
    // One that is gone, and one that is empty, are new.
    postgres.sql("postgres", "DROP DATABASE app2");
    postgres.sql("app3", "DROP TABLE t");
    let before = postgres.everything();
    let some = ["--only", "app1", "--only", "app2", "--only", "app3"];
    let preview = previewed(&sidecar, &some);
    assert_eq!(
        exists(&preview),
        [
            ("app1", "app1", true),
            ("app2", "app2", false),
            ("app3", "app3", false)
        ]
    );
    let server = preview["server"].as_str().unwrap();
    assert!(server.starts_with("PostgreSQL 1"), "{preview}");
    let copy = previewed(&sidecar, &["--only", "app1=app1_copy"]);
    assert_eq!(exists(&copy), [("app1", "app1_copy", false)]);
    sidecar
        .run(&["restore", "latest", "--dry-run", "--only", "app1"])
        .succeeds()
        .stdout_contains("app1 -> app1: exists");
    assert!(
        postgres.everything() == before,
        "a preview changed something"
    );
}

#[test]
fn a_file_of_sqlite_is_there_or_new() {
    let sidecar = keeping("sqlite", "");
    let file = sidecar.folder().join("app.db");
    sh(&format!(
        "sqlite3 '{}' 'CREATE TABLE t (x)'",
        file.display()
    ))
    .succeeds();
    let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
    sidecar.backup().succeeds();
    let here = previewed(&sidecar, &[]);
    assert!(exists(&here)[0].2, "{here}");
    let copy = previewed(&sidecar, &["--only", "app.db=copy.db"]);
    assert_eq!(exists(&copy), [("app.db", "copy.db", false)]);
    assert!(!sidecar.folder().join("copy.db").exists());
}

#[test]
fn databases_of_mariadb_and_keys_of_redis_are_there_or_new() {
    let mariadb = MariaDb::start();
    mariadb.sql("", "CREATE DATABASE app1; CREATE TABLE app1.t AS SELECT 1");
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    let preview = previewed(&sidecar, &["--only", "app1"]);
    assert_eq!(exists(&preview), [("app1", "app1", true)]);
    assert!(preview["server"].as_str().unwrap().starts_with("MariaDB"));
    mariadb.sql("", "DROP DATABASE app1");
    assert!(!exists(&previewed(&sidecar, &["--only", "app1"]))[0].2);

    let redis = Redis::start();
    redis.cli("set key value");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    assert!(exists(&previewed(&sidecar, &[]))[0].2);
    redis.cli("flushall");
    assert!(!exists(&previewed(&sidecar, &[]))[0].2);
}

#[test]
fn what_appears_after_the_preview_ends_the_order() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1");
    postgres.sql("app1", "CREATE TABLE t AS SELECT 1");
    let sidecar = stored(of_postgres(&postgres));
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let only = json!([{"name": "app1", "new_name": "copy"}]);
    let send =
        |order: Value| Answer::send(&format!("{}/backup/restore", server.url), TOKEN, &order);
    let preview = send(json!({"only": only, "dry_run": true})).json();
    postgres.sql("postgres", "CREATE DATABASE copy TEMPLATE app1");
    let late = send(json!({"only": only, "plan": preview["plan"]}));
    assert_eq!(
        (late.status, &late.json()["code"]),
        (409, &json!("plan-changed"))
    );
}

#[test]
fn a_server_that_is_away_is_said_and_fails_no_preview() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app1");
    postgres.sql("app1", "CREATE TABLE t AS SELECT 1");
    let sidecar = stored(of_postgres(&postgres));
    sidecar.backup().succeeds();
    drop(postgres);
    let preview = previewed(&sidecar, &["--only", "app1"]);
    assert_eq!(preview["targets"], Value::Null);
    assert!(preview["unknown"]["message"].is_string(), "{preview}");
}
