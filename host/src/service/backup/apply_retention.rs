//! After a new backup: its copies in the coarser tiers, and the end of what is too old. The backup is
//! made by then: what fails here is a warning, and is tried again after the next one.

use std::collections::{BTreeSet, HashMap};

use crate::artifact::manifest::Contents;
use crate::config::Tier;
use crate::error::{Error, Result};
use crate::history::RunFailure;
use crate::retention::{self, RetentionRecord};
use crate::service::catalogue::in_sets;
use crate::service::catalogue::prune::{PruneExtent, prune_store, record};
use crate::service::catalogue::repository::{self, PruneOccasion};
use crate::service::retention_rules::RetentionRules;
use crate::store::{Catalogue, Removal, Store, StoreLock, StoredBackup};

/// What a store has of a new backup.
#[derive(Debug)]
pub(in crate::service) struct StoredCopies {
    /// As the store's manifest has it.
    pub(super) artifact: Contents,
    /// Every key, as the operator would look for it.
    pub(in crate::service) keys: Vec<String>,
    /// What the retention could not do.
    pub(in crate::service) warnings: Vec<RunFailure>,
    /// Something was left half deleted or half copied: the next owner of the lock looks at it.
    pub(in crate::service) half_done: bool,
}

/// Promotes `new` where a tier lacks its period, and what earlier runs could not; then prunes. `earlier`
/// were there before it, or could not be listed.
pub(super) async fn apply_retention(
    rules: &RetentionRules,
    store: &Store,
    lock: &mut StoreLock,
    new: &StoredBackup,
    earlier: Result<Catalogue>,
) -> StoredCopies {
    let mut made = StoredCopies {
        artifact: new.manifest.artifact.clone(),
        keys: vec![store.shown(&new.key)],
        warnings: Vec::new(),
        half_done: false,
    };
    let mut catalogue = match earlier {
        Ok(catalogue) => catalogue,
        Err(error) => {
            made.warn(store, &RunFailure::from(&error));
            return made;
        }
    };
    catalogue.backups.push(new.clone());
    let copies = promote(rules, store, lock, new, &catalogue, &mut made).await;
    let extent = PruneExtent {
        new: Some(&new.manifest.id),
        at_most: Some(1 + copies + retention::ALLOWANCE),
    };
    match prune_store(store, rules, extent, Some(lock)).await {
        Ok(pruned) => {
            made.half_done |= pruned.half_done;
            if let Some((number, first)) = pruned.undeleted() {
                made.warn(store, &undeleted(store, number, first));
            }
        }
        Err(error) => {
            made.half_done = true;
            made.warn(store, &RunFailure::from(&error));
        }
    }
    made
}

/// Returns the number of copies that were made.
async fn promote(
    rules: &RetentionRules,
    store: &Store,
    lock: &mut StoreLock,
    new: &StoredBackup,
    catalogue: &Catalogue,
    made: &mut StoredCopies,
) -> usize {
    let own: Vec<&StoredBackup> = catalogue.own().collect();
    let mut copies = 0;
    let mut refused = BTreeSet::new();
    let mut due = wanted(rules, store, new, &own, &HashMap::new());
    if !due.is_empty() {
        // A set is no better than its members.
        match in_sets::broken(&rules.ties, store, own.iter().copied()).await {
            Ok(broken) if broken.is_empty() => {}
            Ok(broken) => due = wanted(rules, store, new, &own, &broken),
            Err(error) => made.warn(store, &RunFailure::from(&error)),
        }
    }
    for (first, tier) in due {
        if refused.contains(&tier) {
            continue;
        }
        let promoted = match catalogue.unlisted(tier) {
            // It may hold the copy.
            Some(error) => Err(error),
            None => lock.promote(first, tier).await,
        };
        match promoted {
            Ok(copy) => {
                copies += 1;
                if first.manifest.id == new.manifest.id {
                    made.keys.push(store.shown(&copy.key));
                }
                let replaced = own.iter().filter(|old| old.is_damaged_copy_of(&copy));
                for old in replaced {
                    remove_replaced(store, lock, old, made).await;
                }
            }
            Err(error) => {
                refused.insert(tier);
                made.half_done = true;
                made.warn(store, &uncopied(tier, &error));
            }
        }
    }
    copies
}

