//! Where a sidecar is interrupted, and by what.

use std::fmt;

/// What happens in place of a request's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The sidecar is paused for longer than a lease lasts, and another one goes on.
    Pause {
        next: usize,
    },
    /// The sidecar is killed before the request.
    Kill,
    AnswerLost,
    Refused,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause { next } => write!(f, "paused, sidecar {next} goes on"),
            Self::Kill => f.write_str("killed"),
            Self::AnswerLost => f.write_str("its answer is lost"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// What happens at which request of all, counted from 0. Everything else is answered, and each sidecar goes on until
/// it is done.
#[derive(Debug, Clone, Default)]
pub(super) struct ModelSchedule(Vec<(usize, Interruption)>);

impl ModelSchedule {
    pub(super) fn at(&self, request: usize) -> Option<Interruption> {
        let found = self.0.iter().find(|(at, _)| *at == request);
        found.map(|(_, interruption)| *interruption)
    }

    pub(super) fn with(&self, request: usize, interruption: Interruption) -> Self {
        let mut more = self.0.clone();
        more.push((request, interruption));
        Self(more)
    }

    /// The first request after all interruptions.
    pub(super) fn undisturbed_from(&self) -> usize {
        self.0.last().map_or(0, |(at, _)| at + 1)
    }
}

/// A request at which one more interruption may come.
pub(super) struct ModelMoment {
    pub(super) request: usize,
    pub(super) changes: bool,
    /// The sidecars that could go on instead.
    pub(super) others: Vec<usize>,
}

impl ModelMoment {
    pub(super) fn interruptions(&self) -> Vec<Interruption> {
        let pauses = self
            .others
            .iter()
            .map(|next| Interruption::Pause { next: *next });
        let mut all: Vec<_> = pauses.collect();
        all.extend([Interruption::Kill, Interruption::Refused]);
        if self.changes {
            all.push(Interruption::AnswerLost);
        }
        all
    }
}
