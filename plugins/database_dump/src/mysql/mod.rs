//! MySQL and MariaDB: a dump of each database, and the users.

mod backup;
mod catalogue;
mod command_lines;
mod connection;
mod contents;
mod coverage;
mod damage;
mod drill_notes;
mod events;
mod existing;
mod grants;
mod identity;
mod load;
mod options;
mod outside;
mod packet_limit;
mod restore;
mod roles;
mod script;
mod secret_line;
mod server;
mod shortened;
mod sql;
mod swap;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Failure, Result, choices};

use crate::client::{Client, SQL};
use crate::config::Config;
use crate::coverage::{AllowedGaps, Gap};
use crate::engine::Engine;
use crate::identity::Identity;
use crate::selection::{RestoreSelection, SelectedDatabase};
use crate::version_text::older_client;
use backup::{EVENTS, HISTORY, ROUTINES};
use command_lines::{MARIADB, MYSQL};
use existing::ExistingObjects;
use identity::{INTO, SECRET};
use secret_line::secret_line;
use server::{AFTER, BEFORE, DATABASE, FORCE, MysqlServer, VERTICAL};

/// The engines `mysql` and `mariadb`.
pub(crate) struct Mysql(MysqlServer);

impl Mysql {
    /// The MySQL server at `url`; `key` names it in a failure.
    pub(crate) fn open_mysql(config: &Config, url: &str, key: &str) -> Result<Self> {
        MysqlServer::open("mysql", &MYSQL, config, url, key).map(Self)
    }

    /// The MariaDB server at `url`: its programs have other names and more options.
    pub(crate) fn open_mariadb(config: &Config, url: &str, key: &str) -> Result<Self> {
        MysqlServer::open("mariadb", &MARIADB, config, url, key).map(Self)
    }
}

impl Engine for Mysql {
    fn backup_commands(&self) -> Vec<&'static str> {
        let lines = self.0.lines;
        vec![
            lines.version,
            lines.query,
            lines.history,
            lines.globals,
            lines.dump,
            lines.options,
        ]
    }

    fn restore_commands(&self) -> Vec<&'static str> {
        let lines = self.0.lines;
        vec![lines.query, lines.load, lines.globals]
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.0.client.variables();
        let own = [
            DATABASE, SQL, BEFORE, AFTER, FORCE, VERTICAL, ROUTINES, EVENTS, HISTORY,
        ];
        names.extend(own.map(str::to_owned));
        if self.0.is_elsewhere {
            names.extend(INTO.map(|(into, _)| into.to_owned()));
            names.push(SECRET.to_owned());
        }
        names
    }

    fn globals(&self) -> &'static str {
        "create the users that are missing, with their rights; those that are there stay, unless they are replaced (in a drill never)"
    }

    fn client(&self) -> &Client {
        &self.0.client
    }

    fn identity(&self) -> Result<Identity> {
        identity::read(&self.0)
    }

    fn elsewhere_commands(&self) -> Vec<&'static str> {
        vec![self.0.lines.query, secret_line(self.0.name)]
    }

    fn is_reached_by(&self, source: &Client) -> Result<bool> {
        identity::is_held(source, &self.0, &choices::id())
    }

    fn made_by_others(&self, names: &[&str]) -> Result<Vec<String>> {
        // A drill that was killed has not marked all that it has made.
        if self.0.is_mariadb()? {
            swap::finish_leftovers(&self.0)?;
        }
        drill_notes::made_by_others(&self.0, names)
    }

    fn note_for_drills(&self, names: &[&str]) -> Result<()> {
        drill_notes::note(&self.0, names)
    }

    fn note_after_drill(&self) -> Result<()> {
        drill_notes::note_moments(&self.0)
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        coverage::gaps(&self.0)
    }

    fn warnings(&self) -> Result<Vec<Failure>> {
        let client = &self.0.client;
        let client_version = client.capture(&client.command(self.0.lines.version))?;
        let server_version = self.0.query("SELECT VERSION()")?;
        Ok(older_client(&client_version, &server_version)
            .into_iter()
            .collect())
    }

    fn backup(&self, allowed: &AllowedGaps, artifact: &mut Artifact) -> Result<()> {
        backup::run(&self.0, allowed, artifact)
    }

    fn is_taken(&self, database: &SelectedDatabase) -> Result<bool> {
        let name = self.0.canonical(&database.target)?;
        Ok(ExistingObjects::of(&self.0, &name)?.any())
    }

    fn description(&self) -> Result<Option<String>> {
        let version = self.0.query("SELECT VERSION()")?;
        let product = if self.0.is_mariadb()? {
            "MariaDB"
        } else {
            "MySQL"
        };
        Ok(Some(format!("{product} {version}")))
    }

    fn refusals(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Failure>> {
        restore::refusals(&self.0, selection, replace)
    }

    fn restore(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Outcome>> {
        restore::run(&self.0, selection, replace)
    }
}
