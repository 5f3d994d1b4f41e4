#![allow(clippy::unwrap_used, reason = "a test may panic")]
//! Each row of the table of states, and what it says.

mod rhythm;

use jiff::{SignedDuration, Timestamp};

use super::due;
use super::facts::{FoundCopy, MemberFacts};
use super::judge::judge;
use super::state::MemberState;
use super::view::{DrillResult, MemberStatus, MissingUpload, StoreStatus};
use crate::history::{Run, RunFailure, RunKind, RunState};
use crate::schedule::{Schedule, Timetable};
use crate::store::BackupHealth;

/// Every night at three.
pub(super) fn nightly() -> Timetable {
    let schedule = Schedule::new("0 3 * * *", "UTC", std::time::Duration::ZERO, true).unwrap();
    Timetable::new(vec![schedule], "")
}

fn at(text: &str) -> Timestamp {
    format!("2026-{text}:00Z").parse().unwrap()
}

/// A strategy with one store, which was started on the first of November.
pub(super) struct Case(pub(super) MemberFacts);

impl Case {
    pub(super) fn new(now: &str) -> Self {
        let (now, nightly) = (at(now), nightly());
        Self(MemberFacts {
            name: None,
            strategy: "custom".to_owned(),
            is_set: false,
            now,
            since: at("11-01T12:00"),
            is_known: true,
            is_scheduled: true,
            starts: due::starts(&[&nightly], at("11-01T12:00"), now),
            next: nightly.next(now).map(|start| start.at),
            copies: Vec::new(),
            unusable: Vec::new(),
            stores: vec![StoreStatus {
                name: "minio".to_owned(),
                backups: 0,
                bytes: None,
                listed_at: Some(now),
                error: None,
            }],
            missing_uploads: Vec::new(),
            backups: Vec::new(),
            last_drill: None,
            proven: None,
            running: None,
        })
    }

    /// A backup of which the store has a copy, newer than those before.
    fn holds(mut self, id: &str, began: &str, health: BackupHealth) -> Self {
        let copy = FoundCopy {
            id: id.to_owned(),
            at: at(began),
            size: 10,
            raw_size: 30,
            is_in_repository: false,
            omissions: 0,
            store: Some("minio".to_owned()),
            key: format!("daily/{id}"),
            health,
        };
        self.0.copies.insert(0, copy);
        self
    }

    pub(super) fn good(self, id: &str, began: &str) -> Self {
        self.holds(id, began, BackupHealth::Never)
    }

    pub(super) fn ran(mut self, id: &str, began: &str, state: RunState) -> Self {
        let mut run = run(id, at(began));
        let failure = RunFailure {
            code: "disk-full".to_owned(),
            message: "no space left on store minio".to_owned(),
            hint: Some("free some".to_owned()),
        };
        run.end_at(at(began), state, Err(failure));
        self.0.backups.insert(0, run);
        self
    }

    pub(super) fn stands(self) -> MemberStatus {
        judge(self.0)
    }
}

fn run(id: &str, began: Timestamp) -> Run {
    Run {
        id: id.to_owned(),
        kind: RunKind::Backup,
        state: RunState::Running,
        strategy: "custom".to_owned(),
        member: None,
        set_id: None,
        backup: None,
        asked_by: "schedule".to_owned(),
        drive_folder_id: None,
        idempotency_key: None,
        fingerprint: None,
        queued_at: began,
        started_at: Some(began),
        finished_at: None,
        duration_ms: None,
        artifact: None,
        error: None,
        delivered_at: None,
        parts: Vec::new(),
        warnings: Vec::new(),
    }
}

