//! Runs the module, and stages what it writes: compressed, encrypted, complete, not yet published.

use std::sync::Arc;

use super::plan::BackupPlan;
use crate::artifact::file_tree::{FileTreeSink, FileTreeTotals};
use crate::artifact::{Omission, Sealed, Spool, SpoolLimit, Writer};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::sandbox::{Module, ModuleRun, Reporter, SandboxJob};
use crate::service::runs::disk_watch::{self, DiskWatch};
use crate::service::runs::job::Job;
use crate::service::runs::sandbox_job::sandbox_job;
use crate::service::runs::temp_folder::TempFolder;

/// What the module has made.
pub(super) struct StagedRun {
    /// The artifact; of a tree of files, nothing.
    pub(super) sealed: Sealed,
    /// What it has added to a tree, if it has made one instead.
    pub(super) tree: Option<FileTreeTotals>,
    /// What it has left out.
    pub(super) omissions: Vec<Omission>,
}

/// Where a run writes: an artifact into the spool, or files into a tree if that is wanted.
pub(super) struct StageOutput {
    pub(super) spool: Spool,
    pub(super) tree: Option<FileTreeSink>,
}

/// Runs the module on this thread. If the run fails, nothing of what it wrote is left.
pub(super) fn stage(
    config: &Config,
    job: &Arc<Job>,
    module: &Module,
    plan: BackupPlan,
    output: StageOutput,
    reporter: Arc<dyn Reporter>,
) -> Result<StagedRun> {
    let encryption = config.strategy.artifact.encryption.as_ref();
    let disk = module.limits().disk;
    let StageOutput { spool, tree } = output;
    let spool = spool.limited(disk.map(|bytes| SpoolLimit {
        bytes,
        key: disk_watch::key(module.name()),
    }));
    let writer = Writer::start(plan.compression, encryption, spool)?;
    let sandbox_job = SandboxJob {
        reporter,
        tree,
        ..sandbox_job(config, job, plan.config, plan.grants, module)?
    };
    let watch = DiskWatch::start(disk, module.name(), &sandbox_job)?;
    let _temp = TempFolder::of(config);
    let ended = module.run(sandbox_job, writer);
    let ModuleRun {
        artifact,
        tree,
        omissions,
    } = DiskWatch::judge(watch.as_ref(), ended)?;
    if artifact.position() == 0 && tree.is_none() {
        return Err(nothing_written());
    }
    let sealed = artifact.finish()?;
    job.cancel().check()?;
    Ok(StagedRun {
        sealed,
        tree,
        omissions,
    })
}

fn nothing_written() -> Error {
    Error::run(
        "nothing-generated",
        "the strategy did not generate an artifact: it wrote nothing",
    )
    .hint("an empty dump is no backup: look at the command's output in the log")
}
