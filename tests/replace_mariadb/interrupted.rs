//! Kill points and failures along a replace.

use std::process::Command;

use rustix::process::Signal;

use super::client::{KILL, REAL, client, with_client};
use super::{REPLACE, dumped, leftovers, served, sidecar, spoil, whole};
use crate::harness::{Daemon, MariaDb, Sidecar};

/// Tables and rows.
fn rows(mariadb: &MariaDb) -> String {
    let tables = "SELECT GROUP_CONCAT(CONCAT('--ignore-table=shop.', TABLE_NAME) SEPARATOR ' ') FROM information_schema.VIEWS \
         WHERE TABLE_SCHEMA = 'shop'";
    let views = mariadb.sql("", tables).stdout;
    let views = views.trim().replace("NULL", "");
    dumped(
        mariadb,
        "shop",
        &format!("--skip-triggers --dump-history {views}"),
    )
}

/// Old and new, as rows and as a whole.
struct States {
    old: [String; 2],
    new: [String; 2],
}

fn states(mariadb: &MariaDb, sidecar: &Sidecar) -> States {
    let new = [rows(mariadb), whole(mariadb, "shop")];
    sidecar.backup().succeeds();
    spoil(mariadb);
    let old = [rows(mariadb), whole(mariadb, "shop")];
    States { old, new }
}

impl States {
    /// What was restored is old or new already; the next restore, of something else, makes it whole.
    fn are_left(&self, mariadb: &MariaDb, sidecar: &Sidecar, after: &str) -> bool {
        let now = rows(mariadb);
        let is_new = now == self.new[0];
        assert!(is_new || now == self.old[0], "torn {after}: {now}");
        let other = ["restore", "latest", "--only", "other", "--replace"];
        sidecar.run(&other).succeeds();
        let expected = if is_new { &self.new[1] } else { &self.old[1] };
        assert_eq!(&whole(mariadb, "shop"), expected, "{after}");
        assert_eq!(leftovers(mariadb), "", "{after}");
        is_new
    }
}

#[test]
fn killed_at_any_step_it_is_the_old_or_the_new_one_and_the_next_restore_tidies() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    let count = sidecar.folder().join("count");
    let at = sidecar.folder().join("at");
    // Before or after the client's call of this number.
    let script = format!(
        "{KILL}\nn=$(($(cat {count} 2>/dev/null || echo 0) + 1)); echo $n >{count}\n\
         read at when <{at}\n[ $n = $at ] && [ $when = before ] && kill_sidecar\n\"$REAL\" \"$@\" || exit\n\
         [ $n = $at ] && kill_sidecar; exit 0",
        count = count.display(),
        at = at.display(),
    );
    std::fs::write(&at, "0 never").unwrap();
    client(&sidecar, &script);
    let (mut old, mut new) = (0, 0);
    for step in (8..).step_by(3) {
        let when = ["before", "after"][step % 2];
        std::fs::write(&count, "0").unwrap();
        std::fs::write(&at, format!("{step} {when}")).unwrap();
        let killed = sidecar.run(&REPLACE);
        std::fs::write(&at, "0 never").unwrap();
        if killed.code.is_some() {
            killed.succeeds();
            break;
        }
        let after = format!("{when} step {step}");
        if states.are_left(&mariadb, &sidecar, &after) {
            new += 1;
            spoil(&mariadb);
        } else {
            old += 1;
        }
    }
    assert!(old >= 5 && new >= 5, "{old} old, {new} new");
    assert_eq!(whole(&mariadb, "shop"), states.new[1]);
}

#[test]
fn a_server_that_is_killed_while_it_swaps_has_the_old_or_the_new_one() {
    let mut mariadb = served();
    let many: String = (0..150)
        .map(|n| format!("CREATE TABLE many{n} (i INT); INSERT INTO many{n} VALUES ({n});"))
        .collect();
    mariadb.sql("shop", &many);
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    for tenths in [0, 1, 3] {
        // Some tenths of a second into the statement: there is no event in it to wait for.
        let script = format!(
            "case \"$SIDE_CAR_SQL\" in *'EXECUTE swap'*) {{ sleep 0.{tenths}; kill -9 {}; }} & \"$REAL\" \"$@\"; \
             code=$?; wait; exit $code;; esac; {REAL}",
            mariadb.pid()
        );
        client(&sidecar, &script);
        sidecar.run(&REPLACE).exits(1);
        client(&sidecar, REAL);
        mariadb.start_again();
        if states.are_left(&mariadb, &sidecar, &format!("after {tenths} tenths")) {
            spoil(&mariadb);
        }
    }
}

