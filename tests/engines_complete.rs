//! What an account may not see is not left out in silence: the run fails with the grant that is missing, or the
//! operator names what may be missing, and then it is said.

use serde_json::json;

use crate::databases::same;
use crate::harness::{Finished, MariaDb, Postgres, Redis, Sidecar, index};

/// A database with one of each kind that dump tools pass over where the account has no right to it.
pub(crate) fn shop() -> MariaDb {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE shop; CREATE USER limited@'%' IDENTIFIED BY 'l'",
    );
    mariadb.sql(
        "shop",
        "CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE audit (id INT); INSERT INTO t VALUES (1); \
         CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO audit VALUES (NEW.id); \
         CREATE PROCEDURE closing() SELECT 1; CREATE FUNCTION vat() RETURNS INT DETERMINISTIC RETURN 21; \
         CREATE VIEW v AS SELECT id FROM t; \
         CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY DO DELETE FROM audit",
    );
    mariadb
}

/// A sidecar with a store, which dumps `mariadb` as the account `limited`.
fn limited(mariadb: &MariaDb) -> Sidecar {
    let url = mariadb.url().replace("backup@", "limited:l@");
    keeping("mariadb", &url)
}

/// A sidecar with a store in its own folder.
pub(crate) fn keeping(engine: &str, url: &str) -> Sidecar {
    let sidecar = Sidecar::new();
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    sidecar
        .strategy("database_dump")
        .set("strategy.config.engine", engine)
        .set("strategy.config.url", url)
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store.display().to_string()}]),
        )
}

/// The grants that a failure asks for.
fn asked_for(finished: &Finished) -> String {
    let hint = finished
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    let grants: Vec<&str> = hint
        .unwrap_or_default()
        .split("; ")
        .filter(|remedy| remedy.starts_with("GRANT ") || remedy.starts_with("ALTER ROLE "))
        .map(|remedy| remedy.split(", or ").next().unwrap())
        .map(|remedy| remedy.split(" in ").next().unwrap())
        .collect();
    assert!(!grants.is_empty(), "{finished:#?}");
    grants.join("; ")
}

/// Everything of the database that is not a row.
pub(crate) fn objects(mariadb: &MariaDb) -> String {
    let sql = "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1; \
         SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'; \
         SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop' ORDER BY 1; \
         SELECT EVENT_NAME, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'";
    mariadb.sql("shop", sql).stdout
}

#[test]
fn mariadb_names_each_right_that_is_missing_and_the_grants_that_it_names_are_enough() {
    let mariadb = shop();
    mariadb.sql("", "GRANT INSERT ON shop.* TO limited@'%'");
    let sidecar = limited(&mariadb);
    let failed = sidecar
        .backup()
        .exits(1)
        .stderr_contains("the databases that the account cannot see")
        .stderr_contains("the users and their rights")
        .stderr_contains("tables of shop")
        .stderr_contains("the views of shop")
        .stderr_contains("the triggers of shop")
        .stderr_contains("the events of shop")
        .stderr_contains("the procedures and functions of shop");
    assert_eq!(sidecar.files(), [""; 0]);
    mariadb.sql("", &asked_for(&failed));
    sidecar.backup().succeeds();

    let fresh = MariaDb::start();
    let into = fresh.login();
    sidecar
        .run(&["restore", "latest", "--only", "shop", "--into", &into])
        .succeeds();
    assert_eq!(objects(&mariadb), objects(&fresh));
    same(&mariadb.contents("shop"), &fresh.contents("shop"));
}

#[test]
fn one_right_that_is_missing_is_enough_for_a_failure() {
    let mariadb = shop();
    let all = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"];
    for missing in all {
        let others = all.iter().filter(|right| **right != missing);
        let others: Vec<&str> = others.copied().collect();
        mariadb.sql(
            "",
            &format!(
                "DROP USER limited@'%'; CREATE USER limited@'%' IDENTIFIED BY 'l'; GRANT SHOW DATABASES ON *.* TO limited@'%'; \
                 GRANT SELECT ON mysql.* TO limited@'%'; GRANT {} ON shop.* TO limited@'%'",
                others.join(", ")
            ),
        );
        let failed = limited(&mariadb).backup();
        // Without SELECT no view is seen.
        failed
            .exits(1)
            .stderr_contains(&format!("GRANT {missing} ON `shop`.* TO 'limited'@'%'"));
    }
}

