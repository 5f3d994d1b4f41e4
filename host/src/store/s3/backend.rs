//! A bucket as a store.

use std::future::IntoFuture;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::Retryable;
use bytes::Bytes;
use futures_util::TryStreamExt;
use opendal::ErrorKind;
use serde_json::Value;
use tokio::time::sleep;

use super::connection::S3Connection;
use super::part_sizes::PartSizes;
use super::writer::S3Writer;
use crate::config::{Bucket, StoreSpec};
use crate::error::Result;
use crate::store::backend::{
    Backend, LifecycleRules, Object, ObjectVersion, PartWriter, VersionedObject,
};
use crate::store::error::StoreOperation;
use crate::store::retry::RetryPolicy;

/// Larger objects are copied in parts, so that the store answers in time.
const COPIED_AT_ONCE: usize = 256 << 20;

/// A store in a bucket.
pub(in crate::store) struct S3Backend(Arc<S3Connection>);

impl S3Backend {
    pub(in crate::store) fn open(
        spec: &StoreSpec,
        bucket: &Bucket,
        policy: RetryPolicy,
    ) -> Result<Self> {
        Ok(Self(Arc::new(S3Connection::open(spec, bucket, policy)?)))
    }
}

#[async_trait]
impl Backend for S3Backend {
    fn shown(&self, key: &str) -> String {
        self.0.full(key)
    }

    fn clock_skew(&self) -> i64 {
        self.0.skew.seconds()
    }

    fn remarks(&self) -> Vec<String> {
        self.0.remarks()
    }

    fn has_own_clock(&self) -> bool {
        true
    }

    fn lifecycle_rules(&self) -> Option<&dyn LifecycleRules> {
        Some(self)
    }

    async fn put(&self, key: &str, pieces: Vec<Bytes>) -> Result<()> {
        let written = self.0.operator.write(&self.0.full(key), pieces).await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(self.0.failed(StoreOperation::Write, key, error)),
        }
    }

    async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        self.0.put_new(key, bytes).await
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        match self.0.operator.stat(&self.0.full(key)).await {
            Ok(found) => Ok(Some(found.content_length())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.0.failed(StoreOperation::Read, key, error)),
        }
    }

    /// A connection may break in the middle of an answer: what came before it is asked for again.
    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let path = self.0.full(key);
        let read = || {
            let read = self.0.operator.read_with(&path).range(range.clone());
            read.into_future()
        };
        let read = read
            .retry(self.0.policy.backoff())
            .sleep(sleep)
            .when(opendal::Error::is_temporary)
            .await;
        let bytes = read.map_err(|error| self.0.failed(StoreOperation::Read, key, error))?;
        Ok(bytes.to_bytes())
    }

    async fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let failed = |error| self.0.failed(StoreOperation::List, folder, error);
        let whole = self.0.full(folder);
        let mut entries = self.0.operator.lister(&whole).await.map_err(failed)?;
        let mut objects = Vec::new();
        while let Some(entry) = entries.try_next().await.map_err(failed)? {
            if entry.metadata().is_file()
                && let Some(name) = entry.path().strip_prefix(&whole)
            {
                objects.push(Object {
                    key: format!("{folder}{name}"),
                    size: entry.metadata().content_length(),
                    mark: entry.metadata().etag().map(str::to_owned),
                });
            }
        }
        Ok(objects)
    }

    async fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (self.0.full(from), self.0.full(to));
        let copy = || {
            let copy = self.0.operator.copy_with(&source, &target);
            copy.chunk(COPIED_AT_ONCE).into_future()
        };
        // S3 may begin a good answer before it fails: the transport takes it for a success.
        let copied = copy
            .retry(self.0.policy.backoff())
            .sleep(sleep)
            .when(opendal::Error::is_temporary)
            .await;
        match copied {
            Ok(_) => Ok(()),
            Err(error) => Err(self.0.failed(StoreOperation::Copy, to, error)),
        }
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let deleted = self.0.operator.delete(&self.0.full(key)).await;
        deleted.map_err(|error| self.0.failed(StoreOperation::Delete, key, error))
    }

    async fn begin_upload(&self, key: &str) -> Result<Box<dyn PartWriter>> {
        Ok(Box::new(S3Writer::new(self.0.clone(), key, PartSizes::S3)))
    }

    async fn abort_uploads(&self, key: &str) -> Result<usize> {
        self.0.abort_uploads(key).await
    }

    async fn read_versioned(&self, key: &str) -> Result<Option<VersionedObject>> {
        self.0.read_versioned(key).await
    }

    async fn replace_version(
        &self,
        key: &str,
        text: &str,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>> {
        self.0.replace_version(key, text, expected).await
    }

    async fn age(&self, key: &str) -> Result<Option<Duration>> {
        self.0.age(key).await
    }

    async fn refuses_to_overwrite(&self, key: &str, text: &str) -> bool {
        self.0.refuses_to_overwrite(key, text).await
    }
}

#[async_trait]
impl LifecycleRules for S3Backend {
    async fn read_rules(&self) -> Result<Value> {
        self.0.read_rules().await
    }

    async fn write_rules(&self, configuration: &Value) -> Result<()> {
        self.0.write_rules(configuration).await
    }
}
