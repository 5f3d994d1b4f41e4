//! PostgreSQL, with or without Citus: `pg_dump` of each database, `pg_dumpall` of the roles.

mod backup;
mod catalogue;
mod citus;
mod connection;
mod sql;
mod version;

use sidecar_sdk::{Artifact, Command, Failure, Result};

use crate::client::{Client, SQL};
use crate::config::{Config, Wanted};
use crate::system::System;

/// Hands SQL to the server, and prints what it answers.
const QUERY: &str = "printf %s \"$SIDE_CAR_SQL\" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password \
     --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1";
const VERSION: &str = "pg_dump --version";
const DUMP: &str = "pg_dump --no-password --format=custom";
// A connection string without a database: that comes from PGDATABASE, whatever is in its name.
const GLOBALS: &str = "pg_dumpall --no-password --globals-only --database=application_name=sidecar";
const GLOBALS_WITHOUT_PASSWORDS: &str = "pg_dumpall --no-password --globals-only --no-role-passwords --database=application_name=sidecar";

const LINES: [&str; 5] = [VERSION, QUERY, GLOBALS, GLOBALS_WITHOUT_PASSWORDS, DUMP];

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
    pub(crate) fn open(config: &Config) -> Result<Self> {
        let connection = connection::parse(config.url()?, "strategy.config.url")?;
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
            .ask(&self.command(QUERY, database).env(SQL, sql))?;
        serde_json::from_str(&answer).map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's answer about {database} cannot be understood: {error}"),
            )
        })
    }
}

impl System for Postgres {
    fn lines(&self) -> &'static [&'static str] {
        &LINES
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.client.variables();
        names.extend([DATABASE.to_owned(), SQL.to_owned()]);
        names
    }

    fn backup(&self, artifact: &mut Artifact) -> Result<()> {
        backup::run(self, artifact)
    }
}
