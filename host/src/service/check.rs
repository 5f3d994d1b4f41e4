//! What would go wrong tonight, found this afternoon.

mod confinement;
mod due;
mod limits;
mod lines;
mod overview;
mod preflight;
mod repository;
mod restores;
mod space;
mod tokens;

use std::sync::Arc;

use serde::Serialize;

use super::context::Context;
use super::runs::post::owed;
use super::{catalogue, folders, overlap, set, strategy};
use crate::clock;
use crate::command::Shell;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::plan::AccessVerdict;
use crate::retention;
use crate::sandbox::{Description, Findings};
use crate::store::{Probe, RetryPolicy, Store};
use due::next_due;

pub use due::NextDue;
pub use overview::Overview;

/// What a check found. Errors are in the order of a run: later ones may follow from earlier ones.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// The configuration's file.
    pub configuration: std::path::PathBuf,
    /// The strategy's canonical name.
    pub strategy: String,
    /// The module's SHA-256, lower-case hex.
    pub module_sha256: Option<String>,
    /// How the module describes itself.
    pub module: Option<Description>,
    /// The folder of its own in which a module from elsewhere works, as one of several strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<std::path::PathBuf>,
    /// What it asks for, and whether it may have it.
    pub grants: Vec<AccessVerdict>,
    /// What its restores will ask for, and whether they may have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restore_grants: Vec<AccessVerdict>,
    /// The shell that runs its commands.
    pub shell: Option<String>,
    /// How far the kernel confines the commands of a module from elsewhere: `full`, `partial (no …)`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confinement: Option<String>,
    /// What commands reach even so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfined: Vec<String>,
    /// The stores that can do what a backup needs.
    pub stores: Vec<String>,
    /// Those among them that cannot be locked: only one sidecar may use such a store.
    #[serde(rename = "without_turns")]
    pub without_lock: Vec<String>,
    /// Those among them where nothing may be deleted: the retention deletes nothing there.
    pub without_delete: Vec<String>,
    /// What is done otherwise in a store, and why: "minio: refuses …".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Why the clock is not trusted: nothing is deleted until it is.
    pub clock_doubt: Option<String>,
    /// How many files the retention leads to in each store, with one good backup a day.
    pub files: Option<String>,
    /// When each schedule starts its next run.
    pub next: Vec<NextDue>,
    /// Of several strategies: a line for each of them, and one for their set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overview: Vec<Overview>,
    /// Of several strategies: what was found of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<CheckReport>,
    /// What the operator should know, although it fails no run.
    #[serde(skip)]
    pub warnings: Vec<Arc<Error>>,
    /// What is wrong.
    #[serde(skip)]
    pub errors: Vec<Arc<Error>>,
}

/// Looks at everything that a run needs, and changes nothing but missing folders.
pub(super) fn check(context: &Context) -> CheckReport {
    let config = context.config();
    let mut report = CheckReport {
        configuration: config.file.clone(),
        strategy: config.strategy.name.clone(),
        module_sha256: None,
        module: None,
        workdir: own_workdir(config),
        grants: Vec::new(),
        restore_grants: Vec::new(),
        shell: None,
        confinement: None,
        unconfined: Vec::new(),
        stores: Vec::new(),
        without_lock: Vec::new(),
        without_delete: Vec::new(),
        remarks: Vec::new(),
        clock_doubt: None,
        files: files(config),
        next: Vec::new(),
        overview: Vec::new(),
        members: Vec::new(),
        warnings: Vec::new(),
        errors: Vec::new(),
    };
    // A set has no module: its members have.
    if context.set().is_none() {
        let module = check_module(context, &mut report);
        report.note(module);
        report.add(limits::check_memory(config));
    }
    report
        .errors
        .extend(overlap::overlaps(config).into_iter().map(Arc::new));
    let prepared = folders::prepare(&config.paths);
    report.warn(prepared.as_deref().ok().and_then(owed::warning));
    report.note(prepared.map(drop));
    match next_due(config, clock::now()) {
        Ok(next) => report.next = next,
        Err(error) => report.note(Err(error)),
    }
    report.clock_doubt = doubt(context);
    if config.member.is_none() {
        report.warn(tokens::warning(config));
    }
    for member in &context.members {
        report.members.push(check(member));
    }
    if let Some(set) = context.set() {
        let of = |one: &Context, next: &[NextDue]| {
            let name = one.config().member.as_ref();
            let in_set = name.is_some_and(|name| set.members.contains(name));
            overview::overview(one.config(), next, in_set)
        };
        let members = context.members.iter().zip(&report.members);
        let lines: Vec<_> = members.map(|(one, found)| of(one, &found.next)).collect();
        report.overview = lines
            .into_iter()
            .chain([of(context, &report.next)])
            .collect();
    }
    report.take_from_members(&names(context));
    report
}

