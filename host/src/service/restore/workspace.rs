//! What the steps of a download share.

use std::path::Path;
use std::sync::Arc;

use super::fetch_spool::FetchSpool;
use crate::config::Config;
use crate::error::Result;
use crate::fs_atomic::Space;
use crate::service::runs::job::Job;

/// The configuration, the run, and the folder for its files.
pub(super) struct Workspace<'a> {
    pub(super) config: &'a Config,
    /// The state folder.
    pub(super) folder: &'a Path,
    pub(super) job: &'a Arc<Job>,
}

impl Workspace<'_> {
    /// An empty file for what is fetched. Fails if the volume has no room for `needed` bytes.
    pub(super) fn spool(&self, needed: u64) -> Result<FetchSpool> {
        Space::of(self.folder)?.require(self.folder, needed, 1)?;
        FetchSpool::create(self.folder, &self.job.request().id)
    }
}
