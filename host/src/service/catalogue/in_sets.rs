//! What sets and their members know of each other, asked of the stores before anything is deleted.

use std::collections::{HashMap, HashSet};

use super::missed_uploads;
use crate::config::{SETS, StoreSpec};
use crate::error::{Error, Result};
use crate::service::set_ties::SetTies;
use crate::store::{Catalogue, DamageExtent, RetryPolicy, Store, StoredBackup, stem_and_time};

/// The backups of a member that sets name, and the set of each: sets in every store, because each may have missed one
/// or lost it, and those that wait for a store. Of anything else, none. Fails if it is not known which sets there
/// are: then nothing may go.
pub(super) async fn named(ties: &SetTies, store: &Store) -> Result<HashMap<String, String>> {
    let mut named = HashMap::new();
    let strategy = store.spec().strategy.as_deref();
    let Some(strategy) = strategy.filter(|name| *name != SETS) else {
        return Ok(named);
    };
    let mut sets = Vec::new();
    let mut damaged = Vec::new();
    for spec in &ties.sets {
        let found = listed(spec, store).await?;
        sets.extend(found.backups.into_iter().map(|set| {
            let key = stem_and_time(&set.key);
            ((key.0.to_owned(), key.1.to_owned()), set.manifest)
        }));
        damaged.extend(found.damaged);
    }
    // One that is damaged here is known if another store can read it.
    let is_known = |key: &str| {
        let (stem, time) = stem_and_time(key);
        sets.iter()
            .any(|((known, at), _)| known == stem && at == time)
    };
    if let Some(unknown) = damaged.iter().find(|one| !is_known(&one.key)) {
        return Err(sets_unknown(&Error::from(unknown)));
    }
    let mut sets: Vec<_> = sets.into_iter().map(|(_, manifest)| manifest).collect();
    if let Some(state) = &ties.set_state {
        let waiting = missed_uploads::read_all(&missed_uploads::folder(state))?;
        if let Some(damaged) = waiting.damaged.first() {
            return Err(sets_unknown(damaged));
        }
        sets.extend(waiting.whole.into_iter().map(|one| one.manifest));
    }
    for set in sets {
        let own = set.members.into_iter();
        for member in own.filter(|member| member.strategy == strategy) {
            named.insert(member.id, set.id.clone());
        }
    }
    Ok(named)
}

/// The sets of a store of which a member has no good copy, and which member that is: in the same store, or where the
/// member lies if that is elsewhere. A member that is configured no more is not asked for.
pub(in crate::service) async fn broken<'b>(
    ties: &SetTies,
    store: &Store,
    sets: impl IntoIterator<Item = &'b StoredBackup>,
) -> Result<HashMap<String, String>> {
    let mut broken = HashMap::new();
    if store.spec().strategy.as_deref() != Some(SETS) {
        return Ok(broken);
    }
    let mut good: HashMap<&str, HashSet<String>> = HashMap::new();
    for (name, specs) in &ties.members {
        let is_here = |spec: &&StoreSpec| spec.name == store.name();
        let here: Vec<&StoreSpec> = specs.iter().filter(is_here).collect();
        let asked = match here.is_empty() {
            true => specs.iter().collect(),
            false => here,
        };
        let of_member = good.entry(name).or_default();
        for spec in asked {
            let backups = listed(spec, store).await?.backups.into_iter();
            let ids = backups.filter(|one| one.health.is_good());
            of_member.extend(ids.map(|one| one.manifest.id));
        }
    }
    for set in sets {
        let is_lost = |member: &&crate::artifact::set::SetMember| {
            let good = good.get(member.strategy.as_str());
            good.is_some_and(|good| !good.contains(&member.id))
        };
        if let Some(lost) = set.manifest.members.iter().find(is_lost) {
            broken.insert(set.manifest.id.clone(), lost.strategy.clone());
        }
    }
    Ok(broken)
}

/// All that lies there. A folder that cannot be listed is an error.
async fn listed(spec: &StoreSpec, beside: &Store) -> Result<Catalogue> {
    let policy = match spec.name == beside.name() {
        true => RetryPolicy::RUN,
        false => RetryPolicy::CHECK,
    };
    let listed = async {
        let store = Store::open(spec, policy)?.knowing_as(beside);
        store.catalogue().await
    };
    let listed = listed.await.map_err(|error| sets_unknown(&error))?;
    let unlisted = |one: &&crate::store::DamagedBackup| one.extent != DamageExtent::Backup;
    match listed.damaged.iter().find(unlisted) {
        Some(unlisted) => Err(sets_unknown(&Error::from(unlisted))),
        None => Ok(listed),
    }
}

fn sets_unknown(error: &Error) -> Error {
    error.named("nothing is deleted, because it is not known what sets name")
}
