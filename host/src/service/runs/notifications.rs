//! What the receivers of notifications learn about a run.

use std::sync::Arc;
use std::time::Duration;

use super::omissions::told;
use super::request::RunRequest;
use crate::history::{Run, RunArtifact, RunFailure, RunKind, RunState};
use crate::notify::{EventArtifact, EventFailure, EventOutcome, Notifier, RunEvent};
use crate::service::context::Context;
use crate::service::timekeeper::Timekeeper;

/// Takes no more events of runs, and waits at most `limit` until the last have been sent.
pub(in crate::service) fn finish_notifying(context: &Context, limit: Duration) {
    if let Some(notifier) = context.started_notifier() {
        notifier.finish(limit);
    }
}

/// Notifies the receivers of how a run stands.
pub(super) struct RunNotifier {
    /// None of a member's run in a set: the set tells how it went.
    notifier: Option<Arc<Notifier>>,
    /// All that are configured: a run that has not reached each of them has failed.
    stores: Vec<String>,
    timekeeper: Arc<Timekeeper>,
}

impl RunNotifier {
    /// Starts the threads of the receivers with the first run.
    pub(super) fn new(context: &Context, request: &RunRequest) -> Self {
        let is_told = request.set_id.is_none() || context.config().member.is_none();
        let stores = context.config().stores.iter();
        Self {
            notifier: is_told.then(|| context.notifier().clone()),
            stores: stores.map(|store| store.name.clone()).collect(),
            timekeeper: context.timekeeper.clone(),
        }
    }

    /// Never waits.
    pub(super) fn tell(&self, run: &Run) {
        if let Some(notifier) = &self.notifier
            && let Some(mut event) = event(run, &self.stores)
        {
            if run.state.is_over() {
                event.clock_doubt = self.timekeeper.unheard().map(|doubt| doubt.to_string());
            }
            notifier.tell(&event);
        }
    }
}

/// The event of a run that stands like this, if it is one for the receivers.
fn event(run: &Run, stores: &[String]) -> Option<RunEvent> {
    // A health check that learned of a good restore would take it for tonight's backup.
    let is_told = match run.kind {
        RunKind::Backup => true,
        RunKind::Restore => false,
        RunKind::Drill => run.state.is_over() && run.state != RunState::Succeeded,
        RunKind::Verify => run.state == RunState::Failed,
    };
    if !is_told {
        return None;
    }
    let finished_at = run.finished_at.unwrap_or(run.queued_at);
    let duration_ms = run.duration_ms.unwrap_or(0);
    let outcome = match (run.state, &run.artifact, &run.error) {
        (RunState::Queued, ..) => return None,
        (RunState::Running, ..) => EventOutcome::Started,
        (RunState::Succeeded, Some(made), _) => EventOutcome::Succeeded {
            finished_at,
            duration_ms,
            artifact: artifact(made),
            stores: stores.to_vec(),
            warnings: run
                .warnings
                .iter()
                .map(|warning| failure(run.kind, warning))
                .collect(),
        },
        (_, _, error) => EventOutcome::Failed {
            finished_at,
            duration_ms,
            error: failure(run.kind, error.as_ref()?),
        },
    };
    Some(RunEvent {
        id: run.id.clone(),
        strategy: run.member.as_ref().unwrap_or(&run.strategy).clone(),
        started_at: run.started_at.unwrap_or(run.queued_at),
        outcome,
        warnings: run.warnings.iter().map(told_failure).collect(),
        clock_doubt: None,
    })
}

fn artifact(made: &RunArtifact) -> EventArtifact {
    EventArtifact {
        filename: made.filename.clone(),
        size: made.size,
        sha256: made.sha256.clone(),
        omissions: told(&made.omissions),
    }
}

fn failure(kind: RunKind, why: &RunFailure) -> EventFailure {
    let told = told_failure(why);
    EventFailure {
        message: match kind {
            RunKind::Drill => format!("the drill failed: {}", told.message),
            RunKind::Verify => format!("the verification failed: {}", told.message),
            _ => told.message,
        },
        ..told
    }
}

fn told_failure(why: &RunFailure) -> EventFailure {
    EventFailure {
        code: why.code.clone(),
        message: why.message.clone(),
        hint: why.hint.clone(),
    }
}
