//! Reading a repository again: a share of its objects each week, those first that were not read for the
//! longest time. What was read lately, and was what its name says, is proven.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustic_core::repofile::IndexFile;
use rustic_core::{CheckOptions, FileType, Id, RusticError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::backend::{hex, key, listed};
use super::damage;
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::IndexView;
use super::opened::{self, Opened};
use crate::error::{Error, Kind, Result};
use crate::store::Store;

/// Where is written down which objects were read when.
const NOTE: &str = ".sidecar/repository-read.json";
/// Digits of an object's name that tell it from all others.
const DIGITS: usize = 16;
/// Objects that are read before that is written down.
const BATCH: usize = 64;
/// A schedule that reads each week may be some hours early.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 - 12);

/// How much of a repository is proven.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Proof {
    /// The store's name.
    pub store: String,
    /// Bytes that were read now.
    pub read: u64,
    /// Bytes that were read lately: in as many weeks as it takes to read all, a share in each.
    pub proven: u64,
    /// Bytes that backups need.
    pub size: u64,
}

impl Proof {
    /// 100 if all of it is proven.
    pub fn percent(&self) -> u64 {
        match self.size {
            0 => 100,
            size => self.proven * 100 / size,
        }
    }
}

/// An object with bytes of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pack {
    pub(super) id: Id,
    size: u64,
}

/// When objects were read.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ReadNote {
    reads: Vec<ReadEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReadEntry {
    at: Timestamp,
    /// The first digits of their names.
    packs: Vec<String>,
}

/// When each was read last.
struct ReadTimes(HashMap<String, Timestamp>);

/// Checks that all which backups need is there, and reads the share that is due by the configuration. What is damaged is an
/// error of the kind [`Kind::Verification`]. Blocks: not for a thread of the event loop.
pub fn prove(store: &Store, driver: &Handle) -> Result<Proof> {
    let gate = Arc::new(VerdictGate::default());
    let packs = checked_packs(&gate, store, driver);
    gate.close();
    let share = opened::spec(store)?.verify_share;
    driver.block_on(read_share(store, &packs?, share))
}

/// Those that are in use, once it is certain that all are there.
fn checked_packs(gate: &Arc<VerdictGate>, store: &Store, driver: &Handle) -> Result<Vec<Pack>> {
    let repository = opened::open(store, driver, gate, IndexView::Whole)?;
    let packs = guarded(store, gate, || packs(&repository))?;
    let checked = guarded(store, gate, || repository.check(CheckOptions::default()))?;
    if let Err(error) = checked.is_ok() {
        let there = driver.block_on(listed(store, FileType::Pack))?;
        let there: HashMap<Id, u32> = there.into_iter().collect();
        let is_cut =
            |pack: &&Pack| there.get(&pack.id).map(|size| u64::from(*size)) != Some(pack.size);
        let damaged: Vec<Id> = packs.iter().filter(is_cut).map(|pack| pack.id).collect();
        driver.block_on(damage::note(store, &damaged, &[]));
        driver.block_on(forget_repaired(store, &packs, &there))?;
        return Err(incomplete(store, &error));
    }
    Ok(packs)
}

/// Forgets of what is noted what was brought back, and what was deleted and is in no index: other backups may be
/// beyond repair, and nothing is pruned meanwhile.
async fn forget_repaired(store: &Store, packs: &[Pack], there: &HashMap<Id, u32>) -> Result<()> {
    let named: HashSet<Id> = packs.iter().map(|pack| pack.id).collect();
    let mut repaired = Vec::new();
    for id in damage::known_damage(store).await? {
        let is_repaired = match named.contains(&id) {
            true => damage::is_whole(store, id).await?,
            // An index may be lost: what still lies there may be named again.
            false => !there.contains_key(&id),
        };
        repaired.extend(is_repaired.then_some(id));
    }
    damage::note(store, &[], &repaired).await;
    Ok(())
}

/// Those that the index names.
pub(super) fn packs(repository: &Opened) -> Result<Vec<Pack>, Box<RusticError>> {
    let mut packs = Vec::new();
    for index in repository.stream_files::<IndexFile>()? {
        let (_, index) = index?;
        packs.extend(index.packs.iter().map(|pack| Pack {
            id: *pack.id,
            size: pack.pack_size().into(),
        }));
    }
    packs.sort_unstable_by_key(|pack| pack.id);
    packs.dedup();
    Ok(packs)
}

async fn read_share(store: &Store, packs: &[Pack], share: u8) -> Result<Proof> {
    let now = store.now();
    let mut times = ReadTimes::of(store).await;
    let known = damage::known_damage(store).await?;
    let mut due = times.due(packs, share, now);
    // What was damaged may have been brought back.
    due.extend(packs.iter().filter(|pack| known.contains(&pack.id)));
    let (mut read, mut damaged) = (0, Vec::new());
    for batch in due.chunks(BATCH) {
        let mut whole = Vec::new();
        for pack in batch {
            match damage::is_whole(store, pack.id).await? {
                true => {
                    times.0.insert(pack.name(), now);
                    whole.push(pack.id);
                }
                false => damaged.push(pack.id),
            }
            read += pack.size;
        }
        damage::note(store, &damaged, &whole).await;
        times.write(store, packs).await;
    }
    let there: HashSet<Id> = packs.iter().map(|pack| pack.id).collect();
    let gone: Vec<Id> = known.difference(&there).copied().collect();
    damage::note(store, &[], &gone).await;
    if let Some(first) = damaged.first() {
        return Err(altered(store, *first));
    }
    Ok(Proof {
        store: store.name().to_owned(),
        read,
        proven: times.read_since(packs, now - WEEK * weeks(share)),
        size: packs.iter().map(|pack| pack.size).sum(),
    })
}

