//! Modules compared with `modules.lock`: before each run, and for `sidecar module lock`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::entry::LockEntry;
use super::file::ModuleLock;
use crate::config::{Config, LockRule};
use crate::error::{Error, Kind, Result};
use crate::modules::source::source;
use crate::plan::AccessRequest;
use crate::sandbox::{Engine, Module};

/// What `sidecar module lock` found.
#[derive(Debug, Serialize)]
pub struct LockReport {
    /// The lock.
    pub file: PathBuf,
    /// How the modules differ from it.
    pub changes: Vec<LockChange>,
    /// Whether the lock says now what the modules are.
    pub accepted: bool,
}

/// One difference between a module and the lock.
#[derive(Debug, Serialize)]
pub struct LockChange {
    /// Its name in the configuration.
    pub module: String,
    /// "now asks for network access to redis:6379"
    pub what: String,
}

/// Where the lock of this configuration lies, or would.
pub fn lock_file(config: &Config) -> PathBuf {
    ModuleLock::path_for(&config.file)
}

/// What the strategy's module asks for.
pub struct ModuleNeeds {
    /// To make a backup.
    pub backup: AccessRequest,
    /// To restore any backup, if it can tell.
    pub restore: Option<AccessRequest>,
}

/// Fails for a configured module that is not as the lock says, if there is a lock. What the module asks
/// for is compared only if it is known.
pub fn require_accepted(
    config: &Config,
    module: &Module,
    request: Option<&AccessRequest>,
) -> Result<()> {
    let name = module.name();
    if !config.modules.contains_key(name) {
        return Ok(());
    }
    let Some(lock) = lock_of(config, name)? else {
        return Ok(());
    };
    let mut now = LockEntry::of(module, request, None);
    if let (None, Some(accepted)) = (request, lock.modules.get(name)) {
        now.access.clone_from(&accepted.access);
    }
    refuse(&lock, name, &changes(&lock, name, &now))
}

/// Fails for a module whose restore asks for what the lock does not have, if there is a lock that knows restores.
pub fn require_restore_accepted(
    config: &Config,
    module: &Module,
    asked: &AccessRequest,
) -> Result<()> {
    let name = module.name();
    if !config.modules.contains_key(name) {
        return Ok(());
    }
    let Some(lock) = lock_of(config, name)? else {
        return Ok(());
    };
    let entry = lock.modules.get(name);
    let accepted = entry.and_then(|entry| match (&entry.restore, config.modules_lock) {
        (Some(accepted), _) => Some(accepted),
        // Locks of earlier versions do not know restores, and not every module can tell beforehand: where a
        // lock is required, a restore has then no more than a backup.
        (None, LockRule::Required) => Some(&entry.access),
        (None, LockRule::Optional) => None,
    });
    let Some(accepted) = accepted else {
        return Ok(());
    };
    let now = LockEntry::of(module, None, Some(asked));
    refuse(&lock, name, &now.more_in_restores(accepted))
}

/// The lock; none if there is no such file and none is required.
fn lock_of(config: &Config, name: &str) -> Result<Option<ModuleLock>> {
    let lock = ModuleLock::read(lock_file(config))?;
    match (&lock, config.modules_lock) {
        (None, LockRule::Required) => Err(not_locked(config, name)),
        _ => Ok(lock),
    }
}

/// `modules_lock: required`, and it is not.
fn not_locked(config: &Config, name: &str) -> Error {
    let message = format!(
        "module {name} does not run: `modules_lock` is `required`, and there is no {}",
        lock_file(config).display()
    );
    Error::new(Kind::Denied, "module-not-locked", message)
        .hint("`sidecar module lock --accept` writes what the module is and asks for: read it, and keep the file in version control")
}

fn refuse(lock: &ModuleLock, name: &str, changes: &[String]) -> Result<()> {
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

/// Compares all modules of the configuration with the lock. A lock that does not exist yet is written;
/// one that differs is replaced only with `accept`. `ask` returns what the strategy's module asks for.
pub fn compare_with_lock(
    config: &Config,
    engine: &Engine,
    cache_folder: Option<&Path>,
    accept: bool,
    ask: impl Fn(&Module) -> Result<ModuleNeeds>,
) -> Result<LockReport> {
    let file = lock_file(config);
    let old = ModuleLock::read(file.clone())?;
    let mut new = ModuleLock::new(file.clone());
    for (name, spec) in &config.modules {
        let module = Module::load(engine, &source(config, cache_folder, name, spec)?)?;
        let needs = match config.all().any(|one| one.strategy.name == *name) {
            true => Some(ask(&module)?),
            false => None,
        };
        let entry = LockEntry::of(
            &module,
            needs.as_ref().map(|needs| &needs.backup),
            needs.as_ref().and_then(|needs| needs.restore.as_ref()),
        );
        new.modules.insert(name.clone(), entry);
    }
    let changes = match &old {
        Some(old) => all_changes(old, &new),
        None => all_changes(&ModuleLock::new(file.clone()), &new),
    };
    let accepted = accept || old.is_none() || changes.is_empty();
    // One of an earlier version does not know restores: what they ask for is accepted with the rest.
    let differs = old.as_ref().is_none_or(|old| old.modules != new.modules);
    if accepted && differs && (accept || old.is_none()) {
        new.write()?;
    }
    Ok(LockReport {
        file,
        changes,
        accepted,
    })
}

fn all_changes(old: &ModuleLock, new: &ModuleLock) -> Vec<LockChange> {
    let differs = new.modules.iter().flat_map(|(name, entry)| {
        let what = changes(old, name, entry).into_iter();
        what.map(|what| LockChange {
            module: name.clone(),
            what,
        })
    });
    let removed = old
        .modules
        .keys()
        .filter(|name| !new.modules.contains_key(*name))
        .map(|name| LockChange {
            module: name.clone(),
            what: "is no longer configured".to_owned(),
        });
    differs.chain(removed).collect()
}

fn changes(lock: &ModuleLock, name: &str, now: &LockEntry) -> Vec<String> {
    match lock.modules.get(name) {
        Some(accepted) => accepted.changes_to(now),
        None => now.as_new(),
    }
}
