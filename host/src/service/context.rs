//! What every verb stands on: the configuration of a strategy, and what is started once for all strategies of a
//! sidecar.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio::runtime::Runtime;

use parking_lot::Mutex;

use super::folders;
use super::ownership::Claimant;
use super::retention_rules::RetentionRules;
use super::runs::first_seen::FirstSeen;
use super::set_ties::SetTies;
use super::timekeeper::Timekeeper;
use crate::clock::PlausibleTime;
use crate::config::{Config, SETS, SetSpec};
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::history::{History, RunState, Whose};
use crate::modules;
use crate::notify::{Notifier, Retry};
use crate::sandbox::{Engine, Module};
use crate::store;

/// A strategy's configuration, and the engines that serve it. Each is started when it is first needed.
///
/// Of several strategies there is one for each, and above them one for the set that they make together.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) engine: Engine,
    pub(super) cache: Option<PathBuf>,
    /// What time it is.
    pub(super) timekeeper: Arc<Timekeeper>,
    /// Artifacts that wait for a client, and whether they were sent.
    pub(super) cached: FirstSeen<(PathBuf, bool)>,
    /// What the retention goes by.
    pub(super) retention: RetentionRules,
    /// The strategies of a set, in the order of the file.
    pub(super) members: Vec<Arc<Context>>,
    shared: Arc<SharedContext>,
    /// The journal as this strategy sees it.
    history: OnceLock<History>,
    claimant: Arc<Claimant>,
    /// A built-in strategy cannot change while this program runs: a server loads it once.
    pub(super) builtin: OnceLock<Module>,
    /// `strategy.config` as it was checked for the component with this digest.
    checked: Mutex<Option<(Digest, Value)>>,
}

/// What all strategies of a sidecar share.
struct SharedContext {
    /// Of each of them, and of the set.
    configs: Vec<Config>,
    history: OnceLock<History>,
    runtime: OnceLock<Runtime>,
    notifier: OnceLock<Arc<Notifier>>,
}

impl Context {
    /// Starts the engine, and touches nothing else.
    pub(super) fn new(config: Config) -> Result<Self> {
        let cache = modules::cache_folder(&config);
        let engine = Engine::new(cache.clone())?;
        if let Some(cache) = &cache {
            store::keep_notes_in(cache);
        }
        let shared = Arc::new(SharedContext {
            configs: config.all().cloned().collect(),
            history: OnceLock::new(),
            runtime: OnceLock::new(),
            notifier: OnceLock::new(),
        });
        let timekeeper = Arc::new(Timekeeper::default());
        // A member is backed up with its set, and alone by its own schedule.
        let in_set = |name: &String| {
            let several = config.several.as_ref();
            several.is_some_and(|several| several.set.members.contains(name))
        };
        let of_set = |member: &Config| match member.member.as_ref().is_some_and(in_set) {
            true => config.schedule.as_slice(),
            false => &[],
        };
        let ties = |of: &Config| SetTies::new(of, &config);
        let of = |config: &Config, members| Self {
            claimant: Arc::new(Claimant::new(config, folders::state_folder(&config.paths))),
            retention: RetentionRules::new(
                config,
                of_set(config),
                ties(config),
                timekeeper.clone(),
            ),
            timekeeper: timekeeper.clone(),
            cached: FirstSeen::default(),
            config: config.clone(),
            engine: engine.clone(),
            cache: cache.clone(),
            members,
            shared: shared.clone(),
            history: OnceLock::new(),
            builtin: OnceLock::new(),
            checked: Mutex::default(),
        };
        let members = config.all().skip(1);
        let members = members.map(|member| Arc::new(of(member, Vec::new())));
        Ok(of(&config, members.collect()))
    }

    /// The configuration.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration of every strategy of this sidecar, and of their set.
    pub(super) fn configs(&self) -> &[Config] {
        &self.shared.configs
    }

    /// This one and its members.
    pub(super) fn all(&self) -> impl Iterator<Item = &Self> {
        let members = self.members.iter().map(|member| &**member);
        std::iter::once(self).chain(members)
    }