#[test]
fn rights_that_come_with_a_role_or_with_public_count() {
    let mariadb = shop();
    mariadb.sql(
        "",
        "CREATE ROLE backups; GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO backups; GRANT backups TO limited@'%'; \
         SET DEFAULT ROLE backups FOR limited@'%'; GRANT EVENT ON shop.* TO PUBLIC",
    );
    let sidecar = limited(&mariadb);
    sidecar.backup().succeeds();
    mariadb.sql("", "SET DEFAULT ROLE NONE FOR limited@'%'");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the users and their rights");
}

#[test]
fn what_may_be_missing_is_named_and_only_that_is_left_out() {
    let mariadb = shop();
    mariadb.sql(
        "",
        "CREATE DATABASE own; CREATE PROCEDURE own.p() SELECT 1; CREATE EVENT own.e ON SCHEDULE EVERY 1 DAY DO SELECT 1; \
         GRANT SELECT, SHOW VIEW ON shop.* TO limited@'%'; GRANT ALL ON own.* TO limited@'%'; \
         GRANT SELECT ON mysql.* TO limited@'%'; REVOKE SELECT ON mysql.* FROM limited@'%'; \
         DROP PROCEDURE own.p; CREATE DEFINER=limited@'%' PROCEDURE own.p() SELECT 2",
    );
    let sidecar = limited(&mariadb);
    let allow = |contents: &[&str]| json!(contents);
    let all = ["databases", "users", "triggers", "routines", "events"];
    sidecar.backup().exits(1);
    let sidecar = sidecar.set("strategy.config.allow_missing", allow(&all[..4]));
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the events of shop")
        .stderr_contains("allow_missing: [events]");
    let sidecar = sidecar.set("strategy.config.allow_missing", allow(&all));
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the triggers of shop")
        .stderr_contains("not in the backup: the events of shop");

    let fresh = MariaDb::start();
    fresh.sql("", "CREATE USER limited@'%'");
    let into = fresh.login();
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    let rows = "SELECT * FROM shop.t; SELECT * FROM shop.v";
    assert_eq!(mariadb.sql("", rows).stdout, fresh.sql("", rows).stdout);
    let own = "SHOW CREATE EVENT own.e; SHOW CREATE PROCEDURE own.p";
    assert_eq!(mariadb.sql("", own).stdout, fresh.sql("", own).stdout);
}

#[test]
fn a_word_that_is_no_content_is_refused() {
    Sidecar::new()
        .strategy("database_dump")
        .set("strategy.config.engine", "mariadb")
        .set("strategy.config.url", "mysql://db/")
        .set("strategy.config.allow_missing", vec!["trigers"])
        .check()
        .exits(3)
        .stderr_contains("trigers");
}

/// A server with an account that may connect and no more, and a database.
fn postgres() -> Postgres {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE limited LOGIN PASSWORD 'l'; CREATE DATABASE app",
    );
    postgres
}

fn limited_postgres(postgres: &Postgres) -> Sidecar {
    keeping(
        "postgres",
        &postgres.url("").replace("backup@", "limited:l@"),
    )
}

#[test]
fn postgres_names_what_cannot_be_read_before_a_dump_starts() {
    let postgres = postgres();
    postgres.sql(
        "app",
        "CREATE TABLE hidden (x int); CREATE SEQUENCE numbers; CREATE SCHEMA closed; CREATE TABLE closed.t (x int); \
         CREATE TABLE rows_of_others (who name); INSERT INTO hidden VALUES (7); INSERT INTO rows_of_others VALUES ('x'); \
         ALTER TABLE rows_of_others ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON rows_of_others USING (who = current_user); \
         GRANT SELECT ON rows_of_others TO limited",
    );
    let sidecar = limited_postgres(&postgres);
    let failed = sidecar
        .backup()
        .exits(1)
        .stderr_contains("the passwords of the roles")
        .stderr_contains("public.hidden, public.numbers of app")
        .stderr_contains("the schema closed of app")
        .stderr_contains("rows of public.rows_of_others of app");
    assert_eq!(sidecar.files(), [""; 0]);
    postgres.sql("app", &asked_for(&failed));
    sidecar.backup().succeeds();

    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    let into = fresh.url("").replace(
        "backup@",
        "backup:s3cr3t%20with%20%27quotes%27%20%26%20spaces@",
    );
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    same(&postgres.contents("app"), &fresh.contents("app"));
}

