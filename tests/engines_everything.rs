//! What a server holds comes back, also what the dump tools make longer, hide or forget; and what cannot come
//! back is found at the backup.

use crate::databases::same;
use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Postgres, Redis, Sidecar};

fn sidecar(mariadb: &MariaDb) -> Sidecar {
    keeping("mariadb", &mariadb.login())
}

/// Restores the latest backup into a fresh server.
fn restored(sidecar: &Sidecar) -> MariaDb {
    let fresh = MariaDb::start();
    let into = fresh.login();
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    fresh
}

#[test]
fn rows_that_are_longer_in_a_dump_than_a_statement_may_be_come_back() {
    let mariadb = MariaDb::start();
    // 12 MiB where 16 are allowed; hexadecimal and escaped quotes are twice as long.
    mariadb.sql(
        "",
        "CREATE DATABASE app; USE app; CREATE TABLE bytes (b LONGBLOB); CREATE TABLE texts (t LONGTEXT); \
         INSERT INTO bytes VALUES (REPEAT(UNHEX('00FF'), 6291456)); INSERT INTO texts VALUES (REPEAT('''\\\\', 6291456))",
    );
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let fresh = restored(&sidecar);
    let digests = "SELECT SHA2(b, 256), LENGTH(b) FROM app.bytes; SELECT SHA2(t, 256), LENGTH(t) FROM app.texts";
    assert_eq!(
        mariadb.sql("", digests).stdout,
        fresh.sql("", digests).stdout
    );
    let limit = "SELECT @@GLOBAL.max_allowed_packet";
    assert_eq!(fresh.sql("", limit).stdout.trim(), "16777216");
}

#[test]
fn history_sequences_and_columns_that_are_invisible_or_generated_come_back() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app; USE app; \
         CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1, 1); \
         UPDATE versioned SET v = 2; UPDATE versioned SET v = 3; DELETE FROM versioned; INSERT INTO versioned VALUES (2, 4); \
         CREATE SEQUENCE numbers START 5 INCREMENT 3 NOCACHE; SELECT NEXTVAL(numbers); SELECT NEXTVAL(numbers); \
         CREATE TABLE g (a INT, hidden INT INVISIBLE, sum INT AS (a + 1) VIRTUAL, kept INT AS (a + 2) PERSISTENT); \
         INSERT INTO g (a, hidden) VALUES (1, 7)",
    );
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    let fresh = restored(&sidecar);
    let all = "SELECT id, v, row_start, row_end FROM app.versioned FOR SYSTEM_TIME ALL ORDER BY row_start; \
         SELECT a, hidden, sum, kept FROM app.g; SHOW CREATE TABLE app.g; SHOW CREATE TABLE app.versioned; \
         SELECT NEXTVAL(app.numbers)";
    let expected = mariadb.sql("", all).stdout;
    assert_eq!(
        expected
            .lines()
            .filter(|line| line.starts_with("1\t"))
            .count(),
        4
    );
    assert_eq!(expected, fresh.sql("", all).stdout);
}

#[test]
fn history_that_the_dump_tool_cannot_save_is_said_before() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE app; USE app; CREATE TABLE t (a INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, \
         e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING ENGINE=InnoDB; \
         INSERT INTO t (a) VALUES (1); UPDATE t SET a = 2",
    );
    let sidecar = sidecar(&mariadb);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the former rows of the system-versioned tables of app");
    let sidecar = sidecar.set("strategy.config.allow_missing", vec!["history"]);
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the former rows");
    let fresh = restored(&sidecar);
    assert_eq!(fresh.sql("", "SELECT a FROM app.t").stdout, "2\n");
}

#[test]
fn unlogged_tables_sequences_and_large_objects_come_back() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql(
        "app",
        "CREATE UNLOGGED TABLE u (x int); INSERT INTO u SELECT generate_series(1, 1000); \
         CREATE SEQUENCE s START 5 INCREMENT 3; SELECT nextval('s'); SELECT nextval('s'); \
         SELECT lo_from_bytea(4711, '\\x00ff'); CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM u; \
         CREATE TABLE g (a int, sum int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO g VALUES (1)",
    );
    let sidecar = crate::engines_postgres::sidecar(&postgres);
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    let store = store.display().to_string();
    let sidecar = sidecar.set(
        "stores",
        serde_json::json!([{"name": "local", "type": "fs", "path": store}]),
    );
    sidecar.backup().succeeds();
    sidecar
        .run(&["restore", "latest", "--only", "app=copy"])
        .succeeds();
    let of = |database: &str| {
        let facts = "SELECT relname, relpersistence FROM pg_class WHERE relname = 'u'; SELECT * FROM m; SELECT nextval('s')";
        (
            postgres.contents(database),
            postgres.sql(database, facts).stdout,
        )
    };
    let (original, copy) = (of("app"), of("copy"));
    assert_eq!(original.1, copy.1);
    same(&original.0, &copy.0);
}

#[test]
fn a_redis_with_many_databases_comes_back() {
    let many = ["--databases", "3000"];
    let (redis, fresh) = (Redis::start_with(&many), Redis::start_with(&many));
    for database in [0, 20, 2999] {
        redis.cli(&format!("-n {database} set k {database}"));
    }
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    let into = format!("redis://127.0.0.1:{}/", fresh.port());
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    assert_eq!(redis.digest(), fresh.digest());
    assert_eq!(fresh.cli("-n 2999 get k").stdout.trim(), "2999");
}

#[test]
fn a_redis_with_fewer_databases_is_told_before_anything_is_flushed() {
    let redis = Redis::start_with(&["--databases", "32"]);
    redis.cli("-n 20 set k v");
    redis.cli("set k v");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    let small = Redis::start();
    small.cli("set mine x");
    let into = format!("redis://127.0.0.1:{}/", small.port());
    sidecar
        .run(&["restore", "latest", "--replace", "--into", &into])
        .exits(1)
        .stderr_contains("the target has no database 20");
    assert_eq!(small.cli("get mine").stdout.trim(), "x");
    assert_eq!(small.cli("dbsize").stdout.trim(), "1");
}
