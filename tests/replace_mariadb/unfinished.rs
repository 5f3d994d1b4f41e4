//! A restore that was killed after it had begun to change what is live: until the next one has finished it, there is no
//! backup that looks whole.

use super::client::{KILL, REAL, client, with_client};
use super::{REPLACE, leftovers, served, sidecar, spoil, whole};

const OTHER: [&str; 5] = ["restore", "latest", "--only", "other", "--replace"];
const WORDS: &str = "a restore of shop is at work, or was killed in the middle";

/// Whether `check` and `backup` say it.
#[track_caller]
fn is_told(sidecar: &crate::harness::Sidecar) {
    sidecar.check().exits(3).stderr_contains(WORDS);
    sidecar
        .backup()
        .exits(1)
        .stderr_contains(WORDS)
        .stderr_contains("the next restore finishes it");
}

#[test]
fn without_its_triggers_the_old_one_is_no_backup_until_the_next_restore_puts_them_back() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    sidecar.backup().succeeds();
    spoil(&mariadb);
    let old = whole(&mariadb, "shop");
    // The server gets what comes before the tables are renamed.
    let script = format!(
        "{KILL}\ncase \"$SIDE_CAR_SQL\" in *'EXECUTE swap'*) sed '/^UNLOCK TABLES/q' | \"$REAL\" \"$@\"; kill_sidecar;; esac; {REAL}"
    );
    client(&sidecar, &script);
    assert_eq!(sidecar.run(&REPLACE).code, None);
    client(&sidecar, REAL);
    let triggers = "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'";
    assert_eq!(mariadb.sql("", triggers).stdout, "0\n");
    is_told(&sidecar);
    sidecar.run(&OTHER).succeeds();
    assert_eq!(whole(&mariadb, "shop"), old);
    assert_eq!(leftovers(&mariadb), "");
    sidecar.backup().succeeds();
}

#[test]
fn without_its_code_the_new_one_is_no_backup_until_the_next_restore_has_made_it() {
    let mariadb = served();
    let new = whole(&mariadb, "shop");
    let sidecar = with_client(sidecar(&mariadb));
    sidecar.backup().succeeds();
    spoil(&mariadb);
    let script = format!(
        "{KILL}\ncase \"$SIDE_CAR_SQL\" in *'EXECUTE swap'*) \"$REAL\" \"$@\"; kill_sidecar;; esac; {REAL}"
    );
    client(&sidecar, &script);
    assert_eq!(sidecar.run(&REPLACE).code, None);
    client(&sidecar, REAL);
    is_told(&sidecar);
    sidecar.run(&OTHER).succeeds();
    assert_eq!(whole(&mariadb, "shop"), new);
    sidecar.backup().succeeds();
}

#[test]
fn what_was_killed_while_nothing_was_changed_keeps_no_backup_from_being_made() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    sidecar.backup().succeeds();
    let script = format!("{KILL}\n[ \"$SIDE_CAR_BEFORE\" ] && kill_sidecar; {REAL}");
    client(&sidecar, &script);
    assert_eq!(sidecar.run(&REPLACE).code, None);
    client(&sidecar, REAL);
    assert_ne!(leftovers(&mariadb), "");
    sidecar.backup().succeeds();
}

#[test]
fn a_database_that_was_filled_where_it_is_and_not_to_its_end_is_no_backup() {
    let mariadb = served();
    mariadb.sql(
        "",
        "CREATE USER owner@'%' IDENTIFIED BY 'p'; GRANT ALL ON shop.* TO owner@'%'",
    );
    let sidecar = with_client(sidecar(&mariadb));
    sidecar.backup().succeeds();
    let into = mariadb.url().replace("backup@", "owner:p@");
    let owner = sidecar.set("strategy.config.url", into.as_str());
    let script = format!("{KILL}\n[ \"$SIDE_CAR_BEFORE\" ] && kill_sidecar; {REAL}");
    client(&owner, &script);
    let accepted = ["--accept", "own-definer", "--accept", "in-place"];
    let replace = [&REPLACE[..], &accepted].concat();
    assert_eq!(owner.run(&replace).code, None);
    client(&owner, REAL);
    let sidecar = owner.set("strategy.config.url", mariadb.url());
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("all that shop is to hold")
        .stderr_contains("restore it again with --replace");
    sidecar.run(&REPLACE).succeeds();
    sidecar.backup().succeeds();
}
