//! A restore over a living PostgreSQL database that ends at the wrong moment: what is there is the old one or
//! the new one, whole, and the next restore leaves nothing of the one before.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;

use crate::engines_postgres::sidecar as of_postgres;
use crate::engines_restore::{dump, keeping};
use crate::harness::{Finished, Gate, Postgres, Running, Sidecar, sh, within};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What lives in a database, and what belongs to it.
const SHOP: &str = r#"
CREATE ROLE readers; CREATE ROLE app LOGIN;
CREATE DATABASE shop OWNER app CONNECTION LIMIT 33;
COMMENT ON DATABASE shop IS 'the "shop"';
REVOKE ALL ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO readers WITH GRANT OPTION;
ALTER DATABASE shop SET work_mem = '9MB';
ALTER ROLE app IN DATABASE shop SET search_path = x, public;
"#;
const GOODS: &str = "
CREATE SCHEMA goods; CREATE TYPE goods.size AS ENUM ('s', 'm');
CREATE TABLE goods.all (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size goods.size, text text);
INSERT INTO goods.all (size, text) SELECT 's', md5(i::text) || md5((i + 1)::text) FROM generate_series(1, 20000) i;
CREATE TABLE goods.sold (id int REFERENCES goods.all, at date DEFAULT '2026-01-01');
INSERT INTO goods.sold SELECT generate_series(1, 1000);
CREATE INDEX ON goods.sold (at); CREATE VIEW goods.few AS SELECT * FROM goods.all WHERE id < 10;
CREATE FUNCTION goods.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT lo_from_bytea(4711, 'a large object');
";
const SINCE: &str = "DELETE FROM goods.sold WHERE id % 2 = 0; CREATE TABLE goods.since (x int); \
     INSERT INTO goods.since VALUES (1); SELECT lo_unlink(4711)";

