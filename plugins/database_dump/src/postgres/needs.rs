//! What a database needs of the server that it is restored to, and what it would run there.

use serde::{Deserialize, Serialize};
use sidecar_sdk::Result;

use super::others_code::{self, OthersCode};
use super::server::PostgresServer;

/// What a database needs of the server.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Needs {
    /// The roles to which something in it belongs.
    #[serde(default)]
    pub(super) owners: Vec<String>,
    /// The tablespaces in which something of it lies, beside its own.
    #[serde(default)]
    pub(super) tablespaces: Vec<String>,
    /// What it would run there. None in a backup of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) others_code: Option<OthersCode>,
}

// A schema in which an extension lives stays where it is when the database is replaced within itself. Indexes, the types of
// rows and those of arrays belong to what they come with, as do the constructors of a range, which are the first superuser's.
const NEEDS: &str = "
SELECT json_build_object(
    'owners', coalesce((SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND oid IN (
        SELECT relowner FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
            AND ('pg_class'::regclass::oid, oid) NOT IN (TABLE brought)
        UNION SELECT proowner FROM pg_proc p WHERE oid >= 16384 AND ('pg_proc'::regclass::oid, oid) NOT IN (TABLE brought)
            AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
        UNION SELECT typowner FROM pg_type t WHERE oid >= 16384 AND typtype NOT IN ('c', 'm')
            AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
            AND ('pg_type'::regclass::oid, oid) NOT IN (TABLE brought)
        UNION SELECT nspowner FROM pg_namespace
            WHERE oid >= 16384 AND oid NOT IN (SELECT extnamespace FROM pg_extension)
            AND ('pg_namespace'::regclass::oid, oid) NOT IN (TABLE brought)
        UNION SELECT lomowner FROM pg_largeobject_metadata)), '[]'),
    'tablespaces', coalesce((SELECT json_agg(spcname ORDER BY spcname) FROM pg_tablespace
        WHERE spcname !~ '^pg_' AND oid IN (SELECT reltablespace FROM pg_class)), '[]'),
    'others_code', CODE)";

/// Reads what the database needs.
pub(super) fn read(server: &PostgresServer, database: &str) -> Result<Needs> {
    let question = format!(
        "WITH brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'){}",
        NEEDS.replace("CODE", &others_code::question())
    );
    server.query(database, &question)
}