/// What is to be copied, and into which tier: for the period of `new`, and for earlier ones.
fn wanted<'b>(
    rules: &RetentionRules,
    store: &Store,
    new: &'b StoredBackup,
    own: &[&'b StoredBackup],
    broken: &HashMap<String, String>,
) -> Vec<(&'b StoredBackup, Tier)> {
    let records: Vec<_> = own
        .iter()
        .map(|backup| {
            let record = copied_record(backup);
            RetentionRecord {
                good: record.good && !broken.contains_key(&record.id),
                ..record
            }
        })
        .collect();
    let time = rules.time(store, own.iter().copied(), Some(&new.manifest.id));
    let sure = time.doubt.is_none().then(|| (time.now, rules.pace()));
    let new_record = record(new);
    let copies = retention::copies(&records, &rules.policy, &new_record, sure)
        .into_iter()
        .map(|(tier, first)| {
            let first = own.iter().find(|backup| backup.key == first.key);
            (first.copied().unwrap_or(new), tier)
        });
    copies.collect()
}

/// A copy whose verdict cannot be read counts as there: it is not made again each night.
fn copied_record(backup: &StoredBackup) -> RetentionRecord {
    let is_copy = backup.manifest.tier != Tier::Daily;
    RetentionRecord {
        good: backup.health.is_good() || is_copy && !backup.health.is_damaged(),
        ..record(backup)
    }
}

/// A good copy takes the place of a damaged one, which only now goes.
async fn remove_replaced(
    store: &Store,
    lock: &mut StoreLock,
    damaged: &StoredBackup,
    made: &mut StoredCopies,
) {
    let removal = async {
        lock.note([damaged.key.clone()]).await?;
        lock.remove(damaged).await
    };
    let error = match removal.await {
        Ok(Removal::Done) => return,
        Ok(Removal::Refused(error)) => error,
        Ok(Removal::HalfDone(error)) | Err(error) => {
            made.half_done = true;
            error
        }
    };
    made.warn(store, &undeleted(store, 1, &RunFailure::from(&error)));
}

impl StoredCopies {
    /// Removes what no backup needs any more of a repository, if the store has one.
    pub(super) async fn tidy_repository(
        &mut self,
        rules: &RetentionRules,
        store: &Store,
        lock: &StoreLock,
    ) {
        if let Err(error) = repository::tidy(rules, store, lock, PruneOccasion::Run).await {
            let (name, error) = (store.name(), RunFailure::from(&error));
            let message = format!(
                "the repository of store `{name}` keeps what is no longer needed: {}",
                error.message
            );
            self.warn(store, &RunFailure { message, ..error });
        }
    }

    fn warn(&mut self, store: &Store, warning: &RunFailure) {
        let (store, code, hint) = (store.name(), &warning.code, &warning.hint);
        tracing::warn!(
            store,
            code,
            hint,
            "the backup is made, but {}",
            warning.message
        );
        self.warnings.push(warning.clone());
    }
}

fn uncopied(tier: Tier, error: &Error) -> RunFailure {
    let error = RunFailure::from(error);
    RunFailure {
        message: format!(
            "its {tier} copy is not, the next run tries again: {}",
            error.message
        ),
        ..error
    }
}

fn undeleted(store: &Store, number: usize, first: &RunFailure) -> RunFailure {
    let (name, message) = (store.name(), &first.message);
    RunFailure {
        message: match number {
            1 => format!("an old one stays in store `{name}`: {message}"),
            _ => format!("{number} old ones stay in store `{name}`; the first: {message}"),
        },
        ..first.clone()
    }
}
