//! Citus: how the tables of a database are distributed, and the statements that do it again.
//!
//! `pg_dump` sees a distributed table as a plain one. Its distribution is saved beside the dump,
//! and made anew between the definitions and the rows, so that the rows go where they belong.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::sql::{identifier, literal};

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
    /// As an argument that becomes a `regclass`.
    fn argument(&self) -> String {
        literal(&self.text())
    }

    fn text(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }
}

impl Citus {
    /// The tables whose distribution is of a kind that `statements` does not know.
    pub(super) fn strangers(&self) -> impl Iterator<Item = String> {
        const KNOWN: [&str; 4] = ["distributed", "reference", "schema", "local"];
        let strange = self
            .tables
            .iter()
            .filter(|table| !KNOWN.contains(&table.kind.as_str()));
        strange.map(Table::text)
    }

    /// What distributes freshly made, empty tables as these were, in this order: what everything
    /// may refer to, each group of tables that lie together after its first, and what stays local.
    pub(super) fn statements(&self) -> Vec<String> {
        let of = |kind: &'static str| self.tables.iter().filter(move |table| table.kind == kind);
        let mut statements: Vec<String> = of("reference")
            .map(|table| format!("SELECT create_reference_table({});", table.argument()))
            .collect();
        let mut firsts: BTreeMap<i64, &Table> = BTreeMap::new();
        let mut later = Vec::new();
        for table in of("distributed") {
            let first = *firsts.entry(table.colocation).or_insert(table);
            if !std::ptr::eq(first, table) {
                later.push((table, first));
            }
        }
        statements.extend(firsts.values().map(|table| {
            // Without a column there is one shard, and its number must not be said.
            let shards = match &table.column {
                Some(_) => format!(", shard_count => {}", table.shards),
                None => String::new(),
            };
            format!(
                "SELECT create_distributed_table({}, {}, colocate_with => 'none'{shards});",
                table.argument(),
                column(table)
            )
        }));
        statements.extend(later.into_iter().map(|(table, first)| {
            format!(
                "SELECT create_distributed_table({}, {}, colocate_with => {});",
                table.argument(),
                column(table),
                first.argument()
            )
        }));
        let schemas: BTreeSet<&str> = of("schema").map(|table| table.schema.as_str()).collect();
        statements.extend(schemas.into_iter().map(|schema| {
            format!(
                "SELECT citus_schema_distribute({});",
                literal(&identifier(schema))
            )
        }));
        statements.extend(of("local").map(|table| {
            format!(
                "SELECT citus_add_local_table_to_metadata({});",
                table.argument()
            )
        }));
        statements
    }
}

/// Many statements at once, and never more than a variable of the environment holds.
pub(super) fn in_pieces(statements: &[String]) -> Vec<String> {
    const MOST: usize = 64 << 10;
    let mut pieces: Vec<String> = Vec::new();
    for statement in statements {
        match pieces.last_mut() {
            Some(piece) if piece.len() + statement.len() < MOST => {
                piece.push('\n');
                piece.push_str(statement);
            }
            _ => pieces.push(statement.clone()),
        }
    }
    pieces
}

fn column(table: &Table) -> String {
    table
        .column
        .as_deref()
        .map_or_else(|| "NULL".to_owned(), literal)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_made_anew_statement_by_statement() {
        let citus: Citus = serde_json::from_str(
            r#"{"version": "12.1", "tables": [
            {"schema": "public", "name": "countries", "type": "reference", "column": null, "colocation": 2, "shards": 1},
            {"schema": "public", "name": "events", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
            {"schema": "public", "name": "it's \"odd\"", "type": "distributed", "column": "the tenant", "colocation": 4, "shards": 8},
            {"schema": "public", "name": "lines", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
            {"schema": "public", "name": "local", "type": "local", "column": null, "colocation": 0, "shards": 1},
            {"schema": "public", "name": "one", "type": "distributed", "column": null, "colocation": 6, "shards": 1},
            {"schema": "shop", "name": "a", "type": "schema", "column": null, "colocation": 7, "shards": 1},
            {"schema": "shop", "name": "b", "type": "schema", "column": null, "colocation": 7, "shards": 1}]}"#,
        )
        .unwrap();
        assert_eq!(
            citus.statements(),
            [
                r#"SELECT create_reference_table('"public"."countries"');"#,
                r#"SELECT create_distributed_table('"public"."it''s ""odd"""', 'the tenant', colocate_with => 'none', shard_count => 8);"#,
                r#"SELECT create_distributed_table('"public"."events"', 'tenant', colocate_with => 'none', shard_count => 32);"#,
                r#"SELECT create_distributed_table('"public"."one"', NULL, colocate_with => 'none');"#,
                r#"SELECT create_distributed_table('"public"."lines"', 'tenant', colocate_with => '"public"."events"');"#,
                r#"SELECT citus_schema_distribute('"shop"');"#,
                r#"SELECT citus_add_local_table_to_metadata('"public"."local"');"#,
            ]
        );
        assert_eq!(citus.strangers().count(), 0);
    }

    #[test]
    fn a_kind_that_is_not_known_is_named() {
        let citus: Citus = serde_json::from_str(
            r#"{"version": null, "tables": [{"schema": "s", "name": "t", "type": "append",
                "column": "c", "colocation": 1, "shards": 1}]}"#,
        )
        .unwrap();
        assert_eq!(citus.strangers().collect::<Vec<_>>(), [r#""s"."t""#]);
    }

    #[test]
    fn many_statements_are_said_in_order_and_in_pieces() {
        let statements: Vec<String> = (0..2000).map(|i| format!("SELECT {i:0100};")).collect();
        let pieces = in_pieces(&statements);
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= 64 << 10));
        assert_eq!(pieces.join("\n"), statements.join("\n"));
    }
}
