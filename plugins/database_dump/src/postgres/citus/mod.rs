//! Citus: how the tables and functions of a database are distributed, and the statements that recreate that.
//!
//! `pg_dump` sees a distributed table as a plain one. Its distribution is saved beside the dump,
//! and recreated between the definitions and the rows, so that each row goes to its shard.

mod statements;

use serde::{Deserialize, Serialize};
use sidecar_sdk::Result;

use super::server::PostgresServer;
use super::sql::{identifier, literal};

pub(super) use statements::batches;

/// How the tables and functions of a database are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CitusTables {
    /// Of the extension.
    pub(super) version: Option<String>,
    pub(super) tables: Vec<CitusTable>,
    /// Those that are called where the rows are. Absent in a backup of an earlier version.
    #[serde(default)]
    pub(super) functions: Vec<CitusFunction>,
}

/// How a table is distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CitusTable {
    schema: String,
    name: String,
    /// "distributed", "reference", "schema", "local", or what a later Citus adds.
    #[serde(rename = "type")]
    kind: String,
    /// The distribution column; a table of one shard has none.
    column: Option<String>,
    /// Tables with the same number are colocated.
    colocation: i64,
    shards: i64,
}

/// How a function is distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CitusFunction {
    /// "schema.name(type, …)", quoted by the server.
    signature: String,
    /// The name of the argument by which it is distributed, or "$1".
    argument: String,
    /// A table that it is colocated with, quoted by the server.
    table: Option<String>,
    #[serde(default)]
    force_delegation: Option<bool>,
}

/// Where the extension keeps what it knows.
#[derive(Debug, Deserialize)]
struct Place {
    /// The schema of the view `citus_tables`.
    tables: Option<String>,
    /// The schema of the catalogue `pg_dist_object`, quoted.
    objects: Option<String>,
}

// What has the name and is not the extension's may be anybody's: reading a view calls what its owner wrote, with the
// rights of the account that reads.
const PLACE: &str = "
WITH own AS (
    SELECT n.nspname, c.relname, c.relkind FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'citus'
    JOIN pg_class c ON c.oid = d.objid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass)
SELECT json_build_object(
    'tables', (SELECT nspname FROM own WHERE relname = 'citus_tables' AND relkind = 'v'),
    'objects', (SELECT nspname FROM own WHERE relname = 'pg_dist_object' AND relkind = 'r'))";

// A partition is distributed with its parent.
/// What the database says of itself. Without a distribution argument, a function is distributed by its creation.
const TABLES: &str = "
SELECT json_build_object(
    'version', (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
    'tables', coalesce((
        SELECT json_agg(json_build_object(
            'schema', n.nspname, 'name', c.relname, 'type', t.citus_table_type,
            'column', nullif(t.distribution_column, '<none>'),
            'colocation', t.colocation_id, 'shards', t.shard_count
        ) ORDER BY n.nspname, c.relname)
        FROM VIEW t
        JOIN pg_class c ON c.oid = t.table_name
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT c.relispartition), '[]'),
    'functions', FUNCTIONS)";

const FUNCTIONS: &str = "coalesce((
        SELECT json_agg(json_build_object(
            'signature', p.oid::regprocedure,
            'argument', coalesce(nullif(p.proargnames[o.distribution_argument_index + 1], ''),
                '$' || o.distribution_argument_index + 1),
            'force_delegation', to_jsonb(o) -> 'force_delegation',
            'table', (
                SELECT format('%I.%I', n.nspname, c.relname) FROM VIEW t
                JOIN pg_class c ON c.oid = t.table_name JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE t.colocation_id = o.colocationid AND t.citus_table_type = 'distributed' AND NOT c.relispartition
                ORDER BY n.nspname, c.relname LIMIT 1)
        ) ORDER BY p.oid::regprocedure::text)
        FROM OBJECTS o JOIN pg_proc p ON p.oid = o.objid
        WHERE o.classid = 'pg_proc'::regclass AND o.distribution_argument_index IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')), '[]')";

/// Whether the database has the extension.
pub(super) fn present(server: &PostgresServer, database: &str) -> Result<bool> {
    let place: Place = server.query(database, PLACE)?;
    Ok(place.tables.is_some())
}

/// Reads how the tables of a database are distributed; none without the extension.
pub(super) fn read(server: &PostgresServer, database: &str) -> Result<Option<CitusTables>> {
    let place: Place = server.query(database, PLACE)?;
    let Some(schema) = place.tables else {
        return Ok(None);
    };
    let functions = match place.objects {
        Some(schema) => FUNCTIONS.replace(
            "OBJECTS",
            &format!("{}.pg_dist_object", identifier(&schema)),
        ),
        None => "'[]'::json".to_owned(),
    };
    let question = TABLES
        .replace("FUNCTIONS", &functions)
        .replace("VIEW", &format!("{}.citus_tables", identifier(&schema)));
    server.query(database, &question).map(Some)
}

impl CitusTable {
    /// As an argument of type `regclass`.
    fn argument(&self) -> String {
        literal(&self.qualified_name())
    }

    fn qualified_name(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }
}
