//! Small objects that several sidecars change: by `If-Match` and `If-None-Match`. The version of one is
//! its ETag.

use std::time::Duration;

use opendal::ErrorKind;

use super::connection::S3Connection;
use crate::error::{Error, Result};
use crate::store::backend::{LARGEST_SMALL_OBJECT, ObjectVersion, VersionedObject};
use crate::store::error::StoreOperation;

impl S3Connection {
    pub(super) async fn read_versioned(&self, key: &str) -> Result<Option<VersionedObject>> {
        let path = self.full(key);
        let failed = |error| self.failed(StoreOperation::Read, key, error);
        let found = match self.operator.stat(&path).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let Some(version) = found.etag().map(str::to_owned) else {
            return Err(self.no_conditions());
        };
        if found.content_length() >= LARGEST_SMALL_OBJECT {
            // Not one of ours: it is written over.
            return Ok(Some(VersionedObject {
                text: String::new(),
                version: ObjectVersion(version),
            }));
        }
        match self.operator.read_with(&path).if_match(&version).await {
            Ok(text) => Ok(Some(VersionedObject {
                text: String::from_utf8_lossy(&text.to_vec()).into_owned(),
                version: ObjectVersion(version),
            })),
            // It changed in between: this version matches no object.
            Err(error) if is_changed(&error) => Ok(Some(VersionedObject {
                text: String::new(),
                version: ObjectVersion("changed".to_owned()),
            })),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) async fn replace_version(
        &self,
        key: &str,
        text: &str,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>> {
        let path = self.full(key);
        let write = self.operator.write_with(&path, text.to_owned());
        let written = match expected {
            Some(version) => write.if_match(&version.0).await,
            None => write.if_not_exists(true).await,
        };
        match written {
            Ok(_) => {}
            // An answer that was lost makes the repeated request fail: whether it is ours is looked up.
            Err(error) if is_changed(&error) => {}
            Err(error) => return Err(self.failed(StoreOperation::Write, key, error)),
        }
        let found = self.read_versioned(key).await?;
        let ours = found.filter(|found| found.text == text);
        Ok(ours.map(|found| found.version))
    }

    pub(super) async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        let path = self.full(key);
        let write = self.operator.write_with(&path, bytes.clone());
        match write.if_not_exists(true).await {
            Ok(_) => Ok(true),
            // An answer that was lost makes the repeated request fail: whether it is ours is looked up.
            Err(error) if is_changed(&error) => match self.operator.read(&path).await {
                Ok(found) => Ok(found.to_vec() == bytes),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(self.failed(StoreOperation::Read, key, error)),
            },
            Err(error) => Err(self.failed(StoreOperation::Write, key, error)),
        }
    }

    pub(super) async fn age(&self, key: &str) -> Result<Option<Duration>> {
        let found = match self.operator.stat(&self.full(key)).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(StoreOperation::Read, key, error)),
        };
        let written = found.last_modified().map(|time| time.into_inner());
        let age = written.zip(self.skew.date()).map(|(written, date)| {
            // Both leave out parts of a second: it is at least that old.
            let seconds = date - written.as_second() - 1;
            Duration::from_secs(seconds.try_into().unwrap_or_default())
        });
        Ok(age)
    }

    pub(super) async fn refuses_to_overwrite(&self, key: &str, text: &str) -> bool {
        let path = self.full(key);
        let again = self.operator.write_with(&path, text.to_owned());
        let refused = again.if_not_exists(true).await;
        refused.is_err_and(|error| error.kind() == ErrorKind::ConditionNotMatch)
    }

    fn no_conditions(&self) -> Error {
        let message = format!(
            "store `{}` cannot hold a lease: its objects have no ETag",
            self.store
        );
        Error::run("no-conditional-writes", message)
            .hint("run one sidecar only, or keep the lease in another store")
    }
}

fn is_changed(error: &opendal::Error) -> bool {
    use ErrorKind::{AlreadyExists, ConditionNotMatch, Conflict, NotFound};
    matches!(
        error.kind(),
        AlreadyExists | ConditionNotMatch | Conflict | NotFound
    )
}
