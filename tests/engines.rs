//! `engine: mariadb`, `mysql`, `sqlite`, `redis`: what comes back with their own tools alone.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::databases::{MARIADB_APP, same};
use crate::harness::{Daemon, MariaDb, Redis, Sidecar, cut, index, sh};

/// A name that shells, option parsers and SQL take for something else.
pub(crate) const ODD: &str = r#"-we `ird` 'q' "d" \ $(id) ñ"#;

const USERS: &str = r"
CREATE USER 'o''dd'@'10.%' IDENTIFIED BY 'it''s secret';
GRANT SELECT, INSERT ON app.* TO 'o''dd'@'10.%';
CREATE USER reader@'%' IDENTIFIED BY 'x' REQUIRE SSL;
GRANT EXECUTE ON PROCEDURE app.how_many TO reader@'%';
";

/// With what dumps tend to lose.
pub(crate) fn populated() -> MariaDb {
    let mariadb = MariaDb::start();
    let odd = ODD.replace('`', "``");
    mariadb.sql(
        "",
        &format!("CREATE DATABASE app; CREATE DATABASE `{odd}` CHARACTER SET latin1 COLLATE latin1_spanish_ci"),
    );
    mariadb.sql("app", MARIADB_APP);
    mariadb.sql(
        "app",
        "CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY DO DELETE FROM log",
    );
    mariadb.sql(
        ODD,
        "CREATE TABLE one (word VARCHAR(9)); INSERT INTO one VALUES ('ñ')",
    );
    mariadb.sql("", USERS);
    mariadb
}

fn sidecar(engine: &str, url: &str) -> Sidecar {
    Sidecar::new()
        .strategy("database_dump")
        .set("strategy.config.engine", engine)
        .set("strategy.config.url", url)
}

/// Dumps `mariadb` with `engine` and loads every part into a fresh server with the client alone.
fn comes_back(engine: &str, mariadb: &MariaDb) {
    let sidecar = sidecar(engine, &mariadb.url())
        .set("strategy.config.env.MYSQL_PWD", "${DATABASE_PASSWORD}")
        .env("DATABASE_PASSWORD", mariadb.password());
    sidecar.backup().succeeds().never_says(mariadb.password());
    let artifact = sidecar.artifacts().join("backup.dat");

    let fresh = MariaDb::start();
    let part = sidecar.folder().join("part");
    let index = index(&artifact);
    let mut names = Vec::new();
    for entry in index["parts"].as_array().unwrap() {
        let Some(database) = entry.get("database") else {
            continue;
        };
        let text = |key: &str| database[key].as_str().unwrap();
        let quoted = text("name").replace('`', "``");
        let (charset, collation) = (text("charset"), text("collation"));
        fresh.sql(
            "",
            &format!("CREATE DATABASE `{quoted}` CHARACTER SET {charset} COLLATE {collation}"),
        );
        cut(&artifact, entry["part"].as_str().unwrap(), &part);
        fresh.load(text("name"), &part);
        names.push(text("name").to_owned());
    }
    assert_eq!(names, [ODD, "app"]);
    cut(&artifact, "globals", &part);
    fresh.load("", &part);
    for name in names {
        same(&mariadb.contents(&name), &fresh.contents(&name));
    }
    let created = "SHOW CREATE DATABASE app; SHOW CREATE EVENT app.sweep";
    assert_eq!(
        mariadb.sql("", created).stdout,
        fresh.sql("", created).stdout
    );
    assert_eq!(mariadb.users(), fresh.users());
    assert!(fresh.users().contains("o'dd"), "{}", fresh.users());
}

#[test]
fn every_database_of_mariadb_is_a_part_that_its_client_takes() {
    let mariadb = populated();
    mariadb.sql(
        "",
        "CREATE ROLE readers; GRANT SELECT ON app.* TO readers; GRANT readers TO reader@'%'",
    );
    comes_back("mariadb", &mariadb);
}

#[test]
fn mysql_has_the_same_without_roles_in_its_tool() {
    comes_back("mysql", &populated());
}

