//! The users of a MariaDB server: those that are missing are made, those that are there stay unless they are replaced, and a
//! drill touches none that it has not made.

use serde_json::json;

use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Sidecar};

const USERS: &str = "
CREATE DATABASE app; CREATE TABLE app.t (a INT, b INT); INSERT INTO app.t VALUES (1, 2);
CREATE ROLE readers; CREATE ROLE writers; GRANT readers TO writers; GRANT SELECT ON app.* TO readers;
CREATE USER app@'%' IDENTIFIED BY 'first' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5;
GRANT SELECT (a), UPDATE ON app.t TO app@'%' WITH GRANT OPTION; GRANT writers TO app@'%'; SET DEFAULT ROLE writers FOR app@'%';
CREATE USER `it's \"\\ 'x'`@localhost IDENTIFIED BY 'y' ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 30 DAY;
CREATE USER gone@'%' IDENTIFIED BY 'g'; GRANT EXECUTE ON app.* TO gone@'%'; GRANT INSERT ON app.* TO PUBLIC;
CREATE ROLE unowned; GRANT DELETE ON app.* TO unowned; GRANT unowned TO app@'%'; REVOKE unowned FROM CURRENT_USER;
CREATE SERVER other FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'db2', USER 'u', PASSWORD 'p');
";

/// What became of them since.
const CHANGED: &str = "
ALTER USER app@'%' IDENTIFIED BY 'second' REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 0 MAX_USER_CONNECTIONS 3 ACCOUNT LOCK;
REVOKE UPDATE ON app.t FROM app@'%'; GRANT DELETE ON app.* TO app@'%'; SET DEFAULT ROLE NONE FOR app@'%';
DROP USER gone@'%'; REVOKE INSERT ON app.* FROM PUBLIC;
ALTER SERVER other OPTIONS (HOST 'db3');
";

fn served() -> (MariaDb, Sidecar) {
    let mariadb = MariaDb::start();
    mariadb.sql("", USERS);
    let sidecar = keeping("mariadb", &mariadb.login());
    sidecar.backup().succeeds();
    (mariadb, sidecar)
}

/// Everything about users, roles, everyone and foreign servers.
fn all(mariadb: &MariaDb) -> String {
    let beside = "SELECT * FROM mysql.servers; SELECT * FROM mysql.roles_mapping ORDER BY 1, 2, 3; \
         SELECT * FROM mysql.db WHERE User = 'PUBLIC'";
    mariadb.users() + &mariadb.sql("", beside).stdout
}

const GLOBALS: [&str; 4] = ["restore", "latest", "--only", "globals"];

#[test]
fn users_roles_and_everyone_come_back_on_a_new_server_and_once_more_changes_nothing() {
    let (mariadb, sidecar) = served();
    let fresh = MariaDb::start();
    let login = fresh.login();
    let into = ["restore", "latest", "--into", &login];
    sidecar.run(&into).succeeds().stdout_contains(" users made");
    // A role belongs to the one who has made it at the source, and is not given to everyone by the dump tool.
    let public = "SELECT COUNT(*) FROM mysql.db WHERE User = 'PUBLIC'";
    assert_eq!(fresh.users(), mariadb.users());
    assert_eq!(
        fresh.sql("", public).stdout,
        "0\n",
        "everyone is there already"
    );
    let again = [&GLOBALS[..], &["--into", &login, "--replace"]].concat();
    sidecar.run(&again).succeeds();
    assert_eq!(all(&fresh), all(&mariadb));
    sidecar
        .run(&[&GLOBALS[..], &["--into", &fresh.login()]].concat())
        .succeeds()
        .never_says("not as in the backup");
    assert_eq!(all(&fresh), all(&mariadb));
}

#[test]
fn a_user_that_is_there_stays_as_it_is_unless_it_is_replaced() {
    let (mariadb, sidecar) = served();
    let before = all(&mariadb);
    mariadb.sql("", CHANGED);
    let changed = all(&mariadb);
    sidecar
        .run(&GLOBALS)
        .succeeds()
        .stdout_contains("left as they are and not as in the backup: app@%")
        .stdout_contains("the foreign server other")
        .stdout_contains("PUBLIC")
        .stdout_contains("--replace makes them so");
    mariadb.sql("", "DROP USER gone@'%'");
    assert_eq!(
        all(&mariadb),
        changed,
        "the one that was missing was made, and nothing else"
    );

    sidecar
        .run(&[&GLOBALS[..], &["--replace"]].concat())
        .succeeds()
        .stdout_contains("there with more than in the backup: app@%;");
    mariadb.sql("", "REVOKE DELETE ON app.* FROM app@'%'");
    assert_eq!(all(&mariadb), before);
}

#[test]
fn the_account_that_restores_gets_its_own_password_last_and_only_if_it_is_replaced() {
    let (_mariadb, sidecar) = served();
    let fresh = MariaDb::start();
    fresh.sql("", "SET PASSWORD FOR backup@'%' = PASSWORD('another')");
    let into = fresh.url().replace("backup@", "backup:another@");
    let restore = ["restore", "latest", "--into", &into];
    sidecar
        .run(&restore)
        .succeeds()
        .stdout_contains("backup@%")
        .never_says("another");
    sidecar
        .run(&[&restore[..], &["--replace"]].concat())
        .succeeds();
    // The harness uses the password of the backup.
    assert_eq!(fresh.sql("app", "SELECT a FROM t").stdout, "1\n");
}

#[test]
fn a_drill_changes_no_user_that_is_there_and_removes_those_that_drills_have_made() {
    let (mariadb, sidecar) = served();
    let scratch = MariaDb::start();
    scratch.sql(
        "",
        "CREATE USER app@'%' IDENTIFIED BY 'mine'; CREATE ROLE readers; GRANT SELECT ON *.* TO app@'%'; \
         CREATE SERVER other FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'mine')",
    );
    let mine = "SHOW CREATE USER app@'%'; SHOW GRANTS FOR app@'%'; SHOW GRANTS FOR readers; SHOW GRANTS FOR backup@'%'; \
         SELECT Host FROM mysql.servers";
    let before = scratch.sql("", mine).stdout;
    let sidecar = sidecar.set("drill", json!({"into": scratch.login(), "check": ["true"]}));
    sidecar
        .run(&["drill"])
        .succeeds()
        .stdout_contains("a drill changes no user that is there");
    assert_eq!(scratch.sql("", mine).stdout, before);
    let there = "SELECT CONCAT(User, IF(is_role = 'Y', ' role', '')) FROM mysql.user WHERE User IN ('gone', 'writers', 'it''s \"\\\\ ''x''') \
         ORDER BY 1";
    let made = scratch.sql("", there).stdout;
    assert_eq!(made.lines().count(), 3, "{made}");

    // One is gone from the backup, and one has been changed by a person since.
    mariadb.sql("", "DROP USER gone@'%'; DROP ROLE writers");
    sidecar.backup().succeeds();
    scratch.sql("", "GRANT INSERT ON app.* TO writers");
    sidecar.run(&["drill"]).succeeds();
    let made = scratch.sql("", there).stdout;
    assert_eq!(made, "it's \"\\\\ 'x'\nwriters role\n");
    assert_eq!(scratch.sql("", mine).stdout, before);
}
