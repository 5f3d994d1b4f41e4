//! Requests to S3 that the library does not know.

use std::fmt;

use http::request::Builder;
use http::{Request, Response};
use opendal::Buffer;

use super::backend::Remote;
use super::xml::to_json;

/// Why the service did not do it.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The service's own word for it; empty if it had none.
    pub(super) code: String,
    reason: String,
}

impl Refusal {
    pub(super) fn other(reason: impl fmt::Display) -> Self {
        Self {
            code: String::new(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.code.as_str() {
            "" => Ok(()),
            code => write!(f, " ({code})"),
        }
    }
}

impl Remote {
    /// Signs a request, sends it and reads the answer.
    pub(super) async fn ask(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> Result<Response<Buffer>, Refusal> {
        let request = request.body(Buffer::from(body)).map_err(Refusal::other)?;
        let (mut parts, body) = request.into_parts();
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(Refusal::other)?;
        let sent = self.transport.send(Request::from_parts(parts, body)).await;
        let answer = sent.map_err(Refusal::other)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let reason = answer.status().to_string();
        let text = String::from_utf8_lossy(&answer.into_body().to_bytes()).into_owned();
        let (_, said) = to_json(&text).unwrap_or_default();
        let code = said["Code"].as_str().unwrap_or_default().to_owned();
        Err(Refusal { code, reason })
    }
}
