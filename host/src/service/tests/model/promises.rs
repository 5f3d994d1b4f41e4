//! What must hold after each request, and when all is over.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::sidecar::DAILY;
use crate::config::Tier;
use crate::digest::Digest;
use crate::retention::{Arrival, Arrivals};
use crate::store::tests::stepwise::MemoryObjects;
use crate::store::{Catalogue, Store, StoredBackup};

/// What was seen of the backups of a store so far.
#[derive(Default, Hash)]
pub(super) struct ModelPromises {
    /// What a run called made.
    acknowledged: Vec<String>,
    /// Of each daily one that was ever listed, its number and when it was made.
    arrivals: BTreeMap<String, (Option<u64>, Timestamp)>,
    /// Copies in the monthly tier, which stay for a year.
    monthly: Vec<String>,
}

impl ModelPromises {
    pub(super) fn acknowledge(&mut self, id: String) {
        self.acknowledged.push(id);
    }

    /// Fails, with what is wrong, unless all that is listed is whole, and what is not listed any more went for as
    /// many newer ones as the policy holds.
    pub(super) fn check(
        &mut self,
        store: &Store,
        objects: impl Fn(&str) -> Option<Digest>,
    ) -> Result<(), String> {
        let listed = listed(store);
        for backup in &listed.backups {
            let promised = backup.manifest.artifact.sha256.to_string();
            if objects(&backup.key).is_none_or(|found| found.to_string() != promised) {
                return Err(format!("{} is listed and not whole", backup.key));
            }
        }
        let of_tier = |tier: Tier| {
            let of_tier = listed.backups.iter();
            of_tier.filter(move |backup| backup.manifest.tier == tier)
        };
        for StoredBackup { manifest, .. } in of_tier(Tier::Daily) {
            let arrival = (manifest.seq, manifest.started_at);
            self.arrivals.insert(manifest.id.clone(), arrival);
        }
        for id in &self.acknowledged {
            if of_tier(Tier::Daily).any(|backup| backup.manifest.id == *id) {
                continue;
            }
            let newer =
                of_tier(Tier::Daily).filter(|backup| self.is_newer(&backup.manifest.id, id));
            if newer.count() < DAILY {
                return Err(format!("the backup {id:?} is lost"));
            }
        }
        let monthly: Vec<_> = of_tier(Tier::Monthly)
            .map(|backup| backup.key.clone())
            .collect();
        if let Some(lost) = self.monthly.iter().find(|known| !monthly.contains(known)) {
            return Err(format!("the copy {lost} is lost"));
        }
        self.monthly = monthly;
        Ok(())
    }

    /// Whether one has arrived after another, as the retention sees it.
    fn is_newer(&self, one: &str, other: &str) -> bool {
        let arrivals = self.arrivals.iter().map(|(id, (seq, at))| Arrival {
            seq: *seq,
            made: (*at, id),
        });
        let arrivals: Vec<Arrival<'_>> = arrivals.collect();
        let order = Arrivals::new(arrivals.iter().copied());
        let place = |id: &str| {
            let arrival = arrivals.iter().find(|one| one.made.1 == id);
            arrival.map(|arrival| order.place(*arrival))
        };
        place(other).is_some_and(|other| place(one).is_some_and(|one| one > other))
    }
}

/// Fails if an artifact lies in a tier of which no manifest tells anything: it would stay for ever.
pub(super) fn leaves_nothing_half_done(objects: &MemoryObjects) -> Result<(), String> {
    let left = objects.in_tiers().find(|(key, _)| {
        let is_artifact = !key.ends_with(".json");
        is_artifact && !objects.has_manifest(key)
    });
    left.map_or(Ok(()), |(key, _)| {
        Err(format!("{key} is left without a manifest"))
    })
}

fn listed(store: &Store) -> Catalogue {
    let listed = store.catalogue().now_or_never();
    listed.expect("it is answered at once").unwrap()
}
