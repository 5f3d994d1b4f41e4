//! A store in memory, each of whose requests waits until a test says what becomes of it.
//!
//! What its clients do between two requests is the real thing; only the bytes lie nowhere.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::fixtures::fs;
use crate::digest::Digest;
use crate::error::Result;
use crate::store::backend::{Backend, Object, ObjectVersion, PartWriter, VersionedObject};
use crate::store::error::StoreFailure;
use crate::store::{Store, keys};

/// An owner that is not at work was paused or has died: for longer than its lease lasts, and not for so
/// long that tombstones are cleared away.
const PAUSE: Duration = Duration::from_secs(3600);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RequestFate {
    Answered,
    /// It is done, and its client does not learn so.
    AnswerLost,
    /// It is not done.
    Refused,
}

/// What lies in a store.
#[derive(Default)]
pub(crate) struct MemoryObjects {
    objects: BTreeMap<String, Vec<u8>>,
    /// It writes whatever the condition is.
    ignores_conditions: bool,
}

impl MemoryObjects {
    pub(crate) fn ignoring_conditions() -> Self {
        Self {
            ignores_conditions: true,
            ..Self::default()
        }
    }

    /// What lies in the tiers: keys, and bytes.
    pub(crate) fn in_tiers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let all = self.objects.iter();
        all.filter(|(key, _)| !key.starts_with(keys::PRIVATE))
            .map(|(key, bytes)| (key.as_str(), bytes.as_slice()))
    }

    pub(crate) fn has_manifest(&self, artifact: &str) -> bool {
        self.objects.contains_key(&keys::manifest(artifact))
    }

    /// All that begins so, as a number.
    pub(crate) fn fingerprint(&self, start: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        let from = self.objects.range(start.to_owned()..);
        from.take_while(|(key, _)| key.starts_with(start))
            .for_each(|object| object.hash(&mut hasher));
        hasher.finish()
    }
}

/// A request that waits.
pub(crate) struct WaitingRequest {
    /// For people: "write daily/…".
    pub(crate) name: String,
    /// Whether it changes anything: otherwise a lost answer is the same as none.
    pub(crate) changes: bool,
    fate: oneshot::Sender<RequestFate>,
}

impl WaitingRequest {
    pub(crate) fn meets(self, fate: RequestFate) {
        // Its client may have given up.
        let _ = self.fate.send(fate);
    }
}

/// What one client waits for, and has learnt: all that it does next follows from that.
#[derive(Default)]
pub(crate) struct RequestGate {
    waiting: Mutex<VecDeque<WaitingRequest>>,
    learnt: Mutex<DefaultHasher>,
}

impl RequestGate {
    /// The request that has waited longest; none if the client is at its end.
    pub(crate) fn next(&self) -> Option<WaitingRequest> {
        let mut waiting = self.waiting.lock();
        // A client may have given up some of those that it sent side by side.
        waiting.retain(|request| !request.fate.is_closed());
        waiting.pop_front()
    }

    /// What it has learnt, as a number.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.learnt.lock().finish()
    }

    async fn pass(&self, operation: &str, key: &str, changes: bool) -> RequestFate {
        let (fate, told) = oneshot::channel();
        self.waiting.lock().push_back(WaitingRequest {
            name: format!("{operation} {key}"),
            changes,
            fate,
        });
        told.await.unwrap_or(RequestFate::Refused)
    }
}

/// One client's way to the objects.
struct StepwiseBackend {
    objects: Arc<Mutex<MemoryObjects>>,
    /// Without one, every request is answered at once.
    gate: Option<Arc<RequestGate>>,
    clock_skew: i64,
}

/// The store as one sidecar sees it, whose clock is so many seconds ahead of this machine's.
pub(crate) fn store(
    objects: &Arc<Mutex<MemoryObjects>>,
    gate: Option<Arc<RequestGate>>,
    clock_skew: i64,
) -> Store {
    let backend = StepwiseBackend {
        objects: objects.clone(),
        gate,
        clock_skew,
    };
    Store::over(&fs(Path::new("/memory"), ""), Arc::new(backend))
}

impl StepwiseBackend {
    async fn read<T>(
        &self,
        operation: &str,
        key: &str,
        act: impl FnOnce(&MemoryObjects) -> T + Send,
    ) -> Result<T> {
        self.request(operation, key, false, |objects| act(objects))
            .await
    }

    async fn change<T>(
        &self,
        operation: &str,
        key: &str,
        act: impl FnOnce(&mut MemoryObjects) -> T + Send,
    ) -> Result<T> {
        self.request(operation, key, true, act).await
    }

