//! Where a set lies: in the stores, beside the artifacts, or in one file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::choice::Chosen;
use super::whole::missing;
use crate::artifact::set::SetMember;
use crate::artifact::set_archive::{SetArchive, is_zip};
use crate::error::{Error, Kind, Result};
use crate::service::catalogue::plaintext::require_encrypted;
use crate::service::context::Context;
use crate::service::restore::{self, BackupPlace, FoundBackup};
use crate::service::runs::request::Order;

/// A set that can be restored.
pub(super) struct FoundSet {
    pub(super) id: String,
    pub(super) taken_at: Timestamp,
    pub(super) members: Vec<SetMember>,
    /// In one file, as `POST /backup/export` answered it.
    archive: Option<(PathBuf, SetArchive)>,
}

/// Finds the set that an order names: by an id, as the latest, or as a file.
pub(super) fn find(context: &Context, order: &Order) -> Result<FoundSet> {
    if is_archive(&order.which) {
        let path = PathBuf::from(&order.which);
        let archive = SetArchive::open(&path)?;
        return Ok(FoundSet {
            id: archive.contents.id.clone(),
            taken_at: archive.taken_at()?,
            members: archive.contents.members.clone(),
            archive: Some((path, archive)),
        });
    }
    let manifest = restore::find(context, order)?.manifest;
    match manifest.members.is_empty() {
        true => Err(Error::new(
            Kind::Verification,
            "no-set",
            format!("the backup {} is no set: it names no members", manifest.id),
        )),
        false => Ok(FoundSet {
            id: manifest.id,
            taken_at: manifest.started_at,
            members: manifest.members,
            archive: None,
        }),
    }
}

/// The last set, and the backups that it names.
pub struct LatestSet {
    /// Its id.
    pub id: String,
    /// In the order of the set.
    pub members: Vec<SetMember>,
}

/// The latest set; none if there is none yet, or one strategy alone.
pub(in crate::service) fn latest(context: &Context) -> Result<Option<LatestSet>> {
    if context.set().is_none() {
        return Ok(None);
    }
    match find(context, &Order::all_of("latest")) {
        Ok(FoundSet { id, members, .. }) => Ok(Some(LatestSet { id, members })),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a set is named as a file, by its ending or by how it begins.
pub(super) fn is_archive(which: &str) -> bool {
    let path = Path::new(which);
    let is_named = || path.extension().is_some_and(|ending| ending == "zip");
    path.is_file() && (is_named() || is_zip(path))
}

impl FoundSet {
    /// A member, which has to be the very backup that the set names.
    pub(super) fn member(&self, context: &Context, chosen: &Chosen<'_>) -> Result<FoundBackup> {
        let found = match &self.archive {
            None => {
                let found = restore::find(chosen.context, &chosen.order);
                found.map_err(|error| missing(context, &self.id, chosen.member, error))?
            }
            Some((path, archive)) => {
                let (manifest, entry) = archive.member(&chosen.member.strategy)?;
                require_encrypted(chosen.context.config(), &manifest, &chosen.order.accept)?;
                FoundBackup {
                    place: BackupPlace::Archive(path.clone(), entry),
                    manifest,
                }
            }
        };
        match found.manifest.identity() == chosen.member.manifest_sha256 {
            true => Ok(found),
            false => {
                let message = format!("the backup {} is not what its set names", chosen.member.id);
                Err(Error::new(Kind::Verification, "altered", message)
                    .hint("nothing was restored: take another set (`sidecar list`)"))
            }
        }
    }
}
