//! What others are told about a run.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::history::{Artifact, Failure, Kind, Run, State};
use crate::notify::{self, News, Notifier, Outcome, Retry};

impl Service {
    /// Takes no more news of runs, and waits at most `limit` until the last have been delivered.
    pub fn finish_notifying(&self, limit: Duration) {
        if let Some(notifier) = self.notifier.get() {
            notifier.finish(limit);
        }
    }

    /// Whoever tells others about a run. Its threads are started with the first run.
    pub(super) fn herald(&self) -> Herald {
        let start = || {
            let receivers = self.config().notify.clone();
            Arc::new(Notifier::start(receivers, Retry::default()))
        };
        let stores = self.config().stores.iter();
        Herald {
            notifier: self.notifier.get_or_init(start).clone(),
            stores: stores.map(|store| store.name.clone()).collect(),
        }
    }
}

/// Tells how a run stands.
pub(super) struct Herald {
    notifier: Arc<Notifier>,
    /// All that are configured: a run that has not reached each of them has failed.
    stores: Vec<String>,
}

impl Herald {
    /// Never waits.
    pub(super) fn tell(&self, run: &Run) {
        if let Some(news) = news(run, &self.stores) {
            self.notifier.tell(&news);
        }
    }
}

/// What is worth telling about a run that stands like this.
fn news(run: &Run, stores: &[String]) -> Option<News> {
    // A health check that is told of a good restore would take it for tonight's backup.
    let is_told = match run.kind {
        Kind::Backup => true,
        Kind::Restore => false,
        Kind::Drill => run.state.is_over() && run.state != State::Succeeded,
    };
    if !is_told {
        return None;
    }
    let finished_at = run.finished_at.unwrap_or(run.queued_at);
    let outcome = match (run.state, &run.artifact, &run.error) {
        (State::Queued, ..) => return None,
        (State::Running, ..) => Outcome::Started,
        (State::Succeeded, Some(made), _) => Outcome::Succeeded {
            finished_at,
            artifact: artifact(made),
            stores: stores.to_vec(),
        },
        (_, _, error) => Outcome::Failed {
            finished_at,
            error: failure(run.kind, error.as_ref()?),
        },
    };
    Some(News {
        id: run.id.clone(),
        strategy: run.strategy.clone(),
        started_at: run.started_at.unwrap_or(run.queued_at),
        outcome,
    })
}

fn artifact(made: &Artifact) -> notify::Artifact {
    notify::Artifact {
        filename: made.filename.clone(),
        size: made.size,
        sha256: made.sha256.clone(),
    }
}

fn failure(kind: Kind, why: &Failure) -> notify::Failure {
    notify::Failure {
        code: why.code.clone(),
        message: match kind {
            Kind::Drill => format!("the drill failed: {}", why.message),
            _ => why.message.clone(),
        },
        hint: why.hint.clone(),
    }
}