/// That of one of several strategies which is a module from elsewhere.
fn own_workdir(config: &Config) -> Option<std::path::PathBuf> {
    let from_elsewhere = config.modules.contains_key(&config.strategy.name);
    (config.member.is_some() && from_elsewhere).then(|| config.paths.workdir.clone())
}

/// Asks whether a run would succeed now: programs, servers, rights, files.
pub(super) fn preflight(context: &Context, report: &mut CheckReport) {
    report.add(lines::check_lines(context.config()));
    report.add(space::check(context));
    // A module that may not do what it asks for is not asked.
    if report.errors.is_empty() && context.set().is_none() {
        for ask in [preflight::ask, restores::ask] {
            match ask(context) {
                Ok(found) => report.add(found),
                Err(error) => report.note(Err(error)),
            }
        }
    }
    for (member, found) in context.members.iter().zip(&mut report.members) {
        preflight(member, found);
    }
    report.take_from_members(&names(context));
}

/// Writes, lists, reads and deletes a small object in each store, and reports it.
pub(super) fn check_stores(context: &Context, report: &mut CheckReport) -> Result<()> {
    let config = context.config();
    for spec in &config.stores {
        let probed = context.runtime()?.block_on(async {
            let store = Store::open(spec, RetryPolicy::CHECK)?;
            let probe = store.probe().await;
            context.timekeeper.judge(store.own_clock(), None);
            Ok::<_, Error>(probe)
        });
        let mut probe = probed.unwrap_or_else(|error| Probe {
            problems: vec![error],
            ..Probe::default()
        });
        let named = |remark| format!("{}: {remark}", spec.name);
        report.remarks.extend(probe.remarks.into_iter().map(named));
        if probe.problems.is_empty() {
            let examined = context.claimant().examine(spec, RetryPolicy::CHECK);
            probe
                .problems
                .extend(context.runtime()?.block_on(examined).err());
        }
        if probe.problems.is_empty() {
            match repository::check(context, spec) {
                Ok(found) => report.remarks.extend(found.map(named)),
                Err(error) => probe.problems.push(error),
            }
        }
        if probe.problems.is_empty() {
            report.stores.push(spec.name.clone());
            if !probe.supports_leases {
                report.without_lock.push(spec.name.clone());
            }
        }
        if !probe.warnings.is_empty() {
            report.without_delete.push(spec.name.clone());
        }
        let warnings = probe.warnings.into_iter().map(Arc::new);
        report.warnings.extend(warnings);
        report
            .errors
            .extend(probe.problems.into_iter().map(Arc::new));
    }
    let aliases = context.runtime()?.block_on(aliases(config, report));
    report.errors.extend(aliases.into_iter().map(Arc::new));
    report.clock_doubt = doubt(context);
    if context.set().is_some() && !report.stores.is_empty() {
        // What cannot be listed is among what was found of the stores.
        let sets = catalogue::list(context, None).ok();
        report.warn(sets.and_then(|sets| set::gone(context, &sets)));
    }
    for (member, found) in context.members.iter().zip(&mut report.members) {
        check_stores(member, found)?;
    }
    report.take_from_members(&names(context));
    Ok(())
}

/// Why the clock is not trusted, in words.
fn doubt(context: &Context) -> Option<String> {
    let doubt = context.time().doubt.filter(|doubt| doubt.is_news())?;
    Some(format!("{}: {doubt}", doubt.code()))
}

