//! Several strategies as one: a consistent set.
//!
//! ```text
//! lock ──► before ──► members ──────────────► after ──► list ──► publish, commit ──► end
//!          note on    each an ordinary        whatever  the set's own artifact,
//!          the disk   backup, in its folder   happens   which names them
//! ```
//!
//! A set is a backup whose artifact is the list of its members. So stores, retention, leases, `verify` and what a
//! crash leaves behind are those of every backup: it is listed once its manifest is written, which is the last
//! that a run does. `before` and `after` are its `pre` and `post`.

mod archive;
mod choice;
mod found;
mod gone;
mod holding;
mod members;
mod offers;
mod quiesce;
mod restore;
mod verify;
mod whole;

use std::sync::Arc;

use super::backup::{self, BackupFailure, CompletedBackup, Label, MadeBackup, Staged};
use super::context::Context;
use super::overlap;
use super::runs::download_cache;
use super::runs::guards::OrphanReaper;
use super::runs::job::Job;
use super::runs::kept_for_set;
use super::runs::lock::RunLock;
use crate::artifact::set::{SetContents, SetMember};
use crate::artifact::{Spool, Writer};
use crate::config::{Codec, Compression, SetSpec};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::exchange;
use quiesce::Quiesced;

pub use archive::TakeBytes;
pub(super) use archive::write as write_archive;
pub use found::LatestSet;
pub(super) use found::latest;
pub(super) use gone::gone;
pub(super) use holding::holding;
pub(super) use offers::offers;
pub(super) use restore::{preview, restore, run as run_restore};
pub(super) use verify::{require_whole, verify};
pub(super) use whole::{catalogue, incomplete_among, is_whole};

/// Backs up the members of a set on this thread. What was made of it stays, also if it is not complete.
pub(super) fn backup(context: &Context, job: &Arc<Job>, set: &SetSpec) -> Result<CompletedBackup> {
    let lock = RunLock::acquire(context)?;
    download_cache::make_room(context);
    run(context, lock, job, set)
}

/// The same with the run lock held.
pub(super) fn run(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    set: &SetSpec,
) -> Result<CompletedBackup> {
    let mut members = Vec::new();
    let done = backup::recorded(context, lock, job, |lock| {
        make(context, lock, job, set, &mut members)
    });
    done.map(|backup| CompletedBackup { members, ..backup })
}

/// The steps between the beginning and the end of the run.
fn make(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    set: &SetSpec,
    members: &mut Vec<CompletedBackup>,
) -> Result<MadeBackup, BackupFailure> {
    let request = job.request();
    overlap::require_apart(context.config())?;
    overlap::prepare(context.config());
    let _orphans = OrphanReaper;
    let quiesced = Quiesced::begin(context.config(), &lock.folder, job)?;
    let ran = quiesced.run(|| {
        at("set-members")?;
        let made = members::run(context, lock, job, set)?;
        at("set-resume")?;
        Ok(made)
    });
    let (made, times) = ran?;
    *members = made;
    at("set-list")?;
    let contents = SetContents {
        version: SetContents::VERSION,
        id: request.id.clone(),
        quiesced_at: times.map(|(quiesced, _)| quiesced),
        resumed_at: times.map(|(_, resumed)| resumed),
        members: members.iter().map(member).collect(),
    };
    let label = Label {
        id: &request.id,
        // No component makes a set: its format does.
        made_by: Digest::of_bytes(b"sidecar-set 1").into(),
        compression: UNCOMPRESSED,
        started_at: job.run().queued_at,
        members: contents.members.clone(),
    };
    let spool = Spool::create(&lock.folder, &request.id)?;
    let reader = spool.reader()?;
    job.writes_to(reader.clone());
    let uploads = backup::upload_all(context, &reader, label.id, label.started_at)?;
    let mut writer = Writer::start(UNCOMPRESSED, None, spool)?;
    writer.write(&contents.to_json())?;
    let sealed = writer.finish()?;
    job.cancel().check()?;
    at("set-commit")?;
    let omissions = Vec::new();
    let staged = Staged {
        sealed,
        omissions,
        uploads,
    };
    let made = backup::complete(context, lock, job, &label, staged)?;
    for member in context.in_set() {
        kept_for_set::discard(&member.state_folder());
    }
    at("set-end")?;
    Ok(made)
}

/// A list is short.
const UNCOMPRESSED: Compression = Compression {
    codec: Codec::None,
    level: None,
};

/// A backup as its set names it.
fn member(backup: &CompletedBackup) -> SetMember {
    SetMember {
        strategy: backup.member.clone().unwrap_or_default(),
        id: backup.id.clone(),
        manifest_sha256: backup.identity.clone(),
    }
}

/// A point where tests end, stop or fail the process.
fn at(point: &str) -> Result<()> {
    exchange::fault(point).map_err(|error| Error::run("io", format!("the set at {point}: {error}")))
}
