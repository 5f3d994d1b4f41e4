//! A PostgreSQL server: how its tools are run, and how it is queried.

use std::cell::OnceCell;

use serde_json::Value;
use sidecar_sdk::{Command, Failure, Result};

use super::command_lines::QUERY;
use super::connection;
use super::session_start::{SESSION, SessionStart};
use super::sql::{ARGUMENTS, WITH_ARGUMENTS};
use crate::client::{Client, SQL, server_name};
use crate::config::{Config, DatabaseFilter};

/// The value of `engine`.
pub(super) const NAME: &str = "postgres";

/// libpq takes its value as it is: no name is mistaken for a connection string.
pub(super) const DATABASE: &str = "PGDATABASE";

/// What a dump is written in: not what the owner of a database has set.
pub(super) const ENCODING: &str = "PGCLIENTENCODING";

/// Whether a dump is to be as it is.
const UNCOMPRESSED: &str = "SIDE_CAR_UNCOMPRESSED";

const VERSION: &str = "SELECT pg_catalog.current_setting('server_version_num')";

/// A server, and which of its databases are dumped.
pub(super) struct PostgresServer {
    pub(super) client: Client,
    /// The database to connect to for queries about the whole server, and to create others from.
    pub(super) maintenance_database: String,
    pub(super) filter: DatabaseFilter,
    /// How its sessions begin, once that has been found out.
    session: OnceCell<SessionStart>,
}

impl PostgresServer {
    /// The server at `url`; `key` names it in a failure.
    pub(super) fn open(config: &Config, url: &str, key: &str) -> Result<Self> {
        let mut connection = connection::parse(url, key)?;
        if config.compress == Some(false) {
            connection
                .env
                .push((UNCOMPRESSED.to_owned(), "1".to_owned()));
        }
        // libpq takes the folder of a socket as the host.
        let name = server_name(NAME, &connection.env, ["PGHOST", "PGPORT", ""]);
        Ok(Self {
            client: Client::new(&config.commands, name, connection.env),
            maintenance_database: connection.maintenance_database,
            filter: config.database_filter()?,
            session: OnceCell::new(),
        })
    }

    /// The same server for another account, which the variables name.
    pub(super) fn for_account(&self, env: &[(String, String)]) -> Self {
        Self {
            client: self.client.with(env),
            maintenance_database: self.maintenance_database.clone(),
            filter: self.filter.clone(),
            session: self.session.clone(),
        }
    }

    /// A command line, connected to `database`.
    pub(super) fn command(&self, line: &str, database: &str) -> Command {
        self.beginning(self.session(), line, database)
    }

    fn beginning(&self, session: SessionStart, line: &str, database: &str) -> Command {
        let command = self.client.command(line).env(DATABASE, database);
        command.env(SESSION, session.options())
    }

    /// How its sessions begin.
    fn session(&self) -> SessionStart {
        self.session.get().copied().unwrap_or(SessionStart::FIRST)
    }

    /// Finds out how sessions have to begin, in the first one. `env` are variables that the URL does not set.
    fn meet(&self, database: &str, env: &[(&str, &str)]) -> Result<()> {
        if self.session.get().is_some() {
            return Ok(());
        }
        let mut session = SessionStart::FIRST;
        let version = loop {
            let sql = format!("{}{VERSION}", session.statements());
            let command = self.beginning(session, QUERY, database).env(SQL, sql);
            match self.client.capture(&self.with_unset(command, env)) {
                Ok(version) => break version,
                Err(failure) => session = session.after(&failure.message).ok_or(failure)?,
            }
        };
        let number = version.trim().parse().unwrap_or_default();
        self.session.get_or_init(|| match session {
            SessionStart::Options(_) => SessionStart::Options(number),
            SessionStart::Statements => session,
        });
        Ok(())
    }

    fn with_unset(&self, command: Command, env: &[(&str, &str)]) -> Command {
        let unset = env
            .iter()
            .filter(|(name, _)| self.client.variable(name).is_none());
        unset.fold(command, |command, (name, value)| command.env(*name, *value))
    }

    /// The answer to `sql`, which is one JSON value.
    pub(super) fn query<T: serde::de::DeserializeOwned>(
        &self,
        database: &str,
        sql: &str,
    ) -> Result<T> {
        self.query_with(database, sql, &[])
    }

    /// The same, with variables that the URL does not set.
    pub(super) fn query_with<T: serde::de::DeserializeOwned>(
        &self,
        database: &str,
        sql: &str,
        env: &[(&str, &str)],
    ) -> Result<T> {
        self.meet(database, env)?;
        let command = self.command(QUERY, database).env(SQL, self.guarded(sql));
        let answer = self.client.capture(&self.with_unset(command, env))?;
        serde_json::from_str(&answer).map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's answer about {database} cannot be understood: {error}"),
            )
        })
    }

    /// Executes SQL that returns nothing.
    pub(super) fn execute(&self, database: &str, sql: &str) -> Result<()> {
        self.meet(database, &[])?;
        let command = self.command(QUERY, database);
        self.client.run(&command.env(SQL, self.guarded(sql)))
    }

    /// The same with arguments, which the server quotes: `sidecar.arguments`, as JSON.
    pub(super) fn execute_with(&self, database: &str, sql: &str, arguments: &Value) -> Result<()> {
        self.meet(database, &[])?;
        let command = self
            .command(QUERY, database)
            .env(SQL, self.with_arguments(sql));
        self.client
            .run(&command.env(ARGUMENTS, arguments.to_string()))
    }

    /// A script as its sessions begin one.
    pub(super) fn guarded(&self, sql: &str) -> String {
        format!("{}{sql}", self.session().statements())
    }

    /// A script that has arguments.
    pub(super) fn with_arguments(&self, sql: &str) -> String {
        self.guarded(&format!("{WITH_ARGUMENTS}{sql}"))
    }
}