#[test]
fn postgres_names_large_objects_and_what_it_saves_for_superusers_only() {
    let postgres = postgres();
    postgres.sql(
        "app",
        "SELECT lo_from_bytea(4711, 'x'); CREATE EXTENSION postgres_fdw; \
         CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR backup SERVER other OPTIONS (password 'x'); \
         CREATE SUBSCRIPTION sub CONNECTION 'host=x' PUBLICATION p WITH (connect = false)",
    );
    let sidecar = limited_postgres(&postgres);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("1 large objects of app")
        .stderr_contains("options of user mappings of app")
        .stderr_contains("subscriptions of app");
    postgres.sql("app", "GRANT SELECT ON LARGE OBJECT 4711 TO limited");
    let allowed = ["role-passwords", "user-mappings", "subscriptions"];
    sidecar
        .set("strategy.config.allow_missing", json!(allowed))
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the passwords of the roles")
        .stderr_contains("not in the backup: subscriptions of app");
}

#[test]
fn a_database_that_cannot_be_connected_to_is_not_passed_over() {
    let postgres = postgres();
    postgres.sql(
        "postgres",
        "CREATE DATABASE archived ALLOW_CONNECTIONS false; CREATE DATABASE secret; REVOKE CONNECT ON DATABASE secret FROM PUBLIC",
    );
    postgres.sql("app", "CREATE TYPE mood AS ENUM ('good')");
    let sidecar =
        limited_postgres(&postgres).set("strategy.config.allow_missing", vec!["role-passwords"]);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("the database archived (it allows no connections)")
        .stderr_contains("GRANT CONNECT ON DATABASE \"secret\" TO \"limited\"");
    let allowed = ["role-passwords", "databases"];
    let sidecar = sidecar.set("strategy.config.allow_missing", json!(allowed));
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the database archived")
        .stderr_contains("not in the backup: the database secret");
    sidecar
        .set("strategy.config.databases", vec!["app", "secret"])
        .backup()
        .exits(1)
        .stderr_contains("the database secret");
}

#[test]
fn a_database_that_is_marked_as_a_template_is_saved() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE tenant IS_TEMPLATE true");
    postgres.sql("tenant", "CREATE SCHEMA data");
    let sidecar = keeping("postgres", &postgres.url(""))
        .set("strategy.config.env.PGPASSWORD", postgres.password());
    sidecar.backup().succeeds();
    postgres.sql("tenant", "CREATE TABLE later (i INT)");
    sidecar
        .run(&["restore", "latest", "--replace", "--only", "tenant"])
        .succeeds();
    let template = "SELECT datistemplate FROM pg_database WHERE datname = 'tenant'";
    assert_eq!(postgres.sql("postgres", template).stdout.trim(), "t");
}

#[test]
fn a_server_that_cannot_be_asked_is_named_and_no_command_line_is_shown() {
    for engine in ["postgres", "mysql", "mariadb", "redis"] {
        let scheme = if engine == "postgres" {
            "postgresql"
        } else {
            engine
        };
        let sidecar = keeping(engine, &format!("{scheme}://u:hidden@127.0.0.1:1/"));
        sidecar
            .backup()
            .exits(1)
            .stderr_contains(&format!("cannot ask {engine} at 127.0.0.1:1: "))
            .never_says("error: `")
            .never_says("hidden");
    }
    let sidecar = keeping("sqlite", "/nowhere/app.db");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("cannot ask sqlite at /nowhere/app.db: ");
}

#[test]
fn an_invalid_database_keeps_no_other_from_being_saved() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE TABLE t (i INT); CREATE DATABASE broken; UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'",
    );
    let sidecar = crate::engines_postgres::sidecar(&postgres);
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("not in the backup: the database broken");
    let index = index(&sidecar.artifacts().join("backup.dat"));
    assert_eq!(index["parts"][1]["part"], "postgres");
}

#[test]
fn a_redis_account_without_the_right_to_a_snapshot_is_told_which_it_needs() {
    let redis = Redis::start();
    redis.cli("set k v");
    redis.cli("acl setuser limited on '>l' '~nothing' +info");
    let sidecar = keeping(
        "redis",
        &format!("redis://limited:l@127.0.0.1:{}/", redis.port()),
    );
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("no permissions to run the 'sync' command");
    redis.cli("acl setuser limited +sync +psync +replconf");
    sidecar.backup().succeeds();
    let fresh = Redis::start();
    let into = format!("redis://127.0.0.1:{}/", fresh.port());
    sidecar
        .run(&["restore", "latest", "--into", &into])
        .succeeds();
    assert_eq!(redis.digest(), fresh.digest());
}
