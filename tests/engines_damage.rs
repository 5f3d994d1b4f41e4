//! Damage is not copied: a source that can be checked is, before it is published.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engines_complete::keeping;
use crate::harness::{Daemon, Postgres, Redis, Sidecar, sh};

/// A sidecar that dumps a SQLite file which this script has made.
fn sqlite(script: &str) -> (Sidecar, PathBuf) {
    let sidecar = keeping("sqlite", "");
    let folder = sidecar.folder().join("data");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("app.db");
    query(&file, script);
    let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
    (sidecar, file)
}

fn query(file: &Path, script: &str) -> String {
    sh(&format!("sqlite3 '{}' \"{script}\"", file.display()))
        .succeeds()
        .stdout
}

const TABLE: &str = "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT); CREATE INDEX x ON t (x); \
    INSERT INTO t SELECT value, hex(randomblob(200)) FROM generate_series(1, 2000)";

#[test]
fn a_sqlite_file_with_damaged_pages_is_no_backup_and_the_last_good_one_stays() {
    let (sidecar, file) = sqlite(TABLE);
    sidecar.backup().succeeds();
    let before = query(&file, ".dump");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096 * 20..4096 * 23].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("app.db is damaged");
    std::fs::remove_file(&file).unwrap();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert!(query(&file, ".dump") == before);
}

#[test]
fn a_sqlite_index_that_disagrees_with_its_table_is_no_backup() {
    let (sidecar, file) = sqlite(TABLE);
    // The index keeps what the table no longer has.
    query(
        &file,
        "CREATE TABLE s AS SELECT * FROM sqlite_schema WHERE name = 'x'; PRAGMA writable_schema = on; \
         DELETE FROM sqlite_schema WHERE name = 'x'",
    );
    query(
        &file,
        "DELETE FROM t WHERE i = 7; PRAGMA writable_schema = on; INSERT INTO sqlite_schema SELECT * FROM s",
    );
    assert_eq!(
        query(&file, "SELECT count(*) FROM t NOT INDEXED WHERE i < 10").trim(),
        "8"
    );
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("app.db is damaged")
        .stderr_contains("REINDEX");
}

#[test]
fn rows_that_break_a_rule_are_no_damage_and_come_back() {
    let (sidecar, file) = sqlite(
        "CREATE TABLE t (i INTEGER CHECK (i > 0)); PRAGMA ignore_check_constraints = on; INSERT INTO t VALUES (-1)",
    );
    sidecar.backup().succeeds();
    std::fs::remove_file(&file).unwrap();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(query(&file, "SELECT i FROM t").trim(), "-1");
}

/// A folder that is mounted once more, read-only. It is unmounted when the value goes away.
struct ReadOnly(PathBuf);

impl ReadOnly {
    fn of(folder: &Path, at: PathBuf) -> Self {
        std::fs::create_dir(&at).unwrap();
        sh(&format!(
            "mount --bind '{0}' '{1}' && mount -o remount,ro,bind '{1}'",
            folder.display(),
            at.display()
        ))
        .succeeds();
        Self(at)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        sh(&format!("umount -l '{}'", self.0.display()));
    }
}

/// The sidecar sees the file's folder read-only.
fn read_only(sidecar: Sidecar, file: &Path) -> (Sidecar, ReadOnly) {
    let mount = ReadOnly::of(file.parent().unwrap(), sidecar.folder().join("ro"));
    let seen = mount.0.join("app.db").display().to_string();
    (sidecar.set("strategy.config.url", seen), mount)
}

fn comes_back(sidecar: &Sidecar, expected: &str) {
    let copy = sidecar.folder().join("copy.db");
    let only = format!("app.db={}", copy.display());
    sidecar
        .run(&["restore", "latest", "--only", &only])
        .succeeds();
    assert_eq!(query(&copy, "SELECT i FROM t ORDER BY i"), expected);
}

#[test]
fn a_wal_database_at_rest_on_a_read_only_volume_is_saved() {
    let (sidecar, file) =
        sqlite("PRAGMA journal_mode = wal; CREATE TABLE t (i); INSERT INTO t VALUES (7)");
    let (sidecar, _mount) = read_only(sidecar, &file);
    sidecar.backup().succeeds();
    comes_back(&sidecar, "7\n");
}

#[test]
fn a_wal_database_that_is_open_elsewhere_is_saved_with_its_latest_transaction() {
    let (sidecar, file) = sqlite("PRAGMA journal_mode = wal; CREATE TABLE t (i)");
    let (sidecar, _mount) = read_only(sidecar, &file);
    let script = "import signal, sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('PRAGMA wal_autocheckpoint = 0'); \
         d.execute('INSERT INTO t VALUES (8)'); d.commit(); print('written', flush=True); signal.pause()";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(&file);
    let mut writer = Daemon::start(command);
    writer.await_line(|line| (line == "written").then_some(()));
    sidecar.backup().succeeds();
    comes_back(&sidecar, "8\n");
}

