//! What a service says when it does not do something.

use std::fmt;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::xml::to_json;

/// Why the service did not do it.
#[derive(Debug, Default)]
pub(super) struct S3Refusal {
    /// None if there was no answer.
    pub(super) status: Option<StatusCode>,
    /// The service's own word for it; empty if it had none.
    pub(super) code: String,
    /// Its sentence, or ours.
    pub(super) message: String,
    /// The region of the bucket, if it was told.
    pub(super) region: Option<String>,
    /// When it said so, by its own clock.
    pub(super) at: Option<Timestamp>,
    /// What the library says of a connection that failed.
    pub(super) broken: Option<Box<opendal::Error>>,
}

impl S3Refusal {
    pub(super) fn other(reason: impl fmt::Display) -> Self {
        Self {
            message: reason.to_string(),
            ..Self::default()
        }
    }

    /// No answer came.
    pub(super) fn unanswered(error: opendal::Error) -> Self {
        Self {
            broken: Some(Box::new(error)),
            ..Self::default()
        }
    }

    /// Reads what an answer says, which S3 may also begin with 200.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let (_, said) = to_json(&text).unwrap_or_default();
        let word = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let region = Some(word("Region")).filter(|region| !region.is_empty());
        let date = header(header::DATE.as_str());
        Self {
            status: Some(status),
            code: word("Code"),
            message: word("Message"),
            region: region.or_else(|| header("x-amz-bucket-region")),
            at: date.and_then(|date| {
                let date = jiff::fmt::rfc2822::parse(&date).ok()?;
                Some(date.timestamp())
            }),
            broken: None,
        }
    }

    /// Whether it may pass by itself, after all that the transport has tried.
    pub(super) fn is_temporary(&self) -> bool {
        match (&self.broken, self.status) {
            (Some(error), _) => error.is_temporary(),
            // S3 begins an answer before it knows.
            (None, Some(status)) => status.is_success(),
            (None, None) => false,
        }
    }
}

impl fmt::Display for S3Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.broken, self.status) {
            (Some(error), _) => error.fmt(f)?,
            (None, Some(status)) => status.fmt(f)?,
            (None, None) => f.write_str(&self.message)?,
        }
        match self.code.as_str() {
            "" => Ok(()),
            code => write!(f, " ({code})"),
        }
    }
}
