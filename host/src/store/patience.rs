//! How long a store is waited for.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Limits and delays of the requests to a store.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For an answer to begin, besides the time that the request's body takes.
    pub answer: Duration,
    /// A request's body may travel at this speed at least, bytes a second.
    pub slowest: u32,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// Tries after the first.
    pub retries: usize,
    /// Before the second try; it doubles with each further one, and chance adds to it.
    pub first_delay: Duration,
    /// Before any try.
    pub longest_delay: Duration,
}

impl Patience {
    /// For a run: a store that restarts is waited for, about a minute.
    pub const RUN: Self = Self {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(60),
        slowest: 32 * 1024,
        idle: Duration::from_secs(60),
        retries: 6,
        first_delay: Duration::from_millis(500),
        longest_delay: Duration::from_secs(20),
    };

    /// For somebody who waits at a terminal.
    pub const CHECK: Self = Self {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(10),
        retries: 1,
        ..Self::RUN
    };
}

impl Patience {
    /// Between the tries of one request.
    pub(super) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.longest_delay)
            .with_max_times(self.retries)
            .build()
    }

    /// How long a request with a body of so many bytes may take.
    pub(super) fn for_body(&self, bytes: usize) -> Duration {
        self.answer + Duration::from_secs_f64(bytes as f64 / self.slowest as f64)
    }
}
