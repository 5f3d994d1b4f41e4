//! What a database needs of the server that it is restored to, and what it would run there.

use serde::{Deserialize, Serialize};
use sidecar_sdk::{Result, log};

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
    /// Functions of roles that are no superusers, which are called for each row that comes: "name(type) of role".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) code: Vec<String>,
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
    'code', coalesce((SELECT json_agg(DISTINCT format('%s of %s', p.oid::regprocedure, r.rolname))
        FROM pg_depend d
        JOIN pg_proc p ON p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid
            WHEN 'pg_operator'::regclass THEN (SELECT oprcode FROM pg_operator o WHERE o.oid = d.refobjid) END
        JOIN pg_roles r ON r.oid = p.proowner AND NOT r.rolsuper
        WHERE p.oid >= 16384 AND ('pg_proc'::regclass::oid, p.oid) NOT IN (TABLE brought)
        AND CASE d.classid
            WHEN 'pg_constraint'::regclass THEN EXISTS (SELECT FROM pg_constraint c WHERE c.oid = d.objid AND contype = 'c')
            WHEN 'pg_attrdef'::regclass THEN EXISTS (SELECT FROM pg_attrdef a
                JOIN pg_attribute t ON attrelid = adrelid AND attnum = adnum
                WHERE a.oid = d.objid AND to_jsonb(t) ->> 'attgenerated' <> '')
            ELSE false END), '[]'))";

impl Needs {
    /// Says whose code a load runs with the rights of a superuser.
    pub(super) fn announce_code(&self, database: &str, account: &str) {
        const SHOWN: usize = 5;
        let mut shown = self.code[..self.code.len().min(SHOWN)].join(", ");
        if self.code.len() > SHOWN {
            shown.push_str(&format!(" and {} more", self.code.len() - SHOWN));
        }
        if !shown.is_empty() {
            log::warn(&format!(
                "{database}: while its rows come, code of others runs with the rights of the superuser {account}: {shown}; \
                 an account without rights of its own (--accept no-owner) would run it with none"
            ));
        }
    }
}

/// Reads what the database needs.
pub(super) fn read(server: &PostgresServer, database: &str) -> Result<Needs> {
    let question = format!(
        "{}{NEEDS}",
        "WITH brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')"
    );
    server.query(database, &question)
}
