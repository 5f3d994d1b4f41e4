//! Which backup, and where it lies.

use std::fs;
use std::path::PathBuf;

use crate::artifact::manifest::Manifest;
use crate::artifact::set_archive::ArchivedEntry;
use crate::error::{Error, Kind, Result};
use crate::service::catalogue::plaintext::require_encrypted;
use crate::service::catalogue::readable_copies;
use crate::service::context::Context;
use crate::service::runs::request::Order;
use crate::service::runs::{kept_for_set, publish_journal};
use crate::store::StoredBackup;

/// A backup that can be restored.
pub(in crate::service) struct FoundBackup {
    pub(in crate::service) manifest: Manifest,
    pub(in crate::service) place: BackupPlace,
}

/// Where it lies.
pub(in crate::service) enum BackupPlace {
    /// In stores: its copies, in the order in which they are to be tried.
    Stores(Vec<StoredBackup>),
    /// Here: the artifact that was published last, or that is kept for a set.
    File(PathBuf),
    /// In a file that holds a whole set.
    Archive(PathBuf, ArchivedEntry),
}

/// Finds a backup in the stores; without stores, what this sidecar published last, or keeps for a set.
pub(in crate::service) fn find(context: &Context, order: &Order) -> Result<FoundBackup> {
    match context.config().stores.is_empty() {
        true => find_published(context, order),
        false => find_stored(context, order),
    }
}

fn find_stored(context: &Context, order: &Order) -> Result<FoundBackup> {
    let copies = readable_copies(context, &order.which, &order.accept)?;
    let first = copies.first();
    let first = first.ok_or_else(|| Error::run("internal", "a backup without a copy"))?;
    Ok(FoundBackup {
        manifest: first.manifest.clone(),
        place: BackupPlace::Stores(copies),
    })
}

fn find_published(context: &Context, order: &Order) -> Result<FoundBackup> {
    let which = order.which.as_str();
    let folder = context.state_folder();
    let retained = kept_for_set::find(&folder, which);
    let path = publish_journal::manifest_path(&folder);
    let text = fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(
            Kind::NotFound,
            "no-backup",
            "this sidecar has published no backup yet, and no store is configured",
        )
        .hint("`sidecar backup` makes one; `stores` keep more than the last"),
        _ => Error::io("read", &path, error),
    })?;
    let artifacts = &context.config().paths.artifacts;
    let (manifest, place) = match retained {
        Some(retained) => retained,
        None => {
            let manifest = Manifest::from_json(&text)?;
            let place = artifacts.join(&manifest.artifact.filename);
            (manifest, place)
        }
    };
    if which != "latest" && !manifest.id.starts_with(which) {
        return Err(Error::new(
            Kind::NotFound,
            "no-such-backup",
            format!(
                "only the last backup, {}, is kept without stores, and it is not {which}",
                manifest.id
            ),
        )
        .hint("`latest` restores the last one; add `stores` to keep more"));
    }
    if context.set().is_none() && !manifest.members.is_empty() {
        let message = format!(
            "what was published last is the set {}, and there are no `strategies`",
            manifest.id
        );
        return Err(Error::new(Kind::Config, "other-strategies", message)
            .hint("restore it with the configuration that it was made with (--config), or make a backup: `sidecar backup`"));
    }
    require_encrypted(context.config(), &manifest, &order.accept)?;
    Ok(FoundBackup {
        manifest,
        place: BackupPlace::File(place),
    })
}
