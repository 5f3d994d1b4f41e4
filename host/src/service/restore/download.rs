//! Downloads what is needed of a backup: fetched, compared, decrypted, decompressed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::decode::decode;
use super::find::{BackupPlace, FoundBackup};
use super::plan::PlannedRestore;
use super::remote_reader::RemoteReader;
use super::transfer::{TransferProgress, compare, transfer, transfer_into, transfer_part};
use super::workspace::Workspace;
use crate::artifact::manifest::{self, Contents, Manifest};
use crate::artifact::set_archive::ArchivedEntry;
use crate::artifact::{Fetched, Part, decryptor, encrypted_end, read_error};
use crate::config::Codec;
use crate::error::{Error, Kind, Result};
use crate::service::catalogue::stored_bytes::StoredBytes;
use crate::service::catalogue::{stores, verdicts};
use crate::service::context::Context;
use crate::store::StoredBackup;

/// What was downloaded.
pub(super) struct Downloaded {
    pub(super) source: Fetched,
    /// Bytes of the backup that were read for it, as they lie in the store.
    pub(super) bytes: u64,
}

/// Downloads what the plan names. After a copy that cannot be used comes the next one.
pub(super) fn download(
    context: &Context,
    workspace: &Workspace<'_>,
    found: &FoundBackup,
    planned: &PlannedRestore,
) -> Result<Downloaded> {
    let copies = match &found.place {
        BackupPlace::File(path) => return from_file(workspace, &found.manifest, path),
        BackupPlace::Archive(path, entry) => {
            return from_archive(workspace, &found.manifest, path, entry);
        }
        BackupPlace::Stores(copies) => copies,
    };
    let mut failed = None;
    for copy in copies {
        match from_store(context, workspace, copy, planned.chosen()) {
            Ok(downloaded) => return Ok(downloaded),
            Err(error) if workspace.job.cancel().is_cancelled() => return Err(error),
            Err(error) => {
                let (store, key) = (&copy.store, &copy.key);
                tracing::warn!(store, key, "this copy cannot be used: {error}");
                failed.get_or_insert(error);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::run("internal", "the backup has no copy")))
}

fn from_file(workspace: &Workspace<'_>, manifest: &Manifest, path: &Path) -> Result<Downloaded> {
    let mut file = File::open(path).map_err(|error| missing(path, error))?;
    let artifact = &manifest.artifact;
    let mut hash = Sha256::new();
    let progress = TransferProgress::new(workspace.job, artifact.size);
    let size = transfer(&mut file, progress, |piece| {
        hash.update(piece);
        Ok(())
    })?;
    let sha256 = manifest::Sha256::of(hash);
    compare(&path.display().to_string(), size, &sha256, artifact)?;
    let source = decode(workspace, file, artifact)?;
    Ok(Downloaded {
        source,
        bytes: size,
    })
}

/// The bytes of an entry, which are compared before anything is made of them.
fn from_archive(
    workspace: &Workspace<'_>,
    manifest: &Manifest,
    path: &Path,
    entry: &ArchivedEntry,
) -> Result<Downloaded> {
    let mut file = File::open(path).map_err(|error| missing(path, error))?;
    file.seek(SeekFrom::Start(entry.offset))
        .map_err(read_error)?;
    let artifact = &manifest.artifact;
    let stored = workspace.spool(artifact.size.saturating_add(artifact.raw_size))?;
    let progress = TransferProgress::new(workspace.job, artifact.size);
    let mut bytes = file.take(entry.size);
    let (size, sha256) = transfer_into(&stored, &mut bytes, progress, artifact.size)?;
    compare(&path.display().to_string(), size, &sha256, artifact)?;
    let source = decode(workspace, stored.file, artifact)?;
    Ok(Downloaded {
        source,
        bytes: size,
    })
}

fn from_store(
    context: &Context,
    workspace: &Workspace<'_>,
    copy: &StoredBackup,
    parts: &[Part],
) -> Result<Downloaded> {
    let store = stores::open(workspace.config, &copy.store)?;
    let artifact = &copy.manifest.artifact;
    let driver = context.runtime()?.handle().clone();
    let cancel = workspace.job.cancel().clone();
    let stored = StoredBytes::open(context, &store, copy);
    context.runtime()?.block_on(async {
        if stored.is_err() {
            verdicts::record(&store, copy, &stored).await;
        }
    });
    let stored = stored?;
    let remote = RemoteReader::new(stored.clone(), artifact.stored_size(), driver, cancel);
    let meter = remote.meter();
    // A restore of everything reads everything, and so can compare everything.
    let by_range = artifact.compression == Codec::None
        && !parts.is_empty()
        && parts.iter().all(|part| part.sha256.is_some());
    let source = match by_range {
        false => {
            let read = whole(workspace, remote, copy);
            let told = verdicts::record(&store, copy, &read);
            context.runtime()?.block_on(told);
            read?
        }
        true => ranges(workspace, remote, artifact, parts).or_else(|error| {
            workspace.job.cancel().check()?;
            // A wrong key and a damaged header look the same: the whole of it tells.
            context.runtime()?.block_on(async {
                let verified = async { store.verify(copy, stored.read_all().await?, |_| ()).await };
                let verified = verified.await;
                verdicts::record(&store, copy, &verified).await;
                verified
            })?;
            Err(error)
        })?,
    };
    Ok(Downloaded {
        source,
        bytes: meter.fetched(),
    })
}

/// Everything that lies in the store is compared before anything is made of it.
fn whole(
    workspace: &Workspace<'_>,
    mut remote: RemoteReader,
    copy: &StoredBackup,
) -> Result<Fetched> {
    let artifact = &copy.manifest.artifact;
    remote.meter().expect(u64::MAX);
    let decoded = artifact.compression != Codec::None || artifact.encryption.is_some();
    // What is made of it lies beside it.
    let needed = artifact
        .stored_size()
        .saturating_add(if decoded { artifact.raw_size } else { 0 });
    let stored = workspace.spool(needed)?;
    let progress = TransferProgress::new(workspace.job, artifact.stored_size());
    let most = artifact.stored_size();
    let (size, sha256) = transfer_into(&stored, &mut remote, progress, most)?;
    let shown = format!("{} in store {}", copy.key, copy.store);
    compare(&shown, size, &sha256, artifact)?;
    decode(workspace, stored.file, artifact)
}

/// Only ranges of the object: each part has a digest of its own.
fn ranges(
    workspace: &Workspace<'_>,
    mut remote: RemoteReader,
    artifact: &Contents,
    parts: &[Part],
) -> Result<Fetched> {
    let meter = remote.meter();
    let total = parts.iter().map(|part| part.length).sum();
    let spool = workspace.spool(total)?;
    let mut progress = TransferProgress::new(workspace.job, total);
    match artifact.encryption {
        None => {
            for part in parts {
                meter.expect(part.offset + part.length);
                transfer_part(&mut remote, &spool, part, &mut progress)?;
            }
        }
        Some(_) => {
            let key = workspace.config.strategy.artifact.encryption.as_ref();
            let mut decrypted = decryptor(key, remote)?;
            // The header is read to its last byte and no further.
            let start = meter.position();
            for part in parts {
                meter.expect(encrypted_end(start, part.offset + part.length));
                transfer_part(&mut decrypted, &spool, part, &mut progress)?;
            }
        }
    }
    let ranges = parts
        .iter()
        .map(|part| part.offset..part.offset + part.length);
    Ok(Fetched::ranges(
        spool.file,
        artifact.raw_size,
        ranges.collect(),
    ))
}

fn missing(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(
            Kind::Verification,
            "artifact-missing",
            format!("the artifact is no longer at {}", path.display()),
        )
        .hint("it was removed: make a new backup now"),
        _ => Error::io("open", path, error),
    }
}
