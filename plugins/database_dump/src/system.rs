//! What every database system has in common.

use serde::de::DeserializeOwned;
use sidecar_sdk::restore::{self, Outcome, Request};
use sidecar_sdk::{Artifact, Failure, Plan, Result, log};

use crate::chosen::{self, Chosen, Restored};
use crate::config::{Config, Engine};
use crate::layout::Index;
use crate::mysql::Mysql;
use crate::postgres::Postgres;
use crate::redis::Redis;
use crate::sqlite::Sqlite;

/// A database system that this strategy knows how to dump.
pub(crate) trait System {
    /// Every line that a backup may run: the same whatever the configuration says, so that they
    /// can be read here once and for all.
    fn lines(&self) -> Vec<&'static str>;

    /// The variables that the lines are told in.
    fn variables(&self) -> Vec<String>;

    /// The same for a restore.
    fn restore_lines(&self) -> Vec<&'static str>;

    /// What a restore does with the part of that name, in words.
    fn globals(&self) -> &'static str;

    /// Dumps what is wanted, each database as a part of its own.
    fn backup(&self, artifact: &mut Artifact) -> Result<()>;

    /// Restores what is chosen; what is there already only if it may be replaced.
    fn restore(&self, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>>;
}

/// Makes it ready from `url` and `databases`.
pub(crate) fn open(engine: Engine, config: &Config) -> Result<Box<dyn System>> {
    at(engine, config, config.url()?, "strategy.config.url")
}

/// The same for the server at `url`; `key` names it in a failure.
fn at(engine: Engine, config: &Config, url: &str, key: &str) -> Result<Box<dyn System>> {
    match engine {
        Engine::Postgres => Ok(Box::new(Postgres::open(config, url, key)?)),
        Engine::Mysql => Ok(Box::new(Mysql::of_mysql(config, url, key)?)),
        Engine::Mariadb => Ok(Box::new(Mysql::of_mariadb(config, url, key)?)),
        Engine::Sqlite => Ok(Box::new(Sqlite::open(config, url, key)?)),
        Engine::Redis => Ok(Box::new(Redis::open(config, url, key)?)),
    }
}

/// What a backup will need: its own lines between `pre` and `post`.
pub(crate) fn plan(engine: Engine, config: &Config) -> Result<Plan, Vec<Failure>> {
    let around = commands::plan_around(&config.commands, "engine");
    match (open(engine, config), around) {
        (Ok(system), Ok(mut plan)) => {
            let lines = system.lines().into_iter().map(str::to_owned);
            plan.commands.extend(lines);
            plan.env.extend(system.variables());
            Ok(plan)
        }
        (Ok(_), Err(mistakes)) => Err(mistakes),
        (Err(mistake), around) => {
            let mut mistakes = around.err().unwrap_or_default();
            mistakes.push(mistake);
            Err(mistakes)
        }
    }
}

/// What a restore will need, and do.
pub(crate) fn plan_restore(
    engine: Engine,
    request: &Request<Config>,
) -> Result<restore::Plan, Vec<Failure>> {
    let system = target(engine, request).map_err(|failure| vec![failure])?;
    let chosen = chosen::choose(request)?;
    let Plan { mut env, read, .. } = commands::plan_around(&request.config.commands, "engine")?;
    env.extend(system.variables());
    let mut parts = vec![chosen.index.name.clone()];
    parts.extend(chosen.globals.iter().map(|part| part.name.clone()));
    parts.extend(chosen.databases.iter().map(|one| one.part.name.clone()));
    Ok(restore::Plan {
        commands: system
            .restore_lines()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        env,
        read,
        parts,
        steps: steps(system.as_ref(), &chosen, request.replace),
        ..restore::Plan::default()
    })
}

/// Restores what is chosen.
pub(crate) fn restore(engine: Engine, request: &Request<Config>) -> Result<Vec<Outcome>> {
    let chosen = chosen::choose(request).map_err(|mut mistakes| mistakes.remove(0))?;
    target(engine, request)?.restore(&chosen, request.replace)
}

/// The server that is restored to.
fn target(engine: Engine, request: &Request<Config>) -> Result<Box<dyn System>> {
    match &request.into {
        Some(url) => at(engine, &request.config, url, "--into"),
        None => open(engine, &request.config),
    }
}

fn steps(system: &dyn System, chosen: &Chosen, replace: bool) -> Vec<String> {
    let globals = chosen
        .globals
        .iter()
        .map(|part| format!("{}: {}", part.name, system.globals()));
    let databases = chosen.databases.iter().map(|one| {
        let there = if replace {
            "replace what is there"
        } else {
            "only if nothing is there"
        };
        format!("{}: restore as {}, {there}", one.part.name, one.target)
    });
    globals.chain(databases).collect()
}

/// How it went for a part.
pub(crate) fn outcome(part: &str, done: Result<String>) -> Outcome {
    match done {
        Ok(note) => Outcome::done(part, note),
        Err(failure) => Outcome::failed(part, failure),
    }
}

/// Restores each database on its own: one that fails does not keep the others from coming back.
pub(crate) fn each<F: DeserializeOwned>(
    chosen: &Chosen,
    index: &Index<F>,
    one: impl Fn(&Restored, &F) -> Result<String>,
) -> Vec<Outcome> {
    let restore = |restored: &Restored| {
        let part = &restored.part.name;
        log::info(&format!("restoring the database {}", restored.target));
        let done = index
            .database(part)
            .and_then(|database| one(restored, &database.facts));
        outcome(part, done)
    };
    chosen.databases.iter().map(restore).collect()
}

/// What is there must not be overwritten.
pub(crate) fn occupied(database: &str, tables: u64, others: u64) -> Failure {
    Failure::new(
        "exists",
        format!("the database {database} is there already, with {tables} tables and {others} other objects"),
    )
    .hint("--replace overwrites it; --only NAME=NEW restores beside it")
}
