//! `postgresql://…` → the variables that libpq reads, so that no command line contains a password.

use sidecar_sdk::Result;

use crate::url::{Url, variable};

/// URL parameters, and the variables with the same meaning.
const PARAMETERS: [(&str, &str); 23] = [
    ("application_name", "PGAPPNAME"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("gssencmode", "PGGSSENCMODE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("krbsrvname", "PGKRBSRVNAME"),
    ("options", "PGOPTIONS"),
    ("passfile", "PGPASSFILE"),
    ("password", "PGPASSWORD"),
    ("port", "PGPORT"),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("service", "PGSERVICE"),
    ("servicefile", "PGSERVICEFILE"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslcrl", "PGSSLCRL"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("user", "PGUSER"),
];

const HINT: &str = "remove it, or set the variable that libpq has for it under strategy.config.env";

/// How to connect to a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// The environment of every tool.
    pub(super) env: Vec<(String, String)>,
    /// The database to connect to for queries about the whole server.
    pub(super) maintenance_database: String,
}

/// Reads a URL; `key` names it in a failure.
pub(super) fn parse(text: &str, key: &str) -> Result<Connection> {
    let url = Url::parse(text, &["postgresql", "postgres"], key)?;
    let mut env: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: Option<String>| {
        env.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("PGUSER", url.user);
    set("PGPASSWORD", url.password);
    let names: Vec<String> = url
        .hosts
        .iter()
        .map(|host| host.name.clone().unwrap_or_default())
        .collect();
    set("PGHOST", comma_separated(&names));
    let ports = url
        .hosts
        .iter()
        .map(|host| host.port.map_or_else(String::new, |port| port.to_string()));
    set("PGPORT", comma_separated(&ports.collect::<Vec<_>>()));
    let mut maintenance_database = url.path;
    for (name, value) in url.parameters {
        if name == "dbname" {
            maintenance_database = Some(value);
            continue;
        }
        set(variable(&name, &PARAMETERS, key, HINT)?, Some(value));
    }
    Ok(Connection {
        env,
        maintenance_database: maintenance_database.unwrap_or_else(|| "postgres".to_owned()),
    })
}

/// Joins values with commas; none if all are empty.
fn comma_separated(values: &[String]) -> Option<String> {
    values
        .iter()
        .any(|value| !value.is_empty())
        .then(|| values.join(","))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn env(url: &str) -> Vec<(String, String)> {
        parse(url, "strategy.config.url").unwrap().env
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_url_becomes_variables() {
        assert_eq!(
            env("postgresql://backup:p%27w@db:5433/?sslmode=verify-full"),
            pairs(&[
                ("PGUSER", "backup"),
                ("PGPASSWORD", "p'w"),
                ("PGHOST", "db"),
                ("PGPORT", "5433"),
                ("PGSSLMODE", "verify-full")
            ])
        );
        assert_eq!(env("postgres:///"), []);
        assert_eq!(
            env("postgres://a,b:2/"),
            pairs(&[("PGHOST", "a,b"), ("PGPORT", ",2")])
        );
    }

    #[test]
    fn the_database_of_a_url_is_the_maintenance_database() {
        let maintenance_database = |url| {
            parse(url, "strategy.config.url")
                .unwrap()
                .maintenance_database
        };
        assert_eq!(maintenance_database("postgres://db"), "postgres");
        assert_eq!(maintenance_database("postgres://db/app1"), "app1");
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        let failure = parse("postgres://db/?sslmod=require", "--into").unwrap_err();
        assert_eq!(
            failure.message,
            "--into has the parameter sslmod, which is not known"
        );
    }
}
