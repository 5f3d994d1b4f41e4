//! What the strategy once wrote, read from where the backup lies: decrypted and decompressed, and nothing of it kept.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use super::find::{BackupPlace, FoundBackup};
use super::remote_reader::RemoteReader;
use crate::artifact::archive::ArchiveSource;
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
    let copies = match &found.place {
        BackupPlace::Stores(copies) => copies,
        BackupPlace::File(path) | BackupPlace::Archive(path, _) => {
            let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
            return decoded(context, found, file);
        }
    };
    let mut failed = None;
    for copy in copies {
        match of_copy(context, found, copy) {
            Ok(source) => return Ok(source),
            Err(error) => {
                let (store, key) = (&copy.store, &copy.key);
                tracing::warn!(store, key, "this copy cannot be looked into: {error}");
                failed.get_or_insert(error);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::run("internal", "the backup has no copy")))
}

fn of_copy(context: &Context, found: &FoundBackup, copy: &StoredBackup) -> Result<ArchiveSource> {
    let store = stores::open(context.config(), &copy.store)?;
    let stored = StoredBytes::open(context, &store, copy)?;
    let driver = context.runtime()?.handle().clone();
    let size = copy.manifest.artifact.stored_size();
    decoded(
        context,
        found,
        RemoteReader::new(stored, size, driver, Cancel::new()),
    )
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
