//! Each reason for which a strategy is not `fresh`.

use jiff::Timestamp;

use super::reason::StatusReason;
use super::view::{DamagedCopy, DrillResult, LastGood, LastRun, MissingUpload};
use crate::history::RunFailure;

/// A backup was due at `due`, and the time for it is over; `slots` were missed so far.
pub(super) fn overdue(
    due: Timestamp,
    slots: usize,
    last_good: Option<&LastGood>,
    strategy: Option<&str>,
) -> StatusReason {
    let newest = match last_good {
        Some(good) => format!("the newest good backup is of {:.0}", good.at),
        None => "there is no good backup".to_owned(),
    };
    let message = format!("a backup was due at {due:.0}, and {newest}");
    let reason = StatusReason::new("overdue", Some(due), message)
        .arg("due", due)
        .arg("slots", slots)
        .hint(format!(
            "{}; `sidecar runs` says what became of the last runs",
            one_now(strategy)
        ));
    match last_good {
        Some(good) => reason.arg("id", &good.id).arg("at", good.at),
        None => reason,
    }
}

/// No schedule and too few backups to say when the next is due; since `limit` the newest, or none, is old.
pub(super) fn no_rhythm(
    newest: Timestamp,
    limit: Timestamp,
    last_good: Option<&LastGood>,
) -> StatusReason {
    let known = match last_good {
        Some(_) => format!("the newest backup is of {newest:.0}"),
        None => format!("no backup has been made since {newest:.0}"),
    };
    let message =
        format!("no rhythm is known, for there is no `schedule` and too few backups: {known}");
    let reason = StatusReason::new("no-rhythm", Some(limit), message)
        .arg("at", newest)
        .hint("see whether what starts the backups still does; a `schedule`, or four backups, say when one is due");
    match last_good {
        Some(good) => reason.arg("id", &good.id),
        None => reason,
    }
}

/// There is no good backup, although a run should have made one. `had_one`: one did.
pub(super) fn no_good_backup(
    damaged: usize,
    had_one: bool,
    since: Option<Timestamp>,
    strategy: Option<&str>,
) -> StatusReason {
    let message = match (damaged, had_one) {
        (0, false) => "there is no good backup".to_owned(),
        (0, true) => "the backups that were made are not there any more".to_owned(),
        _ => "every backup that is left is damaged".to_owned(),
    };
    StatusReason::new("no-good-backup", since, message)
        .arg("damaged", damaged)
        .hint(one_now(strategy))
}

/// Which command makes a backup of one of several strategies, or of the only one.
fn one_now(strategy: Option<&str>) -> String {
    match strategy {
        Some(name) => format!("`sidecar backup --strategy {name}` makes one now"),
        None => "`sidecar backup` makes one now".to_owned(),
    }
}

pub(super) fn last_run_failed(run: &LastRun) -> StatusReason {
    let message = match &run.error {
        Some(error) => format!("the last run {}: {}", run.state.as_str(), error.message),
        None => format!("the last run {}", run.state.as_str()),
    };
    let reason = StatusReason::new("last-run-failed", run.finished_at, message)
        .arg("id", &run.id)
        .arg("state", run.state.as_str());
    match &run.error {
        Some(error) => reason
            .arg("error", &error.code)
            .arg("message", &error.message)
            .hint_of(error),
        None => reason,
    }
}

/// A good backup is dated `at`, which is yet to come.
pub(super) fn of_the_future(id: &str, at: Timestamp) -> StatusReason {
    let message = format!(
        "the backup {id} is dated {at:.0}, which is yet to come: how old it is cannot be said"
    );
    StatusReason::new("backup-of-the-future", None, message)
        .arg("id", id)
        .arg("at", at)
        .hint("a clock was ahead when it was made, or is behind now: `sidecar check` says what is known of the clock")
}

pub(super) fn copy_damaged(copy: &DamagedCopy) -> StatusReason {
    let DamagedCopy {
        store, key, reason, ..
    } = copy;
    let message = format!("{key} in store `{store}` is damaged: {reason}");
    let hint = match copy.good.as_slice() {
        [] => "make a new backup now, and look after the disk of that store".to_owned(),
        good => format!("a good copy is in {}", good.join(", ")),
    };
    let damage = StatusReason::new("copy-damaged", copy.at, message)
        .arg("store", store)
        .arg("key", key)
        .arg("reason", reason)
        .arg("good", copy.good.join(", "))
        .hint(hint);
    match &copy.id {
        Some(id) => damage.arg("id", id),
        None => damage,
    }
}

pub(super) fn upload_missing(upload: &MissingUpload) -> StatusReason {
    let stores = upload.stores.join(", ");
    let message = format!("the backup {} is not in {stores} yet", upload.id);
    StatusReason::new("upload-missing", Some(upload.at), message)
        .arg("id", &upload.id)
        .arg("stores", stores)
        .hint("the next run sends it, or `sidecar upload --pending` does now")
}

pub(super) fn drill_failed(drill: &DrillResult) -> StatusReason {
    let message = match &drill.error {
        Some(error) => format!("the last drill failed: {}", error.message),
        None => format!("the last drill {}", drill.state.as_str()),
    };
    let reason = StatusReason::new("drill-failed", Some(drill.at), message).arg("id", &drill.id);
    match &drill.error {
        Some(error) => reason
            .arg("error", &error.code)
            .arg("message", &error.message)
            .hint_of(error),
        None => reason,
    }
}

/// A store does not answer; what it held when it last did counts until it does.
pub(super) fn store_unreadable(
    store: &str,
    error: &RunFailure,
    listed_at: Option<Timestamp>,
) -> StatusReason {
    let message = format!("store `{store}` cannot be listed: {}", error.message);
    let reason = StatusReason::new("store-unreadable", listed_at, message)
        .arg("store", store)
        .arg("error", &error.code)
        .arg("message", &error.message)
        .hint_of(error);
    match listed_at {
        Some(at) => reason.arg("listed_at", at),
        None => reason,
    }
}