#[test]
fn a_failing_load_leaves_the_old_one_and_nothing_beside() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    for script in [
        // The load, the second half of its rows, the check, the swap.
        "[ \"$SIDE_CAR_BEFORE\" ] && { head -c 900 >/dev/null; echo 'ERROR 1114 (HY000): The table is full' >&2; exit 1; }; exec \"$REAL\" \"$@\"",
        "[ \"$SIDE_CAR_BEFORE\" ] && { head -c 1200 | \"$REAL\" \"$@\" >/dev/null 2>&1; echo 'ERROR 2013' >&2; exit 1; }; exec \"$REAL\" \"$@\"",
        "[ \"$SIDE_CAR_BEFORE\" ] && { cat >/dev/null; exit 0; }; exec \"$REAL\" \"$@\"",
        "case \"$SIDE_CAR_SQL\" in *'EXECUTE swap'*) echo 'ERROR 1 (HY000)' >&2; exit 1;; esac; exec \"$REAL\" \"$@\"",
    ] {
        client(&sidecar, script);
        sidecar.run(&REPLACE).exits(1);
        assert_eq!(whole(&mariadb, "shop"), states.old[1], "{script}");
        assert_eq!(leftovers(&mariadb), "", "{script}");
    }
    client(&sidecar, REAL);
    sidecar.run(&REPLACE).succeeds();
    assert_eq!(whole(&mariadb, "shop"), states.new[1]);
}

#[test]
fn a_cancelled_restore_leaves_the_old_one_and_the_next_tidies() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    let gate = sidecar.gate("load");
    client(
        &sidecar,
        &format!("[ \"$SIDE_CAR_BEFORE\" ] && {{ {}; }}; {REAL}", gate.wait()),
    );
    let running = sidecar.start(&REPLACE);
    let _open = gate.reached();
    assert_ne!(leftovers(&mariadb), "", "it is being built beside");
    running.end_with(Signal::TERM).exits(143);
    client(&sidecar, REAL);
    assert!(!states.are_left(&mariadb, &sidecar, "cancelled"));
}

/// A session that is in the middle of a transaction, after `statement`.
fn holder(mariadb: &MariaDb, statement: &str) -> Daemon {
    let mut command = Command::new("sh");
    let script = format!(
        "(echo 'BEGIN; {statement}; SELECT COUNT(*) >= 0 FROM shop.t;'; sleep 600) | MYSQL_PWD={} mariadb --no-defaults -N --unbuffered -ubackup -h127.0.0.1 -P{}",
        mariadb.password(),
        mariadb.port()
    );
    command.args(["-c", &script]);
    let mut session = Daemon::start(command);
    session.await_line(|line| (line == "1").then_some(()));
    session
}

#[test]
fn who_holds_the_database_is_named_after_a_bounded_wait_and_ended_only_if_that_is_accepted() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    mariadb.sql("", "CREATE DATABASE notes; CREATE TABLE notes.n (a INT)");
    // Only looked at here, and changed elsewhere: it would lose that.
    let _holder = holder(&mariadb, "INSERT INTO notes.n VALUES (1)");
    let waiting = [&REPLACE[..], &["--wait", "1"]].concat();
    sidecar
        .run(&waiting)
        .exits(1)
        .stderr_contains("shop was in use for 1 s, and is as it was")
        .stderr_contains("of backup from ")
        .stderr_contains("--accept end-sessions")
        .ends_within(std::time::Duration::from_secs(30));
    assert_eq!(whole(&mariadb, "shop"), states.old[1]);
    assert_eq!(leftovers(&mariadb), "");
    sidecar
        .run(&[&waiting[..], &["--accept", "end-sessions"]].concat())
        .succeeds()
        .stderr_contains("ending session");
    assert_eq!(whole(&mariadb, "shop"), states.new[1]);
    assert_eq!(leftovers(&mariadb), "");
}

#[test]
fn a_silent_session_that_changed_nothing_is_ended_after_the_wait() {
    let mariadb = served();
    let sidecar = with_client(sidecar(&mariadb));
    let states = states(&mariadb, &sidecar);
    let _holder = holder(&mariadb, "SELECT 1 INTO @one");
    sidecar
        .run(&[&REPLACE[..], &["--wait", "2"]].concat())
        .succeeds()
        .stderr_contains("ending session");
    assert_eq!(whole(&mariadb, "shop"), states.new[1]);
    assert_eq!(leftovers(&mariadb), "");
}
