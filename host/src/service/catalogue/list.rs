//! Which backups the stores hold, and which one is meant.

use std::collections::HashSet;

use super::own_knowledge::{find_lost_manifests, require_newest};
use super::plaintext::encrypted_copies;
use super::stores::open_all;
use crate::error::{Error, Kind, Result};
use crate::service::context::Context;
use crate::store::{
    BackupHealth, Catalogue, DamageExtent, DamagedBackup, StoredBackup, UnfinishedArtifact, Which,
    stem, stem_and_time,
};

/// How manifests and verdicts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestReading {
    /// One that is as it was when it was last read is not read again.
    Remembered,
    /// All, for who asks whether what lies there is still good.
    Anew,
}

/// All backups of all stores, or of the one called `only`; newest first. A store that fails hides none
/// of the others: it is among what is damaged, unless no other one answers.
pub(in crate::service) fn list(context: &Context, only: Option<&str>) -> Result<Catalogue> {
    listed(context, only, ManifestReading::Remembered)
}

/// The same, of which nothing is taken for known.
pub(super) fn list_anew(context: &Context) -> Result<Catalogue> {
    listed(context, None, ManifestReading::Anew)
}

fn listed(context: &Context, only: Option<&str>, reading: ManifestReading) -> Result<Catalogue> {
    let mut all = Catalogue::default();
    let mut away = Vec::new();
    let stores = list_each(context, only, reading)?;
    let count = stores.len();
    for (name, listed) in stores {
        match listed {
            Ok(catalogue) => all.add(catalogue),
            Err(error) => away.push((name, error)),
        }
    }
    if away.len() == count {
        // Nothing is known.
        return Err(away.swap_remove(0).1);
    }
    let away = away.into_iter().map(|(store, error)| DamagedBackup {
        store,
        key: String::new(),
        extent: DamageExtent::Store,
        error,
    });
    all.damaged.splice(0..0, away);
    Ok(all)
}

/// The name of each store, or of the one called `only`, and what it holds.
pub(super) fn list_each(
    context: &Context,
    only: Option<&str>,
    reading: ManifestReading,
) -> Result<Vec<(String, Result<Catalogue>)>> {
    let runtime = context.runtime()?;
    let each = open_all(context, only)?.into_iter().map(|(name, opened)| {
        let listed = opened.and_then(|store| {
            let store = match reading {
                ManifestReading::Remembered => store,
                ManifestReading::Anew => store.read_anew(),
            };
            let mut catalogue = runtime.block_on(store.catalogue())?;
            find_lost_manifests(context, &store, &mut catalogue)?;
            Ok(catalogue)
        });
        (name, listed)
    });
    Ok(each.collect())
}

/// Every copy of a backup, in the order in which they are best taken: those that are known to be
/// damaged come last.
pub(in crate::service) fn copies(context: &Context, which: &str) -> Result<Vec<StoredBackup>> {
    let catalogue = list(context, None)?;
    let wanted = undamaged(context, &catalogue, which)?.manifest.id.clone();
    for away in &catalogue.damaged {
        if away.extent == DamageExtent::Store {
            let (store, hint) = (&away.store, away.error.hint_text());
            tracing::warn!(
                store,
                hint,
                "what this store holds is not known: {}",
                away.error
            );
        }
    }
    let mut copies = catalogue.backups;
    copies.retain(|copy| copy.manifest.id == wanted);
    copies.sort_by_key(|copy| copy.health.is_damaged());
    Ok(copies)
}

/// The same of what is to be read back. `latest` is refused if it is known to be damaged: to lose
/// what is newer than an older one is the operator's decision. So is plaintext where encryption is configured.
pub(in crate::service) fn readable_copies(
    context: &Context,
    which: &str,
    accept: &[String],
) -> Result<Vec<StoredBackup>> {
    let copies = encrypted_copies(context.config(), copies(context, which)?, accept)?;
    let known = copies.first().filter(|copy| copy.health.is_damaged());
    match (known, Which::from(which)) {
        (Some(latest), Which::Latest) => {
            let catalogue = list(context, None)?;
            let mut backups = catalogue.backups.iter();
            Err(known_damaged(
                latest,
                backups.find(|backup| backup.health.is_good()),
            ))
        }
        _ => Ok(copies),
    }
}

fn known_damaged(latest: &StoredBackup, good: Option<&StoredBackup>) -> Error {
    let (id, health) = (&latest.manifest.id, &latest.health);
    let reason = match health {
        BackupHealth::Damaged { reason, .. } => reason.as_str(),
        _ => "",
    };
    let message = format!("the latest backup, {id}, is damaged ({health}): {reason}");
    let hint = match good {
        Some(good) => format!(
            "the newest one that is not known to be damaged is {} of {:.0}: name it, or `sidecar verify {id}` to read the latest again",
            good.manifest.id, good.manifest.started_at
        ),
        None => "no other one is known to be good: make a new backup now".to_owned(),
    };
    Error::new(Kind::Verification, "known-damaged", message).hint(hint)
}

/// The backup that is meant; an error where that may be one that is damaged, or that cannot be seen. To
/// take an older one instead is the operator's decision. A store that is away hides nothing for long:
/// what the others have is taken.
pub(super) fn undamaged<'c>(
    context: &Context,
    catalogue: &'c Catalogue,
    which: &str,
) -> Result<&'c StoredBackup> {
    let wanted = Which::from(which);
    let found = catalogue.find(&wanted);
    let damaged = &catalogue.damaged;
    let unfinished = catalogue.unfinished.first();
    let unfinished = unfinished.map(UnfinishedArtifact::unfinished);
    let doubtful = match &found {
        Ok(newest) if wanted == Which::Latest => {
            // What is called otherwise than our backups is none of them.
            let made = catalogue.backups.iter();
            let mut stems: HashSet<&str> = made.map(|one| stem_and_time(&one.key).0).collect();
            stems.insert(stem(&context.config().strategy.artifact.filename));
            let newest = stem_and_time(&newest.key).1;
            damaged.iter().find(|damaged| match damaged.extent {
                DamageExtent::Backup => {
                    let (stem, time) = stem_and_time(&damaged.key);
                    time > newest && stems.contains(stem)
                }
                DamageExtent::Tier => true,
                DamageExtent::Store => false,
            })
        }
        Ok(_) => None,
        Err(error) if error.kind() != Kind::NotFound => None,
        Err(_) if wanted == Which::Latest => damaged.iter().chain(&unfinished).next(),
        Err(_) => damaged.first(),
    };
    match doubtful {
        Some(damaged) => Err(in_doubt(damaged)),
        None if wanted != Which::Latest => {
            found.map_err(|error| match catalogue.unfinished.first() {
                Some(artifact) if error.kind() == Kind::NotFound => {
                    error.hint(artifact.may_be_meant())
                }
                _ => error,
            })
        }
        None => {
            if let (Ok(newest), Which::Latest) = (&found, &wanted) {
                require_newest(context, catalogue, newest)?;
            }
            found
        }
    }
}

fn in_doubt(damaged: &DamagedBackup) -> Error {
    let error = Error::from(damaged);
    let (kind, message) = match damaged.extent {
        DamageExtent::Backup => (Kind::Verification, error.message().to_owned()),
        DamageExtent::Tier => (
            Kind::Verification,
            format!("{}: a newer backup may lie there", error.message()),
        ),
        DamageExtent::Store => return error,
    };
    Error::new(kind, error.code().to_owned(), message)
        .hint("`sidecar list` shows which are good: name one of those by its id")
}
