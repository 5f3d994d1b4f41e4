//! One backup, from the run lock to the published artifact.
//!
//! ```text
//! lock ──► begin ──► plan ──► stage ──► publish ──► commit ──► end
//!                    module   sandbox,  rename      in every   journal,
//!                    × grants to spool,             store      lock released
//!                             └► upload, to every store meanwhile
//! ```
//!
//! In a store, `commit` is: all bytes are there, the manifest is written, the retention is applied.

pub(super) mod apply_retention;
mod commit;
mod failure;
mod manifest;
mod plan;
mod publish;
mod report;
mod stage;
pub(super) mod store_upload;
mod stored_run;
mod tree;
mod upload;

use std::sync::Arc;

use super::catalogue::{upload_journal, upload_missed};
use super::context::Context;
use super::runs::guards::{Deadline, OrphanReaper};
use super::runs::job::Job;
use super::runs::lock::RunLock;
use super::runs::outcome::RunOutcome;
use super::runs::post::watch::PostWatch;
use super::runs::{download_cache, kept_for_set, publish_journal, record};
use super::{overlap, strategy};
use crate::artifact::{Omission, Sealed, Spool};
use crate::error::Result;
use crate::history::{History, RunState};
use crate::run_log;

pub(super) use failure::BackupFailure;
pub(super) use manifest::Label;
use stage::{StageOutput, StagedRun};
use upload::StoreUploads;
pub(super) use upload::upload_all;

pub use report::CompletedBackup;
pub(super) use report::MadeBackup;

/// Makes a backup on this thread: it is published when this returns, or nothing of it is left.
pub(super) fn backup(context: &Context, job: &Arc<Job>) -> Result<CompletedBackup> {
    let lock = RunLock::acquire(context)?;
    download_cache::make_room(context);
    run(context, lock, job)
}

/// The same with the run lock held. Its end is announced once the next run may begin.
pub(super) fn run(context: &Context, lock: RunLock, job: &Arc<Job>) -> Result<CompletedBackup> {
    let configured = context.config().capabilities.est_size;
    if let Some(bytes) = configured.or_else(|| last_size(context.history())) {
        job.expect(bytes);
    }
    recorded(context, lock, job, |lock| make(context, lock, job))
}

/// Records how the making of a backup begins and ends.
pub(super) fn recorded(
    context: &Context,
    lock: RunLock,
    job: &Arc<Job>,
    make: impl FnOnce(&RunLock) -> Result<MadeBackup, BackupFailure>,
) -> Result<CompletedBackup> {
    let history = context.history();
    let _log = run_log::collect(job.log());
    let run = record::begin(history, job);
    let made = make(&lock);
    let outcome = match &made {
        Ok(made) => RunOutcome::Complete(Some(made.artifact.clone())),
        Err(failure) => failure.outcome(),
    };
    let run = record::end(history, run, lock, job, outcome, Vec::new());
    let doubt = context.timekeeper.doubt();
    Ok(CompletedBackup::new(run, made?, doubt))
}

/// The steps between the beginning and the end of the run.
fn make(context: &Context, lock: &RunLock, job: &Arc<Job>) -> Result<MadeBackup, BackupFailure> {
    let (config, request) = (context.config(), job.request());
    overlap::require_apart(config)?;
    let module = strategy::load(context)?;
    let plan = plan::plan(context, &module, request)?;
    overlap::prepare(config);
    overlap::say_left_out(config, &plan.grants.read);
    let _orphans = OrphanReaper;
    let limit = module.limits().timeout.or(config.strategy.timeout);
    let _deadline = Deadline::start(limit, job.cancel())?;

    let spool = Spool::create(&lock.folder, &request.id)?;
    let (sink, stream) = tree::channel(context, request).unzip();
    let reader = spool.reader()?.with_tree(stream);
    job.writes_to(reader.clone());
    let label = Label {
        id: &request.id,
        made_by: module.digest().into(),
        compression: plan.compression,
        started_at: job.run().queued_at,
        members: Vec::new(),
    };
    let uploads = upload::upload_all(context, &reader, label.id, label.started_at)?;
    let post = PostWatch::new(config, &lock.folder, job);
    let output = StageOutput { spool, tree: sink };
    let staged = stage::stage(config, job, &module, plan, output, post.reporter());
    post.finish(staged.is_ok());
    let StagedRun {
        sealed,
        tree,
        omissions,
    } = staged?;
    if let Some(totals) = tree {
        let manifest = manifest::manifest(config, &sealed, omissions, &label);
        drop(sealed);
        return tree::complete(context, job, &totals, &manifest, uploads);
    }
    complete(
        context,
        lock,
        job,
        &label,
        Staged {
            sealed,
            omissions,
            uploads,
        },
    )
}

/// An artifact that is whole, and on its way into the stores.
pub(super) struct Staged {
    pub(super) sealed: Sealed,
    pub(super) omissions: Vec<Omission>,
    pub(super) uploads: Option<StoreUploads>,
}

/// Publishes what was staged, and commits it in every store.
pub(super) fn complete(
    context: &Context,
    lock: &RunLock,
    job: &Arc<Job>,
    label: &Label<'_>,
    staged: Staged,
) -> Result<MadeBackup, BackupFailure> {
    let (config, request) = (context.config(), job.request());
    let Staged {
        sealed,
        omissions,
        uploads,
    } = staged;
    let manifest = manifest::manifest(config, &sealed, omissions, label);
    manifest.fits()?;
    if request.set_id.is_some() {
        job.describe(manifest.to_json());
    }

    publish::require_size(config, sealed.size)?;
    let staged = match &uploads {
        Some(_) => None,
        None => {
            kept_for_set::retain(context, &lock.folder);
            Some(publish_journal::stage(&lock.folder, &manifest)?)
        }
    };
    let uploads = uploads.map(|uploads| {
        let stores = config.stores.iter().map(|store| store.name.clone());
        let stores = stores.collect();
        let spool = &sealed.spool;
        let journaled = upload_journal::stage(&lock.folder, spool, &manifest, stores);
        (uploads, journaled)
    });
    let artifact = publish::publish(config, sealed, &manifest.omissions)?;
    if let Some(staged) = staged {
        staged.commit();
    }
    if request.downloadable {
        download_cache::add(&lock.folder, &request.id, &artifact.path);
    }
    let stores = match uploads {
        Some(uploads) => commit::commit_all(context, uploads, &artifact, &manifest, job)
            .inspect_err(|_| download_cache::remove(&lock.folder, &request.id))?,
        None => Vec::new(),
    };
    if let Err(error) = upload_missed::send_all(context, job.cancel()) {
        let code = error.code();
        tracing::warn!(code, "a store still misses an earlier backup: {error}");
    }
    Ok(MadeBackup {
        identity: manifest.identity(),
        artifact,
        stores,
    })
}

/// The size of the youngest backup: about as large will be the next one.
fn last_size(history: &History) -> Option<u64> {
    let artifact = history.last(RunState::Succeeded)?.artifact?;
    Some(artifact.size)
}
