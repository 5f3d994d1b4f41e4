//! What every database system has in common.

use sidecar_sdk::{Artifact, Failure, Plan, Result};

use crate::config::{Config, Engine};
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

    /// Dumps what is wanted, each database as a part of its own.
    fn backup(&self, artifact: &mut Artifact) -> Result<()>;
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