fn codes(status: &MemberStatus) -> Vec<&str> {
    status
        .why
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[test]
fn fresh_while_the_newest_good_backup_covers_the_last_slot() {
    let status = Case::new("11-20T12:00").good("a", "11-20T03:00").stands();
    assert_eq!((status.state, codes(&status)), (MemberState::Fresh, vec![]));
    let good = status.last_good.unwrap();
    assert_eq!(
        (good.id.as_str(), good.stores),
        ("a", vec!["minio".to_owned()])
    );
    assert_eq!(status.due, Some(at("11-20T03:00")));
    assert_eq!(status.next, Some(at("11-21T03:00")));
}

#[test]
fn a_slot_is_late_once_its_time_is_over_and_failed_after_two() {
    let stands = |now: &str| Case::new(now).good("a", "11-20T03:00").stands();
    assert_eq!(stands("11-21T03:14").state, MemberState::Fresh);
    let late = stands("11-21T03:16");
    assert_eq!(
        (late.state, codes(&late)),
        (MemberState::Late, vec!["overdue"])
    );
    assert_eq!(late.since, Some(at("11-21T03:00")));
    assert_eq!(late.why[0].args["slots"], "1");
    assert_eq!(stands("11-22T03:14").state, MemberState::Late);
    let failed = stands("11-22T03:16");
    assert_eq!(
        (failed.state, codes(&failed)),
        (MemberState::Failed, vec!["overdue"])
    );
    assert_eq!(failed.since, Some(at("11-21T03:00")));
    assert_eq!(failed.why[0].args["slots"], "2");
    assert_eq!(failed.last_good.unwrap().id, "a");
}

#[test]
fn a_run_that_takes_long_has_twice_as_long() {
    let mut case = Case::new("11-21T04:30").good("a", "11-20T03:00");
    let mut long = run("a", at("11-20T03:00"));
    long.end_at(at("11-20T04:00"), RunState::Succeeded, Ok(None));
    case.0.backups.push(long);
    assert_eq!(case.stands().state, MemberState::Fresh);
}

#[test]
fn late_with_a_young_backup_if_something_else_needs_a_look() {
    let young = || Case::new("11-20T12:00").good("a", "11-20T03:00");
    let status = young().ran("b", "11-20T10:00", RunState::Failed).stands();
    assert_eq!(
        (status.state, codes(&status)),
        (MemberState::Late, vec!["last-run-failed"])
    );
    assert_eq!(status.since, Some(at("11-20T10:00")));
    assert_eq!(status.why[0].hint.as_deref(), Some("free some"));
    assert_eq!(status.why[0].args["error"], "disk-full");

    let mut pending = young().ran("a", "11-20T03:00", RunState::Failed);
    let sent = young().ran("a", "11-20T03:00", RunState::Failed).stands();
    assert_eq!(
        sent.state,
        MemberState::Fresh,
        "what was missed is there now"
    );
    pending.0.missing_uploads.push(MissingUpload {
        id: "a".to_owned(),
        at: at("11-20T03:00"),
        stores: vec!["az".to_owned()],
    });
    let status = pending.stands();
    assert_eq!(codes(&status), ["last-run-failed", "upload-missing"]);

    let mut drilled = young();
    drilled.0.last_drill = Some(DrillResult {
        id: "d".to_owned(),
        state: RunState::Failed,
        at: at("11-16T05:00"),
        error: None,
    });
    let status = drilled.stands();
    assert_eq!(
        (status.state, codes(&status)),
        (MemberState::Late, vec!["drill-failed"])
    );
}

#[test]
fn a_run_that_another_replica_made_good_for_is_no_reason() {
    let case = Case::new("11-20T12:00").ran("b", "11-20T03:00", RunState::Failed);
    assert_eq!(
        case.good("a", "11-20T03:05").stands().state,
        MemberState::Fresh
    );
}

#[test]
fn what_was_cancelled_is_no_failure() {
    let case = Case::new("11-20T12:00").good("a", "11-20T03:00");
    assert_eq!(
        case.ran("b", "11-20T10:00", RunState::Cancelled)
            .stands()
            .state,
        MemberState::Fresh
    );
}

#[test]
fn a_damaged_copy_is_named_with_the_one_that_is_good() {
    let damaged = BackupHealth::Damaged {
        at: at("11-20T09:00"),
        reason: "other bytes".to_owned(),
    };
    let mut case = Case::new("11-20T12:00").holds("a", "11-20T03:00", damaged.clone());
    case.0.copies.push(FoundCopy {
        store: Some("az".to_owned()),
        health: BackupHealth::Verified {
            at: at("11-20T08:00"),
        },
        ..case.0.copies[0].clone()
    });
    let status = case.stands();
    assert_eq!(
        (status.state, codes(&status)),
        (MemberState::Late, vec!["copy-damaged"])
    );
    assert_eq!(status.damaged[0].good, ["az"]);
    assert_eq!(status.last_good.unwrap().stores, ["az"]);
    let verified = status.last_verified.unwrap();
    assert_eq!(
        (verified.store.as_str(), verified.at),
        ("az", at("11-20T08:00"))
    );

    let only = Case::new("11-20T12:00")
        .holds("a", "11-20T03:00", damaged)
        .stands();
    assert_eq!(only.state, MemberState::Failed);
    assert_eq!(codes(&only)[0], "no-good-backup");
    assert_eq!(only.last_good, None);
}

#[test]
fn failed_if_the_stores_lost_what_the_journal_remembers() {
    let status = Case::new("11-20T12:00")
        .ran("a", "11-20T03:00", RunState::Succeeded)
        .stands();
    assert_eq!(status.state, MemberState::Failed);
    assert_eq!(codes(&status), ["no-good-backup", "overdue"]);
    assert_eq!(status.last_run.unwrap().state, RunState::Succeeded);
}

#[test]
fn never_until_the_first_slot_and_failed_after_it() {
    let started = |now: &str| {
        let mut case = Case::new(now);
        case.0.since = at("11-20T12:00");
        case
    };
    let never = started("11-20T13:00").stands();
    assert_eq!((never.state, codes(&never)), (MemberState::Never, vec![]));
    assert_eq!(never.next, Some(at("11-21T03:00")));
    assert_eq!(started("11-21T03:10").stands().state, MemberState::Never);
    assert_eq!(started("11-21T03:16").stands().state, MemberState::Failed);
    let tried = started("11-20T13:00")
        .ran("a", "11-20T12:30", RunState::Failed)
        .stands();
    assert_eq!(tried.state, MemberState::Failed);
    assert_eq!(codes(&tried), ["no-good-backup", "last-run-failed"]);
}

#[test]
fn a_store_that_does_not_answer_is_never_good_news() {
    let away = |case: Case| {
        let mut case = case;
        case.0.stores[0].error = Some(RunFailure {
            code: "timed-out".to_owned(),
            message: "no answer".to_owned(),
            hint: None,
        });
        case.stands()
    };
    let held = away(Case::new("11-20T12:00").good("a", "11-20T03:00"));
    assert_eq!(
        (held.state, codes(&held)),
        (MemberState::Late, vec!["store-unreadable"])
    );
    assert_eq!(away(Case::new("11-20T12:00")).state, MemberState::Unknown);
    let mut unasked = Case::new("11-20T12:00");
    unasked.0.is_known = false;
    assert_eq!(unasked.stands().state, MemberState::Unknown);
}

#[test]
fn starts_are_those_of_all_timetables() {
    let hourly = Schedule::new("30 * * * *", "UTC", std::time::Duration::ZERO, true).unwrap();
    let (nightly, hourly) = (nightly(), Timetable::new(vec![hourly], ""));
    let starts = due::starts(&[&nightly, &hourly], at("11-20T01:00"), at("11-20T03:10"));
    let times: Vec<Timestamp> = starts.iter().take(3).map(|start| start.at).collect();
    assert_eq!(
        times,
        [at("11-20T03:00"), at("11-20T02:30"), at("11-20T01:30")]
    );
    assert_eq!(due::starts(&[], at("11-20T01:00"), at("11-20T03:10")), []);
    assert_eq!(due::tolerance(&[]), SignedDuration::from_mins(15));
}
