//! Requests to S3 that the library does not know, or not in the way that we need them.

use http::Response;
use http::request::Builder;
use opendal::Buffer;

use super::payload::Payload;
use super::refusal::S3Refusal;
use super::transport::RetryingTransport;

/// Sends requests of our own.
pub(super) struct SignedClient {
    transport: RetryingTransport,
    url: String,
}

impl SignedClient {
    pub(super) fn new(transport: RetryingTransport, url: String) -> Self {
        Self { transport, url }
    }

    /// The bucket's, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request and reads the answer.
    pub(super) async fn ask(
        &self,
        request: Builder,
        body: impl Into<Payload>,
    ) -> Result<Response<Buffer>, S3Refusal> {
        let request = request.body(body.into()).map_err(S3Refusal::other)?;
        let answer = self.transport.send(request).await;
        let (parts, mut body) = answer.map_err(S3Refusal::unanswered)?.into_parts();
        let body = body.to_buffer().await.map_err(S3Refusal::unanswered)?;
        if parts.status.is_success() {
            return Ok(Response::from_parts(parts, body));
        }
        let bytes = body.to_bytes();
        Err(S3Refusal::read(parts.status, &parts.headers, &bytes))
    }
}