/// Where a tool of the restore stops until the test lets it go on.
enum Stop {
    /// Before psql gets SQL with this text.
    Before(&'static str),
    /// After it.
    After(&'static str),
    /// In the transaction of the swap, both names changed.
    InTheSwap,
    /// In the middle of the archive.
    Loading,
    /// Between the archive and what comes next.
    Loaded,
}

/// A database that is restored over, and what it was and will be.
struct Patient {
    postgres: Postgres,
    sidecar: Sidecar,
    gate: Gate,
    old: String,
    new: String,
}

impl Patient {
    fn prepare() -> Self {
        Self::on(Postgres::start())
    }

    fn on(postgres: Postgres) -> Self {
        postgres.sql("postgres", SHOP);
        postgres.sql("shop", GOODS);
        let sidecar = keeping(of_postgres(&postgres)).set("strategy.config.databases", "shop");
        let tools = sidecar.folder().join("tools");
        fs::create_dir(&tools).unwrap();
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let sidecar = sidecar.env("PATH", &path);
        sidecar.backup().succeeds();
        let new = dump(&postgres, "shop");
        postgres.sql("shop", SINCE);
        Self {
            old: dump(&postgres, "shop"),
            gate: sidecar.gate("gate"),
            new,
            postgres,
            sidecar,
        }
    }

    /// Puts a script in front of a tool; `real` in it is the tool itself.
    fn stand_in(&self, tool: &str, script: &str) {
        let path = self.sidecar.folder().join("tools").join(tool);
        fs::write(
            &path,
            format!("#!/bin/sh\nreal=/usr/bin/{tool}\n{script}\nexec $real \"$@\"\n"),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn tools_are_themselves_again(&self) {
        for tool in ["psql", "pg_restore"] {
            // Not every test has put both aside.
            let _ = fs::remove_file(self.sidecar.folder().join("tools").join(tool));
        }
    }

    fn stop_at(&self, stop: &Stop) {
        self.tools_are_themselves_again();
        let wait = format!("{} >/dev/null", self.gate.wait());
        let psql = |text: &str, script: &str| {
            let case = format!("case \"$SIDE_CAR_SQL\" in *'{text}'*) {script};; esac");
            self.stand_in("psql", &case);
        };
        let pg_restore = |script: &str| {
            self.stand_in(
                "pg_restore",
                &format!("case \"$*\" in *--dbname*) {script};; esac"),
            );
        };
        match stop {
            Stop::Before(text) => psql(text, &wait),
            Stop::After(text) => {
                psql(text, &format!("$real \"$@\"; code=$?; {wait}; exit $code"));
            }
            // psql itself waits there: it may not have connected when all was written to it.
            Stop::InTheSwap => psql(
                "RENAME TO",
                &format!(
                    "{{ sed 's/^ *COMMIT;$//' && printf '%s\\n' \"\\! {wait}\" && echo 'COMMIT;'; }} | $real \"$@\"; exit"
                ),
            ),
            Stop::Loading => {
                pg_restore(&format!(
                    "{{ head -c 300000; {wait}; cat; }} | $real \"$@\"; exit"
                ));
            }
            Stop::Loaded => pg_restore(&format!("$real \"$@\"; code=$?; {wait}; exit $code")),
        }
    }

    fn restore(&self) -> Running {
        self.sidecar
            .start(&["restore", "latest", "--only", "shop", "--replace"])
    }

    /// kill -9 of the sidecar and all that it has started.
    fn killed_at(&self, stop: &Stop) {
        self.stop_at(stop);
        let running = self.restore();
        let open = self.gate.reached();
        within(TIME_LIMIT, "an end of all processes", || {
            let processes = self.sidecar.processes();
            let ids: Vec<String> = processes.iter().map(|(id, _)| id.to_string()).collect();
            // One may be gone before its turn.
            sh(&format!("kill -9 {} 2>/dev/null", ids.join(" ")));
            processes.is_empty().then_some(())
        });
        drop((open, running));
        self.tools_are_themselves_again();
    }

    /// Databases that a restore has made.
    fn left(&self) -> String {
        let names = "SELECT datname FROM pg_database WHERE datname ~ '^sidecar' ORDER BY 1";
        self.postgres.sql("postgres", names).stdout
    }

    #[track_caller]
    fn is_the_old_one(&self) {
        compared("the old one", &dump(&self.postgres, "shop"), &self.old);
    }

    #[track_caller]
    fn is_the_new_one(&self) {
        compared("the new one", &dump(&self.postgres, "shop"), &self.new);
    }

    /// The next restore ends well and leaves nothing of the one before.
    #[track_caller]
    fn next_restore_tidies(&self) {
        self.tools_are_themselves_again();
        self.restore().finish().succeeds();
        self.is_the_new_one();
        assert_eq!(self.left(), "");
    }

    /// Makes it the old one again.
    fn goes_on_living(&self) {
        self.postgres.sql("shop", SINCE);
        self.is_the_old_one();
    }
}

/// Tells the first lines in which two dumps differ: whole they are thousands of lines.
#[track_caller]
fn compared(which: &str, there: &str, wanted: &str) {
    let mut lines = there.lines().zip(wanted.lines());
    let different = lines.find(|(there, wanted)| there != wanted);
    assert!(there == wanted, "not {which}: {different:?}");
}

#[test]
fn killed_before_the_swap_the_old_one_is_untouched() {
    let patient = Patient::prepare();
    let foreign = "CREATE DATABASE sidecar_old_aaaaaaaaaa; CREATE DATABASE sidecar_new_mine; \
         COMMENT ON DATABASE sidecar_new_mine IS 'sidecar new of=shop'";
    for stop in [
        Stop::Before("CREATE DATABASE"),
        Stop::After("CREATE DATABASE"),
        Stop::Loading,
        Stop::Loaded,
        Stop::Before("the archive lists nothing"),
        Stop::After("ANALYZE"),
        Stop::After("sidecar.facts"),
        Stop::Before("RENAME TO"),
        Stop::InTheSwap,
    ] {
        patient.killed_at(&stop);
        patient.is_the_old_one();
        patient.next_restore_tidies();
        patient.goes_on_living();
    }
    // What only has such a name, or only such a comment, belongs to the operator.
    patient
        .postgres
        .sql("postgres", &foreign.replace("; ", ";\n"));
    patient.restore().finish().succeeds();
    assert_eq!(patient.left(), "sidecar_new_mine\nsidecar_old_aaaaaaaaaa\n");
}

#[test]
fn killed_after_the_swap_the_new_one_is_whole() {
    let patient = Patient::prepare();
    for stop in [
        Stop::After("RENAME TO"),
        Stop::Before("DROP DATABASE IF EXISTS \"sidecar_old_"),
        Stop::After("DROP DATABASE IF EXISTS \"sidecar_old_"),
    ] {
        patient.killed_at(&stop);
        patient.is_the_new_one();
        patient.next_restore_tidies();
        patient.goes_on_living();
    }
}

#[test]
fn a_server_that_crashes_has_the_old_one_or_the_new_one() {
    let mut patient = Patient::prepare();
    for (stop, code) in [
        (Stop::Loading, 1),
        (Stop::InTheSwap, 1),
        (Stop::After("RENAME TO"), 0),
        (Stop::Before("DROP DATABASE IF EXISTS \"sidecar_old_"), 0),
    ] {
        // A recovery takes a sequence on by what it has promised since the last checkpoint.
        patient.postgres.sql("postgres", "CHECKPOINT");
        patient.stop_at(&stop);
        let running = patient.restore();
        let open = patient.gate.reached();
        patient.postgres.crash();
        drop(open);
        running.finish().exits(code);
        match code {
            0 => patient.is_the_new_one(),
            _ => patient.is_the_old_one(),
        }
        assert_eq!(patient.left(), "", "the restore itself has tidied");
        patient.next_restore_tidies();
        patient.goes_on_living();
    }
}

#[test]
fn a_cancelled_restore_leaves_the_old_one() {
    let patient = Patient::prepare();
    for stop in [Stop::Loading, Stop::InTheSwap] {
        patient.stop_at(&stop);
        let running = patient.restore();
        let open = patient.gate.reached();
        running.end_with(Signal::INT).exits(130);
        drop(open);
        patient.is_the_old_one();
        patient.next_restore_tidies();
        patient.goes_on_living();
    }
}

/// A restore that fails by itself, and has tidied already.
#[track_caller]
fn fails(patient: &Patient, says: &str) -> Finished {
    let finished = patient.restore().finish().exits(1).stderr_contains(says);
    patient.is_the_old_one();
    assert_eq!(patient.left(), "");
    finished
}

#[test]
fn what_fails_before_the_swap_costs_nothing() {
    let patient = Patient::prepare();
    // An archive that ends early, a tool that dies, rows that were refused, something that was not restored.
    for (script, says) in [
        ("head -c 300000 | $real \"$@\"; exit", "pg_restore"),
        ("$real \"$@\"; kill -9 $$", ""),
        ("$real --section=pre-data \"$@\"; exit 0", "less than"),
    ] {
        let script = format!("case \"$*\" in *--dbname*) {script};; esac");
        patient.stand_in("pg_restore", &script);
        let says = says.replace("less than", "the archive lists more than was restored");
        fails(&patient, &says);
    }
    patient.tools_are_themselves_again();
    // The session of the swap is ended by an administrator.
    patient.stop_at(&Stop::InTheSwap);
    let running = patient.restore();
    let open = patient.gate.reached();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE state = 'idle in transaction' AND query ~ 'COMMENT ON DATABASE'";
    within(TIME_LIMIT, "a session in the swap", || {
        (patient.postgres.sql("postgres", end).stdout == "1\n").then_some(())
    });
    drop(open);
    running.finish().exits(1);
    patient.is_the_old_one();
    assert_eq!(patient.left(), "");
    patient.next_restore_tidies();
}
