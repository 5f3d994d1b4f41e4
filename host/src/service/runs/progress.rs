//! Reports how far a run is, at intervals.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::job::{Job, Progress};
use super::request::Task;

/// Between two lines in the log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Reports until it is dropped.
pub struct ProgressReporter {
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressReporter {
    /// Calls `report` on a thread of its own.
    pub fn start(
        job: &Arc<Job>,
        every: Duration,
        report: impl Fn(&Progress) + Send + 'static,
    ) -> Self {
        let (alive, ended) = channel::<()>();
        let job = job.clone();
        let work = move || {
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                report(&job.progress());
            }
        };
        let thread = Builder::new().name("progress".to_owned()).spawn(work);
        Self {
            alive: Some(alive),
            // A run without reports is still a run.
            thread: thread.ok(),
        }
    }

    /// A line in the log every 10 s.
    pub fn log(job: &Arc<Job>) -> Self {
        let id = job.request().id.clone();
        let doing = match job.request().task {
            Task::Backup => "backing up",
            Task::Restore(_) => "restoring",
            Task::Drill => "in a drill",
            Task::Verify(_) => "verifying",
        };
        Self::start(job, LOG_INTERVAL, move |progress| {
            tracing::info!(
                id,
                bytes = progress.bytes,
                bytes_per_second = progress.bytes_per_second,
                percent = progress.percent,
                note = progress.note,
                "{doing} for {} s",
                (progress.elapsed_ms + 500) / 1000
            );
        })
    }
}

impl Drop for ProgressReporter {
    fn drop(&mut self) {
        self.alive = None;
        if let Some(thread) = self.thread.take() {
            // If it panicked, that was logged.
            let _ = thread.join();
        }
    }
}
