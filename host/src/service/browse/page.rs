//! Backups, newest first, a page at a time.

use std::collections::HashMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::decided::{BackupVerdict, decide};
use crate::config::{SETS, Tier};
use crate::error::{Error, Kind, Result};
use crate::history::RunFailure;
use crate::service::catalogue::StoreListing;
use crate::service::catalogue::stores::configured;
use crate::service::context::Context;
use crate::service::set;
use crate::store::{BackupHealth, StoredBackup};

/// Backups of a page, unless the client asks for another number.
const DEFAULT_LIMIT: usize = 500;
/// The most backups of a page.
const MAX_LIMIT: usize = 1000;

/// Which backups.
#[derive(Debug, Clone, Default)]
pub struct BackupQuery {
    /// Only the copies in this store.
    pub store: Option<String>,
    /// Only those of this one of several strategies; "sets": of the set.
    pub strategy: Option<String>,
    /// Only the copies in this tier.
    pub tier: Option<Tier>,
    /// How many of them: 500 unless given, and 1000 at most. Copies of one are together.
    pub limit: Option<usize>,
    /// Only those that are older than this one.
    pub before: Option<String>,
}

/// Some of the backups, newest first; one that is in several stores or tiers is there once for each.
#[derive(Debug)]
pub struct BackupPage {
    /// When the stores were listed.
    pub as_of: Timestamp,
    /// How many backups there are in all, each counted once.
    pub total: usize,
    /// Copies, those of one backup together.
    pub backups: Vec<ListedBackup>,
    /// What cannot be used: the store, the key (empty: the store itself), and why.
    pub damaged: Vec<(String, String, RunFailure)>,
    /// The last one of this page, if there are older ones.
    pub next: Option<String>,
}

/// A copy of a backup, and what is known of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Backup")]
pub struct ListedBackup {
    /// What it is, and where it lies.
    #[serde(flatten)]
    pub backup: StoredBackup,
    /// What the retention says of it; left out of what another sidecar made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<BackupVerdict>,
    /// When all of this copy was read, and was good. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// When a drill of this sidecar last brought the backup back, from whichever copy. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drilled_at: Option<Timestamp>,
}

/// The page that `query` asks for. `contexts` are those of all strategies.
pub(in crate::service) fn page(
    top: &Context,
    listing: &StoreListing,
    query: &BackupQuery,
) -> Result<BackupPage> {
    if let Some(store) = &query.store {
        require_store(top, store)?;
    }
    let fits = |backup: &&StoredBackup| {
        let is_in = query
            .store
            .as_ref()
            .is_none_or(|store| *store == backup.store);
        let is_of = query.strategy.is_none() || query.strategy == backup.strategy;
        let is_tier = query.tier.is_none_or(|tier| tier == backup.manifest.tier);
        is_in && is_of && is_tier
    };
    let sorted = listing.sorted();
    let all: Vec<&StoredBackup> = sorted.into_iter().filter(fits).collect();
    let ids = distinct(&all);
    let begin = match &query.before {
        None => 0,
        Some(before) => {
            let found = ids.iter().position(|id| id == before);
            found.ok_or_else(|| no_such_backup(before))? + 1
        }
    };
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let chosen: Vec<&str> = ids.iter().skip(begin).take(limit).copied().collect();
    let is_last = begin + chosen.len() >= ids.len();
    let known = KnownBackups::of(top, listing);
    let backups = all
        .into_iter()
        .filter(|one| chosen.contains(&one.manifest.id.as_str()));
    Ok(BackupPage {
        as_of: listing.at,
        total: ids.len(),
        backups: backups.map(|one| known.listed(one)).collect(),
        damaged: damaged(top, listing, query),
        next: chosen
            .last()
            .filter(|_| !is_last)
            .map(|id| (*id).to_owned()),
    })
}

/// The same of these copies of one backup.
pub(in crate::service) fn copies(
    top: &Context,
    listing: &StoreListing,
    copies: Vec<StoredBackup>,
) -> Vec<ListedBackup> {
    let known = KnownBackups::of(top, listing);
    copies.iter().map(|one| known.listed(one)).collect()
}

/// Ids in their order.
fn distinct<'b>(backups: &[&'b StoredBackup]) -> Vec<&'b str> {
    let mut seen = std::collections::HashSet::new();
    let ids = backups.iter().map(|one| one.manifest.id.as_str());
    ids.filter(|id| seen.insert(*id)).collect()
}

/// What is known of backups beside what stands in their stores.
struct KnownBackups<'l> {
    verdicts: super::decided::DecidedBackups<'l>,
    drilled: HashMap<String, Timestamp>,
}

impl<'l> KnownBackups<'l> {
    fn of(top: &Context, listing: &'l StoreListing) -> Self {
        Self {
            verdicts: top.all().flat_map(|one| decide(one, listing)).collect(),
            drilled: top.history().drilled(),
        }
    }

    fn listed(&self, backup: &StoredBackup) -> ListedBackup {
        let strategy = backup.strategy.as_deref();
        let at = (strategy, backup.store.as_str(), backup.key.as_str());
        ListedBackup {
            verdict: self.verdicts.get(&at).cloned(),
            verified_at: match backup.health {
                BackupHealth::Verified { at } => Some(at),
                _ => None,
            },
            drilled_at: self.drilled.get(&backup.manifest.id).copied(),
            backup: backup.clone(),
        }
    }
}

fn damaged(
    top: &Context,
    listing: &StoreListing,
    query: &BackupQuery,
) -> Vec<(String, String, RunFailure)> {
    let is_in = |store: &str| query.store.as_ref().is_none_or(|wanted| wanted == store);
    let mut found = Vec::new();
    for context in top.all() {
        let name = context.config().member.as_deref();
        let name = name.or(context.set().map(|_| SETS));
        let is_of = query.strategy.is_none() || query.strategy.as_deref() == name;
        let Some(listed) = listing
            .of(context.config().member.as_deref())
            .filter(|_| is_of)
        else {
            continue;
        };
        let away = listed
            .stores
            .iter()
            .filter_map(|store| Some((store.name.clone(), String::new(), store.error.clone()?)));
        let unusable = listed.catalogue.damaged.iter().map(|damaged| {
            let error = RunFailure::from(&damaged.error);
            (damaged.store.clone(), damaged.key.clone(), error)
        });
        found.extend(away.chain(unusable).filter(|(store, ..)| is_in(store)));
    }
    if query.store.is_none() && query.strategy.is_none() {
        let incomplete = match listing.is_whole() {
            true => set::incomplete_among(top, &listing.sorted()),
            false => Vec::new(),
        };
        let incomplete = incomplete.iter().map(|one| {
            (
                one.store.clone(),
                one.key.clone(),
                RunFailure::from(&one.error),
            )
        });
        found.extend(incomplete);
    }
    found
}

fn require_store(top: &Context, name: &str) -> Result<()> {
    let mut all = top.all();
    match all.any(|one| one.config().stores.iter().any(|store| store.name == name)) {
        true => Ok(()),
        false => configured(top.config(), name).map(drop),
    }
}

fn no_such_backup(id: &str) -> Error {
    Error::new(
        Kind::NotFound,
        "no-such-backup",
        format!("there is no backup `{id}` to go on from"),
    )
    .hint("begin again without `before`: retention may have deleted it meanwhile")
}
