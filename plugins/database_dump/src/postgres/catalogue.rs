//! What is asked of a server: its databases, and what is needed to make each of them anew.

use serde::{Deserialize, Serialize};
use sidecar_sdk::Result;

use super::Postgres;
use super::citus::{self, Citus};
use crate::layout::Database;

/// A server as it was when the backup began.
#[derive(Debug, Deserialize)]
pub(super) struct Server {
    /// In its own words: "15.14 (Debian 15.14-0+deb12u1)".
    pub(super) version: String,
    pub(super) number: u32,
    /// Whether the passwords of roles may be read.
    pub(super) passwords: bool,
    pub(super) databases: Vec<Database<Facts>>,
}

/// What a copy under another name is made with. (Under its own name, the dump has all of it.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) owner: String,
    pub(super) encoding: String,
    pub(super) collate: Option<String>,
    pub(super) ctype: Option<String>,
    /// "c", "i" or "b"; servers before 15 know only "c".
    pub(super) provider: Option<String>,
    /// The locale of a provider that is not "c".
    pub(super) locale: Option<String>,
    /// "name=value", as ALTER DATABASE has set them.
    #[serde(default)]
    pub(super) settings: Vec<String>,
    /// "name version".
    #[serde(default)]
    pub(super) extensions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) citus: Option<Citus>,
}

// Templates come with every server; what allows no connections cannot be dumped. The columns of
// `pg_database` differ between versions: as JSON, one that is missing is null.
const SERVER: &str = "
SELECT json_build_object(
    'version', current_setting('server_version'),
    'number', current_setting('server_version_num')::int,
    'passwords', has_table_privilege('pg_catalog.pg_authid', 'SELECT'),
    'databases', coalesce((
        SELECT json_agg(json_build_object(
            'name', d.datname,
            'owner', pg_get_userbyid(d.datdba),
            'encoding', pg_encoding_to_char(d.encoding),
            'collate', d.datcollate,
            'ctype', d.datctype,
            'provider', to_jsonb(d) ->> 'datlocprovider',
            'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
            'settings', coalesce((
                SELECT to_json(s.setconfig) FROM pg_catalog.pg_db_role_setting s
                WHERE s.setdatabase = d.oid AND s.setrole = 0), '[]')
        ) ORDER BY d.datname)
        FROM pg_catalog.pg_database d
        WHERE NOT d.datistemplate AND d.datallowconn), '[]'))";

const EXTENSIONS: &str = "
SELECT coalesce(json_agg(extname || ' ' || extversion ORDER BY extname), '[]') FROM pg_catalog.pg_extension";

/// Asks for all but what only the databases themselves know.
pub(super) fn server(postgres: &Postgres) -> Result<Server> {
    postgres.query(&postgres.door, SERVER)
}

/// Adds what only the database itself knows.
pub(super) fn complete(postgres: &Postgres, database: &mut Database<Facts>) -> Result<()> {
    let facts = &mut database.facts;
    facts.extensions = postgres.query(&database.name, EXTENSIONS)?;
    if postgres.query(&database.name, citus::PRESENT)? {
        facts.citus = Some(postgres.query(&database.name, citus::TABLES)?);
    }
    Ok(())
}
