//! `strategy.config`: the operator's own commands, or an engine that knows its own.

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Failure, Strings};

/// `strategy.config` of `database_dump`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    #[serde(flatten)]
    pub(crate) commands: commands::Config,
    /// Which database system to dump without writing commands: one artifact holds every database,
    /// and any of them can be restored alone.
    #[serde(default)]
    #[schemars(with = "Engine")]
    pub(crate) engine: Option<Engine>,
    /// How the engine reaches the server: `postgresql://user@host/`, `mysql://user@host/`,
    /// `redis://host/`; for sqlite, the file. A password may stand here or in `env`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(crate) url: Option<String>,
    /// Which databases the engine dumps: "all" or a list of names. Left out: all.
    #[serde(default)]
    #[schemars(with = "Strings")]
    pub(crate) databases: Option<Strings>,
}

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Engine {
    Postgres,
    Mysql,
    Mariadb,
    Sqlite,
    Redis,
}

/// Which databases of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Named(Vec<String>),
}

impl Config {
    /// The key that an engine cannot do without.
    pub(crate) fn url(&self) -> Result<&str, Failure> {
        let given = self.url.as_deref().filter(|url| !url.trim().is_empty());
        given.ok_or_else(|| {
            Failure::new(
                "url-missing",
                "strategy.config.url is missing: the engine does not know where the database is",
            )
            .hint("write url: postgresql://user@host/ (or mysql://, redis://, or sqlite's file)")
        })
    }

    pub(crate) fn wanted(&self) -> Result<Wanted, Failure> {
        match &self.databases {
            None => Ok(Wanted::All),
            Some(Strings::One(all)) if all == "all" => Ok(Wanted::All),
            Some(names) if names.as_slice().iter().any(|name| !name.is_empty()) => {
                Ok(Wanted::Named(names.as_slice().to_vec()))
            }
            Some(_) => Err(Failure::new(
                "databases-missing",
                "strategy.config.databases names no database",
            )
            .hint("write all, or a list of names")),
        }
    }

    /// The keys of the engine that are given although there is none.
    pub(crate) fn idle(&self) -> Vec<Failure> {
        let keys = [
            ("url", self.url.is_some()),
            ("databases", self.databases.is_some()),
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

impl Wanted {
    /// Those of `found` that are wanted, or the names that are not there.
    pub(crate) fn choose<T>(
        &self,
        found: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, Failure> {
        let Self::Named(names) = self else {
            return if found.is_empty() {
                Err(Failure::new(
                    "no-databases",
                    "the server has no databases to dump",
                ))
            } else {
                Ok(found)
            };
        };
        let has = |wanted: &str| found.iter().any(|one| name(one) == wanted);
        let missing: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|wanted| !has(wanted))
            .collect();
        if !missing.is_empty() {
            let there: Vec<&str> = found.iter().map(&name).collect();
            return Err(Failure::new(
                "database-missing",
                format!("the server has no database {}", missing.join(", ")),
            )
            .hint(format!(
                "correct strategy.config.databases; there are: {}",
                there.join(", ")
            )));
        }
        Ok(found
            .into_iter()
            .filter(|one| names.iter().any(|wanted| wanted == name(one)))
            .collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn wanted(config: &str) -> Result<Wanted, Failure> {
        serde_json::from_str::<Config>(config).unwrap().wanted()
    }

    #[test]
    fn all_is_a_word_and_a_list_is_names() {
        assert_eq!(wanted("{}").unwrap(), Wanted::All);
        assert_eq!(wanted(r#"{"databases": "all"}"#).unwrap(), Wanted::All);
        let all = Wanted::Named(vec!["all".to_owned()]);
        assert_eq!(wanted(r#"{"databases": ["all"]}"#).unwrap(), all);
        assert_eq!(
            wanted(r#"{"databases": []}"#).unwrap_err().code,
            "databases-missing"
        );
    }

    #[test]
    fn a_name_that_is_not_there_is_said() {
        let found = || vec!["app1".to_owned(), "app2".to_owned()];
        let choose = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Wanted::Named(names).choose(found(), String::as_str)
        };
        assert_eq!(choose(&["app2"]).unwrap(), ["app2"]);
        let failure = choose(&["app2", "app3"]).unwrap_err();
        assert_eq!(failure.message, "the server has no database app3");
        assert!(failure.hint.unwrap().contains("app1, app2"));
    }
}
