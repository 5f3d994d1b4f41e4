#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::ops::Range;
use std::path::Path;

use jiff::Timestamp;

use super::*;

fn run(id: &str) -> Run {
    Run {
        id: id.to_owned(),
        kind: RunKind::Backup,
        state: RunState::Queued,
        strategy: "custom".to_owned(),
        member: None,
        set_id: None,
        backup: None,
        asked_by: "command line".to_owned(),
        drive_folder_id: Some("folder".to_owned()),
        idempotency_key: Some(format!("key of {id}")),
        fingerprint: Some("of what was asked for".to_owned()),
        // The file keeps microseconds.
        queued_at: Timestamp::from_microsecond(clock::now().as_microsecond()).unwrap(),
        started_at: None,
        finished_at: None,
        duration_ms: None,
        artifact: None,
        error: None,
        delivered_at: None,
        parts: Vec::new(),
        warnings: Vec::new(),
    }
}

fn artifact() -> RunArtifact {
    RunArtifact {
        path: "/artifacts/backup.dat".into(),
        filename: "backup.dat".to_owned(),
        format: "binary".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        size: 1 << 40,
        sha256: "00".repeat(32),
        omissions: vec![RunOmission {
            what: "trigger shop.tr".to_owned(),
            code: "not-allowed".to_owned(),
            message: "the account may not see it".to_owned(),
        }],
    }
}

#[test]
fn what_is_written_can_be_read_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, reader) = (History::open(folder.path()), History::open(folder.path()));
    let queued = run("1");
    writer.record(&queued);
    assert_eq!(reader.get("1").unwrap(), queued);

    let mut made = run("2");
    made.start();
    made.end(RunState::Succeeded, Ok(Some(artifact())));
    writer.record(&made);
    writer.record_sent("2");
    let read = reader.get("2").unwrap();
    assert_eq!(
        (read.state, read.artifact),
        (RunState::Succeeded, Some(artifact()))
    );
    assert!(read.delivered_at.is_some() && read.finished_at >= read.started_at);
    let ids: Vec<String> = reader.list(10).into_iter().map(|run| run.id).collect();
    assert_eq!(ids, ["2", "1"]);
    assert_eq!(reader.last(RunState::Succeeded).unwrap().id, "2");
    assert_eq!(reader.last(RunState::Failed), None);
    assert_eq!(reader.get("3"), None);
}

#[test]
fn a_key_is_forgotten_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    history.record(&run("1"));
    let day = Duration::from_secs(86_400);
    assert_eq!(history.by_key("key of 1", day).unwrap().id, "1");
    assert_eq!(history.by_key("key of 1", Duration::ZERO), None);
    assert_eq!(history.by_key("another", day), None);
}

#[test]
fn only_unfinished_runs_are_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    let (queued, mut running, mut failed) = (run("1"), run("2"), run("3"));
    running.start();
    let why = RunFailure {
        code: "too-small".to_owned(),
        message: "it has 0 bytes".to_owned(),
        hint: None,
    };
    failed.end(RunState::Failed, Err(why.clone()));
    [queued, running, failed]
        .iter()
        .for_each(|run| history.record(run));
    history.interrupt_unfinished();
    let states: Vec<RunState> = history.list(10).iter().map(|run| run.state).collect();
    assert_eq!(
        states,
        [
            RunState::Failed,
            RunState::Interrupted,
            RunState::Interrupted
        ]
    );
    assert_eq!(history.get("3").unwrap().error, Some(why));
    let mut counts = history.counts();
    counts.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(counts, [(RunState::Failed, 1), (RunState::Interrupted, 2)]);
}

#[test]
fn a_damaged_file_is_moved_aside() {
    for damage in [
        b"no data base at all, by far not".repeat(100),
        Vec::from([0xff; 64]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), &damage).unwrap();
        let history = History::open(folder.path());
        history.record(&run("1"));
        assert_eq!(History::open(folder.path()).list(10).len(), 1);
        let aside = std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().contains("damaged"));
        assert_eq!(std::fs::read(aside.unwrap().path()).unwrap(), damage);
    }
}

