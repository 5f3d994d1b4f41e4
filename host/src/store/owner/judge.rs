//! Whose a store is, seen by one sidecar. Pure: no store is asked here.

use std::collections::BTreeSet;

use super::id::OwnerId;
use super::profile::Profile;
use super::record::OwnerRecord;
use crate::artifact::manifest::Manifest;

/// How a sidecar stands to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is its owner.
    Owner,
    /// It has no id, and the owner backs up the same: it is a replica, or has lost its disk.
    Replica,
    /// Another sidecar is the owner.
    Shared,
    /// No sidecar has claimed it.
    Unclaimed,
}

/// `local` is this sidecar's id, where it has one already; `record` what the store says.
pub fn judge(local: Option<&OwnerId>, record: Option<&OwnerRecord>, profile: &Profile) -> Standing {
    match (local, record) {
        (_, None) => Standing::Unclaimed,
        (Some(local), Some(record)) if *local == record.id => Standing::Owner,
        (None, Some(record)) if record.is_of(profile) => Standing::Replica,
        (_, Some(_)) => Standing::Shared,
    }
}

/// A store without a record that holds nothing but other sidecars' backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Whose.
    pub owners: BTreeSet<String>,
}

/// The ids of those backups in a store without a record that become this sidecar's: they have no owner,
/// and look like its own. A sidecar that has an id does not move in where others' backups lie.
pub fn adoptable<'m>(
    local: Option<&OwnerId>,
    manifests: impl Iterator<Item = &'m Manifest>,
    profile: &Profile,
) -> Result<BTreeSet<String>, Refused> {
    let mut adopted = BTreeSet::new();
    let mut owners = BTreeSet::new();
    let mut any_own = false;
    for manifest in manifests {
        match &manifest.owner {
            None if profile.fits(manifest) => {
                adopted.insert(manifest.id.clone());
            }
            None => {}
            Some(owner) if local.is_some_and(|local| local.as_str() == owner) => any_own = true,
            Some(owner) => {
                owners.insert(owner.clone());
            }
        }
    }
    match local.is_some() && !owners.is_empty() && adopted.is_empty() && !any_own {
        true => Err(Refused { owners }),
        false => Ok(adopted),
    }
}
