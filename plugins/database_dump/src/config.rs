//! `strategy.config`: the operator's own commands, or an engine with built-in ones.

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Failure, Strings};

use crate::coverage::{AllowedByOperator, Content};

/// `strategy.config` of `database_dump`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Config {
    #[serde(flatten)]
    pub(crate) commands: commands::Config,
    /// Which database system to dump without writing commands: one artifact holds every database,
    /// and any of them can be restored alone.
    #[serde(default)]
    #[schemars(with = "EngineName")]
    pub(crate) engine: Option<EngineName>,
    /// How the engine reaches the server: `postgresql://user@host/`, `mysql://user@host/`,
    /// `redis://host/`; for sqlite, the file. A password may stand here or in `env`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(crate) url: Option<String>,
    /// Which databases the engine dumps: "all" or a list of names. Left out: all.
    #[serde(default)]
    #[schemars(with = "Strings")]
    pub(crate) databases: Option<Strings>,
    /// What may be missing in the backup where the account cannot see it, or the server or its tools
    /// cannot give it. Anything else that would be missing fails the run.
    #[serde(default)]
    #[schemars(with = "Vec<Content>")]
    pub(crate) allow_missing: Option<Vec<Content>>,
    /// Which databases may have nothing in them: their names, `snapshot` for Redis, the file's name for
    /// sqlite, or "all". Any other fails the run: an empty backup would replace good ones.
    #[serde(default)]
    #[schemars(with = "Strings")]
    pub(crate) allow_empty: Option<Strings>,
    /// Whether the engine's own tools compress what they write (postgres). Left out: yes, but not where a
    /// store is a repository, which finds nothing again in compressed bytes.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(crate) compress: Option<bool>,
}

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum EngineName {
    Postgres,
    Mysql,
    Mariadb,
    Sqlite,
    Redis,
}

/// Which databases of a server are dumped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatabaseFilter {
    All,
    Named(Vec<String>),
}

impl Config {
    /// The key `url`, which every engine requires.
    pub(crate) fn url(&self) -> Result<&str, Failure> {
        let url = self.url.as_deref().filter(|url| !url.trim().is_empty());
        url.ok_or_else(|| {
            Failure::new(
                "url-missing",
                "strategy.config.url is missing: the engine does not know where the database is",
            )
            .hint("write url: postgresql://user@host/ (or mysql://, redis://, or sqlite's file)")
        })
    }

    /// The same for a server that is not the configured one: whose address and passwords it must not get.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            commands: self.commands.elsewhere(),
            ..self.clone()
        }
    }

    /// Whether it is for another server than the configured one.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.commands.is_elsewhere()
    }

    /// The keys that allow gaps.
    pub(crate) fn allowed(&self) -> AllowedByOperator<'_> {
        AllowedByOperator {
            missing: self.allow_missing.as_deref().unwrap_or_default(),
            empty: self.allow_empty.as_ref().map_or(&[], Strings::as_slice),
        }
    }

    /// The key `databases`.
    pub(crate) fn database_filter(&self) -> Result<DatabaseFilter, Failure> {
        match &self.databases {
            None => Ok(DatabaseFilter::All),
            Some(Strings::One(all)) if all == "all" => Ok(DatabaseFilter::All),
            Some(names) if names.as_slice().iter().any(|name| !name.is_empty()) => {
                Ok(DatabaseFilter::Named(names.as_slice().to_vec()))
            }
            Some(_) => Err(Failure::new(
                "databases-missing",
                "strategy.config.databases names no database",
            )
            .hint("write all, or a list of names")),
        }
    }

    /// The keys that have no effect without `engine`.
    pub(crate) fn unused_keys(&self) -> Vec<Failure> {
        let keys = [
            ("url", self.url.is_some()),
            ("databases", self.databases.is_some()),
            ("allow_missing", self.allow_missing.is_some()),
            ("allow_empty", self.allow_empty.is_some()),
            ("compress", self.compress.is_some()),
        ];
        let used = keys.into_iter().filter(|(_, used)| *used);
        used.map(|(key, _)| {
            Failure::new(
                "key-without-effect",
                format!("strategy.config.{key} has no effect without strategy.config.engine"),
            )
            .hint("write engine: postgres (or mysql, mariadb, sqlite, redis), or remove the key")
        })
        .collect()
    }
}

impl DatabaseFilter {
    /// Keeps the databases that are to be dumped. Fails if a named one does not exist.
    pub(crate) fn apply<T>(
        &self,
        databases: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, Failure> {
        let Self::Named(names) = self else {
            return Ok(databases);
        };
        let exists = |wanted: &str| databases.iter().any(|database| name(database) == wanted);
        let missing: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|wanted| !exists(wanted))
            .collect();
        if !missing.is_empty() {
            let available: Vec<&str> = databases.iter().map(&name).collect();
            return Err(Failure::new(
                "database-missing",
                format!("the server has no database {}", missing.join(", ")),
            )
            .hint(format!(
                "correct strategy.config.databases; there are: {}",
                available.join(", ")
            )));
        }
        Ok(databases
            .into_iter()
            .filter(|database| names.iter().any(|wanted| wanted == name(database)))
            .collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn filter(config: &str) -> Result<DatabaseFilter, Failure> {
        serde_json::from_str::<Config>(config)
            .unwrap()
            .database_filter()
    }

    #[test]
    fn all_is_a_word_and_a_list_is_names() {
        assert_eq!(filter("{}").unwrap(), DatabaseFilter::All);
        assert_eq!(
            filter(r#"{"databases": "all"}"#).unwrap(),
            DatabaseFilter::All
        );
        let all = DatabaseFilter::Named(vec!["all".to_owned()]);
        assert_eq!(filter(r#"{"databases": ["all"]}"#).unwrap(), all);
        assert_eq!(
            filter(r#"{"databases": []}"#).unwrap_err().code,
            "databases-missing"
        );
    }

    #[test]
    fn a_database_that_does_not_exist_is_named() {
        let databases = || vec!["app1".to_owned(), "app2".to_owned()];
        let apply = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            DatabaseFilter::Named(names).apply(databases(), String::as_str)
        };
        assert_eq!(apply(&["app2"]).unwrap(), ["app2"]);
        let failure = apply(&["app2", "app3"]).unwrap_err();
        assert_eq!(failure.message, "the server has no database app3");
        assert!(failure.hint.unwrap().contains("app1, app2"));
    }
}
