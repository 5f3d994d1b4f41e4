//! What the stores held when they were last asked: for clients that ask often, and must not wait for a store that does
//! not answer.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::{Condvar, Mutex};

use super::list::{ManifestReading, list_each};
use crate::clock;
use crate::error::Result;
use crate::history::{RunFailure, RunState};
use crate::service::context::Context;
use crate::service::folders;
use crate::store::{Catalogue, StoredBackup, newest_first};

/// How old a listing may be before the stores are asked again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// All strategies that have stores, as they were last listed.
#[derive(Debug)]
pub(in crate::service) struct StoreListing {
    /// When the stores were asked.
    pub(in crate::service) at: Timestamp,
    strategies: Vec<StrategyListing>,
}

/// What the stores of one strategy hold.
#[derive(Debug)]
pub(in crate::service) struct StrategyListing {
    /// What the strategy is called among several.
    member: Option<String>,
    /// Of a store that does not answer: what it held when it last did.
    pub(in crate::service) catalogue: Catalogue,
    pub(in crate::service) stores: Vec<ListedStore>,
}

/// Whether a store answered.
#[derive(Debug)]
pub(in crate::service) struct ListedStore {
    pub(in crate::service) name: String,
    /// When it last answered.
    pub(in crate::service) listed_at: Option<Timestamp>,
    /// Why it did not.
    pub(in crate::service) error: Option<RunFailure>,
}

impl StoreListing {
    /// Of the strategy that is called `member` among several; none if it has no stores.
    pub(in crate::service) fn of(&self, member: Option<&str>) -> Option<&StrategyListing> {
        let mut strategies = self.strategies.iter();
        strategies.find(|one| one.member.as_deref() == member)
    }

    /// Whether every store and every tier of it was listed.
    pub(in crate::service) fn is_whole(&self) -> bool {
        self.strategies.iter().all(|one| {
            let all = one.stores.iter().all(|store| store.error.is_none());
            all && one.catalogue.lists_all_tiers()
        })
    }

    /// The backups of all strategies, newest first.
    pub(in crate::service) fn sorted(&self) -> Vec<&StoredBackup> {
        newest_first(self.backups())
    }

    /// Why nothing is known, if that is so: no store of any strategy has ever answered.
    pub(in crate::service) fn unanswered(&self) -> Option<&RunFailure> {
        let stores = || self.strategies.iter().flat_map(|one| &one.stores);
        match stores().any(|store| store.listed_at.is_some()) {
            true => None,
            false => stores().find_map(|store| store.error.as_ref()),
        }
    }

    /// The backups of all strategies.
    pub(in crate::service) fn backups(&self) -> impl Iterator<Item = &StoredBackup> {
        let strategies = self.strategies.iter();
        strategies.flat_map(|one| &one.catalogue.backups)
    }
}

/// The last listing, and the thread that makes the next one.
pub(in crate::service) struct Listings {
    context: Arc<Context>,
    state: Mutex<Listed>,
    done: Condvar,
}

#[derive(Default)]
struct Listed {
    last: Option<LastListing>,
    is_asking: bool,
}

/// A listing, and what tells whether it is still current.
struct LastListing {
    listing: Arc<StoreListing>,
    /// On the monotonic clock; zero once what the stores hold was changed.
    asked: Duration,
    journal: JournalMark,
}

/// The youngest line of the journal: a run that has ended since, in any process, has changed what the stores hold.
type JournalMark = Option<(String, RunState)>;

