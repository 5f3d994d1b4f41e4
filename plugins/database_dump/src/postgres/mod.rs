//! PostgreSQL, with or without Citus: `pg_dump` of each database, and the roles from the catalogues.

mod aside;
mod backup;
mod beside;
mod catalogue;
mod citus;
mod command_lines;
mod comparison;
mod connection;
mod coverage;
mod database_restore;
mod drill_mark;
mod fill;
mod globals;
mod identity;
mod inside;
mod judgement;
mod left_out;
mod leftovers;
mod live;
mod maintenance;
mod needs;
mod obstacles;
mod others_code;
mod own_names;
mod ownership;
mod properties;
mod restore;
mod rows_role;
mod server;
mod session_start;
mod sessions;
mod sql;
mod swap;
mod version;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Failure, Result};

use crate::client::{Client, SQL};
use crate::config::Config;
use crate::coverage::{AllowedGaps, Gap};
use crate::engine::Engine;
use crate::identity::Identity;
use crate::selection::{RestoreSelection, SelectedDatabase};
use backup::WITHOUT_SCHEMAS;
use command_lines::{BACKUP_COMMANDS, QUERY, RESTORE_COMMANDS};
use fill::SECTION;
use identity::CONNECT_TIMEOUT;
use inside::{AFTER, BEFORE, BETWEEN, LEFT_OUT};
use left_out::ENTRY_NUMBER;
use ownership::{WITHOUT_OWNERS, WITHOUT_TABLESPACES};
use rows_role::ACCOUNT;
use server::{DATABASE, ENCODING, PostgresServer};
use session_start::SESSION;
use sql::ARGUMENTS;
use swap::END_SESSIONS;

/// The engine `postgres`.
pub(crate) struct Postgres(PostgresServer);

impl Postgres {
    /// The server at `url`; `key` names it in a failure.
    pub(crate) fn open(config: &Config, url: &str, key: &str) -> Result<Self> {
        PostgresServer::open(config, url, key).map(Self)
    }
}

impl Engine for Postgres {
    fn backup_commands(&self) -> Vec<&'static str> {
        BACKUP_COMMANDS.to_vec()
    }

    fn restore_commands(&self) -> Vec<&'static str> {
        RESTORE_COMMANDS.to_vec()
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.0.client.variables();
        let own = [
            DATABASE,
            ENCODING,
            SESSION,
            SQL,
            ARGUMENTS,
            END_SESSIONS,
            BEFORE,
            AFTER,
            LEFT_OUT,
            ENTRY_NUMBER,
            WITHOUT_SCHEMAS,
            SECTION,
        ];
        names.extend(own.iter().chain(&BETWEEN).map(|name| (*name).to_owned()));
        names.extend([WITHOUT_OWNERS, WITHOUT_TABLESPACES].map(str::to_owned));
        names.extend(ACCOUNT.map(str::to_owned));
        names.extend(globals::VALUES.map(str::to_owned));
        names.push(CONNECT_TIMEOUT.to_owned());
        names
    }

    fn globals(&self) -> &'static str {
        "make the roles that are missing, also SUPERUSER, REPLICATION and BYPASSRLS ones; with --replace the others become as in the backup, but never the one that restores"
    }

    fn replacement(&self) -> &'static str {
        "build it beside what is there, compare it with the archive, swap the names, drop the old one last; \
         where it cannot be renamed: within it, in one transaction"
    }

    fn client(&self) -> &Client {
        &self.0.client
    }

    fn identity(&self) -> Result<Identity> {
        identity::read(&self.0)
    }

    fn elsewhere_commands(&self) -> Vec<&'static str> {
        vec![QUERY]
    }

    fn made_by_others(&self, names: &[&str]) -> Result<Vec<String>> {
        drill_mark::made_by_others(&self.0, names)
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        coverage::gaps(&self.0)
    }

    fn backup(&self, allowed: &AllowedGaps, artifact: &mut Artifact) -> Result<()> {
        backup::run(&self.0, allowed, artifact)
    }

    fn is_taken(&self, database: &SelectedDatabase) -> Result<bool> {
        restore::is_taken(&self.0, &database.target)
    }

    fn description(&self) -> Result<Option<String>> {
        restore::description(&self.0).map(Some)
    }

    fn refusals(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Failure>> {
        restore::refusals(&self.0, selection, replace)
    }

    fn restore(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Outcome>> {
        restore::run(&self.0, selection, replace)
    }
}
