//! A store, as `rustic_core` wants to have it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rustic_core::{
    BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};
use tokio::runtime::Handle;

use super::gate::VerdictGate;
use super::index_view::ReplacedIndexes;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{Object, REPOSITORY, Store};

/// Folders of packs that are listed at once.
const PARALLEL: usize = 8;

/// Bytes of a blob that are sooner copied than written or sent by themselves.
const SMALL: usize = 256 << 10;

/// Bytes of the shortest file of a repository: what encrypts nothing.
const SHORTEST: u64 = 32;

/// Files of a repository as objects of a store. What fails is kept in the gate, with its code and hint:
/// the library has words of its own.
pub(super) struct StoreBackend {
    store: Store,
    driver: Handle,
    gate: Arc<VerdictGate>,
    indexes: Arc<ReplacedIndexes>,
}

impl StoreBackend {
    pub(super) fn new(store: &Store, driver: &Handle, gate: &Arc<VerdictGate>) -> Self {
        Self::showing(&Arc::default(), store, driver, gate)
    }

    /// One with other index files.
    pub(super) fn showing(
        indexes: &Arc<ReplacedIndexes>,
        store: &Store,
        driver: &Handle,
        gate: &Arc<VerdictGate>,
    ) -> Self {
        Self {
            store: store.clone(),
            driver: driver.clone(),
            gate: gate.clone(),
            indexes: indexes.clone(),
        }
    }

    /// Waits on this thread, which is the library's, for what the event loop reads.
    fn read<T>(&self, work: impl Future<Output = Result<T>>) -> RusticResult<T> {
        self.wait(work, VerdictGate::note)
    }

    /// The same for what it writes: after a failure nothing more is written.
    fn write<T>(&self, work: impl Future<Output = Result<T>>) -> RusticResult<T> {
        self.wait(work, VerdictGate::fail)
    }

    fn wait<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        failed: impl FnOnce(&VerdictGate, Error),
    ) -> RusticResult<T> {
        let waited = || {
            self.driver.block_on(async {
                tokio::select! {
                    done = work => done,
                    () = self.gate.failed() => self.gate.require_not_failed().and_then(|()| Err(ended())),
                }
            })
        };
        // An event loop that ends meanwhile panics, and a panic in the library's pool would abort the process.
        let done = catch_unwind(AssertUnwindSafe(waited)).unwrap_or_else(|_| Err(ended()));
        done.map_err(|error| {
            let told = RusticError::new(ErrorKind::Backend, error.message().to_owned());
            failed(&self.gate, error);
            told
        })
    }

    /// What is wrong with an object that should have so many bytes at least; none if it has them. Nothing in a repository
    /// ever changes: what is short was cut off.
    async fn damaged(&self, key: &str, least: u64) -> Option<Error> {
        match self.store.size(key).await {
            Ok(None) => Some(lost(&self.store, key)),
            Ok(Some(size)) if size < least => Some(cut_off(&self.store, key)),
            _ => None,
        }
    }
}

/// What lies in the folder of `tpe`: ids and sizes. What has another name is none of the repository's.
pub(super) async fn listed(store: &Store, tpe: FileType) -> Result<Vec<(Id, u32)>> {
    let folder = format!("{REPOSITORY}{}/", tpe.dirname());
    let objects: Vec<Object> = match tpe {
        FileType::Config => {
            let size = store.size(&key(tpe, &Id::default())).await?;
            return Ok(size.and_then(sized(Id::default())).into_iter().collect());
        }
        FileType::Pack => {
            let folders = (0..=u8::MAX).map(|first| format!("{folder}{first:02x}/"));
            let lists = stream::iter(folders)
                .map(|folder| async move { store.list(&folder).await })
                .buffer_unordered(PARALLEL);
            lists.try_concat().await?
        }
        FileType::Index | FileType::Key | FileType::Snapshot => store.list(&folder).await?,
    };
    let ids = objects.iter().filter_map(|object| {
        let name = object.key.rsplit('/').next()?;
        sized(name.parse().ok()?)(object.size)
    });
    Ok(ids.collect())
}

/// No file of a repository has 4 GiB: another program's is left alone.
fn sized(id: Id) -> impl Fn(u64) -> Option<(Id, u32)> {
    move |size| Some((id, u32::try_from(size).ok()?))
}

fn ended() -> Error {
    Error::run("internal", "the repository was left while it was used")
}

/// All digits of an id: to display one shows eight.
pub(super) fn hex(id: Id) -> String {
    id.to_hex().as_str().to_owned()
}

/// Where a file of the repository lies.
pub(super) fn key(tpe: FileType, id: &Id) -> String {
    let name = id.to_hex();
    match tpe {
        FileType::Config => format!("{REPOSITORY}config"),
        FileType::Pack => format!("{REPOSITORY}data/{}/{}", &name.as_str()[..2], name.as_str()),
        FileType::Index | FileType::Key | FileType::Snapshot => {
            format!("{REPOSITORY}{}/{}", tpe.dirname(), name.as_str())
        }
    }
}

impl ReadBackend for StoreBackend {
    fn location(&self) -> String {
        format!("store `{}`", self.store.name())
    }