impl Listings {
    pub(in crate::service) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            state: Mutex::default(),
            done: Condvar::new(),
        }
    }

    /// What the stores hold now, unless they do not answer within `limit`: then what they held when they last did.
    pub(in crate::service) fn renewed(
        self: &Arc<Self>,
        limit: Duration,
    ) -> Option<Arc<StoreListing>> {
        self.current(limit, |_| false)
    }

    /// The listing, which is renewed first if it is old and the stores answer within `limit`. None if they have never
    /// answered.
    pub(in crate::service) fn latest(
        self: &Arc<Self>,
        limit: Duration,
    ) -> Option<Arc<StoreListing>> {
        let mark = self.mark();
        let oldest = clock::monotonic().saturating_sub(REFRESH_INTERVAL);
        self.current(limit, |last| last.asked > oldest && last.journal == mark)
    }

    /// A listing that `is_enough`, or for which the stores were asked after this call.
    fn current(
        self: &Arc<Self>,
        limit: Duration,
        is_enough: impl Fn(&LastListing) -> bool,
    ) -> Option<Arc<StoreListing>> {
        let (called, until) = (clock::monotonic(), Instant::now() + limit);
        let mut state = self.state.lock();
        let is_current = |last: &LastListing| last.asked >= called || is_enough(last);
        while !state.last.as_ref().is_some_and(is_current) {
            if !state.is_asking {
                state.is_asking = self.ask();
            }
            if !state.is_asking || self.done.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        state.last.as_ref().map(|last| last.listing.clone())
    }

    /// The next listing is a new one: what the stores hold was changed.
    pub(in crate::service) fn expire(&self) {
        if let Some(last) = &mut self.state.lock().last {
            last.asked = Duration::ZERO;
        }
    }

    /// Asks the stores on a thread of its own. Returns whether it could be started.
    fn ask(self: &Arc<Self>) -> bool {
        let all = self.clone();
        let work = move || {
            let (asked, journal) = (clock::monotonic(), all.mark());
            let before = all
                .state
                .lock()
                .last
                .as_ref()
                .map(|last| last.listing.clone());
            let listing = Arc::new(all.list(before.as_deref()));
            let mut state = all.state.lock();
            state.is_asking = false;
            state.last = Some(LastListing {
                listing,
                asked,
                journal,
            });
            all.done.notify_all();
        };
        thread::Builder::new()
            .name("listing".to_owned())
            .spawn(work)
            .is_ok()
    }

    fn list(&self, before: Option<&StoreListing>) -> StoreListing {
        let at = clock::now();
        let stored = self
            .context
            .all()
            .filter(|one| !one.config().stores.is_empty());
        let strategies = stored.map(|context| {
            let member = context.config().member.clone();
            let before = before.and_then(|before| before.of(member.as_deref()));
            let listed = list_each(context, None, ManifestReading::Remembered).unwrap_or_default();
            of_strategy(member, listed, at, before)
        });
        StoreListing {
            strategies: strategies.collect(),
            at,
        }
    }

    fn mark(&self) -> JournalMark {
        let has_journal = folders::shared_folder(&self.context.config().paths).is_dir();
        let last = has_journal.then(|| self.context.history().list(1));
        let last = last.and_then(|last| last.into_iter().next());
        last.map(|run| (run.id, run.state))
    }
}

fn of_strategy(
    member: Option<String>,
    listed: Vec<(String, Result<Catalogue>)>,
    at: Timestamp,
    before: Option<&StrategyListing>,
) -> StrategyListing {
    let mut all = Catalogue::default();
    let mut stores = Vec::new();
    for (name, catalogue) in listed {
        let (listed_at, error) = match catalogue {
            Ok(catalogue) => {
                all.add(catalogue);
                (Some(at), None)
            }
            Err(error) => {
                let held = before
                    .map(|before| before.held_by(&name))
                    .unwrap_or_default();
                all.add(held);
                let last = before.and_then(|before| before.listed_at(&name));
                (last, Some(RunFailure::from(&error)))
            }
        };
        stores.push(ListedStore {
            name,
            listed_at,
            error,
        });
    }
    StrategyListing {
        member,
        catalogue: all,
        stores,
    }
}

impl StrategyListing {
    /// The backups of one store.
    fn held_by(&self, name: &str) -> Catalogue {
        let held = self
            .catalogue
            .backups
            .iter()
            .filter(|one| one.store == name);
        Catalogue {
            backups: held.cloned().collect(),
            ..Catalogue::default()
        }
    }

    fn listed_at(&self, name: &str) -> Option<Timestamp> {
        let mut stores = self.stores.iter();
        stores.find(|store| store.name == name)?.listed_at
    }
}
