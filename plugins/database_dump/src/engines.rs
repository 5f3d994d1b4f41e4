//! The engines by name, and what a run or a restore with any of them needs.

use sidecar_sdk::restore::{self, FoundTargets, Outcome, Request, Target};
use sidecar_sdk::{Artifact, Failure, Findings, Plan, Result, choices};

use crate::config::{Config, EngineName};
use crate::coverage::{self, AllowedGaps};
use crate::elsewhere;
use crate::engine::Engine;
use crate::layout::recorded_identity;
use crate::mysql::Mysql;
use crate::postgres::Postgres;
use crate::redis::Redis;
use crate::scratch;
use crate::selection::{NameLimit, RestoreSelection, select};
use crate::sqlite::{self, Sqlite};

/// The engine for the server at `strategy.config.url`.
fn open(name: EngineName, config: &Config) -> Result<Box<dyn Engine>> {
    open_url(name, config, config.url()?, "strategy.config.url")
}

/// The engine for the server at `url`; `key` names it in a failure.
fn open_url(name: EngineName, config: &Config, url: &str, key: &str) -> Result<Box<dyn Engine>> {
    match name {
        EngineName::Postgres => Ok(Box::new(Postgres::open(config, url, key)?)),
        EngineName::Mysql => Ok(Box::new(Mysql::open_mysql(config, url, key)?)),
        EngineName::Mariadb => Ok(Box::new(Mysql::open_mariadb(config, url, key)?)),
        EngineName::Sqlite => Ok(Box::new(Sqlite::open(config, url, key)?)),
        EngineName::Redis => Ok(Box::new(Redis::open(config, url, key)?)),
    }
}

/// What a backup will need: the engine's command lines between `pre` and `post`.
pub(crate) fn plan(name: EngineName, config: &Config) -> Result<Plan, Vec<Failure>> {
    let hooks = commands::plan_hooks(&config.commands, "engine");
    match (open(name, config), hooks) {
        (Ok(engine), Ok(mut plan)) => {
            let lines = engine.backup_commands().into_iter().map(str::to_owned);
            plan.commands.extend(lines);
            plan.env.extend(engine.variables());
            Ok(plan)
        }
        (Ok(_), Err(errors)) => Err(errors),
        (Err(error), hooks) => {
            let mut errors = hooks.err().unwrap_or_default();
            errors.push(error);
            Err(errors)
        }
    }
}

/// Whether a backup could be made now, and be complete.
pub(crate) fn preflight(name: EngineName, config: &Config) -> Findings {
    let mut findings = Findings::default();
    let looked = open(name, config).and_then(|engine| {
        let mut warnings = allowed_gaps(engine.as_ref(), config)?.warnings();
        warnings.extend(engine.warnings()?);
        Ok(warnings)
    });
    findings.warnings = findings.note(looked).unwrap_or_default();
    findings
}

/// Makes the backup, if nothing would be missing in it that the operator has not allowed to be.
pub(crate) fn backup(name: EngineName, config: &Config, artifact: &mut Artifact) -> Result<()> {
    let engine = open(name, config)?;
    commands::with_hooks(&config.commands, || {
        let allowed = allowed_gaps(engine.as_ref(), config)?;
        allowed.report();
        engine.backup(&allowed, artifact)
    })
}

/// What the dump leaves out; a failure for what the operator has not allowed to be missing.
fn allowed_gaps(engine: &dyn Engine, config: &Config) -> Result<AllowedGaps> {
    coverage::require_allowed(engine.gaps()?, &config.allowed())
}

/// What a restore will need, and do.
pub(crate) fn plan_restore(
    name: EngineName,
    request: &Request<Config>,
) -> Result<restore::Plan, Vec<Failure>> {
    let engine = open_target(name, request).map_err(|failure| vec![failure])?;
    let Plan { mut env, read, .. } = commands::plan_hooks(&request.config.commands, "engine")?;
    env.extend(engine.variables());
    let mut lines = engine.restore_commands();
    if request.into.is_some() {
        lines.extend(engine.elsewhere_commands());
        env.push(commands::INTO.to_owned());
        // The one that is backed up is asked as well.
        env.extend(
            open(name, &request.config)
                .iter()
                .flat_map(|source| source.variables()),
        );
    }
    let mut plan = restore::Plan {
        commands: lines.into_iter().map(str::to_owned).collect(),
        env,
        read,
        ..restore::Plan::default()
    };
    if !request.is_of_any_backup() {
        let selection = select(request, longest_name(name))?;
        require_no_system_database(name, &selection)?;
        if name == EngineName::Sqlite {
            require_beside(&selection)?;
        }
        plan.parts.push(selection.index.name.clone());
        let globals = selection.globals.iter().map(|part| part.name.clone());
        plan.parts.extend(globals);
        let databases = selection.databases.iter();
        plan.parts
            .extend(databases.map(|database| database.part.name.clone()));
        plan.steps = steps(engine.as_ref(), &selection, request.replace);
    }
    Ok(plan)
}

