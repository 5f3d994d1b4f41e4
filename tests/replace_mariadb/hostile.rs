//! What an unprivileged account may write anywhere, restored by root: no account gets a right, no command runs.

use std::fmt::Write as _;
use std::path::Path;

use super::{sidecar, whole};
use crate::harness::MariaDb;

const GRANT: &str = "GRANT ALL ON *.* TO low@'%'; INSERT INTO `mysql`.`db` (User) VALUES ('low');";

/// Lines that a client takes for its own commands, and for the end of a statement.
fn evil(mark: &Path) -> String {
    let mark = mark.display();
    format!(
        "x'`\"*/ ;;\nDELIMITER ;\n\\! touch {mark}\nsystem touch {mark}\nsource /etc/passwd\n{GRANT}\n-- \n/*! {GRANT} */\n\
         /*M!999999\\- */ delimiter //\n{GRANT}//\n\\"
    )
}

fn name(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A statement as the account's own program sends it, with this mode and character set.
fn sent(mode: &str, charset: &str, statement: &[u8]) -> String {
    let mut hex = String::new();
    for byte in statement {
        write!(hex, "{byte:02x}").unwrap();
    }
    format!(
        "SET sql_mode = '{mode}'; SET @s = X'{hex}'; SET character_set_client = {charset}; PREPARE s FROM @s; EXECUTE s; \
         SET character_set_client = utf8mb4;\n"
    )
}

/// Code whose end the client and the server see in different places.
fn codes(mark: &Path) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let evil = evil(mark);
    let quoted = |first: &[u8]| {
        [
            b"SELECT '",
            first,
            b"' -- ' ;; ",
            GRANT.as_bytes(),
            b" ;;\n",
        ]
        .concat()
    };
    vec![
        (
            "",
            "utf8mb4",
            format!("SELECT {}", text(&evil)).into_bytes(),
        ),
        (
            "",
            "utf8mb4",
            format!("SELECT 1 /* ;;\n\\! touch {}\n{GRANT} */", mark.display()).into_bytes(),
        ),
        (
            "",
            "utf8mb4",
            format!("SELECT 1 /*!99999 ;; {GRANT} ;; */").into_bytes(),
        ),
        (
            "ANSI_QUOTES",
            "utf8mb4",
            format!("SELECT 1 AS \"x\\\" -- \" ;; {GRANT} ;;\n").into_bytes(),
        ),
        (
            "ANSI_QUOTES",
            "utf8mb4",
            "SELECT 1 AS \"\ndelimiter //\n\"".into(),
        ),
        ("NO_BACKSLASH_ESCAPES", "utf8mb4", quoted(b"x\\")),
        ("", "sjis", quoted(b"\x95\x5c")),
        ("", "big5", quoted(b"\xa4\x5c")),
        ("", "gbk", quoted(b"\x95\x5c")),
    ]
}

/// Every field that the owner of a database may fill.
fn planted(mark: &Path) -> String {
    let evil = evil(mark);
    let short = "e'`\"*/;\n\\! id\n;;";
    let named = |suffix: &str| name(&format!("{short}{suffix}"));
    let all = text(&evil);
    let mut sql = sent(
        "",
        "utf8mb4",
        format!(
            "CREATE TABLE {} ({} INT COMMENT {all}, b VARCHAR(900) DEFAULT {all}, e ENUM({}), g VARCHAR(1900) AS (CONCAT(b, {all})) VIRTUAL, \
             CONSTRAINT {} CHECK (b <> {all}), KEY {} (e) COMMENT {all}) COMMENT={all} PARTITION BY RANGE COLUMNS (b) \
             (PARTITION {} VALUES LESS THAN ({}) COMMENT={all}, PARTITION rest VALUES LESS THAN (MAXVALUE))",
            named(""), named("c"), text(short), named("h"), named("k"), named("p"), text(short)
        )
        .as_bytes(),
    );
    let statements = [
        // Of its own, because the server reads the expressions above in the mode of the session that opens the table.
        format!("CREATE TABLE {} (a INT)", named("t")),
        format!(
            "INSERT INTO {} (b) VALUES ({})",
            named(""),
            text(&format!("{evil} more"))
        ),
        format!(
            "CREATE VIEW {} AS SELECT {all} AS {} FROM {}",
            named("v"),
            named("w"),
            named("")
        ),
        format!(
            "CREATE PROCEDURE {}({} INT) COMMENT {all} SELECT 1",
            named("r"),
            named("a")
        ),
        format!("CREATE SEQUENCE {}", named("s")),
        // The dump tool itself cannot dump an event with ";;" in it.
        format!(
            "CREATE EVENT `e'``;\n\\! id` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' COMMENT 'x'';\n\\! id' DO SELECT {}",
            text(&evil.replace(";;", ";"))
        ),
    ];
    for statement in &statements {
        sql += &sent("", "utf8mb4", statement.as_bytes());
    }
    for (n, (mode, charset, code)) in codes(mark).into_iter().enumerate() {
        let before = format!("CREATE PROCEDURE p{n}() ");
        sql += &sent(mode, charset, &[before.as_bytes(), &code].concat());
        let before = format!(
            "CREATE TRIGGER t{n} BEFORE INSERT ON {} FOR EACH ROW BEGIN IF 0 THEN SET @x = (",
            named("t")
        );
        sql += &sent(
            mode,
            charset,
            &[before.as_bytes(), &code, b"); END IF; END"].concat(),
        );
        let event = String::from_utf8_lossy(&code).contains(";;");
        if !event {
            let before =
                format!("CREATE EVENT e{n} ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO ");
            sql += &sent(mode, charset, &[before.as_bytes(), &code].concat());
        }
    }
    sql
}