    fn list_with_size(&self, tpe: FileType) -> RusticResult<Vec<(Id, u32)>> {
        self.read(listed(&self.store, tpe))
    }

    fn read_full(&self, tpe: FileType, id: &Id) -> RusticResult<Bytes> {
        if let (FileType::Index, Some(replaced)) = (tpe, self.indexes.get(id)) {
            return Ok(replaced);
        }
        let key = key(tpe, id);
        self.read(async {
            let mut reading = self.store.read(&key, 0..u64::from(u32::MAX)).await?;
            if reading.length() < SHORTEST {
                return Err(cut_off(&self.store, &key));
            }
            let mut all = Vec::with_capacity(reading.length() as usize);
            while let Some(piece) = reading.next().await? {
                all.extend_from_slice(&piece);
            }
            // Their names are what they say. Of several keys, a damaged one keeps no other from opening.
            let is_named = !matches!(tpe, FileType::Config | FileType::Key);
            if is_named && Digest::of_bytes(&all).to_string() != hex(*id) {
                return Err(altered(&self.store, &key, tpe));
            }
            Ok(all.into())
        })
    }

    fn read_partial(
        &self,
        tpe: FileType,
        id: &Id,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let (key, start) = (key(tpe, id), u64::from(offset));
        let range = start..start + u64::from(length);
        self.read(async {
            match self.store.read_whole_range(&key, range.clone()).await {
                Ok(read) => Ok(read),
                Err(error) => Err(self.damaged(&key, range.end).await.unwrap_or(error)),
            }
        })
    }

    fn warmup_path(&self, tpe: FileType, id: &Id) -> String {
        self.store.shown(&key(tpe, id))
    }
}

impl WriteBackend for StoreBackend {
    fn write_bytes(
        &self,
        tpe: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        let key = key(tpe, id);
        self.write(async {
            match tpe {
                FileType::Snapshot => self.gate.require_good().await?,
                _ => self.gate.require_not_failed()?,
            }
            match tpe {
                // Two sidecars that make it at once would lock one another out.
                FileType::Config => {
                    match self.store.put_once(&key, content.slice().concat()).await? {
                        true => Ok(()),
                        false => Err(made_elsewhere(&self.store)),
                    }
                }
                _ => {
                    let pieces = gathered(content.slice());
                    // What was copied is not in memory twice while it is sent.
                    drop(content);
                    self.store.put_pieces(&key, pieces).await
                }
            }
        })
    }

    fn remove(&self, tpe: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        let key = key(tpe, id);
        self.write(self.store.delete(&key))
    }
}

/// The same bytes with small neighbours copied into one: each piece is worth a call of its own.
fn gathered(blobs: &[Bytes]) -> Vec<Bytes> {
    let groups = blobs.chunk_by(|one, next| one.len().max(next.len()) < SMALL);
    let pieces = groups.map(|group| match group {
        [single] => single.clone(),
        small => small.concat().into(),
    });
    pieces.collect()
}

fn lost(store: &Store, key: &str) -> Error {
    let (name, shown) = (store.name(), store.shown(key));
    let message = format!("the repository of store `{name}` has lost {shown}");
    Error::new(Kind::Verification, "repository-damaged", message)
        .hint("take another backup (`sidecar list`), and find out what removed it")
}

fn altered(store: &Store, key: &str, tpe: FileType) -> Error {
    let (name, shown) = (store.name(), store.shown(key));
    let message =
        format!("the repository of store `{name}` has other bytes than were written: {shown}");
    let hint = match tpe {
        FileType::Index => {
            "no backup is lost: `restic repair index` (`restic rebuild-index` before 0.16) makes the index anew from what lies there"
        }
        _ => "take another backup (`sidecar list`), and find out what altered it",
    };
    Error::new(Kind::Verification, "altered", message).hint(hint)
}

fn cut_off(store: &Store, key: &str) -> Error {
    let (name, shown) = (store.name(), store.shown(key));
    let message =
        format!("the repository of store `{name}` has fewer bytes than were written: {shown}");
    Error::new(Kind::Verification, "altered", message).hint(
        "take another backup (`sidecar list`), and find out what cut it off: a power failure, or a full disk",
    )
}

fn made_elsewhere(store: &Store) -> Error {
    let message = format!(
        "another program has just made a repository in store `{}`",
        store.name()
    );
    Error::run("repository-exists", message).hint("run the backup again: it uses that one")
}

#[cfg(test)]
mod tests {
    use super::{Bytes, SMALL, gathered};

    #[test]
    fn small_blobs_are_copied_together_and_large_ones_stay_where_they_are() {
        let blobs = [3, 5, SMALL, SMALL + 1, 7, SMALL - 1, 1, SMALL]
            .map(|length| Bytes::from(vec![length as u8; length]));
        let pieces = gathered(&blobs);
        let lengths: Vec<_> = pieces.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [8, SMALL, SMALL + 1, SMALL + 7, SMALL]);
        assert_eq!(pieces[1].as_ptr(), blobs[2].as_ptr());
        assert_eq!(pieces.concat(), blobs.concat());
        assert_eq!(gathered(&[]), Vec::<Bytes>::new());
    }
}