#[test]
fn transactions_in_a_wal_that_cannot_be_read_are_not_left_out() {
    let (sidecar, file) = sqlite("PRAGMA journal_mode = wal; CREATE TABLE t (i)");
    // As a crash leaves it: a WAL, and no memory of it.
    sh(&format!(
        "python3 -c \"import os, sqlite3; d = sqlite3.connect('{0}'); d.execute('INSERT INTO t VALUES (8)'); d.commit(); os._exit(0)\"; \
         rm '{0}-shm'; test -s '{0}-wal'",
        file.display()
    ))
    .succeeds();
    let (seen, mount) = read_only(sidecar, &file);
    seen.backup()
        .exits(1)
        .stderr_contains("app.db-wal")
        .stderr_contains("read-only");
    drop(mount);
    let sidecar = seen.set("strategy.config.url", file.to_str().unwrap());
    sidecar.backup().succeeds();
    comes_back(&sidecar, "8\n");
}

#[test]
fn a_sqlite_file_that_is_mounted_alone_is_refused_in_every_journal_mode_and_under_any_name() {
    refused_if_mounted_alone("wal", "alone.db");
    refused_if_mounted_alone("delete", "alone.db");
    refused_if_mounted_alone("wal", "my \\ own\tdata\nbase.db");
}

/// Its `-wal` or `-journal` lies beside the original.
#[track_caller]
fn refused_if_mounted_alone(journal_mode: &str, name: &str) {
    let (sidecar, file) = sqlite(&format!(
        "PRAGMA journal_mode = {journal_mode}; CREATE TABLE t (i)"
    ));
    let single = sidecar.folder().join(name);
    sh(&format!(
        "touch '{1}' && mount --bind '{0}' '{1}'",
        file.display(),
        single.display()
    ))
    .succeeds();
    let failed = sidecar
        .set("strategy.config.url", single.to_str().unwrap())
        .backup();
    sh(&format!("umount -l '{}'", single.display())).succeeds();
    failed
        .exits(1)
        .stderr_contains("is mounted as a single file: its WAL or journal");
}

/// A sidecar whose `redis-cli` sends the snapshot through `filter`; without Redis's own check if `bare`.
fn redis_through(filter: &str, bare: bool) -> (Redis, Sidecar) {
    let redis = Redis::start();
    redis.cli("debug populate 1000");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let script = format!(
        "#!/bin/bash\nset -o pipefail\ncase \"$*\" in *--rdb*) /usr/bin/redis-cli \"$@\" | {filter} ;; *) exec /usr/bin/redis-cli \"$@\" ;; esac\n"
    );
    std::fs::write(tools.join("redis-cli"), script).unwrap();
    sh(&format!("chmod 755 '{}/redis-cli'", tools.display())).succeeds();
    let mut path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    if bare {
        let programs = "sh bash mktemp mkfifo dd tail od tr cut tee rm cat head python3";
        sh(&format!(
            "for p in {programs}; do ln -s \"$(command -v $p)\" '{}'; done",
            tools.display()
        ))
        .succeeds();
        path = tools.display().to_string();
    }
    let sidecar = sidecar.env("PATH", &path);
    (redis, sidecar)
}

#[test]
fn a_redis_snapshot_that_was_cut_off_or_changed_on_its_way_is_no_backup() {
    const CHANGED: &str = "python3 -c 'import sys; b = bytearray(sys.stdin.buffer.read()); b[len(b) // 2] ^= 1; sys.stdout.buffer.write(b)'";
    for filter in [CHANGED, "head -c -100"] {
        let (_redis, sidecar) = redis_through(filter, false);
        sidecar.backup().exits(1);
        assert_eq!(sidecar.files(), [""; 0], "{filter}");
    }
}

#[test]
fn without_its_own_check_a_redis_snapshot_must_begin_and_end_as_one() {
    let (_redis, sidecar) = redis_through("head -c -100", true);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the snapshot is cut off");
    let (redis, sidecar) = redis_through("cat", true);
    sidecar.backup().succeeds();
    let sidecar = sidecar.env("PATH", &std::env::var("PATH").unwrap());
    let fresh = Redis::start();
    let into = format!("redis://127.0.0.1:{}/", fresh.port());
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    assert_eq!(redis.digest(), fresh.digest());
}

#[test]
fn a_postgres_that_passes_over_damaged_pages_makes_no_backup_in_silence() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE TABLE t (i INT)");
    for setting in ["zero_damaged_pages", "ignore_checksum_failure"] {
        postgres.sql(
            "postgres",
            &format!("ALTER DATABASE postgres SET {setting} = on"),
        );
        let sidecar = crate::engines_postgres::sidecar(&postgres);
        sidecar
            .backup()
            .exits(1)
            .stderr_contains("rows on damaged pages of postgres")
            .stderr_contains("allow_missing: [damaged-pages]");
        sidecar
            .set("strategy.config.allow_missing", vec!["damaged-pages"])
            .backup()
            .succeeds();
        postgres.sql(
            "postgres",
            &format!("ALTER DATABASE postgres RESET {setting}"),
        );
    }
}
