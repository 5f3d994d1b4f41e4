//! Citus: how the tables of a database are distributed.
//!
//! `pg_dump` sees a distributed table as a plain one: its distribution is saved beside the dump.

use serde::{Deserialize, Serialize};

use super::sql::identifier;

/// Whether the database has the view: Citus puts it into one of these schemas.
pub(super) const PRESENT: &str = "
SELECT to_json(coalesce(to_regclass('pg_catalog.citus_tables'), to_regclass('public.citus_tables'),
                        to_regclass('citus.citus_tables')) IS NOT NULL)";

// A partition is distributed with its parent.
/// What it says of each table.
pub(super) const TABLES: &str = "
SET search_path = pg_catalog, public, citus;
SELECT json_build_object(
    'version', (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
    'tables', coalesce(json_agg(json_build_object(
        'schema', n.nspname, 'name', c.relname, 'type', t.citus_table_type,
        'column', nullif(t.distribution_column, '<none>'),
        'colocation', t.colocation_id, 'shards', t.shard_count
    ) ORDER BY n.nspname, c.relname), '[]'))
FROM citus_tables t
JOIN pg_class c ON c.oid = t.table_name
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT c.relispartition";

/// How a database is distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Citus {
    /// Of the extension.
    pub(super) version: Option<String>,
    pub(super) tables: Vec<Table>,
}

/// How a table is distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    schema: String,
    name: String,
    /// "distributed", "reference", "schema", "local", or what a later Citus adds.
    #[serde(rename = "type")]
    kind: String,
    /// The distribution column; a table of one shard has none.
    column: Option<String>,
    /// Tables of the same number lie together.
    colocation: i64,
    shards: i64,
}

impl Table {
    fn text(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }
}

impl Citus {
    /// The tables whose distribution is of a kind that nobody here knows how to make anew.
    pub(super) fn strangers(&self) -> impl Iterator<Item = String> {
        const KNOWN: [&str; 4] = ["distributed", "reference", "schema", "local"];
        let strange = self
            .tables
            .iter()
            .filter(|table| !KNOWN.contains(&table.kind.as_str()));
        strange.map(Table::text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_not_known_is_named() {
        let citus: Citus = serde_json::from_str(
            r#"{"version": null, "tables": [{"schema": "s", "name": "t", "type": "append",
                "column": "c", "colocation": 1, "shards": 1}]}"#,
        )
        .unwrap();
        assert_eq!(citus.strangers().collect::<Vec<_>>(), [r#""s"."t""#]);
    }
}
