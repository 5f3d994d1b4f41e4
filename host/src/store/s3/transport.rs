//! How requests reach a store: tried again, but not for ever.
//!
//! Retries are made here, below everything that has state, so that a request can be repeated or
//! dropped at any point without the upload that it belongs to losing track of itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use backon::Retryable;
use http::{HeaderMap, Request, Response, StatusCode, header};
use opendal::{Buffer, Error, HttpBody, HttpTransport};
use tokio::time::sleep;

use super::adaptation::Adaptation;
use super::payload::Payload;
use super::sending::Sending;
use crate::clock;
use crate::store::retry::RetryPolicy;

/// Sends requests by a [`reqwest::Client`], again if it makes sense, and watches the server's clock.
#[derive(Clone)]
pub(super) struct RetryingTransport {
    sending: Sending,
    policy: RetryPolicy,
    skew: Arc<ClockSkew>,
    /// How requests are signed and put for this service; without, they are sent as they are.
    adaptation: Option<Adaptation>,
}

/// How far the store's clock was ahead when it last answered.
#[derive(Debug, Default)]
pub(super) struct ClockSkew {
    seconds: AtomicI64,
    /// What it showed then; zero before its first answer.
    date: AtomicI64,
}

impl RetryingTransport {
    /// For requests that are not for S3 itself: nothing is signed.
    pub(super) fn plain(client: reqwest::Client, policy: RetryPolicy) -> Self {
        Self {
            sending: Sending::new(client, policy),
            policy,
            skew: Arc::default(),
            adaptation: None,
        }
    }

    pub(super) fn adapting(&self, adaptation: Adaptation) -> Self {
        Self {
            adaptation: Some(adaptation),
            ..self.clone()
        }
    }

    pub(super) fn skew(&self) -> Arc<ClockSkew> {
        self.skew.clone()
    }

    /// Sends a request, again while that makes sense.
    pub(super) async fn send(
        &self,
        request: Request<Payload>,
    ) -> opendal::Result<Response<HttpBody>> {
        let answer = (|| self.attempt(request.clone()))
            .retry(self.policy.backoff())
            .sleep(sleep)
            .when(FailedAttempt::may_pass)
            .notify(|failed, delay| {
                let (method, path) = (request.method(), request.uri().path());
                let why = failed.reason();
                tracing::warn!(%method, path, why, ?delay, "asking the store again");
            })
            .await;
        match answer {
            Err(FailedAttempt::Answered(answer)) => Ok(answer),
            Err(FailedAttempt::Broken(error)) => Err(error),
            Ok(answer) => Ok(answer),
        }
    }

    /// One try, in the words that the service takes.
    async fn attempt(
        &self,
        request: Request<Payload>,
    ) -> Result<Response<HttpBody>, FailedAttempt> {
        let answer = match &self.adaptation {
            Some(adaptation) => adaptation.exchange(&self.sending, request).await,
            None => self.sending.exchange(request).await,
        };
        let answer = answer.map_err(FailedAttempt::Broken)?;
        self.skew.watch(answer.headers());
        if worth_another_try(answer.status()) {
            return Err(FailedAttempt::Answered(answer));
        }
        Ok(answer)
    }
}

impl HttpTransport for RetryingTransport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        self.send(request.map(Payload::from)).await
    }
}

/// Why a request was not done. In the end an answer is an answer, whatever its status.
enum FailedAttempt {
    Answered(Response<HttpBody>),
    Broken(Error),
}

impl FailedAttempt {
    fn may_pass(&self) -> bool {
        match self {
            Self::Answered(_) => true,
            Self::Broken(error) => error.is_temporary(),
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Answered(answer) => answer.status().to_string(),
            Self::Broken(error) => error.to_string(),
        }
    }
}

/// Only what may pass by itself: never a refusal, never a full disk.
fn worth_another_try(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

impl ClockSkew {
    /// Seconds; positive if the store's clock is ahead.
    pub(super) fn seconds(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// What the store's clock showed in its last answer, in seconds since 1970.
    pub(super) fn date(&self) -> Option<i64> {
        let date = self.date.load(Ordering::Relaxed);
        (date != 0).then_some(date)
    }

    fn watch(&self, headers: &HeaderMap) {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        if let Some(date) = date {
            let date = date.timestamp().as_second();
            let skew = date - clock::machine().as_second();
            self.seconds.store(skew, Ordering::Relaxed);
            self.date.store(date, Ordering::Relaxed);
        }
    }
}
