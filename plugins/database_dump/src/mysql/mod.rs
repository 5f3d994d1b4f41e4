//! MySQL and MariaDB: a dump of each database, and the users.

mod connection;
mod lines;
mod restore;
mod sql;

use serde::{Deserialize, Serialize};
use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Command, Failure, Result, log};

use crate::chosen::Chosen;
use crate::client::{Client, SQL};
use crate::config::{Config, Wanted};
use crate::layout::{Database, Layout};
use crate::system::System;
use lines::Lines;

/// The database that a line works on.
const DATABASE: &str = "SIDE_CAR_DATABASE";

/// A server and what is wanted of it.
pub(crate) struct Mysql {
    name: &'static str,
    lines: &'static Lines,
    client: Client,
    wanted: Wanted,
}

/// What an empty database is made with.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Facts {
    charset: String,
    collation: String,
}

const DATABASES: &str = "
SELECT JSON_OBJECT('name', SCHEMA_NAME, 'charset', DEFAULT_CHARACTER_SET_NAME, 'collation', DEFAULT_COLLATION_NAME)
FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
ORDER BY SCHEMA_NAME";

impl Mysql {
    /// The server at `url`; `key` names it in a failure.
    pub(crate) fn of_mysql(config: &Config, url: &str, key: &str) -> Result<Self> {
        Self::open("mysql", &lines::MYSQL, config, url, key)
    }

    /// The same for MariaDB, whose programs have other names and know more.
    pub(crate) fn of_mariadb(config: &Config, url: &str, key: &str) -> Result<Self> {
        Self::open("mariadb", &lines::MARIADB, config, url, key)
    }

    fn open(
        name: &'static str,
        lines: &'static Lines,
        config: &Config,
        url: &str,
        key: &str,
    ) -> Result<Self> {
        Ok(Self {
            name,
            lines,
            client: Client::new(&config.commands, connection::parse(url, key)?),
            wanted: config.wanted()?,
        })
    }

    fn ask(&self, sql: &str) -> Result<String> {
        self.client.ask(&self.query(sql))
    }

    fn query(&self, sql: &str) -> Command {
        self.client.command(self.lines.query).env(SQL, sql)
    }

    fn databases(&self) -> Result<Vec<Database<Facts>>> {
        let answer = self.ask(DATABASES)?;
        let databases = answer.lines().map(serde_json::from_str);
        databases.collect::<Result<_, _>>().map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's list of databases cannot be understood: {error}"),
            )
        })
    }

    /// Whether the account may read who else has one.
    fn sees_users(&self) -> Result<bool> {
        let mut command = self.query("SELECT COUNT(*) FROM mysql.user");
        command.accept = vec![1];
        Ok(command.run()?.exit_code == 0)
    }
}

impl System for Mysql {
    fn lines(&self) -> Vec<&'static str> {
        let Lines {
            version,
            query,
            dump,
            globals,
            ..
        } = self.lines;
        vec![version, query, globals, dump]
    }

    fn restore_lines(&self) -> Vec<&'static str> {
        vec![self.lines.query, self.lines.load]
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.client.variables();
        names.extend([DATABASE.to_owned(), SQL.to_owned()]);
        names
    }

    fn globals(&self) -> &'static str {
        "at the end, create the users that are missing, and give each its rights and its password"
    }

    fn backup(&self, artifact: &mut Artifact) -> Result<()> {
        let client = self.client.ask(&self.client.command(self.lines.version))?;
        let server = self.ask("SELECT VERSION()")?;
        let databases = self
            .wanted
            .choose(self.databases()?, |database| &database.name)?;
        let sees_users = self.sees_users()?;

        let mut layout = Layout::start(artifact, self.name, &server, &client)?;
        if sees_users {
            let command = self.client.command(self.lines.globals);
            layout.globals(|artifact| artifact.append_stdout(&command).map(drop))?;
        } else {
            log::warn("the users are not dumped: the account may not read mysql.user");
        }
        for Database { name, facts } in databases {
            log::info(&format!("dumping the database {name}"));
            let command = self.client.command(self.lines.dump).env(DATABASE, &name);
            layout.database(&name, facts, |artifact| {
                artifact.append_stdout(&command).map(drop)
            })?;
        }
        layout.finish()
    }

    fn restore(&self, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
        restore::run(self, chosen, replace)
    }
}