#[test]
fn an_account_that_may_not_see_the_users_dumps_its_databases_if_that_is_allowed() {
    let mariadb = populated();
    mariadb.sql(
        "",
        "CREATE DATABASE own; CREATE TABLE own.t AS SELECT 1; \
         CREATE USER own@'%' IDENTIFIED BY 'p@ss'; GRANT ALL ON own.* TO own@'%'",
    );
    let sidecar = sidecar("mariadb", &mariadb.url().replace("backup@", "own:p%40ss@"));
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("allow_missing: [databases, users]")
        .never_says("p@ss");
    let sidecar = sidecar.set("strategy.config.allow_missing", vec!["databases", "users"]);
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the users and their rights")
        .never_says("p@ss");
    let index = index(&sidecar.artifacts().join("backup.dat"));
    let parts: Vec<&str> = index["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["part"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["own"]);
}

#[test]
fn sqlite_is_copied_whole_while_a_writer_writes() {
    for journal in ["wal", "delete"] {
        let sidecar = Sidecar::new();
        let file = sidecar.folder().join("app's \"odd\" ñ?.db");
        let mut writer = writer(&file, journal);
        let sidecar = sidecar
            .strategy("database_dump")
            .set("strategy.config.engine", "sqlite")
            .set(
                "strategy.config.url",
                format!("sqlite://{}", file.display()),
            );
        sidecar.backup().succeeds();
        // It was there before, and it is still writing after.
        let during = rounds(&file);
        writer.await_line(|line| (line.parse::<u64>().ok()? > during).then_some(()));
        writer.end_with(Signal::KILL);

        let copy = sidecar.folder().join("copy.db");
        cut(
            &sidecar.artifacts().join("backup.dat"),
            "app's \"odd\" ñ?.db",
            &copy,
        );
        let (copied, all) = (rounds(&copy), rounds(&file));
        assert!(
            copied >= 100 && copied < all,
            "{copied} of {all}, {journal}"
        );
        assert_eq!(sidecar.files(), ["artifacts/backup.dat"]);
    }
}

/// Writes to two tables in each transaction, and says how often it has done so.
fn writer(file: &Path, journal: &str) -> Daemon {
    const SCRIPT: &str = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute('PRAGMA journal_mode = ' + sys.argv[2])
database.execute('CREATE TABLE ballast AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)'
    ' SELECT i, randomblob(1000) AS bytes FROM c')
database.execute('CREATE TABLE one (i)'); database.execute('CREATE TABLE two (i)')
for i in range(1, 10**9):
    database.execute('BEGIN IMMEDIATE')
    database.execute('INSERT INTO one VALUES (?)', (i,))
    database.execute('UPDATE ballast SET bytes = randomblob(1000) WHERE i = ?', (i % 20000,))
    database.execute('INSERT INTO two VALUES (?)', (i,))
    database.execute('COMMIT')
    if i % 100 == 0: print(i, flush=True)
";
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT]).arg(file).arg(journal);
    let mut writer = Daemon::start(command);
    writer.await_line(|line| line.parse::<u64>().ok());
    writer
}

/// How many rounds of the writer a database holds: whole ones, or it is torn.
fn rounds(file: &Path) -> u64 {
    const ROUNDS: &str = "PRAGMA integrity_check; SELECT count(*), max(i) FROM one; SELECT count(*), max(i) FROM two";
    let file = file.display().to_string().replace('\'', r"'\''");
    let said = sh(&format!(
        "sqlite3 -cmd '.timeout 60000' '{file}' 'BEGIN; {ROUNDS}'"
    ))
    .succeeds()
    .stdout;
    let [check, one, two] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}");
    };
    assert_eq!(check, "ok");
    assert_eq!(one, two, "the two tables of a transaction differ");
    one.split('|').next().unwrap().parse().unwrap()
}

#[test]
fn a_sqlite_file_that_is_not_there_is_not_made() {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("app.db");
    let sidecar = sidecar
        .strategy("database_dump")
        .set("strategy.config.engine", "sqlite")
        .set("strategy.config.url", file.to_str().unwrap());
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("unable to open database");
    assert!(!file.exists());
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn redis_is_a_snapshot_that_a_server_starts_from() {
    let redis = Redis::start();
    redis.cli("debug populate 10000");
    redis.cli("hset 'a hash' field 'value with ñ'");
    redis.cli("-n 3 set 'with an end' x ex 10000");
    let sidecar = sidecar("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    let snapshot = sidecar.folder().join("snapshot.rdb");
    cut(
        &sidecar.artifacts().join("backup.dat"),
        "snapshot",
        &snapshot,
    );
    let copy = Redis::start_from(&snapshot);
    assert_eq!(copy.cli("dbsize").stdout.trim(), "10001");
    assert_eq!(redis.digest(), copy.digest());
}

#[test]
fn a_redis_that_refuses_is_no_backup() {
    let redis = Redis::start();
    redis.cli("set k v");
    redis.cli("config set requirepass hidden");
    let url = format!("redis://:wrong%21@127.0.0.1:{}/", redis.port());
    let sidecar = sidecar("redis", &url);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the Redis server answers")
        .never_says("wrong!");
    assert_eq!(sidecar.files(), [""; 0]);
    sidecar
        .set("strategy.config.url", url.replace("wrong%21", "hidden"))
        .backup()
        .succeeds();
}
