//! Which backups of a store are ours.

use std::collections::BTreeSet;

use super::id::OwnerId;
use super::judge::Standing;
use super::profile::Profile;
use super::record::OwnerRecord;
use crate::artifact::manifest::Manifest;

/// Which backups of one store are ours, and what those we make there carry.
#[derive(Debug, Clone, Default)]
pub struct Ownership {
    /// What new manifests carry.
    id: Option<OwnerId>,
    scope: Scope,
    /// For people: who else uses the store.
    shared_with: Option<String>,
}

#[derive(Debug, Clone, Default)]
enum Scope {
    /// It was not asked: all.
    #[default]
    All,
    /// Those of these owners, and those without an owner that were adopted.
    Of {
        owners: BTreeSet<OwnerId>,
        adopted: BTreeSet<String>,
    },
    /// Those of this owner, and those without an owner that look like it and that no other one adopted.
    Like {
        owner: OwnerId,
        profile: Profile,
        adopted_by_other: BTreeSet<String>,
    },
    /// This sidecar has no id: what looks like its own. If nothing does, and all is alike, that.
    Unknown(Profile),
}

impl Ownership {
    /// In a store that is ours.
    pub fn of(record: &OwnerRecord) -> Self {
        let mut owners = record.was.clone();
        owners.insert(record.id.clone());
        Self {
            id: Some(record.id.clone()),
            scope: Scope::Of {
                owners,
                adopted: record.adopted.clone(),
            },
            shared_with: None,
        }
    }

    /// In a store that another sidecar owns: nothing is deleted there.
    pub fn beside(id: OwnerId, profile: &Profile, other: &OwnerRecord) -> Self {
        Self {
            id: Some(id.clone()),
            scope: Scope::Like {
                owner: id,
                profile: profile.clone(),
                adopted_by_other: other.adopted.clone(),
            },
            shared_with: Some(other.described()),
        }
    }

    /// In a store whose owner cannot be known: nothing is deleted there.
    pub fn unknown(id: OwnerId, profile: &Profile, why: &str) -> Self {
        Self {
            shared_with: Some(why.to_owned()),
            ..Self::unclaimed(id, profile)
        }
    }

    /// In a store that was not claimed yet.
    fn unclaimed(id: OwnerId, profile: &Profile) -> Self {
        Self {
            id: Some(id.clone()),
            scope: Scope::Like {
                owner: id,
                profile: profile.clone(),
                adopted_by_other: BTreeSet::new(),
            },
            shared_with: None,
        }
    }

    /// For reading only: nothing is claimed by it.
    pub fn seen(
        standing: &Standing,
        local: Option<&OwnerId>,
        record: Option<&OwnerRecord>,
        profile: &Profile,
    ) -> Self {
        let shared_with = record
            .filter(|_| *standing == Standing::Shared)
            .map(OwnerRecord::described);
        match (local, record) {
            (_, Some(record)) if *standing != Standing::Shared => Self::of(record),
            (Some(local), Some(record)) => Self::beside(local.clone(), profile, record),
            (Some(local), None) => Self::unclaimed(local.clone(), profile),
            (None, _) => Self {
                id: None,
                scope: Scope::Unknown(profile.clone()),
                shared_with,
            },
        }
    }

    /// What new manifests carry; none where it was not asked whose the store is.
    pub fn id(&self) -> Option<&OwnerId> {
        self.id.as_ref()
    }

    /// The manifest with this sidecar's id in it.
    pub fn signed(&self, manifest: &Manifest) -> Manifest {
        let id = self.id.as_ref().map(|id| id.as_str().to_owned());
        Manifest {
            owner: id.or_else(|| manifest.owner.clone()),
            ..manifest.clone()
        }
    }

    /// Who else uses the store, as far as its record tells.
    pub fn shared_with(&self) -> Option<&str> {
        self.shared_with.as_deref()
    }

    /// For each of all manifests of a store, whether it is another sidecar's.
    pub fn foreign(&self, manifests: &[&Manifest]) -> Vec<bool> {
        let owns = |manifest: &&Manifest| self.scope.owns(manifest);
        if matches!(self.scope, Scope::Unknown(_))
            && !manifests.iter().any(owns)
            && all_alike(manifests)
        {
            return vec![false; manifests.len()];
        }
        manifests.iter().map(|manifest| !owns(manifest)).collect()
    }
}

impl Scope {
    fn owns(&self, manifest: &Manifest) -> bool {
        let owner = manifest.owner.as_deref();
        match (self, owner) {
            (Self::All, _) => true,
            (Self::Of { owners, .. }, Some(owner)) => {
                owners.iter().any(|known| known.as_str() == owner)
            }
            (Self::Of { adopted, .. }, None) => adopted.contains(&manifest.id),
            (Self::Like { owner: own, .. }, Some(owner)) => own.as_str() == owner,
            (
                Self::Like {
                    profile,
                    adopted_by_other,
                    ..
                },
                None,
            ) => profile.fits(manifest) && !adopted_by_other.contains(&manifest.id),
            (Self::Unknown(profile), _) => profile.fits(manifest),
        }
    }
}

/// Whether one sidecar can have made all of them.
fn all_alike(manifests: &[&Manifest]) -> bool {
    let kind = |manifest: &&Manifest| {
        (
            manifest.strategy.name.clone(),
            manifest.artifact.filename.clone(),
        )
    };
    let kinds: BTreeSet<_> = manifests.iter().map(kind).collect();
    kinds.len() <= 1
}
