//! A folder as a store.

use std::fs::{self, File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::age::age;
use super::conditional;
use super::folder::Folder;
use super::partial::{LocalWriter, PartialFile, remove_all};
use crate::config::StoreSpec;
use crate::digest::Digest;
use crate::error::Result;
use crate::store::backend::{Backend, Object, ObjectVersion, PartWriter, VersionedObject};
use crate::store::blocking::blocking;
use crate::store::error::StoreOperation;
use crate::store::keys;
use crate::store::spool_range::SpoolRange;

/// A store on a file system. A disk is asked only once: what it refuses does not pass by itself.
pub(in crate::store) struct LocalBackend(Arc<Folder>);

impl LocalBackend {
    pub(in crate::store) fn open(spec: &StoreSpec, root: &Path) -> Result<Self> {
        Ok(Self(Arc::new(Folder::open(spec, root)?)))
    }

    /// Runs what waits for the disk.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Folder>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let folder = self.0.clone();
        blocking(move || work(&folder)).await
    }
}

#[async_trait]
impl Backend for LocalBackend {
    fn shown(&self, key: &str) -> String {
        self.0.shown(key)
    }

    async fn put(&self, key: &str, pieces: Vec<Bytes>) -> Result<()> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            let partial = PartialFile::create(folder, &key, StoreOperation::Write)?;
            let mut each = pieces.iter().map(|piece| partial.write(piece));
            let done = each
                .try_for_each(|written| written)
                .and_then(|()| partial.publish());
            or_discard(&partial, done)
        })
        .await
    }

    async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            let partial = PartialFile::create(folder, &key, StoreOperation::Write)?;
            let done = partial.write(&bytes).and_then(|()| partial.publish_new());
            or_discard(&partial, done)
        })
        .await
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        let key = key.to_owned();
        self.on_disk(
            move |folder| match folder.path(&key).and_then(fs::metadata) {
                Ok(found) if found.is_file() => Ok(Some(found.len())),
                Ok(_) => Err(folder.failed(StoreOperation::Read, &key, no_file())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(folder.failed(StoreOperation::Read, &key, error)),
            },
        )
        .await
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            let file = folder.path(&key).and_then(File::open);
            let read = file.and_then(|file| read_at(&file, range));
            read.map_err(|error| folder.failed(StoreOperation::Read, &key, error))
        })
        .await
    }

    async fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let key = folder.to_owned();
        self.on_disk(move |folder| {
            let listed = folder.path(&key).and_then(|path| list_files(&path, &key));
            listed.map_err(|error| folder.failed(StoreOperation::List, &key, error))
        })
        .await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.on_disk(move |folder| {
            let partial = PartialFile::create(folder, &to, StoreOperation::Copy)?;
            let source = folder.path(&from).and_then(|from| {
                let file = File::open(from)?;
                let size = file.metadata()?.len();
                Ok(SpoolRange::new(Arc::new(file), 0, size))
            });
            let copied = source
                .map_err(|error| folder.failed(StoreOperation::Read, &from, error))
                .and_then(|source| partial.append(&source));
            or_discard(&partial, copied.and_then(|()| partial.publish()))
        })
        .await
    }

    async fn digest(&self, key: &str) -> Result<Option<Digest>> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            let read = folder
                .path(&key)
                .and_then(File::open)
                .and_then(|mut file| Digest::of(&mut file));
            read.map(Some)
                .map_err(|error| folder.failed(StoreOperation::Read, &key, error))
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            let removed = folder
                .path(&key)
                .and_then(|path| match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(path),
                });
            let path =
                removed.map_err(|error| folder.failed(StoreOperation::Delete, &key, error))?;
            folder.sync_parents(&path)
        })
        .await
    }

    async fn begin_upload(&self, key: &str) -> Result<Box<dyn PartWriter>> {
        let key = key.to_owned();
        let partial = self
            .on_disk(move |folder| PartialFile::create(folder, &key, StoreOperation::Write))
            .await?;
        Ok(Box::new(LocalWriter(Arc::new(partial))))
    }

    async fn abort_uploads(&self, _key: &str) -> Result<usize> {
        self.on_disk(|folder| remove_all(folder)).await
    }

    async fn read_versioned(&self, key: &str) -> Result<Option<VersionedObject>> {
        let key = key.to_owned();
        let text = self.on_disk(move |folder| Ok(conditional::read(folder, &key)));
        Ok(text.await?.map(|text| VersionedObject {
            version: ObjectVersion(text.clone()),
            text,
        }))
    }

    async fn replace_version(
        &self,
        key: &str,
        text: &str,
        expected: Option<&ObjectVersion>,
    ) -> Result<Option<ObjectVersion>> {
        let (key, text) = (key.to_owned(), text.to_owned());
        let expected = expected.map(|version| version.0.clone());
        self.on_disk(move |folder| {
            let written = conditional::replace(folder, &key, &text, expected.as_deref())?;
            Ok(written.then_some(ObjectVersion(text)))
        })
        .await
    }

    async fn age(&self, key: &str) -> Result<Option<Duration>> {
        let key = key.to_owned();
        self.on_disk(move |folder| {
            age(folder, &key).map_err(|error| folder.failed(StoreOperation::Read, &key, error))
        })
        .await
    }

    async fn refuses_to_overwrite(&self, _key: &str, _text: &str) -> bool {
        true
    }
}

fn or_discard<T>(partial: &PartialFile, done: Result<T>) -> Result<T> {
    if done.is_err()
        && let Err(error) = partial.discard()
    {
        tracing::warn!(%error, "cannot remove what was not finished");
    }
    done
}

/// As many bytes of the range as the file has.
fn read_at(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], range.start + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes.into())
}

/// To open one may wait for ever (a pipe).
fn no_file() -> io::Error {
    io::Error::other("it is not a file")
}

/// Another file, or another content of the same one, has another.
fn state_of(facts: &Metadata) -> String {
    let changed = format!("{}.{:09}", facts.ctime(), facts.ctime_nsec());
    let written = format!("{}.{:09}", facts.mtime(), facts.mtime_nsec());
    format!("{} {written} {changed}", facts.ino())
}

/// The files of a folder, without those in folders below it; none if it is not there. What has the name
/// of a manifest is listed whatever it is, and whether or not it can be read: that is told to who does.
fn list_files(path: &Path, folder: &str) -> io::Result<Vec<Object>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut objects = Vec::new();
    for entry in entries {
        let entry = entry?;
        let key = format!("{folder}{}", entry.file_name().to_string_lossy());
        let mut mark = None;
        let size = match entry.metadata() {
            Ok(found) if found.is_file() => {
                mark = Some(state_of(&found));
                found.len()
            }
            Ok(_) if keys::artifact_of(&key).is_none() => continue,
            // It was deleted since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(_) | Err(_) => 0,
        };
        objects.push(Object { key, size, mark });
    }
    Ok(objects)
}
