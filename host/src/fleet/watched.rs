//! A sidecar that is asked again and again, and what is remembered of it.

use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::client::SidecarClient;
use super::doubt::doubt;
use super::standing::SidecarStanding;
use crate::clock;
use crate::config::FleetSidecar;
use crate::error::Result;
use crate::service::{RunFailure, SidecarStatus};

/// A sidecar of the fleet.
pub(super) struct WatchedSidecar {
    name: String,
    page: String,
    client: SidecarClient,
    answers: Mutex<Answers>,
}

/// What a sidecar has answered; nothing before it was asked.
#[derive(Debug, Clone, Default)]
struct Answers {
    /// The last status, and when it came.
    status: Option<(Timestamp, SidecarStatus)>,
    /// Why none has come since.
    error: Option<RunFailure>,
}

impl WatchedSidecar {
    pub(super) fn new(sidecar: &FleetSidecar, timeout: Duration) -> Result<Self> {
        Ok(Self {
            name: sidecar.name.clone(),
            page: sidecar.page.clone(),
            client: SidecarClient::new(sidecar, timeout)?,
            answers: Mutex::default(),
        })
    }

    /// Whether both are the same sidecar, by whatever token.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.name, self.client.url()) == (&other.name, other.client.url())
    }

    /// What `other` has heard.
    pub(super) fn remember(&self, other: &Self) {
        let answers = other.answers.lock().clone();
        *self.answers.lock() = answers;
    }

    /// Asks once. Whether it stands otherwise than before.
    pub(super) async fn ask(&self) -> bool {
        let answer = self.client.status().await;
        let answer = answer.map_err(|error| RunFailure::from(&error));
        let now = clock::now();
        let mut answers = self.answers.lock();
        match &answer {
            Ok(_) if answers.error.is_some() => {
                tracing::info!(sidecar = self.name, "answers again");
            }
            Err(error) if answers.error.as_ref() != Some(error) => {
                let (code, hint) = (&error.code, error.hint.as_deref());
                tracing::warn!(
                    sidecar = self.name,
                    code,
                    hint,
                    "no status: {}",
                    error.message
                );
            }
            _ => {}
        }
        let before = answers.doubt();
        let is_changed = answers.take(answer, now);
        match answers.doubt() {
            Some(doubt) if before.as_ref() != Some(&doubt) => {
                let (code, hint) = (&doubt.code, doubt.hint.as_deref());
                tracing::warn!(
                    sidecar = self.name,
                    code,
                    hint,
                    "its status is in doubt: {}",
                    doubt.message
                );
                true
            }
            doubt => is_changed || before.is_some() != doubt.is_some(),
        }
    }

    /// How it stands, as far as is known.
    pub(super) fn standing(&self) -> SidecarStanding {
        let Answers { status, error } = self.answers.lock().clone();
        SidecarStanding::new(self.name.clone(), self.page.clone(), status, error)
    }
}

impl Answers {
    /// Why the last status cannot be taken as it stands.
    fn doubt(&self) -> Option<RunFailure> {
        let (at, status) = self.status.as_ref()?;
        doubt(status, *at)
    }

    /// Whether the answer says something else than what was known.
    fn take(&mut self, answer: Result<SidecarStatus, RunFailure>, now: Timestamp) -> bool {
        match answer {
            Ok(status) => {
                let last = self.status.as_ref().filter(|_| self.error.is_none());
                let is_same = last.is_some_and(|(_, last)| last.stands_like(&status));
                *self = Self {
                    status: Some((now, status)),
                    error: None,
                };
                !is_same
            }
            Err(error) => {
                let is_same = self.error.as_ref() == Some(&error);
                self.error = Some(error);
                !is_same
            }
        }
    }
}
