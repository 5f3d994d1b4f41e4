//! What a run of a module is given.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::command_folder::CommandFolder;
use crate::artifact::file_tree::FileTreeSink;
use crate::cancel::Cancel;
use crate::config::Confine;
use crate::error::{Error, Result};
use crate::paths::Directories;
use crate::plan::Grants;

/// Hears how far a run is.
pub trait Reporter: Send + Sync {
    /// Bytes done, bytes in all if known, and a few words.
    fn report(&self, done: u64, total: Option<u64>, note: Option<&str>);

    /// A command is about to run, with these variables of its own. An error keeps it from running.
    fn command_starts(&self, _line: &str, _env: &[(String, String)]) -> Result<()> {
        Ok(())
    }

    /// A command has ended, well or not, but not because the run was stopped. Returns whether the run goes
    /// on although it failed.
    fn command_ended(
        &self,
        _line: &str,
        _env: &[(String, String)],
        _failed: Option<&Error>,
    ) -> bool {
        false
    }
}

/// All that a run needs, decided before it starts.
pub struct SandboxJob {
    /// The run's id.
    pub id: String,
    /// `strategy.config` as JSON.
    pub config: String,
    /// What the caller gave for this run.
    pub parameters: Vec<(String, String)>,
    /// What it may do.
    pub grants: Grants,
    /// Folders that it never sees, wherever they lie in what it may read.
    pub left_out: Vec<PathBuf>,
    /// Where it works.
    pub directories: Directories,
    /// Where commands start, unless that is the work directory.
    pub command_folder: Option<CommandFolder>,
    /// What is done where the kernel cannot confine commands that start there.
    pub confine: Confine,
    /// `SIDE_CAR_TEMP_DUMP`.
    pub temp_dump: PathBuf,
    /// Where it adds files instead of writing an artifact, if that is wanted.
    pub tree: Option<FileTreeSink>,
    /// The helper variables.
    pub helpers: Vec<(String, String)>,
    /// The container's environment and the helpers, for commands.
    pub env: Vec<(OsString, OsString)>,
    /// Bytes of memory at most.
    pub memory: u64,
    /// Ends it early.
    pub cancel: Cancel,
    /// Hears how far it is.
    pub reporter: Arc<dyn Reporter>,
}

/// For calls whose progress is not reported.
pub(super) struct Silent;

impl Reporter for Silent {
    fn report(&self, _: u64, _: Option<u64>, _: Option<&str>) {}
}
