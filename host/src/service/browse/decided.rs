//! What the retention would do with each backup now: decided as `prune` does, from a listing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::SETS;
use crate::retention::{self, Decision, decide_at_pace, retain_named};
use crate::service::catalogue::StoreListing;
use crate::service::catalogue::prune;
use crate::service::context::Context;
use crate::service::set;
use crate::store::StoredBackup;

/// What the retention says of a backup in one store and tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackupVerdict {
    /// Whether it stays.
    pub keep: bool,
    /// Why, in one stable word: `within`, `among`, `newest-good`, `older` …
    pub code: String,
    /// The values of the reason, by name: `days`, `last`, `tier` …
    pub args: BTreeMap<String, String>,
    /// When its days are over: the next run after that deletes it, unless another reason holds it. Left out where no day
    /// ends it. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The same in words.
    pub reason: String,
}

/// Verdicts by strategy, store and key.
pub(super) type DecidedBackups<'l> = HashMap<(Option<&'l str>, &'l str, &'l str), BackupVerdict>;

/// What becomes of each own backup of `context` that was listed.
pub(super) fn decide<'l>(context: &Context, listing: &'l StoreListing) -> DecidedBackups<'l> {
    let Some(listed) = listing.of(context.config().member.as_deref()) else {
        return HashMap::new();
    };
    let (named, is_whole) = (
        named(context, listing),
        set::is_whole(context, listing.backups()),
    );
    let stores = context.config().stores.iter();
    let each = stores.flat_map(|store| {
        let own = listed.catalogue.own().filter(|one| one.store == store.name);
        let backups: Vec<&StoredBackup> = own.collect();
        of_store(context, &backups, &named, &is_whole)
    });
    each.collect()
}

fn of_store<'l>(
    context: &Context,
    backups: &[&'l StoredBackup],
    named: &HashMap<&str, &str>,
    is_whole: impl Fn(&crate::artifact::manifest::Manifest) -> bool,
) -> DecidedBackups<'l> {
    let rules = &context.retention;
    let mut records: Vec<_> = backups.iter().map(|one| prune::record(one)).collect();
    for (record, backup) in records.iter_mut().zip(backups) {
        record.good &= is_whole(&backup.manifest);
    }
    let time = context.time();
    let mut decided = decide_at_pace(&records, &rules.policy, time.now, Some(rules.pace()));
    if let Some(doubt) = time.doubt {
        retention::doubt(&mut decided, doubt.message());
    }
    retain_named(&mut decided, |id| named.contains_key(id));
    retention::brake(&mut decided, retention::ALLOWANCE);
    let each = backups.iter().zip(&decided).map(|(backup, decision)| {
        let strategy = backup.strategy.as_deref();
        let at = (strategy, backup.store.as_str(), backup.key.as_str());
        (
            at,
            verdict(decision, named.get(backup.manifest.id.as_str())),
        )
    });
    each.collect()
}

fn verdict(decision: &Decision<'_>, set: Option<&&str>) -> BackupVerdict {
    let args = decision.verdict.args().into_iter();
    let args = args.map(|(name, value)| (name.to_owned(), value));
    let set = set.map(|set| ("set".to_owned(), (*set).to_owned()));
    let midnight = |day: jiff::civil::Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    BackupVerdict {
        keep: decision.verdict.keeps(),
        code: decision.verdict.code().to_owned(),
        args: args.chain(set).collect(),
        until: decision.until().and_then(midnight),
        reason: decision.verdict.to_string(),
    }
}

/// The backups of a member that sets name, and the set of each.
fn named<'l>(context: &Context, listing: &'l StoreListing) -> HashMap<&'l str, &'l str> {
    let member = context.config().member.as_deref();
    let sets = listing
        .backups()
        .filter(|one| one.strategy.as_deref() == Some(SETS));
    let named = sets.flat_map(|set| {
        let members = set.manifest.members.iter();
        let ours = members.filter(|one| Some(one.strategy.as_str()) == member);
        ours.map(|one| (one.id.as_str(), set.manifest.id.as_str()))
    });
    named.collect()
}
