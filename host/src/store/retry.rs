//! How long a store is waited for.

use std::time::Duration;

use backon::ExponentialBuilder;

/// Limits and delays of the requests to a store.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long an answer may take to begin, besides the time that the request's body takes.
    pub answer: Duration,
    /// A request's body may travel at this speed at least, bytes a second.
    pub slowest: u32,
    /// How long the gap between two pieces of an answer may be.
    pub idle: Duration,
    /// Tries after the first.
    pub retries: usize,
    /// The wait before the second try; it doubles with each further one, and chance adds to it.
    pub first_delay: Duration,
    /// The longest wait before any try.
    pub longest_delay: Duration,
}

impl RetryPolicy {
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

    /// For a person who waits at a terminal.
    pub const CHECK: Self = Self {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(10),
        retries: 1,
        ..Self::RUN
    };

    /// The delays between the tries of one request.
    pub(super) fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.longest_delay)
            .with_max_times(self.retries)
    }

    /// How long a request with a body of so many bytes may take.
    pub(super) fn for_body(&self, bytes: usize) -> Duration {
        self.answer + Duration::from_secs_f64(bytes as f64 / self.slowest as f64)
    }
}
