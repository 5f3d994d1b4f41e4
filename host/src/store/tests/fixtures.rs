//! What the tests put into stores.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::server::S3Server;
use crate::artifact::SpoolReader;
use crate::artifact::manifest::{Contents, MadeBy, Manifest, Sha256};
use crate::config::Tier;
use crate::config::{Addressing, Bucket, Codec, Credentials, Layout, Place, Secret, StoreSpec};
use crate::digest::Digest;
use crate::error::Result;
use crate::store::{Removal, RetryPolicy, Store, StoreLock, Stored, StoredBackup, Upload};

pub(in crate::store) const MIB: usize = 1 << 20;

/// Fast enough for a test, with as many tries as a run has.
pub(in crate::store) const HURRY: RetryPolicy = RetryPolicy {
    connect: Duration::from_secs(2),
    answer: Duration::from_secs(3),
    slowest: 8 << 20,
    idle: Duration::from_secs(1),
    retries: 3,
    first_delay: Duration::from_millis(5),
    longest_delay: Duration::from_millis(50),
};

pub(crate) fn fs(path: &Path, prefix: &str) -> StoreSpec {
    StoreSpec {
        name: "local".to_owned(),
        prefix: prefix.to_owned(),
        root: prefix.to_owned(),
        strategy: None,
        owner: None,
        place: Place::Fs {
            path: path.to_owned(),
        },
        layout: Layout::Artifacts,
    }
}

pub(super) fn s3(prefix: &str, bucket: Bucket) -> StoreSpec {
    StoreSpec {
        name: "minio".to_owned(),
        prefix: prefix.to_owned(),
        root: prefix.to_owned(),
        strategy: None,
        owner: None,
        place: Place::S3(Box::new(bucket)),
        layout: Layout::Artifacts,
    }
}

pub(super) fn bucket(endpoint: &str) -> Bucket {
    Bucket {
        name: "backups".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        credentials: Some(Credentials {
            access_key_id: Secret::new("AKIAIOSFODNN7EXAMPLE"),
            secret_access_key: Secret::new("wJalrXUtnFEMI-not-a-secret"),
            session_token: None,
        }),
        ca_file: None,
        addressing: Addressing::Path,
    }
}

impl S3Server {
    pub(in crate::store) fn spec(&self, prefix: &str) -> StoreSpec {
        s3(prefix, bucket(&self.url))
    }
}

pub(super) fn open(spec: &StoreSpec) -> Store {
    Store::open(spec, HURRY).unwrap()
}

/// Bytes that no two parts have in common.
pub(in crate::store) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A spool file that grows, as the artifact of a run does.
pub(super) struct GrowingSpool {
    file: File,
    path: tempfile::TempPath,
    written: watch::Sender<u64>,
}

impl GrowingSpool {
    pub(super) fn new() -> Self {
        let (file, path) = tempfile::NamedTempFile::new().unwrap().into_parts();
        Self {
            file,
            path,
            written: watch::channel(0).0,
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
        self.written.send_modify(|size| *size += bytes.len() as u64);
    }

    pub(super) async fn upload(&self, store: &Store, at: Timestamp) -> Result<Upload> {
        let source = SpoolReader::new(File::open(&self.path).unwrap(), self.written.subscribe());
        let key = store.free_key(Tier::Daily, "backup.dump", at, &[]).await?;
        Ok(store.upload(&key, source))
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Uploads bytes that are all there already.
pub(super) async fn store_bytes(store: &Store, bytes: &[u8], time: &str) -> Result<Stored> {
    let mut growing = GrowingSpool::new();
    growing.append(bytes);
    let mut upload = growing.upload(store, at(time)).await?;
    upload.finish(bytes.len() as u64).await
}

pub(crate) fn manifest(id: &str, bytes: &[u8], time: &str) -> Manifest {
    let digest = Sha256::from(Digest::of_bytes(bytes));
    Manifest {
        version: Manifest::VERSION,
        id: id.to_owned(),
        tier: Tier::Daily,
        started_at: at(time),
        finished_at: at(time),
        strategy: MadeBy {
            name: "custom".to_owned(),
            sha256: digest.clone(),
        },
        tools: BTreeMap::new(),
        sidecar: "0.1.0".to_owned(),
        lease: None,
        artifact: Contents {
            filename: "backup.dump".to_owned(),
            format: "binary".to_owned(),
            content_type: "application/octet-stream".to_owned(),
            size: bytes.len() as u64,
            sha256: digest.clone(),
            raw_size: bytes.len() as u64,
            raw_sha256: digest,
            compression: Codec::None,
            encryption: None,
            repository: None,
        },
        parts: Vec::new(),
        omissions: Vec::new(),
        seq: None,
        spaced: None,
        owner: None,
        members: Vec::new(),
    }
}

/// Reads all of a backup, and compares it.
pub(super) async fn verify(store: &Store, backup: &StoredBackup) -> Result<()> {
    let reading = store.read(&backup.key, 0..u64::MAX).await?;
    store.verify(backup, reading, |_| ()).await
}

/// The same into a file.
pub(super) async fn fetch(store: &Store, backup: &StoredBackup, to: &Path) -> Result<()> {
    let reading = store.read(&backup.key, 0..u64::MAX).await?;
    store.fetch(backup, reading, to).await
}

/// A whole backup.
pub(super) async fn backup(store: &Store, id: &str, bytes: &[u8], time: &str) -> StoredBackup {
    let stored = store_bytes(store, bytes, time).await.unwrap();
    let manifest = manifest(id, bytes, time);
    let mut lock = StoreLock::without_lease(store);
    lock.commit(&stored, &manifest).await.unwrap()
}

pub(super) async fn removed(store: &Store, backup: &StoredBackup) {
    removed_by(&mut StoreLock::without_lease(store), backup).await;
}

pub(super) async fn removed_by(lock: &mut StoreLock, backup: &StoredBackup) {
    let removal = lock.remove(backup).await.unwrap();
    assert!(matches!(removal, Removal::Done), "{removal:?}");
}
