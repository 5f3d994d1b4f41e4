//! Which backup is the newest, in one store and in several.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::artifact::manifest::Manifest;
use crate::retention::{Arrival, Arrivals};

/// What the manifest says of the order of arrival.
pub fn arrival(manifest: &Manifest) -> Arrival<'_> {
    Arrival {
        seq: manifest.seq,
        made: (manifest.started_at, &manifest.id),
    }
}

/// Ids with their rank, the newest first: as they arrived in each store, and by time where no store
/// knows of both.
pub(super) fn ranks<'a, S: Ord>(
    backups: impl Iterator<Item = (S, &'a Manifest)>,
) -> HashMap<String, usize> {
    let mut stores: BTreeMap<S, Vec<&Manifest>> = BTreeMap::new();
    for (store, manifest) in backups {
        stores.entry(store).or_default().push(manifest);
    }
    let mut stores: Vec<_> = stores.into_values().map(newest_first).collect();
    let mut holders: HashMap<&str, usize> = HashMap::new();
    for manifest in stores.iter().flatten() {
        *holders.entry(&manifest.id).or_default() += 1;
    }
    let mut ranks = HashMap::new();
    loop {
        for store in &mut stores {
            while store.front().is_some_and(|one| ranks.contains_key(&one.id)) {
                store.pop_front();
            }
        }
        let heads: Vec<&Manifest> = stores
            .iter()
            .filter_map(|store| store.front().copied())
            .collect();
        // Behind another one of a store, it is older than that one.
        let is_behind = |one: &Manifest| {
            let first = heads.iter().filter(|head| head.id == one.id).count();
            holders.get(one.id.as_str()) != Some(&first)
        };
        let newest = heads
            .iter()
            .max_by_key(|one| (Reverse(is_behind(one)), arrival(one).made));
        let Some(newest) = newest else { return ranks };
        ranks.insert(newest.id.clone(), ranks.len());
    }
}

/// The backups of a store; one that is in several tiers once.
fn newest_first(mut manifests: Vec<&Manifest>) -> VecDeque<&Manifest> {
    let order = Arrivals::new(manifests.iter().map(|one| arrival(one)));
    manifests.sort_by_key(|one| Reverse(order.place(arrival(one))));
    let mut seen = HashSet::new();
    manifests.retain(|one| seen.insert(one.id.as_str()));
    manifests.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::fixtures;

    /// Ids, newest first, of backups in stores: their numbers and days.
    fn newest(backups: &[(&str, Option<u64>, &str)]) -> Vec<String> {
        let stored: Vec<(&str, Manifest)> = backups
            .iter()
            .map(|(store, seq, day)| {
                let manifest = fixtures::manifest(day, b"", &format!("{day}T03:00:00Z"));
                (
                    *store,
                    Manifest {
                        seq: *seq,
                        ..manifest
                    },
                )
            })
            .collect();
        let ranks = ranks(stored.iter().map(|(store, manifest)| (*store, manifest)));
        let mut ids: Vec<String> = ranks.keys().cloned().collect();
        ids.sort_by_key(|id| ranks.get(id).copied());
        ids
    }

    #[test]
    fn a_run_under_a_wrong_clock_is_the_newest_only_until_the_next_one() {
        let (one, wrong) = (("a", Some(1), "2026-06-01"), ("a", Some(2), "2099-01-01"));
        assert_eq!(newest(&[one, wrong]), ["2099-01-01", "2026-06-01"]);
        let right = ("a", Some(3), "2026-06-02");
        assert_eq!(
            newest(&[wrong, right, one]),
            ["2026-06-02", "2099-01-01", "2026-06-01"]
        );
    }

    #[test]
    fn a_store_that_missed_the_last_ones_hides_them_not() {
        let backups = [
            ("a", Some(1), "2026-06-01"),
            ("a", Some(2), "2099-01-01"),
            ("a", Some(3), "2026-06-02"),
            ("b", Some(7), "2026-06-01"),
            ("b", Some(8), "2099-01-01"),
        ];
        let expected = ["2026-06-02", "2099-01-01", "2026-06-01"];
        assert_eq!(newest(&backups), expected);
    }

    #[test]
    fn stores_that_contradict_each_other_go_by_time() {
        let backups = [
            ("a", Some(1), "2026-06-01"),
            ("a", Some(2), "2026-06-02"),
            ("b", Some(2), "2026-06-01"),
            ("b", Some(1), "2026-06-02"),
            ("c", None, "2026-06-03"),
        ];
        let expected = ["2026-06-03", "2026-06-02", "2026-06-01"];
        assert_eq!(newest(&backups), expected);
    }
}
