//! What a store must be able to do. What differs between a folder and a bucket is a method here; the
//! layers above ask for nothing else.
//!
//! Keys are those below the store's prefix: a back end adds the prefix itself. An error names the key,
//! the store and what to do, and carries a [`StoreFailure`](super::error::StoreFailure).

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::spool_range::SpoolRange;
use crate::artifact::manifest::Manifest;
use crate::digest::Digest;
use crate::error::Result;

/// An object of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Below the store's prefix.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// What another object under this key would have otherwise: its ETag, or when it was written. None where a listing
    /// does not say.
    pub mark: Option<String>,
}

/// Bytes that no manifest, lease or note reaches: none larger is written, and none larger is read.
pub(super) const LARGEST_SMALL_OBJECT: u64 = Manifest::LARGEST as u64;

/// What a back end calls the state of an object: its ETag; in a folder, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectVersion(pub(super) String);

/// A small object, and the version that was read.
#[derive(Debug)]
pub(super) struct VersionedObject {
    pub(super) text: String,
    pub(super) version: ObjectVersion,
}

/// What holds the objects of a store. Each appears whole or not at all, and outlives a power cut.
#[async_trait]
pub(super) trait Backend: Send + Sync {
    /// The key as the operator would look for it: with the prefix, or as a path.
    fn shown(&self, key: &str) -> String;

    /// Seconds that the store's clock is ahead, as far as its answers have told.
    fn clock_skew(&self) -> i64 {
        0
    }

    /// What the operator should know of how the store is used, as far as its answers have told.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether `clock_skew` is that of another machine's clock.
    fn has_own_clock(&self) -> bool {
        false
    }

    /// The rules by which the store itself deletes, where it has such.
    fn lifecycle_rules(&self) -> Option<&dyn LifecycleRules> {
        None
    }

    /// Writes an object whole, of pieces in this order, in place of what was there.
    async fn put(&self, key: &str, pieces: Vec<Bytes>) -> Result<()>;

    /// Writes an object whole where nothing stands yet. Returns whether it was written; what stands there
    /// with the same bytes was.
    async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool>;

    /// How many bytes an object has; none if there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>>;

    /// Reads a range, which lies within the object. Fewer bytes mean that it has shrunk.
    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes>;

    /// What lies in a folder ("daily/"), without what lies in folders below it, in any order.
    async fn list(&self, folder: &str) -> Result<Vec<Object>>;

    /// Copies inside the store; the bytes do not pass through here.
    async fn copy(&self, from: &str, to: &str) -> Result<()>;

    /// What an object's bytes are, where reading them all costs no network; none elsewhere.
    async fn digest(&self, _key: &str) -> Result<Option<Digest>> {
        Ok(None)
    }

    /// Deletes an object; one that is not there is deleted already.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Starts to write an object in parts.
    async fn begin_upload(&self, key: &str) -> Result<Box<dyn PartWriter>>;

    /// Removes the parts of uploads to `key` that were neither completed nor aborted; with a slash at
    /// its end, of all below it. Returns how many uploads there were.
    async fn abort_uploads(&self, key: &str) -> Result<usize>;

    /// Reads a small object together with its version.
    async fn read_versioned(&self, key: &str) -> Result<Option<VersionedObject>>;

    /// For how long an object has been there at least, by the store's own clock; none if that cannot be
    /// told.
    async fn age(&self, key: &str) -> Result<Option<Duration>>;

    /// Writes a small object if it still has that version, or with none, if it is not there. Returns
    /// its new version; none if it was not written.
    async fn replace_version(
        &self,
        key: &str,
        text: &str,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>>;

    /// Whether writing an object that is there with this text, on the condition that it is not, is
    /// refused: a service that ignores the condition cannot hold leases.
    async fn refuses_to_overwrite(&self, key: &str, text: &str) -> bool;
}

/// An object on its way. It appears when it is completed.
#[async_trait]
pub(super) trait PartWriter: Send {
    /// Bytes of the next part; only the last one may have fewer.
    fn part_size(&self) -> u64;

    /// Writes the next part.
    async fn write(&mut self, part: SpoolRange) -> Result<()>;

    /// Makes the object appear, of which `size` bytes were written. Returns how many the store has.
    async fn complete(&mut self, size: u64) -> Result<u64>;

    /// Removes all parts.
    async fn abort(&mut self) -> Result<()>;
}

/// `{"Rules": […]}`, in which elements have the names of S3's XML.
#[async_trait]
pub(super) trait LifecycleRules: Send + Sync {
    /// Null if the store has none.
    async fn read_rules(&self) -> Result<Value>;

    /// Puts these in place of the store's; a configuration without rules deletes them.
    async fn write_rules(&self, configuration: &Value) -> Result<()>;
}
