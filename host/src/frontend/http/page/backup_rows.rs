//! Backups in a table: one row for all copies of a backup.

use std::collections::HashMap;

use super::locale::Locale;
use super::marks::{Mark, Tone};
use super::verdicts::verdict_text;
use crate::config::{SETS, Tier};
use crate::service::{BackupHealth, ListedBackup, Manifest};

/// A backup, whatever stores and tiers it is in.
pub(super) struct BackupRow {
    pub(super) manifest: Manifest,
    /// Of several strategies which one, or the set.
    pub(super) of: Option<String>,
    /// What it takes in a store, where that is another size than its own.
    pub(super) stored: Option<String>,
    /// Whether it takes a key to read it there.
    pub(super) is_encrypted: bool,
    /// From the finest.
    pub(super) tiers: Vec<Tier>,
    pub(super) stores: Vec<String>,
    pub(super) copies: Vec<ListedBackup>,
    pub(super) mark: Mark,
    /// How much of what belongs in it was left out by permission.
    pub(super) left_out: Option<Mark>,
    /// What the retention says of it, tier by tier.
    pub(super) retention: Vec<String>,
    /// When a drill brought it back.
    pub(super) proven: Option<Mark>,
    /// Whether another sidecar made it.
    pub(super) foreign: bool,
}

impl BackupRow {
    /// The rows of a catalogue, in its order.
    pub(super) fn all(locale: Locale, copies: impl IntoIterator<Item = ListedBackup>) -> Vec<Self> {
        let mut order = Vec::new();
        let mut by_id: HashMap<String, Vec<ListedBackup>> = HashMap::new();
        for copy in copies {
            let id = copy.backup.manifest.id.clone();
            by_id
                .entry(id.clone())
                .or_insert_with(|| {
                    order.push(id);
                    Vec::new()
                })
                .push(copy);
        }
        let rows = order.iter().filter_map(|id| by_id.remove(id));
        rows.filter_map(|copies| Self::of(locale, copies)).collect()
    }

    /// Of one backup's copies; none of no copy.
    pub(super) fn of(locale: Locale, copies: Vec<ListedBackup>) -> Option<Self> {
        let first = &copies.first()?.backup;
        let mut tiers: Vec<Tier> = copies
            .iter()
            .map(|copy| copy.backup.manifest.tier)
            .collect();
        tiers.sort();
        tiers.dedup();
        let mut stores: Vec<String> = copies
            .iter()
            .map(|copy| copy.backup.store.clone())
            .collect();
        stores.sort();
        stores.dedup();
        let mut retention: Vec<String> = copies
            .iter()
            .filter_map(|copy| {
                let verdict = copy.verdict.as_ref()?;
                Some(verdict_text(locale, copy.backup.manifest.tier, verdict))
            })
            .collect();
        retention.dedup();
        let drilled = copies.iter().filter_map(|copy| copy.drilled_at).max();
        let of = first.strategy.as_deref().map(|strategy| match strategy {
            SETS => locale.text("the-set"),
            name => name.to_owned(),
        });
        let artifact = &first.manifest.artifact;
        let is_added = artifact.repository.is_some();
        Some(Self {
            stored: locale.stored_size(artifact.raw_size, artifact.size, is_added),
            // A repository encrypts by itself.
            is_encrypted: artifact.encryption.is_some() || is_added,
            mark: health_of_all(locale, &copies),
            left_out: left_out(locale, &first.manifest),
            manifest: first.manifest.clone(),
            foreign: first.foreign,
            of,
            tiers,
            stores,
            retention,
            proven: drilled.map(|at| {
                let day = locale.day(at);
                Mark::new(
                    Tone::Good,
                    &locale.fill("proven-on", &[("day", day.into())]),
                )
            }),
            copies,
        })
    }
}

fn left_out(locale: Locale, manifest: &Manifest) -> Option<Mark> {
    let count = manifest.omissions.len();
    let text = || locale.fill("left-out-count", &[("count", count.into())]);
    (count > 0).then(|| Mark::new(Tone::Late, &text()))
}

/// The worst of what reading the copies told; "verified" only if one was read and none is damaged.
fn health_of_all(locale: Locale, copies: &[ListedBackup]) -> Mark {
    let damaged = copies.iter().find(|copy| copy.backup.health.is_damaged());
    let verified = copies
        .iter()
        .filter(|copy| matches!(copy.backup.health, BackupHealth::Verified { .. }))
        .max_by_key(|copy| match copy.backup.health {
            BackupHealth::Verified { at } => Some(at),
            _ => None,
        });
    let shown = damaged.or(verified).or(copies.first());
    shown.map_or_else(
        || Mark::new(Tone::Unknown, ""),
        |copy| health_mark(locale, &copy.backup.health),
    )
}

/// What reading a copy last told.
pub(super) fn health_mark(locale: Locale, health: &BackupHealth) -> Mark {
    match health {
        BackupHealth::Never => Mark::new(Tone::Empty, &locale.text("health-never")),
        BackupHealth::Verified { at } => {
            let day = locale.day(*at);
            let text = locale.fill("health-verified", &[("day", day.into())]);
            Mark::new(Tone::Good, &text)
        }
        BackupHealth::Damaged { .. } => Mark::new(Tone::Bad, &locale.text("health-damaged")),
        BackupHealth::Unclear => Mark::new(Tone::Unknown, &locale.text("health-unclear")),
    }
}

/// What a tier is called.
pub(super) fn tier_text(locale: Locale, tier: &Tier) -> String {
    match tier {
        Tier::Daily => locale.text("tier-daily"),
        Tier::Weekly => locale.text("tier-weekly"),
        Tier::Monthly => locale.text("tier-monthly"),
        Tier::Yearly => locale.text("tier-yearly"),
    }
}
