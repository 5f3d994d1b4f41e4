//! `sidecar check` asks whether a run would succeed now, and says when the next ones start.

use serde_json::json;

use crate::harness::{Sidecar, component};

#[test]
fn a_program_that_every_run_needs_is_missed_before_the_night() {
    for (key, line) in [
        ("command", "pg_dumpx app | gzip"),
        ("pre", "echo begin\nstop-the-application"),
        ("post", "/opt/no/such/tool"),
    ] {
        let sidecar = Sidecar::new()
            .command("echo dump")
            .capture()
            .set(&format!("strategy.config.{key}"), line);
        sidecar
            .check()
            .exits(3)
            .stderr_contains("not on PATH")
            .stderr_contains(&format!("strategy.config.{key}"));
        sidecar
            .run(&["check", "--offline"])
            .succeeds()
            .stdout_contains("ready");
    }
}

#[test]
fn a_program_that_only_a_restore_needs_is_a_warning() {
    Sidecar::new()
        .command("echo dump")
        .capture()
        .set("strategy.config.restore", "no-such-loader")
        .check()
        .succeeds()
        .stderr_contains("no-such-loader");
}

#[test]
fn a_program_on_the_path_of_the_commands_is_there() {
    let sidecar = Sidecar::new();
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    std::os::unix::fs::symlink("/bin/echo", tools.join("my-dump")).unwrap();
    let path = format!("{}:/usr/bin:/bin", tools.display());
    sidecar
        .command("my-dump all")
        .capture()
        .set("strategy.config.env.PATH", path)
        .check()
        .succeeds();
}

fn greeting(sidecar: Sidecar) -> Sidecar {
    let file = sidecar.folder().join("letter.txt");
    sidecar
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.read", json!([file]))
        .set(
            "strategy.config",
            json!({"greeting": "Hello", "file": file}),
        )
}

#[test]
fn a_module_is_asked_with_the_grants_of_a_run() {
    let sidecar = greeting(Sidecar::new());
    sidecar.check().exits(3).stderr_contains("letter.txt");
    sidecar.run(&["check", "--offline"]).succeeds();
    std::fs::write(sidecar.folder().join("letter.txt"), "Dear").unwrap();
    sidecar.check().succeeds().stdout_contains("ready");
}

#[test]
fn the_next_start_is_told_in_its_time_zone() {
    let sidecar = Sidecar::new().command("echo dump").capture().set(
        "schedule",
        json!([{"cron": "30 3 * * *", "timezone": "Asia/Kolkata"}]),
    );
    sidecar
        .check()
        .succeeds()
        .stdout_contains("T03:30:00+05:30 in Asia/Kolkata (30 3 * * *)");
    let report = sidecar.run(&["check", "--json"]).succeeds().json();
    assert_eq!(report["next"][0]["timezone"], "Asia/Kolkata");
    assert!(
        report["next"][0]["at"]
            .as_str()
            .unwrap()
            .ends_with("T22:00:00Z")
    );
}

/// A folder that another user may not enter.
#[test]
fn what_cannot_be_archived_below_the_paths_is_found_before_the_night() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        return crate::harness::skip("preflight", "only root may become another user");
    }
    let tree = |paths: serde_json::Value| {
        let sidecar = Sidecar::new()
            .strategy("file_archive")
            .set("strategy.config.paths", paths);
        let deep = sidecar.workdir().join("tree/a/b/closed");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir_all(sidecar.workdir().join("empty/below")).unwrap();
        std::fs::write(sidecar.workdir().join("tree/a/letter"), "Dear").unwrap();
        std::fs::set_permissions(&deep, std::fs::Permissions::from_mode(0o000)).unwrap();
        sidecar.user(10_001)
    };
    for (paths, said) in [
        (json!(["tree"]), "tree/a/b/closed"),
        (json!(["tree/a/letter", "tree/*/none-*"]), "tree/*/none-*"),
        (json!(["tree/a/letter", "empty"]), "empty is empty"),
    ] {
        let sidecar = tree(paths);
        sidecar.check().exits(3).stderr_contains(said);
        sidecar.run(&["check", "--offline"]).succeeds();
        sidecar.backup().exits(1).stderr_contains(said);
    }
    tree(json!(["tree"]))
        .set("strategy.config.allow_missing", "**/closed")
        .check()
        .succeeds()
        .stderr_contains("tree/a/b/closed");
}

#[test]
fn a_redis_account_that_gets_no_snapshot_is_told_before_the_night() {
    let redis = crate::harness::Redis::start();
    redis.cli("set k v");
    redis.cli("acl setuser limited on '>l' '~nothing' +info");
    let sidecar = crate::engines_complete::keeping(
        "redis",
        &format!("redis://limited:l@127.0.0.1:{}/", redis.port()),
    );
    sidecar
        .check()
        .exits(3)
        .stderr_contains("no permissions to run the 'sync' command")
        .stderr_contains("+sync");
    let before = redis.cli("info stats").stdout;
    redis.cli("acl setuser limited +sync");
    sidecar
        .check()
        .succeeds()
        .stderr_contains("accounts of the server");
    let syncs = |info: &str| {
        info.lines()
            .find(|line| line.starts_with("sync_full"))
            .map(str::to_owned)
    };
    assert_eq!(syncs(&before), syncs(&redis.cli("info stats").stdout));
    sidecar.backup().succeeds();
}

#[test]
fn a_view_that_the_server_cannot_open_is_named_before_the_night() {
    let mariadb = crate::engines_complete::shop();
    mariadb.sql(
        "shop",
        "CREATE TABLE gone (i INT); CREATE VIEW lost AS SELECT i FROM gone; DROP TABLE gone",
    );
    let sidecar = crate::engines_complete::keeping("mariadb", &mariadb.login());
    sidecar
        .check()
        .exits(3)
        .stderr_contains("the views lost of shop");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the views lost of shop");
    mariadb.sql("shop", "DROP VIEW lost");
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
}

#[test]
fn an_engine_whose_second_tool_is_missing_is_told_before_the_night() {
    let postgres = crate::harness::Postgres::start();
    postgres.sql("postgres", "CREATE TABLE t (i INT)");
    let sidecar = crate::engines_postgres::sidecar(&postgres);
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let found = crate::harness::sh("command -v psql").succeeds().stdout;
    std::os::unix::fs::symlink(found.trim(), tools.join("psql")).unwrap();
    let sidecar = sidecar.set("strategy.config.env.PATH", tools.to_str().unwrap());
    sidecar
        .check()
        .exits(3)
        .stderr_contains("cannot ask postgres at ")
        .stderr_contains("`pg_dump` was not found");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("`pg_dump` was not found")
        .never_says(">/dev/null");
}
