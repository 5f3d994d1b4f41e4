//! When to try again.

use std::time::Duration;

/// How often a notification is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// In all; at least one.
    pub attempts: u32,
    /// Before the second; four times as much before each one after.
    pub first_wait: Duration,
    /// For one attempt, from the look-up of the name to the last byte of the answer.
    pub limit: Duration,
}

impl Default for Retry {
    /// 1, 4 and 16 seconds between four attempts of 10 seconds: given up after a minute.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_secs(1),
            limit: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// How long to wait after that many failed attempts; `None` gives up.
    pub fn wait(&self, failed: u32) -> Option<Duration> {
        let again = failed > 0 && failed < self.attempts;
        again.then(|| {
            self.first_wait
                .saturating_mul(4u32.saturating_pow(failed - 1))
        })
    }
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyAnswer {
    /// It was taken.
    Delivered,
    /// It may be taken later.
    TryAgain,
    /// It will never be taken.
    Refused,
}

/// What `status` means. Redirects are not followed: a POST would arrive as a GET, and the secret
/// in the URL somewhere else.
pub fn answer(status: u16) -> NotifyAnswer {
    match status {
        200..=299 => NotifyAnswer::Delivered,
        408 | 425 | 429 | 500..=599 => NotifyAnswer::TryAgain,
        _ => NotifyAnswer::Refused,
    }
}