    /// The strategy that is called `name` among several; without a name this one: the only one, or the set of all.
    pub(super) fn of(self: &Arc<Self>, name: Option<&str>) -> Result<Arc<Self>> {
        let Some(name) = name else {
            return Ok(self.clone());
        };
        // No strategy of several can be called that: it is what lists call the set.
        if name == SETS && self.set().is_some() {
            return Ok(self.clone());
        }
        let mut members = self.members.iter();
        let found = members.find(|member| member.config.member.as_deref() == Some(name));
        found.cloned().ok_or_else(|| {
            let names = self
                .members
                .iter()
                .filter_map(|one| one.config.member.clone());
            let names: Vec<String> = names.collect();
            let hint = match names.is_empty() {
                true => "there is one `strategy`, which has no name: leave it out".to_owned(),
                false => format!("the names under `strategies` are {}", names.join(", ")),
            };
            let message = format!("no strategy is called {name}");
            Error::new(Kind::NotFound, "no-such-strategy", message).hint(hint)
        })
    }

    /// How the members are backed up together; none of a single strategy.
    pub(super) fn set(&self) -> Option<&SetSpec> {
        self.config.several.as_ref().map(|several| &several.set)
    }

    /// The members of the set, in the order in which they run.
    pub(super) fn in_set(&self) -> impl Iterator<Item = &Self> {
        let names = self.set().into_iter().flat_map(|set| &set.members);
        names.filter_map(|name| {
            let mut members = self.members.iter();
            let is_called = |one: &&Arc<Self>| one.config.member.as_ref() == Some(name);
            members.find(is_called).map(|member| &**member)
        })
    }

    /// The journal of runs. Opened late: by then its folder is there, or nothing can run anyway.
    pub(super) fn history(&self) -> &History {
        self.history.get_or_init(|| {
            let open = || History::open(&folders::shared_folder(&self.config.paths));
            let history = self.shared.history.get_or_init(open);
            history.of(match (&self.config.member, self.set()) {
                (Some(name), _) => Whose::Member(name.clone()),
                (None, Some(_)) => Whose::Set,
                (None, None) => Whose::Single,
            })
        })
    }

    /// What time it is, as far as it can be told without asking a store.
    pub(super) fn time(&self) -> PlausibleTime {
        // A sidecar that has never run has no journal: none is made.
        let last = match folders::shared_folder(&self.config.paths).is_dir() {
            true => self.history().last(RunState::Succeeded),
            false => None,
        };
        self.timekeeper
            .judge(None, last.and_then(|run| run.finished_at))
    }

    /// The event loop of the stores. A caller must not be driven by an event loop itself.
    pub(super) fn runtime(&self) -> Result<&Runtime> {
        let runtime = &self.shared.runtime;
        if let Some(runtime) = runtime.get() {
            return Ok(runtime);
        }
        let started = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stores")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the stores' event loop: {error}"),
                )
            })?;
        Ok(runtime.get_or_init(|| started))
    }

    /// Opens the stores: each for the sidecar that may write there.
    pub(super) fn claimant(&self) -> &Arc<Claimant> {
        &self.claimant
    }

    /// The threads that send notifications, one for each receiver.
    pub(super) fn notifier(&self) -> &Arc<Notifier> {
        self.shared.notifier.get_or_init(|| {
            let receivers = self.config.notify.clone();
            Arc::new(Notifier::start(receivers, Retry::default()))
        })
    }

    /// The same, if a run has started them.
    pub(super) fn started_notifier(&self) -> Option<&Arc<Notifier>> {
        self.shared.notifier.get()
    }

    /// Unfinished artifacts and what belongs to them lie here.
    pub(super) fn state_folder(&self) -> PathBuf {
        folders::state_folder(&self.config.paths)
    }

    /// `strategy.config` as it was checked before, if that was for this component.
    pub(super) fn checked_config(&self, digest: Digest) -> Option<Value> {
        let checked = self.checked.lock();
        let (of, config) = checked.as_ref()?;
        (*of == digest).then(|| config.clone())
    }

    /// Remembers `strategy.config` as it was checked for a component.
    pub(super) fn remember_checked(&self, digest: Digest, config: Value) {
        let mut checked = self.checked.lock();
        *checked = Some((digest, config));
    }
}

impl Drop for SharedContext {
    /// The last owner may be driven by an event loop, and must not wait for this one.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