/// How long the name of a database can be on a server.
fn longest_name(name: EngineName) -> NameLimit {
    match name {
        EngineName::Postgres => NameLimit::Bytes(63),
        EngineName::Mysql | EngineName::Mariadb => NameLimit::Characters(64),
        EngineName::Sqlite | EngineName::Redis => NameLimit::Unlimited,
    }
}

/// Databases that a server is made of: none of them is a place for another one.
fn require_no_system_database(
    name: EngineName,
    selection: &RestoreSelection,
) -> Result<(), Vec<Failure>> {
    let system: &[&str] = match name {
        EngineName::Postgres => &["template0", "template1"],
        EngineName::Mysql | EngineName::Mariadb => {
            &["mysql", "sys", "information_schema", "performance_schema"]
        }
        EngineName::Sqlite | EngineName::Redis => &[],
    };
    let refused: Vec<Failure> = selection
        .databases
        .iter()
        .filter(|database| system.contains(&database.target.to_lowercase().as_str()))
        .map(|database| {
            let message = format!("{} is a database of the server's own", database.target);
            Failure::new("system-database", message).hint("write --only NAME=NEW with another name")
        })
        .collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(refused),
    }
}

/// A new name does not lead out of the folder of the database in silence.
fn require_beside(selection: &RestoreSelection) -> Result<(), Vec<Failure>> {
    let databases = selection.databases.iter();
    let refused: Vec<Failure> = databases
        .filter_map(|database| sqlite::require_beside(&database.target).err())
        .collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(refused),
    }
}

/// Restores what is selected, if no other server than the one that is meant is at the other end.
pub(crate) fn restore(name: EngineName, request: &Request<Config>) -> Result<Vec<Outcome>> {
    let (target, selection) = prepare(name, request)?;
    if request.into.is_some() && choices::is_drill() {
        scratch::reserve(target.as_ref(), &selection)?;
    }
    let outcomes = target.restore(&selection, request.replace);
    if choices::is_drill() {
        target.note_after_drill()?;
    }
    outcomes
}

/// Why the restore would refuse what is selected, or a part of it.
pub(crate) fn find_refusals(name: EngineName, request: &Request<Config>) -> Vec<Failure> {
    let found = prepare(name, request)
        .and_then(|(target, selection)| target.refusals(&selection, request.replace));
    found.unwrap_or_else(|failure| vec![failure])
}

/// What is there under the names that are restored. Nothing of the backup is read.
pub(crate) fn find_targets(name: EngineName, request: &Request<Config>) -> Result<FoundTargets> {
    let selection = select(request, longest_name(name)).map_err(|mut errors| errors.remove(0))?;
    let engine = open_target(name, request)?;
    let targets = selection.databases.iter().map(|database| {
        Ok(Target {
            part: database.part.name.clone(),
            name: database.target.clone(),
            exists: engine.is_taken(database)?,
        })
    });
    Ok(FoundTargets {
        targets: targets.collect::<Result<_>>()?,
        server: engine.description()?,
    })
}

/// What is restored, and the server that is restored to, which is the one that is meant.
fn prepare(
    name: EngineName,
    request: &Request<Config>,
) -> Result<(Box<dyn Engine>, RestoreSelection)> {
    let selection = select(request, longest_name(name)).map_err(|mut errors| errors.remove(0))?;
    let target = open_target(name, request)?;
    if request.into.is_some() {
        let source = open(name, &request.config);
        let recorded = recorded_identity(&selection.index);
        let elsewhere = elsewhere::ask(target.as_ref(), source, recorded.as_ref())?;
        match choices::is_drill() {
            true => elsewhere.require_scratch(target.as_ref())?,
            false => {
                elsewhere.require_not_replaced(target.as_ref(), &selection, request.replace)?
            }
        }
    }
    Ok((target, selection))
}

/// Whether drills can use the server at `into`.
pub(crate) fn preflight_restore(name: EngineName, config: &Config, into: &str) -> Findings {
    match open_url(name, &config.elsewhere(), into, "drill.into") {
        Ok(target) => elsewhere::findings(target.as_ref(), open(name, config)),
        Err(failure) => Err(failure).into(),
    }
}

/// The engine for the server that is restored to.
fn open_target(name: EngineName, request: &Request<Config>) -> Result<Box<dyn Engine>> {
    match &request.into {
        // Of drills, a path is that of a folder.
        Some(folder)
            if name == EngineName::Sqlite && choices::is_drill() && folder.starts_with('/') =>
        {
            let source = request.config.url()?;
            let file = source.rsplit('/').next().unwrap_or("database");
            let path = format!("{folder}/{file}");
            open_url(name, &request.config.elsewhere(), &path, "--into")
        }
        Some(url) => open_url(name, &request.config.elsewhere(), url, "--into"),
        None => open(name, &request.config),
    }
}

fn steps(engine: &dyn Engine, selection: &RestoreSelection, replace: bool) -> Vec<String> {
    let globals = selection
        .globals
        .iter()
        .map(|part| format!("{}: {}", part.name, engine.globals()));
    let databases = selection.databases.iter().map(|database| {
        let existing = if replace {
            engine.replacement()
        } else {
            "only if nothing is there"
        };
        format!(
            "{}: restore as {}, {existing}",
            database.part.name, database.target
        )
    });
    globals.chain(databases).collect()
}
