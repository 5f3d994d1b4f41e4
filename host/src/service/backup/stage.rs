//! Runs the module, and stages what it writes: compressed, encrypted, complete, not yet published.

use std::sync::Arc;

use super::plan::BackupPlan;
use crate::artifact::{Omission, Sealed, Spool, SpoolLimit, Writer};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::sandbox::{Module, Reporter, SandboxJob};
use crate::service::runs::disk_watch::{self, DiskWatch};
use crate::service::runs::job::Job;
use crate::service::runs::sandbox_job::sandbox_job;
use crate::service::runs::temp_folder::TempFolder;

/// Runs the module on this thread. Returns the sealed artifact and what the module has left out. If the
/// run fails, nothing of what it wrote is left.
pub(super) fn stage(
    config: &Config,
    job: &Arc<Job>,
    module: &Module,
    plan: BackupPlan,
    spool: Spool,
    reporter: Arc<dyn Reporter>,
) -> Result<(Sealed, Vec<Omission>)> {
    let encryption = config.strategy.artifact.encryption.as_ref();
    let disk = module.limits().disk;
    let spool = spool.limited(disk.map(|bytes| SpoolLimit {
        bytes,
        key: disk_watch::key(module.name()),
    }));
    let writer = Writer::start(plan.compression, encryption, spool)?;
    let sandbox_job = SandboxJob {
        reporter,
        ..sandbox_job(config, job, plan.config, plan.grants, module)?
    };
    let watch = DiskWatch::start(disk, module.name(), &sandbox_job)?;
    let _temp = TempFolder::of(config);
    let ended = module.run(sandbox_job, writer);
    let (written, omissions) = DiskWatch::judge(watch.as_ref(), ended)?;
    if written.position() == 0 {
        return Err(nothing_written());
    }
    let sealed = written.finish()?;
    job.cancel().check()?;
    Ok((sealed, omissions))
}

fn nothing_written() -> Error {
    Error::run(
        "nothing-generated",
        "the strategy did not generate an artifact: it wrote nothing",
    )
    .hint("an empty dump is no backup: look at the command's output in the log")
}