#[test]
fn a_damaged_page_is_found_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    (0..200).for_each(|id| history.record(&run(&id.to_string())));
    drop(history);
    let path = folder.path().join(FILE);
    // Everything is in the file, not in its log.
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    Connection::open(&path)
        .unwrap()
        .query_row(checkpoint, [], |_| Ok(()))
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // All of it but what says which tables there are.
    bytes[4096..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let history = History::open(folder.path());
    assert_eq!(history.list(1000), []);
    history.record(&run("next"));
    assert_eq!(History::open(folder.path()).list(1000).len(), 1);
}

#[test]
fn without_a_usable_file_it_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(FILE)).unwrap();
    let history = History::open(folder.path());
    history.record(&run("1"));
    assert_eq!(history.get("1").unwrap().id, "1");

    // Once the file can be had, it is taken.
    std::fs::remove_dir(folder.path().join(FILE)).unwrap();
    history.mend();
    history.record(&run("2"));
    assert_eq!(History::open(folder.path()).get("2").unwrap().id, "2");
}

#[test]
fn a_restore_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    let mut restore = run("1");
    restore.kind = RunKind::Restore;
    restore.start();
    history.record(&restore);
    assert_eq!(history.running().unwrap().id, "1");
    restore.end(RunState::Succeeded, Ok(None));
    restore.parts = vec![PartOutcome {
        name: "app1".to_owned(),
        note: "3 tables".to_owned(),
        error: None,
    }];
    history.record(&restore);
    let read = history.get("1").unwrap();
    assert_eq!(
        (read.kind, read.state),
        (RunKind::Restore, RunState::Succeeded)
    );
    assert_eq!((read.parts, read.artifact), (restore.parts, None));
    assert_eq!(
        (history.last(RunState::Succeeded), history.running()),
        (None, None)
    );
    assert_eq!(history.counts(), []);
}

#[test]
fn a_journal_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    History::open(folder.path()).record(&run("1"));
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE runs DROP COLUMN kind; ALTER TABLE runs DROP COLUMN parts;
             ALTER TABLE runs DROP COLUMN fingerprint; ALTER TABLE runs DROP COLUMN warnings;
             ALTER TABLE runs DROP COLUMN omissions; ALTER TABLE runs DROP COLUMN member;
             ALTER TABLE runs DROP COLUMN set_id; ALTER TABLE runs DROP COLUMN backup; DROP TABLE audit; DROP TABLE logs; PRAGMA user_version = 1",
        )
        .unwrap();
    drop(connection);
    let history = History::open(folder.path());
    assert_eq!(history.get("1").unwrap(), run_at("1", &history));
    history.record(&run("2"));
    assert_eq!(history.list(10).len(), 2);
}

/// The same run, queued when the journal says, of which the first version did not know what was asked.
fn run_at(id: &str, history: &History) -> Run {
    Run {
        fingerprint: None,
        queued_at: history.get(id).unwrap().queued_at,
        ..run(id)
    }
}

#[test]
fn each_of_several_strategies_has_its_own_runs() {
    let folder = tempfile::tempdir().unwrap();
    let all = History::open(folder.path());
    let of = |id: &str, member: Option<&str>, state| {
        let mut made = run(id);
        made.member = member.map(str::to_owned);
        made.set_id = Some("set".to_owned());
        made.end(state, Ok(Some(artifact())));
        all.record(&made);
    };
    of("1", Some("db"), RunState::Succeeded);
    of("2", Some("uploads"), RunState::Failed);
    of("set", None, RunState::Failed);
    let (db, set) = (all.of(Whose::Member("db".to_owned())), all.of(Whose::Set));
    assert_eq!(db.last(RunState::Succeeded).unwrap().id, "1");
    assert_eq!(set.last(RunState::Succeeded), None);
    assert_eq!(set.counts(), [(RunState::Failed, 1)]);
    // What a single strategy has left is none of the set's.
    assert_eq!(all.counts(), []);
    all.record(&run("single"));
    assert_eq!((all.own(10).len(), set.own(10).len()), (1, 1));
    assert_eq!(db.counts(), [(RunState::Succeeded, 1)]);
    assert_eq!((all.list(10).len(), db.own(10).len()), (4, 1));
    assert_eq!(db.get("set").unwrap().set_id.as_deref(), Some("set"));
    // However many others there are.
    for number in 0..20 {
        all.record(&Run {
            kind: RunKind::Verify,
            ..run(&format!("verify {number}"))
        });
    }
    let made = all.own_backups(None, 10);
    assert_eq!(made.len(), 1);
    let later = made[0].queued_at + jiff::SignedDuration::from_secs(1);
    assert_eq!(all.own_backups(Some(later), 10), []);
    assert_eq!(all.own_backups(Some(made[0].queued_at), 10), made);
}

