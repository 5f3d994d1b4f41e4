//! Taking over a store on an operator's word: after a move, a lost disk, or the end of another sidecar.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::claimant::{Claimant, named};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::service::catalogue::stores::configured;
use crate::service::context::Context;
use crate::store::{Catalogue, FoundOwner, OwnerId, OwnerRecord, RetryPolicy, Store, owner_of};

/// What an adoption has changed.
#[derive(Debug, Serialize)]
pub struct Adoption {
    /// The store's name.
    pub store: String,
    /// The owner that the store has now: this sidecar.
    pub owner: OwnerId,
    /// Whose the store was, since when; none if it had none.
    pub was: Option<String>,
    /// Owners whose backups are this sidecar's now, and how many they have.
    pub taken_over: BTreeMap<String, usize>,
    /// How many backups had no owner.
    pub without_owner: usize,
    /// Owners whose backups stay theirs, and how many they have: while there are any, nothing is deleted.
    pub left: BTreeMap<String, usize>,
}

/// Makes this sidecar the owner of the store called `name`, and of the backups that its last owner has
/// there; with `from`, of those of the owner whose id begins so. What has no owner goes with them.
pub(in crate::service) fn adopt(
    context: &Context,
    name: &str,
    from: Option<&str>,
) -> Result<Adoption> {
    let spec = configured(context.config(), name)?;
    let claimant = context.claimant().clone();
    context.runtime()?.block_on(async {
        let store = Store::open(spec, RetryPolicy::RUN)?;
        let found = store.owner().await?;
        let catalogue = store.catalogue().await?;
        let own = own_id(&claimant, named(spec), &found)?;
        let before = found.record();
        let known = before.filter(|record| record.id == own);
        let counts = owners(&catalogue);
        let foreign: BTreeSet<OwnerId> = counts
            .keys()
            .filter_map(|owner| OwnerId::parse(owner))
            .chain(before.map(|record| record.id.clone()))
            .filter(|id| *id != own && known.is_none_or(|known| !known.was.contains(id)))
            .collect();
        let taken = chosen(&foreign, from, before.map(|record| &record.id))?;
        let mut record = new_record(&claimant, own.clone(), before, &taken, &catalogue);
        // A replica that takes its store's id keeps what it has made under another one.
        if let Some(former) = claimant.identity.read().ok().flatten()
            && former != own
            && named(spec).is_none()
        {
            record.was.insert(former);
        }
        let written = match &found {
            FoundOwner::None => store.create_owner(&record).await?,
            FoundOwner::Record(_, version) => store.replace_owner(&record, version).await?,
            FoundOwner::Unreadable(_) => store.overwrite_owner(&record).await.map(|()| true)?,
        };
        if !written {
            let message = format!("store `{name}` was claimed by another sidecar just now");
            return Err(Error::run("owner-contended", message).hint("look again, then adopt it"));
        }
        if named(spec).is_none() {
            claimant.identity.replace(&own)?;
        }
        let count = |ids: Vec<&OwnerId>| {
            let counted = ids.into_iter().map(|id| {
                let backups = counts.get(id.as_str()).copied().unwrap_or_default();
                (id.to_string(), backups)
            });
            counted.collect()
        };
        Ok(Adoption {
            store: name.to_owned(),
            was: before.map(OwnerRecord::described),
            taken_over: count(taken.iter().collect()),
            left: count(foreign.difference(&taken).collect()),
            without_owner: without_owner(&catalogue).len(),
            owner: own,
        })
    })
}

/// The id that this sidecar has afterwards. One whose store belongs to a replica takes that one's.
fn own_id(claimant: &Claimant, named: Option<OwnerId>, found: &FoundOwner) -> Result<OwnerId> {
    if let Some(id) = named {
        return Ok(id);
    }
    let replica = found
        .record()
        .filter(|record| record.is_of(&claimant.profile));
    if let Some(record) = replica {
        return Ok(record.id.clone());
    }
    Ok(claimant.identity.read()?.unwrap_or_else(OwnerId::random))
}

/// How many backups each owner has, copies in several tiers counted once.
fn owners(catalogue: &Catalogue) -> BTreeMap<String, usize> {
    let mut ids: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for backup in &catalogue.backups {
        if let Some(owner) = owner_of(&backup.manifest) {
            ids.entry(owner.to_owned())
                .or_default()
                .insert(&backup.manifest.id);
        }
    }
    ids.into_iter()
        .map(|(owner, ids)| (owner, ids.len()))
        .collect()
}

fn without_owner(catalogue: &Catalogue) -> BTreeSet<String> {
    let manifests = catalogue.backups.iter().map(|backup| &backup.manifest);
    manifests
        .filter(|manifest| owner_of(manifest).is_none())
        .map(|manifest| manifest.id.clone())
        .collect()
}

/// The owners that are taken over.
fn chosen(
    foreign: &BTreeSet<OwnerId>,
    from: Option<&str>,
    last: Option<&OwnerId>,
) -> Result<BTreeSet<OwnerId>> {
    let Some(from) = from else {
        let last = last.filter(|last| foreign.contains(*last));
        return match (last, foreign.len()) {
            (Some(last), _) => Ok(BTreeSet::from([last.clone()])),
            (None, 0 | 1) => Ok(foreign.clone()),
            (None, _) => Err(ambiguous(foreign)),
        };
    };
    let found: BTreeSet<OwnerId> = foreign
        .iter()
        .filter(|id| id.as_str().starts_with(from))
        .cloned()
        .collect();
    match found.len() {
        1 => Ok(found),
        0 => Err(Error::new(
            Kind::NotFound,
            "no-such-owner",
            format!("no other sidecar whose id begins with `{from}` has backups there"),
        )
        .hint("`sidecar list` shows whose each backup is")),
        _ => Err(ambiguous(&found)),
    }
}

fn ambiguous(owners: &BTreeSet<OwnerId>) -> Error {
    let owners: Vec<&str> = owners.iter().map(OwnerId::as_str).collect();
    let message = format!(
        "several other sidecars have backups there: {}",
        owners.join(", ")
    );
    Error::new(Kind::BadRequest, "ambiguous-owner", message).hint("name one of them: `--from ID`")
}

fn new_record(
    claimant: &Claimant,
    own: OwnerId,
    before: Option<&OwnerRecord>,
    taken: &BTreeSet<OwnerId>,
    catalogue: &Catalogue,
) -> OwnerRecord {
    let mut record = OwnerRecord::new(
        own,
        &claimant.profile,
        clock::now(),
        without_owner(catalogue),
    );
    record.was.extend(taken.iter().cloned());
    if let Some(before) = before {
        record.generation = before.generation + 1;
        if before.id == record.id || taken.contains(&before.id) {
            record.was.extend(before.was.iter().cloned());
        }
    }
    let own = record.id.clone();
    record.was.remove(&own);
    record
}
