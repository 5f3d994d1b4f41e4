//! How requests reach a store: with patience, but not for ever.
//!
//! Retries are made here, below everything that has state, so that a request can be repeated or
//! dropped at any point without the upload that it belongs to losing track of itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use http::{HeaderMap, Request, Response, StatusCode, header};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use opendal_http_transport_reqwest::ReqwestTransport;
use tokio::time::{sleep, timeout};

use super::patience::Patience;

/// Sends requests by a [`reqwest::Client`], again if it makes sense, and watches the server's clock.
#[derive(Clone)]
pub(super) struct Transport {
    client: ReqwestTransport,
    patience: Patience,
    skew: Arc<Skew>,
}

/// How far the store's clock was ahead when it last answered.
#[derive(Debug, Default)]
pub(super) struct Skew(AtomicI64);

impl Transport {
    pub(super) fn new(client: reqwest::Client, patience: Patience) -> Self {
        Self {
            client: client.into(),
            patience,
            skew: Arc::default(),
        }
    }

    pub(super) fn skew(&self) -> Arc<Skew> {
        self.skew.clone()
    }

    /// One try. The time allowed grows with the body, so that a slow line is not taken for a dead one.
    async fn once(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let allowed = self.patience.for_body(request.body().len());
        let answer = timeout(allowed, self.client.fetch(request));
        let answer = answer.await.map_err(|_| timed_out(allowed))??;
        self.skew.watch(answer.headers());
        let idle = self.patience.idle;
        let (parts, body) = answer.into_parts();
        Ok(Response::from_parts(parts, unless_idle(body, idle)))
    }
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        // What is read from an object may be large, and whoever reads it asks again for the rest.
        let is_reading = request.headers().contains_key(header::RANGE);
        let mut delays = self.patience.delays();
        loop {
            let outcome = match self.once(request.clone()).await {
                Ok(answer) if !is_reading => whole(answer).await,
                outcome => outcome,
            };
            let why = match &outcome {
                Ok(answer) if worth_another_try(answer.status()) => answer.status().to_string(),
                Err(error) if error.is_temporary() => error.to_string(),
                _ => return outcome,
            };
            let Some(delay) = delays.next() else {
                return outcome;
            };
            let path = request.uri().path();
            tracing::warn!(method = %request.method(), path, why, ?delay, "asking the store again");
            sleep(delay).await;
        }
    }
}

/// Only what may pass by itself: never a refusal, never a full disk.
fn worth_another_try(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// The answer once all of it has come.
async fn whole(answer: Response<HttpBody>) -> opendal::Result<Response<HttpBody>> {
    let (parts, mut body) = answer.into_parts();
    let buffer = body.to_buffer().await?;
    let length = buffer.len() as u64;
    let body = futures_util::stream::iter([Ok(buffer)]);
    Ok(Response::from_parts(
        parts,
        HttpBody::new(body, Some(length)),
    ))
}

fn timed_out(after: Duration) -> Error {
    let message = format!("timed out: no answer in {} s", after.as_secs_f32());
    Error::new(ErrorKind::Unexpected, message).set_temporary()
}

/// The body, with an error where it stalls.
fn unless_idle(body: HttpBody, idle: Duration) -> HttpBody {
    body.map_inner(|stream| {
        let watched = futures_util::stream::unfold(Some(stream), move |stream| async move {
            let mut stream = stream?;
            match timeout(idle, stream.next()).await {
                Ok(Some(piece)) => Some((piece, Some(stream))),
                Ok(None) => None,
                Err(_) => Some((Err(timed_out(idle)), None)),
            }
        });
        Box::new(Box::pin(watched))
    })
}

impl Skew {
    /// Seconds; positive if the store's clock is ahead.
    pub(super) fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn watch(&self, headers: &HeaderMap) {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        if let Some(date) = date {
            let ahead = date.timestamp().as_second() - jiff::Timestamp::now().as_second();
            self.0.store(ahead, Ordering::Relaxed);
        }
    }
}
