//! Sees the commands of a run, notes what `post` it owes, and runs at the end what the strategy has not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::lines::{self, PostKeys, PostLines};
use super::note::{self, PostNote};
use super::owed::written;
use crate::clock;
use crate::command::AtDeath;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::plan::OUTCOME;
use crate::sandbox::Reporter;
use crate::service::runs::job::{Job, PostState};

/// Runs the missing lines of `post`, also when it is dropped by a panic.
pub(in crate::service) struct PostWatch<'c> {
    config: &'c Config,
    job: Arc<Job>,
    seen: Arc<SeenCommands>,
}

/// The reporter of a run that has a `post`.
struct SeenCommands {
    job: Arc<Job>,
    folder: PathBuf,
    keys: PostKeys,
    /// Of a set: how its lines run if this process is killed. Those of a strategy wait for the next start, which
    /// has its modules and can tell how it went.
    lines: Option<PostLines>,
    /// The lines that have not ended.
    owed: Mutex<Owed>,
}

struct Owed {
    note: PostNote,
    /// Whether a command has started.
    begun: bool,
    /// What the watchdog runs if this process is killed.
    at_death: Option<AtDeath>,
}

impl<'c> PostWatch<'c> {
    /// For a run that has not started a command.
    pub(in crate::service) fn new(config: &'c Config, folder: &Path, job: &Arc<Job>) -> Self {
        let request = job.request();
        let note = PostNote {
            run: request.id.clone(),
            since: clock::now(),
            drive_folder_id: request.drive_folder_id.clone(),
            post: lines::of(config),
        };
        let folder_id = note.drive_folder_id.as_deref();
        let of_set = config.several.as_ref();
        let lines = of_set.map(|_| PostLines::new(config, folder_id));
        Self {
            config,
            job: job.clone(),
            seen: Arc::new(SeenCommands {
                job: job.clone(),
                folder: folder.to_owned(),
                keys: PostKeys::of(config),
                lines,
                owed: Mutex::new(Owed {
                    note,
                    begun: false,
                    at_death: None,
                }),
            }),
        }
    }

    /// What the sandbox reports to.
    pub(in crate::service) fn reporter(&self) -> Arc<dyn Reporter> {
        self.seen.clone()
    }

    /// Runs what the strategy has not run of `post`; the strategy is gone by now. What fails in it is a
    /// warning: it changes nothing about the bytes of a backup.
    pub(in crate::service) fn finish(&self, succeeded: bool) {
        let (lines, folder) = {
            let owed = self.seen.owed();
            match owed.begun {
                true => (owed.note.post.clone(), owed.note.drive_folder_id.clone()),
                false => return,
            }
        };
        if lines.is_empty() {
            return;
        }
        self.job.set_post(PostState::Running);
        let id = &self.job.request().id;
        match self.config.several {
            None => tracing::info!(id, "the strategy was stopped: running its post"),
            Some(_) => tracing::info!(id, "the members have ended: running quiesce.after"),
        }
        let outcome = match succeeded {
            true => lines::SUCCEEDED,
            false => lines::FAILED,
        };
        let failures = PostLines::new(self.config, folder.as_deref())
            .run(&lines, outcome, || self.seen.first_ended());
        for error in &failures {
            self.job.warn(self.seen.keys.warning(error, outcome));
        }
        self.seen.nothing_owed();
    }
}

impl Drop for PostWatch<'_> {
    fn drop(&mut self) {
        // Finished before, it has nothing to do.
        self.finish(false);
    }
}

impl SeenCommands {
    /// The first line that is owed has ended.
    fn first_ended(&self) {
        let mut owed = self.owed();
        owed.note.post.remove(0);
        written(&owed.note, &self.folder);
        if owed.note.post.is_empty() {
            owed.at_death = None;
            if self.job.post() == PostState::Owed {
                self.job.set_post(PostState::NotOwed);
            }
        }
    }

    fn is_owed_next(&self, line: &str) -> bool {
        self.owed()
            .note
            .post
            .first()
            .is_some_and(|owed| owed == line)
    }

    fn nothing_owed(&self) {
        let mut owed = self.owed();
        owed.note.post.clear();
        written(&owed.note, &self.folder);
        owed.at_death = None;
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock()
    }
}

impl Reporter for SeenCommands {
    fn report(&self, done: u64, total: Option<u64>, note: Option<&str>) {
        self.job.report(done, total, note);
    }

    fn command_starts(&self, _: &str, _: &[(String, String)]) -> Result<()> {
        let mut owed = self.owed();
        if !owed.begun && !owed.note.post.is_empty() {
            owed.note.write(&self.folder)?;
            let note = note::path(&self.folder);
            let lines = self.lines.as_ref();
            owed.at_death = lines
                .map(|lines| lines.at_death(&owed.note.post, note))
                .transpose()?;
            owed.begun = true;
            self.job.set_post(PostState::Owed);
        }
        Ok(())
    }

    fn command_ended(&self, line: &str, env: &[(String, String)], failed: Option<&Error>) -> bool {
        let outcome = env.iter().find(|(name, _)| name == OUTCOME);
        let Some((_, outcome)) = outcome.filter(|_| self.is_owed_next(line)) else {
            return false;
        };
        self.first_ended();
        if let Some(error) = failed {
            lines::log(self.keys, error);
            self.job.warn(self.keys.warning(error, outcome));
        }
        true
    }
}
