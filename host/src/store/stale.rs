//! What interrupted runs left behind: parts that nobody sees, and everybody pays for, and artifacts
//! that are no backups.
//!
//! Neither of the libraries that were weighed can list unfinished uploads: these requests are our own.

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::backend::Remote;
use super::{Store, keys};
use crate::error::{Error, Result};

/// A service lists no more in one answer.
const AT_ONCE: usize = 1_000;

/// What a signature wants encoded: all but letters, digits and `-._~`.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// In a path, slashes stay.
const PATH: &AsciiSet = &VALUE.remove(b'/');

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Uploads {
    #[serde(default)]
    upload: Vec<Unfinished>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unfinished {
    key: String,
    upload_id: String,
}

impl Store {
    /// Removes what somebody left behind who died while he worked on these keys: parts of uploads,
    /// and artifacts without a manifest, which are no backups yet or none any more. Nothing else: who
    /// names them must have written them, and nobody may be working on them now.
    pub(super) async fn recover(&self, keys: &[String]) -> Result<()> {
        for key in keys {
            self.abort_uploads(key).await?;
            let is_orphan =
                self.size(key).await?.is_some() && self.size(&keys::manifest(key)).await?.is_none();
            if is_orphan {
                self.delete(key).await?;
                let store = self.name();
                tracing::warn!(store, key, "removed what an interrupted run left half done");
            }
        }
        Ok(())
    }

    /// Aborts every upload to `key`; with a slash at its end, to all below it. Returns how many there
    /// were. In a folder nobody knows for which key a file was meant: all that is unfinished goes.
    pub(super) async fn abort_uploads(&self, key: &str) -> Result<usize> {
        let Some(remote) = &self.remote else {
            return self.remove_partial_files();
        };
        let wanted = self.full(key);
        let mut aborted = 0;
        loop {
            let found = remote.unfinished(&wanted).await;
            let mut found = found.map_err(|error| self.sweeping(&wanted, &error))?;
            let is_last = found.len() < AT_ONCE;
            found.retain(|upload| upload.key == wanted || key.ends_with('/'));
            for upload in &found {
                let done = remote.abort(upload).await;
                done.map_err(|error| self.sweeping(&upload.key, &error))?;
                let (store, key) = (self.name(), &upload.key);
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

    fn sweeping(&self, what: &str, reason: &str) -> Error {
        let name = self.name();
        let message =
            format!("cannot abort the unfinished uploads of {what} in store `{name}`: {reason}");
        Error::run("stale-uploads", message).hint(format!(
            "allow these credentials `s3:ListBucketMultipartUploads` and `s3:AbortMultipartUpload` on {}, \
             or have the bucket abort them after some days",
            self.place()
        ))
    }
}

impl Remote {
    /// At most a thousand.
    async fn unfinished(&self, prefix: &str) -> Result<Vec<Unfinished>, String> {
        let url = format!(
            "{}?prefix={}&uploads=",
            self.url,
            utf8_percent_encode(prefix, VALUE)
        );
        let answer = self.ask(Request::get(&url), Vec::new()).await;
        let answer = answer.map_err(|refusal| refusal.to_string())?;
        let text = answer.into_body().to_bytes();
        let found: Result<Uploads, _> = quick_xml::de::from_reader(text.as_ref());
        Ok(found.map_err(|error| error.to_string())?.upload)
    }

    async fn abort(&self, upload: &Unfinished) -> Result<(), String> {
        let key = utf8_percent_encode(&upload.key, PATH);
        let id = utf8_percent_encode(&upload.upload_id, VALUE);
        let url = format!("{}/{key}?uploadId={id}", self.url);
        let answer = self.ask(Request::delete(&url), Vec::new()).await;
        answer.map(drop).map_err(|refusal| refusal.to_string())
    }
}