#[test]
fn hostile_values_in_every_field_are_restored_by_root_and_do_nothing() {
    let mariadb = MariaDb::start();
    mariadb.sql(
        "",
        "CREATE DATABASE shop; CREATE USER low@'%' IDENTIFIED BY 'p'; GRANT ALL ON shop.* TO low@'%'",
    );
    let sidecar = sidecar(&mariadb);
    let mark = sidecar.folder().join("pwned");
    mariadb.sql_as("low", "p", "shop", &planted(&mark));
    sidecar.backup().succeeds();
    let fresh = MariaDb::start();
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    assert!(!mark.exists(), "a command ran");
    assert_eq!(
        fresh.users(),
        mariadb.users(),
        "an account got other rights"
    );
    assert_eq!(whole(&fresh, "shop"), whole(&mariadb, "shop"));
    let objects = "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop'; \
         SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'";
    assert_eq!(fresh.sql("", objects).stdout, "10\n9\n");
    // Once more, over what is there.
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login(), "--replace"])
        .succeeds();
    assert!(!mark.exists(), "a command ran");
    assert_eq!(fresh.users(), mariadb.users());
    assert_eq!(whole(&fresh, "shop"), whole(&mariadb, "shop"));
    assert_eq!(
        fresh.sql("", "SHOW DATABASES").stdout,
        mariadb.sql("", "SHOW DATABASES").stdout
    );
}

#[test]
fn what_another_account_may_have_planted_for_the_next_restore_is_not_executed() {
    let mariadb = super::served();
    let sidecar = sidecar(&mariadb);
    sidecar.backup().succeeds();
    mariadb.sql(
        "",
        r"CREATE USER low@'%' IDENTIFIED BY 'p'; GRANT ALL ON `sidecar\_%`.* TO low@'%'",
    );
    let before = mariadb.users();
    // As a restore leaves it that was killed after its swap.
    mariadb.sql_as(
        "low",
        "p",
        "",
        "CREATE DATABASE sidecar_old_aaaaaaaaaa; USE sidecar_old_aaaaaaaaaa; CREATE TABLE sidecar_done_aaaaaaaaaa (i INT); \
         CREATE TABLE sidecar_swap_aaaaaaaaaa AS SELECT 'shop' AS target, 'utf8mb4' AS charset, 'utf8mb4_bin' AS collation, NULL AS comment; \
         CREATE TABLE sidecar_objects_aaaaaaaaaa AS SELECT 1 AS n, 0 AS is_live, 'PROCEDURE' AS kind, 'x' AS name, \
         'GRANT ALL ON *.* TO low@\"%\"' AS definition, '' AS sql_mode, '' AS client_charset, '' AS connection_collation, \
         '' AS database_collation, '' AS time_zone",
    );
    sidecar
        .run(&super::REPLACE)
        .exits(1)
        .stderr_contains("low@% may write there")
        .stderr_contains("--accept shared-names");
    assert_eq!(mariadb.users(), before);
}