    async fn request<T>(
        &self,
        operation: &str,
        key: &str,
        changes: bool,
        act: impl FnOnce(&mut MemoryObjects) -> T + Send,
    ) -> Result<T> {
        let Some(gate) = &self.gate else {
            return Ok(act(&mut self.objects.lock()));
        };
        let fate = gate.pass(operation, key, changes).await;
        let mut objects = self.objects.lock();
        (operation, key, fate, objects.fingerprint(key)).hash(&mut *gate.learnt.lock());
        let done = (fate != RequestFate::Refused).then(|| act(&mut objects));
        match done {
            Some(done) if fate == RequestFate::Answered => Ok(done),
            _ => Err(StoreFailure::Unavailable.error(format!("no answer: {operation} {key}"))),
        }
    }
}

#[async_trait]
impl Backend for StepwiseBackend {
    fn shown(&self, key: &str) -> String {
        key.to_owned()
    }

    fn clock_skew(&self) -> i64 {
        self.clock_skew
    }

    fn has_own_clock(&self) -> bool {
        true
    }

    async fn put(&self, key: &str, pieces: Vec<Bytes>) -> Result<()> {
        self.change("write", key, |all| {
            all.objects.insert(key.to_owned(), pieces.concat());
        })
        .await
    }

    async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        self.change("write new", key, |all| {
            let there = all.objects.get(key).filter(|_| !all.ignores_conditions);
            let is_ours = there.is_none_or(|there| *there == bytes);
            if is_ours {
                all.objects.insert(key.to_owned(), bytes);
            }
            is_ours
        })
        .await
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        self.read("ask for", key, |all| {
            all.objects.get(key).map(|bytes| bytes.len() as u64)
        })
        .await
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let read = self.read("read", key, |all| {
            let bytes = all.objects.get(key)?;
            let (from, to) = (range.start as usize, bytes.len().min(range.end as usize));
            Some(Bytes::copy_from_slice(bytes.get(from..to)?))
        });
        let missing = || StoreFailure::Missing.error(format!("{key} is not there"));
        read.await?.ok_or_else(missing)
    }

    async fn list(&self, folder: &str) -> Result<Vec<Object>> {
        self.read("list", folder, |all| {
            let within = all.objects.iter().filter(|(key, _)| {
                let name = key.strip_prefix(folder);
                name.is_some_and(|name| !name.contains('/'))
            });
            let listed = within.map(|(key, bytes)| Object {
                key: key.clone(),
                size: bytes.len() as u64,
                mark: Some(Digest::of_bytes(bytes).to_string()),
            });
            listed.collect()
        })
        .await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<()> {
        let operation = format!("copy to {to} from");
        let copied = self.change(&operation, from, |all| {
            let bytes = all.objects.get(from)?.clone();
            all.objects.insert(to.to_owned(), bytes);
            Some(())
        });
        let missing = || StoreFailure::Missing.error(format!("{from} is not there"));
        copied.await?.ok_or_else(missing)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.change("delete", key, |all| {
            all.objects.remove(key);
        })
        .await
    }

    async fn begin_upload(&self, key: &str) -> Result<Box<dyn PartWriter>> {
        Err(StoreFailure::Unsupported.error(format!("no uploads in parts: {key}")))
    }

    async fn abort_uploads(&self, _key: &str) -> Result<usize> {
        Ok(0)
    }

    async fn read_versioned(&self, key: &str) -> Result<Option<VersionedObject>> {
        self.read("read", key, |all| {
            let text = String::from_utf8(all.objects.get(key)?.clone()).ok()?;
            Some(VersionedObject {
                version: ObjectVersion(text.clone()),
                text,
            })
        })
        .await
    }

    async fn age(&self, _key: &str) -> Result<Option<Duration>> {
        Ok(Some(PAUSE))
    }

    async fn replace_version(
        &self,
        key: &str,
        text: &str,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>> {
        let text = from_elsewhere(text);
        self.change("replace", key, |all| {
            let there = all.objects.get(key).map(Vec::as_slice);
            let is_expected = there == expected.map(|version| version.0.as_bytes());
            if !is_expected && !all.ignores_conditions {
                return None;
            }
            all.objects
                .insert(key.to_owned(), text.clone().into_bytes());
            Some(ObjectVersion(text))
        })
        .await
    }

    async fn refuses_to_overwrite(&self, _key: &str, _text: &str) -> bool {
        true
    }
}

/// A lease as it would be from another machine, and without a time: so that two histories that come to the same
/// are found to be the same.
fn from_elsewhere(text: &str) -> String {
    let mut record: Value = serde_json::from_str(text).expect("a lease is JSON");
    record["process"] = Value::Null;
    record["expires_at"] = json!("1970-01-01T00:00:00Z");
    record.to_string()
}
