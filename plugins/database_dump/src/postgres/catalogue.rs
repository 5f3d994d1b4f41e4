//! The catalogue of a server: its databases, and the properties that each is created with.

use serde::{Deserialize, Serialize};
use sidecar_sdk::Result;

use super::citus::{self, CitusTables};
use super::needs::{self, Needs};
use super::own_names::OURS;
use super::server::PostgresServer;
use crate::layout::Database;

/// The state of a server when the backup began.
#[derive(Debug, Deserialize)]
pub(super) struct ServerInfo {
    /// As the server reports it: "15.14 (Debian 15.14-0+deb12u1)".
    pub(super) version: String,
    pub(super) number: u32,
    /// Whether the passwords of roles may be read.
    pub(super) passwords: bool,
    pub(super) account: String,
    pub(super) checksums: bool,
    pub(super) databases: Vec<Database<PostgresProperties>>,
    /// Databases that a restore has made beside others, and not dropped yet.
    pub(super) left: Vec<String>,
    /// Databases that do not come with every server, and that the account cannot connect to.
    pub(super) closed: Vec<ClosedDatabase>,
}

/// A database that cannot be dumped.
#[derive(Debug, Deserialize)]
pub(super) struct ClosedDatabase {
    pub(super) name: String,
    /// What DROP DATABASE has left when it was interrupted: no session can be opened in it.
    pub(super) invalid: bool,
    /// Whether the server allows sessions in it at all.
    pub(super) open: bool,
}

/// What a database is created with, and what it gets once it is filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PostgresProperties {
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
    /// None in a backup of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) row: Option<DatabaseRow>,
    /// Empty in a backup of an earlier version.
    #[serde(default)]
    pub(super) needs: Needs,
    /// "name version".
    #[serde(default)]
    pub(super) extensions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) citus: Option<CitusTables>,
}

/// What belongs to the database and is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DatabaseRow {
    pub(super) limit: i64,
    pub(super) template: bool,
    pub(super) comment: Option<String>,
    /// None for the server's default.
    pub(super) tablespace: Option<String>,
    /// The rules of an ICU locale.
    pub(super) rules: Option<String>,
    /// Null where nothing was granted or revoked; the entries are for the server alone.
    pub(super) acl: serde_json::Value,
    /// The settings of roles in this database.
    pub(super) role_settings: serde_json::Value,
}

impl PostgresProperties {
    /// What the database says of itself.
    pub(super) fn comment(&self) -> Option<&str> {
        self.row.as_ref()?.comment.as_deref()
    }
}

// The columns of `pg_database` differ between versions: as JSON, one that is missing is null.
/// The properties of the database `d`, as the arguments of `json_build_object`.
pub(super) const PROPERTIES: &str = "
    'owner', pg_catalog.pg_get_userbyid(d.datdba),
    'encoding', pg_catalog.pg_encoding_to_char(d.encoding),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'provider', pg_catalog.to_jsonb(d) ->> 'datlocprovider',
    'locale', coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale'),
    'settings', coalesce((
        SELECT pg_catalog.to_json(s.setconfig) FROM pg_catalog.pg_db_role_setting s
        WHERE s.setdatabase = d.oid AND s.setrole = 0), '[]'),
    'row', json_build_object(
        'limit', d.datconnlimit,
        'template', d.datistemplate,
        'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
        'tablespace', (SELECT spcname FROM pg_catalog.pg_tablespace t
            WHERE t.oid = d.dattablespace AND spcname <> 'pg_default'),
        'rules', pg_catalog.to_jsonb(d) ->> 'daticurules',
        'acl', CASE WHEN d.datacl IS NOT NULL THEN coalesce((
            SELECT json_agg(json_build_object(
                'grantor', pg_catalog.pg_get_userbyid(a.grantor),
                'grantee', CASE WHEN a.grantee <> 0 THEN pg_catalog.pg_get_userbyid(a.grantee) END,
                'privilege', a.privilege_type, 'grantable', a.is_grantable))
            FROM pg_catalog.aclexplode(d.datacl) a), '[]') END,
        'role_settings', coalesce((
            SELECT json_agg(json_build_object('role', pg_catalog.pg_get_userbyid(s.setrole), 'settings', s.setconfig)
                ORDER BY pg_catalog.pg_get_userbyid(s.setrole))
            FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole <> 0), '[]'))";

/// The state of the server. No text is cast: a database may have casts of its own from it. `template0` and `template1` come with every server; any other template is the
/// user's. What a restore has made beside is no data yet, or no longer.
fn server_question() -> String {
    format!(
        "
SELECT json_build_object(
    'version', current_setting('server_version'),
    'number', int4in(textout(current_setting('server_version_num'))),
    'passwords', has_table_privilege('pg_catalog.pg_authid', 'SELECT'),
    'account', current_user,
    'checksums', current_setting('data_checksums') = 'on',
    'left', coalesce((SELECT json_agg(datname ORDER BY datname) FROM pg_catalog.pg_database d WHERE {OURS}), '[]'),
    'closed', coalesce((
        SELECT json_agg(json_build_object('name', datname, 'invalid', datconnlimit = -2, 'open', datallowconn)
            ORDER BY datname)
        FROM pg_catalog.pg_database d
        WHERE datname NOT IN ('template0', 'template1') AND NOT {OURS}
        AND NOT (datallowconn AND datconnlimit <> -2 AND has_database_privilege(oid, 'CONNECT'))), '[]'),
    'databases', coalesce((
        SELECT json_agg(json_build_object('name', d.datname, {PROPERTIES}) ORDER BY d.datname)
        FROM pg_catalog.pg_database d
        WHERE d.datname NOT IN ('template0', 'template1') AND d.datallowconn AND d.datconnlimit <> -2
        AND has_database_privilege(d.oid, 'CONNECT') AND NOT {OURS}), '[]'))"
    )
}

const EXTENSIONS: &str = "
SELECT coalesce(json_agg(extname || ' ' || extversion ORDER BY extname), '[]') FROM pg_catalog.pg_extension";

/// Reads what the maintenance database can tell.
pub(super) fn server_info(server: &PostgresServer) -> Result<ServerInfo> {
    server.query(&server.maintenance_database, &server_question())
}

/// Adds what only a connection to the database itself can tell.
pub(super) fn read_details(
    server: &PostgresServer,
    database: &mut Database<PostgresProperties>,
) -> Result<()> {
    let properties = &mut database.properties;
    properties.extensions = server.query(&database.name, EXTENSIONS)?;
    properties.needs = needs::read(server, &database.name)?;
    properties.citus = citus::read(server, &database.name)?;
    Ok(())
}
