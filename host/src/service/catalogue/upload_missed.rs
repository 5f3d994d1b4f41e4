//! Sends what stores have missed.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use uuid::Uuid;

use super::missed_uploads::{MissedUpload, damaged, folder, read_all, remove};
use super::stores::open_all;
use crate::artifact::{PartBorders, SpoolReader};
use crate::cancel::Cancel;
use crate::config::Config;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::service::backup::apply_retention::StoredCopies;
use crate::service::backup::store_upload::{StoreUpload, UploadTarget};
use crate::service::context::Context;
use crate::service::owner::owner;
use crate::service::runs::lock::RunLock;
use crate::store::{RetryPolicy, Store};

/// Sends what stores have missed, oldest first. Returns how many backups are complete now; the first
/// failure is the error, after everything was tried.
pub(in crate::service) fn upload_missed(context: &Context) -> Result<usize> {
    let _lock = RunLock::acquire(context)?;
    send_all(context, &Cancel::new())
}

/// The same with the run lock held.
pub(in crate::service) fn send_all(context: &Context, cancel: &Cancel) -> Result<usize> {
    let folder = folder(&context.state_folder());
    let mut complete = 0;
    let mut missed = read_all(&folder)?;
    for path in &missed.without_note {
        match is_everywhere(context, path) {
            true => remove(path)?,
            false => missed.damaged.push(damaged(path, "it has no note")),
        }
    }
    for error in &missed.damaged {
        tracing::error!(code = error.code(), hint = error.hint_text(), "{error}");
    }
    let mut failed = missed.damaged.into_iter().next();
    for mut upload in missed.whole {
        let fits = require_of_its_kind(context, &upload, &folder);
        // What every store has is only to be removed, and may have been half removed.
        let whole = |()| match upload.stores.is_empty() {
            true => Ok(()),
            false => require_whole(&upload, &folder),
        };
        if let Err(error) = fits.and_then(whole) {
            tracing::error!(code = error.code(), hint = error.hint_text(), "{error}");
            failed.get_or_insert(error);
            continue;
        }
        let mut missed = Vec::new();
        for name in std::mem::take(&mut upload.stores) {
            match send(context, &upload, &folder, &name, cancel) {
                Ok(copies) => {
                    tracing::info!(store = name, keys = ?copies.keys, "sent what it had missed");
                }
                Err(error) => {
                    missed.push(name);
                    failed.get_or_insert(error);
                }
            }
        }
        upload.stores = missed;
        upload.write(&folder)?;
        if upload.stores.is_empty() {
            remove_published(context.config(), &upload, &folder)?;
            upload.remove(&folder)?;
            complete += 1;
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(complete),
    }
}

/// Fails if a single strategy made it and this is a set now, or the other way round: both have had this folder, and
/// neither is to lie where the other one's backups do.
fn require_of_its_kind(context: &Context, upload: &MissedUpload, folder: &Path) -> Result<()> {
    let path = upload.bytes(folder);
    match (context.set(), upload.manifest.members.is_empty()) {
        (Some(_), true) => Err(damaged(
            &path,
            "a single strategy made it, and this is a set",
        )),
        (None, false) => Err(damaged(&path, "it is a set, and there are no `strategies`")),
        _ => Ok(()),
    }
}

/// Fails if the bytes are no longer those that the manifest was written for: no store is to call them a
/// backup.
fn require_whole(upload: &MissedUpload, folder: &Path) -> Result<()> {
    let path = upload.bytes(folder);
    let failed = |error| Error::io("read", &path, error);
    let mut file = File::open(&path).map_err(failed)?;
    let found = Digest::of(&mut file).map_err(failed)?;
    match found.to_string() == upload.manifest.artifact.sha256.to_string() {
        true => Ok(()),
        false => Err(damaged(
            &path,
            "its bytes are not those that were backed up",
        )),
    }
}

/// Whether every store has the backup of these bytes, which bear its id.
fn is_everywhere(context: &Context, bytes: &Path) -> bool {
    let has = |store: Store| {
        let listed = context.runtime()?.block_on(store.catalogue())?;
        let mut backups = listed.backups.iter();
        Ok::<_, Error>(backups.any(|backup| bytes.file_name() == Some(backup.manifest.id.as_ref())))
    };
    let stores = open_all(context, None).unwrap_or_default();
    let everywhere = |store: Result<Store>| store.and_then(has).unwrap_or(false);
    !stores.is_empty() && stores.into_iter().all(|(_, store)| everywhere(store))
}

fn send(
    context: &Context,
    missed: &MissedUpload,
    folder: &Path,
    name: &str,
    cancel: &Cancel,
) -> Result<StoredCopies> {
    let config = context.config();
    let spec = config
        .stores
        .iter()
        .find(|spec| spec.name == name)
        .ok_or_else(|| {
            Error::run(
                "no-such-store",
                format!("the store {name} is no longer configured"),
            )
            .hint("configure it again, or remove the pending upload by hand")
        })?;
    let (manifest, path) = (&missed.manifest, missed.bytes(folder));
    let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
    context.runtime()?.block_on(async {
        let store = context
            .claimant()
            .open_to_write(spec, RetryPolicy::RUN)
            .await?;
        let target = UploadTarget {
            filename: &manifest.artifact.filename,
            started_at: manifest.started_at,
            id: &manifest.id,
            strategy: &manifest.strategy.name,
            // Not the run's own: that one may be at work in this store at the same time.
            owner: &owner(&Uuid::now_v7().to_string()),
        };
        let bytes = SpoolReader::whole(file, manifest.artifact.size);
        let bytes = bytes.with_borders(PartBorders::of(&manifest.parts));
        let rules = &context.retention;
        StoreUpload::send_missed(store, target, bytes, rules, manifest, cancel).await
    })
}

/// Removes the published file, unless it is a later run's.
fn remove_published(config: &Config, missed: &MissedUpload, folder: &Path) -> Result<()> {
    let path = config
        .paths
        .artifacts
        .join(&missed.manifest.artifact.filename);
    let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    let sent = fs::metadata(missed.bytes(folder));
    if let (Ok(sent), Ok(there)) = (sent, fs::metadata(&path))
        && same(sent, there)
    {
        fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
    }
    Ok(())
}
