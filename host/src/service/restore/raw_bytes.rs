//! What the strategy once wrote, and what lies in it, read from where the backup lies: decrypted and decompressed, and
//! nothing of it kept.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use super::find::{BackupPlace, FoundBackup};
use super::remote_reader::RemoteReader;
use crate::artifact::archive::{self, ArchiveSource, Visit};
use crate::artifact::{codec, decryptor, read_error};
use crate::cancel::Cancel;
use crate::config::Codec;
use crate::error::{Error, Result};
use crate::service::catalogue::stored_bytes::StoredBytes;
use crate::service::catalogue::stores;
use crate::service::context::Context;
use crate::store::StoredBackup;

/// Opens a backup to look into it: at any place, unless it was compressed. Its bytes are not compared with the manifest.
/// After a copy that cannot be opened comes the next one. A caller must not be driven by an event loop itself.
pub(in crate::service) fn raw_bytes(
    context: &Context,
    found: &FoundBackup,
) -> Result<ArchiveSource> {
    match &found.place {
        BackupPlace::Stores(copies) => opened(copies, |copy| {
            let stored = stored(context, copy)?;
            let driver = context.runtime()?.handle().clone();
            let size = copy.manifest.artifact.stored_size();
            decoded(
                context,
                found,
                RemoteReader::new(stored, size, driver, Cancel::new()),
            )
        }),
        BackupPlace::File(path) | BackupPlace::Archive(path, _) => {
            let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
            decoded(context, found, file)
        }
    }
}

/// Calls `visit` for each entry of a backup. Of a tree of files no file is read, of an archive only the headers where they can be
/// found without the rest. Returns false for what is neither. A caller must not be driven by an event loop itself.
pub(in crate::service) fn entries(
    context: &Context,
    found: &FoundBackup,
    visit: Visit<'_>,
) -> Result<bool> {
    let in_repository = found.manifest.artifact.repository.as_ref();
    let is_tree = in_repository.is_some_and(|at| at.files.is_some());
    match &found.place {
        BackupPlace::Stores(copies) if is_tree => {
            opened(copies, |copy| stored(context, copy))?.entries(visit)
        }
        _ => archive::entries(raw_bytes(context, found)?, visit).map_err(read_error),
    }
}

/// What the first copy that can be opened is opened as.
fn opened<T>(
    copies: &[StoredBackup],
    mut open: impl FnMut(&StoredBackup) -> Result<T>,
) -> Result<T> {
    let mut failed = None;
    for copy in copies {
        match open(copy) {
            Ok(opened) => return Ok(opened),
            Err(error) => {
                let (store, key) = (&copy.store, &copy.key);
                tracing::warn!(store, key, "this copy cannot be looked into: {error}");
                failed.get_or_insert(error);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::run("internal", "the backup has no copy")))
}

fn stored(context: &Context, copy: &StoredBackup) -> Result<StoredBytes> {
    let store = stores::open(context.config(), &copy.store)?;
    StoredBytes::open(context, &store, copy)
}

fn decoded<R: Read + io::Seek + Send + 'static>(
    context: &Context,
    found: &FoundBackup,
    stored: R,
) -> Result<ArchiveSource> {
    let artifact = &found.manifest.artifact;
    let source = match artifact.encryption {
        None => ArchiveSource::Random(Box::new(stored)),
        Some(_) => {
            let key = context.config().strategy.artifact.encryption.as_ref();
            let mut decrypted = decryptor(key, stored)?;
            decrypted.seek(SeekFrom::Start(0)).map_err(read_error)?;
            ArchiveSource::Random(Box::new(decrypted))
        }
    };
    match artifact.compression {
        Codec::None => Ok(source),
        codec => {
            let decoded = codec::decoder(codec, source.into_read()).map_err(read_error)?;
            Ok(ArchiveSource::stream(decoded))
        }
    }
}
