//! Uploads that an interrupted run left unfinished: their parts are paid for, and listed only on request.

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::connection::S3Connection;
use crate::error::{Error, Result};

/// A service lists no more in one answer.
const AT_ONCE: usize = 1_000;

/// What a signature wants encoded: all but letters, digits and `-._~`.
pub(super) const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// In a path, slashes stay.
pub(super) const PATH: &AsciiSet = &VALUE.remove(b'/');

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnfinishedUploads {
    #[serde(default)]
    upload: Vec<UnfinishedUpload>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UnfinishedUpload {
    /// With the prefix.
    pub(super) key: String,
    pub(super) upload_id: String,
}

impl S3Connection {
    /// Aborts every upload to `key`; with a slash at its end, to all below it. Returns how many there
    /// were.
    pub(super) async fn abort_uploads(&self, key: &str) -> Result<usize> {
        let wanted = self.full(key);
        let mut aborted = 0;
        loop {
            let found = self.unfinished(&wanted).await;
            let mut found = found.map_err(|error| self.not_aborted(&wanted, &error))?;
            let is_last = found.len() < AT_ONCE;
            found.retain(|upload| upload.key == wanted || key.ends_with('/'));
            for upload in &found {
                let done = self.abort_upload(upload).await;
                done.map_err(|refusal| self.not_aborted(&upload.key, &refusal.to_string()))?;
                let (store, key) = (&self.store, &upload.key);
                tracing::warn!(
                    store,
                    key,
                    "aborted an upload that an interrupted run left behind"
                );
            }
            aborted += found.len();
            if is_last || found.is_empty() {
                return Ok(aborted);
            }
        }
    }

    fn not_aborted(&self, what: &str, reason: &str) -> Error {
        let (name, location) = (&self.store, &self.location);
        let message =
            format!("cannot abort the unfinished uploads of {what} in store `{name}`: {reason}");
        Error::run("stale-uploads", message).hint(format!(
            "allow these credentials `s3:ListBucketMultipartUploads` and `s3:AbortMultipartUpload` on {location}, \
             or have the bucket abort them after some days"
        ))
    }

    /// At most a thousand.
    async fn unfinished(&self, prefix: &str) -> Result<Vec<UnfinishedUpload>, String> {
        let url = format!(
            "{}?prefix={}&uploads=",
            self.signed.url(),
            utf8_percent_encode(prefix, VALUE)
        );
        let answer = self.signed.ask(Request::get(&url), Vec::new()).await;
        let answer = answer.map_err(|refusal| refusal.to_string())?;
        let text = answer.into_body().to_bytes();
        let found: Result<UnfinishedUploads, _> = quick_xml::de::from_reader(text.as_ref());
        Ok(found.map_err(|error| error.to_string())?.upload)
    }
}