/// What a token was answered so many seconds after the first.
fn asked(who: &str, at: i64, target: &str, outcome: &str) -> AuditEntry {
    AuditEntry {
        at: Timestamp::from_second(at).unwrap(),
        who: who.to_owned(),
        address: "10.0.0.3".to_owned(),
        operation: "GET /backup/backups/{id}/artifact".to_owned(),
        target: target.to_owned(),
        outcome: outcome.to_owned(),
        times: 1,
        since: None,
    }
}

/// What `who` was answered in so many seconds, one after the other, as [`asked`] has it.
fn fill(folder: &Path, who: &str, seconds: Range<i64>) {
    let file = rusqlite::Connection::open(folder.join(FILE)).unwrap();
    let first = asked(who, 0, "", "200");
    let filled = file.execute(
        "WITH RECURSIVE second(number) AS (SELECT ?1 UNION ALL SELECT number + 1 FROM second WHERE number + 1 < ?2)
         INSERT INTO audit (at, who, address, operation, target, outcome)
         SELECT strftime('%Y-%m-%dT%H:%M:%SZ', number, 'unixepoch'), ?3, ?4, ?5, 'backup ' || number, '200' FROM second",
        (seconds.start, seconds.end, who, first.address, first.operation),
    );
    assert_eq!(filled.unwrap() as i64, seconds.end - seconds.start);
}

/// The same for a backup whose number is the second.
fn read(who: &str, second: i64) -> AuditEntry {
    asked(who, second, &format!("backup {second}"), "200")
}

#[test]
fn what_was_done_is_remembered_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    history.audit(&asked("admin", 0, "of another", "200"));
    fill(folder.path(), "night", 0..9_990);
    (9_990..10_020).for_each(|second| history.audit(&read("night", second)));
    let all = history.audited(20_000);
    assert_eq!((all.len(), &all[0]), (10_000, &read("night", 10_019)));
    assert_eq!(
        history.audited(2),
        [read("night", 10_019), read("night", 10_018)]
    );
    assert_eq!(all[9_998], read("night", 21), "the oldest go first");
    assert_eq!(all[9_999].who, "admin", "one with many loses its own");
}

#[test]
fn who_has_more_than_an_equal_share_loses_its_own_when_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    fill(folder.path(), "admin", 0..4_000);
    fill(folder.path(), "night", 0..6_000);
    (6_000..6_100).for_each(|second| history.audit(&read("night", second)));
    let all = history.audited(20_000);
    let of_admin = all.iter().filter(|entry| entry.who == "admin");
    assert_eq!((all.len(), of_admin.count()), (10_000, 4_000));
    assert_eq!(all[5_999], read("night", 100));
}

#[test]
fn refusals_push_out_nothing_that_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    history.audit(&asked("thief", 0, "all of it", "200"));
    for at in 0..5_000 {
        let address = format!("10.0.{}.{}", at / 250, at % 250);
        history.audit(&AuditEntry {
            address,
            ..asked("thief", at, "x", "403 scope-missing")
        });
    }
    let all = history.audited(20_000);
    assert_eq!(all.len(), 2_001);
    assert_eq!(all[2_000], asked("thief", 0, "all of it", "200"));
}

#[test]
fn equal_entries_share_one_and_nights_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    for at in 0..10_080 {
        history.audit(&asked(
            "fleet",
            at,
            &format!("/x?{at}"),
            "403 scope-missing",
        ));
    }
    let first = Timestamp::from_second(0).ok();
    let counted = AuditEntry {
        times: 10_080,
        since: first,
        ..asked("fleet", 10_079, "/x?10079", "403 scope-missing")
    };
    assert_eq!(history.audited(10), [counted]);
    // A range after the other is one download; that of the next night is another.
    for at in [0, 30, 60, 86_400] {
        history.audit(&asked("night", at, "latest", "206"));
    }
    let times: Vec<u64> = history.audited(2).iter().map(|one| one.times).collect();
    assert_eq!(times, [1, 3]);
}
