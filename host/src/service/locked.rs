//! Whether a module is what the operator has accepted: `modules.lock`.

use std::path::PathBuf;

use serde::Serialize;

use super::{Request, Service};
use crate::error::{Error, Kind, Result};
use crate::plan;
use crate::sandbox::Module;
use crate::supply::{Access, Entry, Lock, without_version};

/// What `sidecar module lock` found.
#[derive(Debug, Serialize)]
pub struct Locked {
    /// The lock.
    pub file: PathBuf,
    /// What differs from it.
    pub changes: Vec<Change>,
    /// Whether the lock says now what is.
    pub accepted: bool,
}

/// Something about a module that nobody has accepted.
#[derive(Debug, Serialize)]
pub struct Change {
    /// Its name in the configuration.
    pub module: String,
    /// "now asks for network access to redis:6379"
    pub what: String,
}

impl Service {
    /// Fails for a module from elsewhere that is not as it is in the lock, if there is a lock. What it
    /// asks for counts only if it is known.
    pub(super) fn accepted(&self, module: &Module, asked: Option<&plan::Request>) -> Result<()> {
        let name = module.name();
        if !self.config().modules.contains_key(name) {
            return Ok(());
        }
        let Some(lock) = Lock::read(Lock::place(&self.config().file))? else {
            return Ok(());
        };
        let mut now = entry(module, asked);
        if let (None, Some(accepted)) = (asked, lock.modules.get(name)) {
            now.access.clone_from(&accepted.access);
        }
        let changes = changes(&lock, name, &now);
        if changes.is_empty() {
            return Ok(());
        }
        let message = format!(
            "module {name} is not what was accepted in {}: it {}",
            lock.path().display(),
            changes.join("; it ")
        );
        Err(Error::new(Kind::Denied, "module-not-accepted", message)
            .hint("if that is wanted, accept it with `sidecar module lock --accept`; else go back to the module that was accepted"))
    }

    /// Compares all modules of the configuration with the lock. A lock that is not there yet is
    /// written; one that says something else only if the operator accepts that.
    pub fn lock(&self, accept: bool) -> Result<Locked> {
        let place = Lock::place(&self.config().file);
        let old = Lock::read(place.clone())?;
        let mut new = Lock::new(place.clone());
        for (name, spec) in &self.config().modules {
            let module = Module::load(&self.engine, &self.source(name, spec)?)?;
            let asked = match *name == self.config().strategy.name {
                true => Some(self.asked(&module)?),
                false => None,
            };
            new.modules
                .insert(name.clone(), entry(&module, asked.as_ref()));
        }
        let known = old.clone().unwrap_or_else(|| Lock::new(place.clone()));
        let differs = new.modules.iter().flat_map(|(name, entry)| {
            let what = changes(&known, name, entry).into_iter();
            what.map(|what| Change {
                module: name.clone(),
                what,
            })
        });
        let gone = known
            .modules
            .keys()
            .filter(|name| !new.modules.contains_key(*name));
        let changes: Vec<Change> = differs
            .chain(gone.map(|name| Change {
                module: name.clone(),
                what: "is no longer configured".to_owned(),
            }))
            .collect();
        let accepted = accept || old.is_none() || changes.is_empty();
        if accepted && (old.is_none() || !changes.is_empty()) {
            new.write()?;
        }
        Ok(Locked {
            file: place,
            changes,
            accepted,
        })
    }

    /// What it asks for with the configuration as it is.
    fn asked(&self, module: &Module) -> Result<plan::Request> {
        let config = self.checked(module)?;
        self.ask(module, &config, &Request::new(None))
    }
}

fn changes(lock: &Lock, name: &str, now: &Entry) -> Vec<String> {
    match lock.modules.get(name) {
        Some(accepted) => accepted.changes_to(now),
        None => now.as_new(),
    }
}

fn entry(module: &Module, asked: Option<&plan::Request>) -> Entry {
    let anatomy = module.anatomy();
    let version = anatomy.built_for.map(|version| format!("@{version}"));
    Entry {
        sha256: module.digest().to_string(),
        built_for: format!("sidecar:strategy{}", version.unwrap_or_default()),
        imports: anatomy
            .imports
            .iter()
            .map(|name| without_version(name))
            .collect(),
        access: asked.map(Access::from).unwrap_or_default(),
    }
}
