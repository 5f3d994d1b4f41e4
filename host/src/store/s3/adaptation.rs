//! A request is put as the service takes it. What a refusal may be about is tried the other way at
//! once: a request that is accepted then, and nothing else, shows what the service does not take.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use opendal::{Buffer, Error, ErrorKind, HttpBody};

use super::dialect::Dialect;
use super::payload::Payload;
use super::refusal::S3Refusal;
use super::sending::Sending;
use super::signing::RequestSigning;

type Answer = Response<HttpBody>;

/// Seconds. S3 refuses what was signed a quarter of an hour before or after its own time.
const TOLERATED: i64 = 300;

/// How requests are signed, and what is known of the service.
#[derive(Clone)]
pub(super) struct Adaptation {
    pub(super) signing: RequestSigning,
    pub(super) dialect: Arc<Dialect>,
}

impl Adaptation {
    /// Sends a request, more than once if a refusal may be about how it was put.
    pub(super) async fn exchange(
        &self,
        sending: &Sending,
        request: Request<Payload>,
    ) -> opendal::Result<Answer> {
        let send = async |request| sending.exchange(self.signing.sign(request).await?).await;
        let carries_checksums = has_checksums(&request);
        let request = match carries_checksums && !self.dialect.takes_checksums() {
            true => without_checksums(request).await?,
            false => request,
        };
        let signed_at = self.signing.clock.now();
        let mut answer = send(request.clone()).await?;
        let Some(mut refusal) = self.refusal(&mut answer).await? else {
            return Ok(answer);
        };
        if let Some(time) = tells_time(&refusal, signed_at) {
            let before = self.signing.clock.adopt(time);
            let mut again = send(request.clone()).await?;
            match self.refusal(&mut again).await? {
                None => return Ok(again),
                // Then it was not the time.
                Some(same) if same.code == refusal.code => self.signing.clock.restore(before),
                Some(other) => (answer, refusal) = (again, other),
            }
        }
        if has_checksums(&request) && may_mean_checksums(&refusal) {
            let plain = without_checksums(request).await?;
            let mut again = send(plain).await?;
            let refused = self.refusal(&mut again).await?;
            if refused.is_none_or(|refusal| was_understood(&refusal)) {
                self.dialect.refuses_checksums();
                return Ok(again);
            }
        }
        Ok(answer)
    }

    /// What an answer refuses. Its body is there afterwards as before.
    async fn refusal(&self, answer: &mut Answer) -> opendal::Result<Option<S3Refusal>> {
        let status = answer.status();
        if !(status.is_client_error() || status.is_redirection() || status == 501)
            || status == StatusCode::NOT_MODIFIED
        {
            return Ok(None);
        }
        let placeholder = Response::new(HttpBody::new(futures_util::stream::empty(), Some(0)));
        let (parts, mut body) = std::mem::replace(answer, placeholder).into_parts();
        let bytes = body.to_buffer().await?;
        let refusal = S3Refusal::read(parts.status, &parts.headers, &bytes.to_bytes());
        if let Some(region) = &refusal.region {
            self.dialect.told_region(region);
        }
        let length = bytes.len() as u64;
        let body = HttpBody::new(futures_util::stream::iter([Ok(bytes)]), Some(length));
        *answer = Response::from_parts(parts, body);
        Ok(Some(refusal))
    }
}

/// The service's time, if it may be why the request was refused.
fn tells_time(refusal: &S3Refusal, signed_at: i64) -> Option<i64> {
    let may_be_why = matches!(refusal.status?.as_u16(), 400 | 401 | 403);
    let time = refusal.at?.as_second();
    (may_be_why && (time - signed_at).abs() > TOLERATED).then_some(time)
}

