//! The only place where the parts meet: a run, and a check before it.

mod catalogue;
mod check;
mod claim;
mod delivery;
mod drill;
mod guard;
mod job;
mod jobs;
mod keep;
mod kept;
mod kit;
mod lifecycle;
mod locked;
mod modules;
mod news;
mod parcel;
mod pending;
mod prepare;
mod published;
mod pulse;
mod request;
mod restore;
mod run;
mod scheduler;
mod ship;
mod specimen;
mod turn;
mod verify;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::artifact::Digest;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::history::History;
use crate::notify::Notifier;
use crate::sandbox::{Directories, Engine, Module, Source};
use crate::schedule::Timetable;

pub use crate::artifact::Growth;
pub use crate::artifact::manifest::Manifest;
pub use crate::history::{Artifact, Failure, Kind, Outcome, Run, State};
pub use crate::scaffold::{Language, project as new_module};
pub use crate::store::{Backup as StoredBackup, Catalogue};
pub use crate::supply::Pushed;
pub use check::Report;
pub use delivery::Delivery;
pub use job::{Job, Progress};
pub use jobs::{Jobs, Known};
pub use keep::Pruned;
pub use kit::{Conformance, Finding, Verdict};
pub use lifecycle::BucketRules;
pub use locked::{Change, Locked};
pub use modules::{Pulled, pull, push};
pub use prepare::Unready;
pub use pulse::Pulse;
pub use request::{Request, Task};
pub use restore::{Order, Preview, Report as RestoreReport, Selection};
pub use run::Backup;
pub use scheduler::{Clock, SystemClock};
pub use specimen::{Inspection, Specimen};
pub use verify::Verified;

/// A configuration, ready to run.
pub struct Service {
    config: Config,
    engine: Engine,
    cache: Option<PathBuf>,
    history: OnceLock<History>,
    runtime: OnceLock<Runtime>,
    builtin: OnceLock<Module>,
    checked: Mutex<Option<(Digest, Value)>>,
    timetable: Timetable,
    drills: Timetable,
    notifier: OnceLock<Arc<Notifier>>,
}

impl Service {
    /// Starts the engine. Nothing else is touched before a run or a check.
    pub fn new(config: Config) -> Result<Self> {
        let cache = cache_folder(&config);
        let engine = Engine::new(cache.clone())?;
        let timetable = scheduler::timetable(&config)?;
        let drills = scheduler::drills(&config)?;
        Ok(Self {
            config,
            engine,
            cache,
            history: OnceLock::new(),
            runtime: OnceLock::new(),
            builtin: OnceLock::new(),
            checked: Mutex::default(),
            timetable,
            drills,
            notifier: OnceLock::new(),
        })
    }

    /// What it was configured with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The youngest runs, youngest first, of a sidecar that may never have run.
    pub fn runs(&self, at_most: usize) -> Vec<Run> {
        match self.state_folder().is_dir() {
            true => self.history().list(at_most),
            false => Vec::new(),
        }
    }

    /// The journal of runs. It is opened when it is first needed: by then its folder is there, or
    /// nothing can run anyway.
    pub fn history(&self) -> &History {
        self.history
            .get_or_init(|| History::open(&self.state_folder()))
    }

    /// Whether a run could begin, as far as folders go.
    pub fn ready(&self) -> Result<(), Unready> {
        prepare::ready(&self.config.paths)
    }

    /// Drives the stores. It is started when it is first needed, and never by somebody who is
    /// driven himself.
    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
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
        Ok(self.runtime.get_or_init(|| started))
    }

    fn state_folder(&self) -> PathBuf {
        prepare::state_folder(&self.config.paths)
    }

    /// The module that the configured strategy names.
    fn module(&self) -> Result<Module> {
        let name = &self.config.strategy.name;
        match self.config.modules.get(name) {
            Some(spec) => Module::load(&self.engine, &self.source(name, spec)?),
            None => {
                // It cannot change while this program runs: a server loads it once.
                if let Some(module) = self.builtin.get() {
                    return Ok(module.clone());
                }
                let module = Module::load(&self.engine, &Source::builtin(name)?)?;
                Ok(self.builtin.get_or_init(|| module).clone())
            }
        }
    }

    /// `strategy.config`, complete, as the module's schema wants it. Checked once for a component:
    /// neither of the two changes, and to read a schema takes longer than a small backup.
    fn checked(&self, module: &Module) -> Result<Value> {
        let known = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((digest, config)) = &*known()
            && *digest == module.digest()
        {
            return Ok(config.clone());
        }
        let schema = module.describe()?.config_schema;
        let config = self.config.check_strategy(&schema)?;
        *known() = Some((module.digest(), config.clone()));
        Ok(config)
    }
}

impl Drop for Service {
    /// The last one to hold it may be driven himself, and must not wait.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The JSON Schema of `strategy.config` for a strategy of this house; none for others.
/// Compiled anew: without a configuration nobody knows whether the cache is safe from modules.
pub fn builtin_schema(strategy: &str) -> Option<Value> {
    let engine = Engine::new(None).ok()?;
    let module = Module::load(&engine, &Source::builtin(strategy).ok()?).ok()?;
    Some(module.describe().ok()?.config_schema)
}

/// Where compiled code and pulled modules are kept: the user's cache, unless a module could write there.
fn cache_folder(config: &Config) -> Option<PathBuf> {
    let named = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = named("SIDECAR_CACHE_DIR")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("sidecar")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/sidecar")))?;
    let directories = Directories::from(&config.paths);
    let exposed = [&directories.workdir, &directories.temp]
        .into_iter()
        .any(|open| folder.starts_with(open));
    if exposed {
        tracing::warn!(
            folder = %folder.display(),
            "modules are not cached: they may write to that folder; set SIDECAR_CACHE_DIR to another one"
        );
    }
    (!exposed).then_some(folder)
}
