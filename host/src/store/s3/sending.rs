//! One request to a server, and the beginning of its answer. A body out of the spool is read while it is
//! sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use http::{Request, Response, header};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport as _};
use opendal_http_transport_reqwest::ReqwestTransport;
use tokio::time::{sleep, timeout};

use super::payload::Payload;
use crate::store::retry::RetryPolicy;
use crate::store::spool_range::SpoolRange;

/// More of a body than this is never on its way unseen: so many bytes are waited for, not the whole.
const IN_FLIGHT: u64 = 8 << 20;

/// Sends what it is given, once and as it is.
#[derive(Clone)]
pub(super) struct Sending {
    client: reqwest::Client,
    library: ReqwestTransport,
    policy: RetryPolicy,
}

impl Sending {
    pub(super) fn new(client: reqwest::Client, policy: RetryPolicy) -> Self {
        Self {
            library: client.clone().into(),
            client,
            policy,
        }
    }

    /// Sends a request, and waits for all of the answer. But what is read from an object may be large:
    /// its reader asks again for the rest.
    pub(super) async fn exchange(
        &self,
        request: Request<Payload>,
    ) -> opendal::Result<Response<HttpBody>> {
        let is_reading = request.headers().contains_key(header::RANGE);
        let (parts, body) = self.begin(request).await?.into_parts();
        let is_read = is_reading && parts.status.is_success();
        let answer = Response::from_parts(parts, unless_idle(body, self.policy.idle));
        match is_read {
            true => Ok(answer),
            false => whole(answer).await,
        }
    }

    /// The time allowed grows with the body, so that a slow line is not taken for a dead one.
    async fn begin(&self, request: Request<Payload>) -> opendal::Result<Response<HttpBody>> {
        let allowed = self
            .policy
            .for_body(request.body().len().min(IN_FLIGHT) as usize);
        let (parts, body) = request.into_parts();
        match body {
            Payload::Bytes(bytes) => {
                let answer = self.library.fetch(Request::from_parts(parts, bytes));
                timeout(allowed, answer)
                    .await
                    .map_err(|_| timed_out(allowed))?
            }
            Payload::Spool(range) => {
                let sent = Arc::<AtomicU64>::default();
                let answer = self.stream(Request::from_parts(parts, range), sent.clone());
                tokio::select! {
                    answer = answer => answer,
                    () = stalled(&sent, allowed) => Err(timed_out(allowed)),
                }
            }
        }
    }

    /// `sent` counts the bytes that were taken for the connection.
    async fn stream(
        &self,
        request: Request<SpoolRange>,
        sent: Arc<AtomicU64>,
    ) -> opendal::Result<Response<HttpBody>> {
        let (mut parts, range) = request.into_parts();
        parts
            .headers
            .insert(header::CONTENT_LENGTH, range.len().into());
        let pieces = range.into_stream().inspect(move |piece| {
            let size = piece.as_ref().map_or(0, |piece| piece.len() as u64);
            sent.fetch_add(size, Ordering::Relaxed);
        });
        let answer = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(reqwest::Body::wrap_stream(pieces))
            .send();
        let mut answer = answer.await.map_err(broken)?;
        let mut begun = Response::builder().status(answer.status());
        if let Some(headers) = begun.headers_mut() {
            std::mem::swap(headers, answer.headers_mut());
        }
        let length = answer.content_length();
        let body = answer.bytes_stream().map(|piece| match piece {
            Ok(piece) => Ok(Buffer::from(piece)),
            Err(error) => Err(broken(error)),
        });
        begun.body(HttpBody::new(body, length)).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "the answer cannot be read").set_source(error)
        })
    }
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

/// Ends when nothing was taken for so long.
async fn stalled(sent: &AtomicU64, allowed: Duration) {
    let mut before = None;
    loop {
        let now = sent.load(Ordering::Relaxed);
        if before == Some(now) {
            return;
        }
        before = Some(now);
        sleep(allowed).await;
    }
}

fn broken(error: reqwest::Error) -> Error {
    let is_temporary = error.is_request() || error.is_body() || error.is_decode();
    Error::new(ErrorKind::Unexpected, "send http request")
        .with_temporary(is_temporary)
        .set_source(error.without_url())
}