/// Whether the request may have been refused for its checksums. Services have many words for it, so
/// that only those are left out that mean something else.
fn may_mean_checksums(refusal: &S3Refusal) -> bool {
    const OTHER: [&str; 14] = [
        "AuthorizationHeaderMalformed",
        "BadDigest",
        "EntityTooLarge",
        "EntityTooSmall",
        "ExpiredToken",
        "IncompleteBody",
        "InvalidBucketName",
        "InvalidDigest",
        "InvalidPart",
        "InvalidPartOrder",
        "InvalidToken",
        "KeyTooLongError",
        "RequestTimeout",
        "XAmzContentChecksumMismatch",
    ];
    let code = refusal.code.as_str();
    match refusal.status.map(|status| status.as_u16()) {
        Some(400 | 501) => !OTHER.contains(&code),
        // What a proxy has removed was signed.
        Some(403) => code == "SignatureDoesNotMatch" || refusal.message.contains("x-amz-checksum"),
        _ => false,
    }
}

/// Whether the service has looked at what the request asks for, even if it said no.
fn was_understood(refusal: &S3Refusal) -> bool {
    matches!(
        refusal.status.map(|status| status.as_u16()),
        Some(404 | 409 | 412)
    )
}

const COMPLETED_CHECKSUM: (&str, &str) = ("<ChecksumCRC32C>", "</ChecksumCRC32C>");

fn is_checksum(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-amz-checksum")
        || name.starts_with("x-amz-sdk-checksum")
        || name == "x-amz-trailer"
}

fn completes_upload(request: &Request<Payload>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.method() == Method::POST && query.contains("uploadId=")
}

fn has_checksums(request: &Request<Payload>) -> bool {
    let in_body = || match request.body() {
        Payload::Bytes(bytes) if completes_upload(request) => {
            String::from_utf8_lossy(&bytes.to_bytes()).contains(COMPLETED_CHECKSUM.0)
        }
        _ => false,
    };
    request.headers().keys().any(is_checksum) || in_body()
}

/// The same request with the digest that S3 has always taken.
async fn without_checksums(mut request: Request<Payload>) -> opendal::Result<Request<Payload>> {
    let newer: Vec<_> = request.headers().keys().cloned().collect();
    for name in newer.iter().filter(|name| is_checksum(name)) {
        request.headers_mut().remove(name);
    }
    if completes_upload(&request) {
        if let Payload::Bytes(bytes) = request.body() {
            let text = String::from_utf8_lossy(&bytes.to_bytes()).into_owned();
            let plain = Buffer::from(without_elements(&text).into_bytes());
            let length = plain.len().into();
            request
                .headers_mut()
                .insert(http::header::CONTENT_LENGTH, length);
            *request.body_mut() = plain.into();
        }
    } else if request.method() == Method::PUT {
        let digest = request.body().content_md5().await.map_err(unreadable)?;
        let digest = HeaderValue::from_str(&digest).map_err(unreadable)?;
        request.headers_mut().insert("content-md5", digest);
    }
    Ok(request)
}

fn without_elements(text: &str) -> String {
    let (open, close) = COMPLETED_CHECKSUM;
    let mut parts = text.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        before + part.split_once(close).map_or("", |(_, rest)| rest)
    })
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unexpected, "the request's digest cannot be made").set_source(error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_completed_upload_says_nothing_of_checksums() {
        let xml = "<C><Part><ETag>a</ETag><ChecksumCRC32C>x==</ChecksumCRC32C></Part><Part>\
             <ETag>b</ETag><ChecksumCRC32C>y==</ChecksumCRC32C></Part></C>";
        let request = Request::post("http://s3/b/k?uploadId=1");
        let request = request.body(xml.as_bytes().to_vec().into()).unwrap();
        assert!(has_checksums(&request));
        let plain = without_checksums(request).await.unwrap();
        assert!(!has_checksums(&plain));
        let Payload::Bytes(bytes) = plain.body() else {
            panic!("not from the spool")
        };
        let expected = "<C><Part><ETag>a</ETag></Part><Part><ETag>b</ETag></Part></C>";
        assert_eq!(bytes.to_bytes(), expected.as_bytes());
    }
}
