//! Holds the application still while the members run: `set.quiesce`.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cancel::Cancel;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::plan::command_lines;
use crate::service::runs::job::Job;
use crate::service::runs::post::lines::PostLines;
use crate::service::runs::post::watch::PostWatch;

/// An application that holds still, or was told to: `after` runs when this is dropped, at the latest.
pub(super) struct Quiesced<'c> {
    watch: PostWatch<'c>,
    /// Since when it holds still; none where nothing makes it.
    since: Option<Timestamp>,
}

impl<'c> Quiesced<'c> {
    /// Runs `before`. From its start on `after` is owed, which a note on the disk and the watchdog know.
    pub(super) fn begin(config: &'c Config, folder: &Path, job: &Arc<Job>) -> Result<Self> {
        let lines = command_lines(&config.strategy.config, "pre");
        let watch = PostWatch::new(config, folder, job);
        let reporter = watch.reporter();
        for line in &lines {
            job.cancel().check()?;
            reporter.command_starts(line, &[])?;
            // Its own, because it has a time of its own.
            let cancel = Cancel::new();
            job.cancel().takes_along(&cancel);
            let folder_id = job.request().drive_folder_id.as_deref();
            let done = PostLines::new(config, folder_id).run_until(line, &cancel);
            done.map_err(not_quiesced)?;
        }
        let since = (!lines.is_empty()).then(clock::now);
        Ok(Self { watch, since })
    }

    /// Does `work` meanwhile, then runs `after`. Returns since when and until when the application held still.
    pub(super) fn run<T>(
        self,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Option<(Timestamp, Timestamp)>)> {
        let done = work();
        let until = clock::now();
        self.watch.finish(done.is_ok());
        done.map(|done| (done, self.since.map(|since| (since, until))))
    }
}

fn not_quiesced(error: Error) -> Error {
    match error.kind() {
        Kind::Run => error.named("set.quiesce.before failed"),
        _ => error,
    }
}
