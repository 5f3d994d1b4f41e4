//! Which tiers a new backup is copied into.

use super::record::{Record, period};
use crate::config::{Policy, Tier};

/// The coarser tiers of the policy that have no good backup of `new`'s period yet.
///
/// `records` is what the store holds, with or without `new` itself. Nothing is promoted if `new`
/// is damaged. Asking again after the copies were made gives nothing: it is safe to repeat.
pub fn promotions(records: &[Record], policy: &Policy, new: &Record) -> Vec<Tier> {
    if !new.good {
        return Vec::new();
    }
    let named = policy.iter().map(|(tier, _)| tier);
    named
        .filter(|tier| *tier != Tier::Daily)
        .filter(|tier| {
            let wanted = period(*tier, new.taken_at);
            !records.iter().any(|record| {
                record.good && record.tier == *tier && period(*tier, record.taken_at) == wanted
            })
        })
        .collect()
}

/// The key of the first good daily backup of `new`'s period: the one that stands for it in `tier`.
pub fn first_of_period<'a>(records: &'a [Record], tier: Tier, new: &Record) -> Option<&'a String> {
    let wanted = period(tier, new.taken_at);
    let daily = records.iter().filter(|record| {
        record.good && record.tier == Tier::Daily && period(tier, record.taken_at) == wanted
    });
    let first = daily.min_by_key(|record| (record.taken_at, &record.key));
    first.map(|record| &record.key)
}