/// In how many all is read.
fn weeks(share: u8) -> i32 {
    i32::from(100_u8.div_ceil(share.max(1)))
}

fn altered(store: &Store, pack: Id) -> Error {
    let (name, shown) = (store.name(), store.shown(&key(FileType::Pack, &pack)));
    let message =
        format!("the repository of store `{name}` has other bytes than were written: {shown}");
    Error::new(Kind::Verification, "altered", message).hint(
        "take another backup at once, which stores anew what it needs of it, and find out what altered it",
    )
}

fn incomplete(store: &Store, error: &RusticError) -> Error {
    let (name, error) = (store.name(), error.display_log());
    let message = format!("the repository of store `{name}` lacks what backups need: {error}");
    Error::new(Kind::Verification, "repository-damaged", message)
        .hint("take another backup at once; `restic check` says what is missing")
}

impl Pack {
    fn name(&self) -> String {
        let mut name = hex(self.id);
        name.truncate(DIGITS);
        name
    }
}

impl ReadTimes {
    /// A note that cannot be read says nothing: all is read again.
    async fn of(store: &Store) -> Self {
        let note = store.get(NOTE).await.ok();
        let note: Option<ReadNote> = note.and_then(|note| serde_json::from_slice(&note).ok());
        let entries = note.unwrap_or_default().reads.into_iter();
        let times = entries.flat_map(|entry| {
            let packs = entry.packs.into_iter();
            packs.map(move |pack| (pack, entry.at))
        });
        Self(times.collect())
    }

    /// Some credentials may only read: then it is said, and nothing fails.
    async fn write(&self, store: &Store, packs: &[Pack]) {
        let mut entries: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
        for pack in packs {
            let name = pack.name();
            if let Some(at) = self.0.get(&name) {
                entries.entry(*at).or_default().push(name);
            }
        }
        let entries = entries.into_iter();
        let note = ReadNote {
            reads: entries.map(|(at, packs)| ReadEntry { at, packs }).collect(),
        };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        if let Err(error) = store.put(NOTE, note).await {
            let (store, hint) = (store.name(), error.hint_text());
            tracing::warn!(
                store,
                hint,
                "what was read of the repository cannot be written down, and will be read again: {error}"
            );
        }
    }

    /// What is to be read now: the share of a week, less what was read in this one.
    fn due<'p>(&self, packs: &'p [Pack], share: u8, now: Timestamp) -> Vec<&'p Pack> {
        let size: u64 = packs.iter().map(|pack| pack.size).sum();
        let wanted = u128::from(size) * u128::from(share) / 100;
        let read_lately = self.read_since(packs, now - WEEK);
        let mut left = u64::try_from(wanted)
            .unwrap_or(u64::MAX)
            .saturating_sub(read_lately);
        let mut oldest: Vec<&Pack> = packs.iter().collect();
        oldest.sort_by_key(|pack| self.0.get(&pack.name()).copied());
        let due = oldest.into_iter().take_while(|pack| {
            let is_due = left > 0;
            left = left.saturating_sub(pack.size);
            is_due
        });
        due.collect()
    }

    /// Bytes of those that were read since `time`.
    fn read_since(&self, packs: &[Pack], time: Timestamp) -> u64 {
        let is_read = |pack: &&Pack| self.0.get(&pack.name()).is_some_and(|at| *at >= time);
        packs.iter().filter(is_read).map(|pack| pack.size).sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn packs(count: u8) -> Vec<Pack> {
        let pack = |number: u8| Pack {
            id: format!("{number:02x}").repeat(32).parse().unwrap(),
            size: 100,
        };
        (0..count).map(pack).collect()
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    #[test]
    fn a_quarter_is_read_each_week_and_all_in_four() {
        let packs = packs(8);
        let mut times = ReadTimes(HashMap::new());
        let mut proven = Vec::new();
        for week in 0..6 {
            for again in [0, 3] {
                let now = day(7 * week + again);
                let due: Vec<Pack> = times.due(&packs, 25, now).into_iter().copied().collect();
                assert_eq!(due.len(), if again == 0 { 2 } else { 0 }, "{week} {again}");
                times.0.extend(due.iter().map(|pack| (pack.name(), now)));
            }
            proven.push(times.read_since(&packs, day(7 * week) - WEEK * weeks(25)));
        }
        assert_eq!(proven, [200, 400, 600, 800, 800, 800]);
    }

    #[test]
    fn what_was_never_read_comes_first_and_one_is_read_however_small_the_share() {
        let packs = packs(4);
        let read = packs.iter().filter(|pack| pack.id != packs[2].id);
        let times = ReadTimes(read.map(|pack| (pack.name(), day(0))).collect());
        let due = times.due(&packs, 1, day(30));
        assert_eq!(due, [&packs[2]]);
    }

    #[test]
    fn an_empty_repository_is_proven() {
        let proof = Proof {
            store: String::new(),
            read: 0,
            proven: 0,
            size: 0,
        };
        assert_eq!(proof.percent(), 100);
    }
}