/// Stores that are one place although nothing in the configuration says so.
async fn aliases(config: &Config, report: &CheckReport) -> Vec<Error> {
    let usable = config
        .stores
        .iter()
        .filter(|spec| report.stores.contains(&spec.name));
    let opened: Vec<Store> = usable
        .filter_map(|spec| Store::open(spec, RetryPolicy::CHECK).ok())
        .collect();
    let mut found = Vec::new();
    for (at, store) in opened.iter().enumerate() {
        for other in &opened[..at] {
            if store.is_same_place(other).await.unwrap_or(false) {
                found.push(overlap::same_place(other.name(), store.name()));
            }
        }
    }
    found
}

fn files(config: &Config) -> Option<String> {
    let policy = &config.retention;
    let limited = !config.stores.is_empty() && !policy.is_empty();
    limited.then(|| retention::count(policy).to_string())
}

fn check_module(context: &Context, report: &mut CheckReport) -> Result<()> {
    let config = context.config();
    let module = strategy::load(context)?;
    report.module_sha256 = Some(module.digest().to_string());
    let description = module.describe()?;
    let strategy_config = config.check_strategy(&description.config_schema)?;
    report.module = Some(description);
    let asked = strategy::ask(config, &module, &strategy_config, None)?;
    let allowed = strategy::allowed(config, &strategy_config, &asked);
    report.grants = asked.verdicts(&allowed);
    report.note(overlap::require_not_named(config, &asked));
    report.note(strategy::require_accepted(context, &module, Some(&asked)));
    report.warn(strategy::not_locked(config));
    if !asked.commands.is_empty() {
        let shell = Shell::find(asked.shell.as_deref());
        report.shell = shell
            .as_ref()
            .ok()
            .map(|shell| shell.path().display().to_string());
        report.warn(shell.as_ref().ok().and_then(Shell::is_lax));
        report.note(shell.map(drop));
    }
    let (restore_grants, found) = restores::check_needs(context, &module);
    report.restore_grants = restore_grants;
    report.add(found);
    let grants = report.grants.iter().chain(&report.restore_grants);
    if let Some(found) = confinement::find(config, &grants.collect::<Vec<_>>()) {
        report.confinement = Some(found.state);
        report.unconfined = found.unconfined;
        report.add(found.findings);
    }
    asked.approve(module.name(), &allowed).map(drop)
}

impl CheckReport {
    /// What was found of the members is found of all of it; what all have in common is said once, the rest with
    /// the names of those that have it.
    fn take_from_members(&mut self, names: &[&str]) {
        let Self {
            members,
            errors,
            warnings,
            ..
        } = self;
        let found = |of: fn(&Self) -> &[Arc<Error>]| members.iter().map(of).collect::<Vec<_>>();
        take(names, &found(|member| &member.errors), errors);
        take(names, &found(|member| &member.warnings), warnings);
    }

    fn add(&mut self, found: Findings) {
        self.errors.extend(found.failures.into_iter().map(Arc::new));
        self.warnings
            .extend(found.warnings.into_iter().map(Arc::new));
    }

    fn warn(&mut self, warning: Option<Error>) {
        self.warnings.extend(warning.map(Arc::new));
    }

    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.errors.push(Arc::new(error));
        }
    }
}

/// Of the members, in their order.
fn names(context: &Context) -> Vec<&str> {
    let members = context.members.iter();
    members
        .map(|member| member.config().member.as_deref().unwrap_or_default())
        .collect()
}

fn take(names: &[&str], found: &[&[Arc<Error>]], all: &mut Vec<Arc<Error>>) {
    for error in found.iter().copied().flatten() {
        let text = error.to_string();
        let has = |found: &[Arc<Error>]| found.iter().any(|one| one.to_string() == text);
        let having = names.iter().zip(found).filter(|(_, found)| has(found));
        let having: Vec<&str> = having.map(|(name, _)| *name).collect();
        let error = match having.len() == names.len() || has(all) {
            true => error.clone(),
            false => Arc::new(error.named(&having.join(", "))),
        };
        let text = error.to_string();
        if !all.iter().any(|known| known.to_string() == text) {
            all.push(error);
        }
    }
}
