//! PostgreSQL, with or without Citus: `pg_dump` of each database, `pg_dumpall` of the roles.

mod backup;
mod catalogue;
mod citus;
mod connection;
mod lines;
mod restore;
mod sql;
mod target;
mod version;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Command, Failure, Result};

use crate::chosen::Chosen;
use crate::client::{Client, SQL};
use crate::config::{Config, Wanted};
use crate::system::System;

/// The value of `engine`.
const NAME: &str = "postgres";

/// libpq takes its value as it is: no name is mistaken for a connection string.
const DATABASE: &str = "PGDATABASE";

/// A server and what is wanted of it.
pub(crate) struct Postgres {
    client: Client,
    /// Where to connect to ask about the others.
    door: String,
    wanted: Wanted,
}

impl Postgres {
    /// The server at `url`; `key` names it in a failure.
    pub(crate) fn open(config: &Config, url: &str, key: &str) -> Result<Self> {
        let connection = connection::parse(url, key)?;
        Ok(Self {
            client: Client::new(&config.commands, connection.env),
            door: connection.door,
            wanted: config.wanted()?,
        })
    }

    /// A line, connected to `database`.
    fn command(&self, line: &str, database: &str) -> Command {
        self.client.command(line).env(DATABASE, database)
    }

    /// The answer to `sql`, which is one JSON value.
    fn query<T: serde::de::DeserializeOwned>(&self, database: &str, sql: &str) -> Result<T> {
        let answer = self
            .client
            .ask(&self.command(lines::QUERY, database).env(SQL, sql))?;
        serde_json::from_str(&answer).map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's answer about {database} cannot be understood: {error}"),
            )
        })
    }
}

impl System for Postgres {
    fn lines(&self) -> Vec<&'static str> {
        lines::BACKUP.to_vec()
    }

    fn restore_lines(&self) -> Vec<&'static str> {
        lines::BACK.to_vec()
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.client.variables();
        names.extend([DATABASE.to_owned(), SQL.to_owned()]);
        names
    }

    fn globals(&self) -> &'static str {
        "create the roles that are missing, and give each its rights; the one that restores stays as it is"
    }

    fn backup(&self, artifact: &mut Artifact) -> Result<()> {
        backup::run(self, artifact)
    }

    fn restore(&self, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
        restore::run(self, chosen, replace)
    }
}
