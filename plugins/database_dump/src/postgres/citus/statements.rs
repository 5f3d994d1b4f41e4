//! The statements that distribute new tables and functions like those of the backup.

use std::collections::{BTreeMap, BTreeSet};

use super::{CitusTable, CitusTables};
use crate::postgres::sql::{identifier, literal};

// Views come with the definitions, before their tables are distributed: until then they are on the coordinator only.
const VIEWS: &str = "DO $sidecar$
DECLARE v record;
BEGIN
    FOR v IN
        WITH RECURSIVE upon (oid) AS (
            SELECT logicalrelid::oid FROM pg_catalog.pg_dist_partition
            UNION
            SELECT r.ev_class FROM upon
            JOIN pg_catalog.pg_depend d ON d.refobjid = upon.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
                AND d.classid = 'pg_catalog.pg_rewrite'::regclass
            JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid)
        SELECT format('CREATE OR REPLACE VIEW %I.%I', n.nspname, c.relname) AS head,
            (SELECT 'WITH (' || string_agg(format('%I = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') || ')'
                FROM unnest(c.reloptions) AS o) AS options,
            pg_catalog.pg_get_viewdef(c.oid) AS definition
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND c.oid IN (SELECT oid FROM upon) AND n.nspname !~ '^sidecar_old_'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY c.oid
    LOOP
        EXECUTE v.head || ' ' || coalesce(v.options, '') || ' AS ' || v.definition;
    END LOOP;
END $sidecar$;";

impl CitusTables {
    /// The tables whose kind of distribution `statements` does not support.
    pub(in crate::postgres) fn unsupported_tables(&self) -> impl Iterator<Item = String> {
        const SUPPORTED: [&str; 4] = ["distributed", "reference", "schema", "local"];
        let unsupported = self
            .tables
            .iter()
            .filter(|table| !SUPPORTED.contains(&table.kind.as_str()));
        unsupported.map(CitusTable::qualified_name)
    }

    /// The statements that distribute new, empty tables like these, in this order: reference
    /// tables, each group of colocated tables after its first, schemas, and local tables.
    pub(in crate::postgres) fn statements(&self) -> Vec<String> {
        let of = |kind: &'static str| self.tables.iter().filter(move |table| table.kind == kind);
        let mut statements: Vec<String> = of("reference")
            .map(|table| {
                format!(
                    "SELECT pg_catalog.create_reference_table({});",
                    table.argument()
                )
            })
            .collect();
        let mut firsts: BTreeMap<i64, &CitusTable> = BTreeMap::new();
        let mut later = Vec::new();
        for table in of("distributed") {
            let first = *firsts.entry(table.colocation).or_insert(table);
            if !std::ptr::eq(first, table) {
                later.push((table, first));
            }
        }
        statements.extend(firsts.values().map(|table| {
            // Without a column there is one shard, and Citus refuses a shard count.
            let shards = match &table.column {
                Some(_) => format!(", shard_count => {}", table.shards),
                None => String::new(),
            };
            format!(
                "SELECT pg_catalog.create_distributed_table({}, {}, colocate_with => 'none'{shards});",
                table.argument(),
                column(table)
            )
        }));
        statements.extend(later.into_iter().map(|(table, first)| {
            format!(
                "SELECT pg_catalog.create_distributed_table({}, {}, colocate_with => {});",
                table.argument(),
                column(table),
                first.argument()
            )
        }));
        let schemas: BTreeSet<&str> = of("schema").map(|table| table.schema.as_str()).collect();
        statements.extend(schemas.into_iter().map(|schema| {
            format!(
                "SELECT pg_catalog.citus_schema_distribute({});",
                literal(&identifier(schema))
            )
        }));
        statements.extend(of("local").map(|table| {
            format!(
                "SELECT pg_catalog.citus_add_local_table_to_metadata({});",
                table.argument()
            )
        }));
        statements.extend(self.functions.iter().map(|function| {
            let mut options = String::new();
            if let Some(table) = &function.table {
                options.push_str(&format!(", colocate_with => {}", literal(table)));
            }
            if function.force_delegation == Some(true) {
                options.push_str(", force_delegation => true");
            }
            format!(
                "SELECT pg_catalog.create_distributed_function({}, {}{options});",
                literal(&function.signature),
                literal(&function.argument)
            )
        }));
        if self.version.is_some() {
            statements.push(VIEWS.to_owned());
        }
        statements
    }
}

/// Joins statements into batches that fit into an environment variable.
pub(in crate::postgres) fn batches(statements: &[String]) -> Vec<String> {
    const MAX_BATCH_BYTES: usize = 64 << 10;
    let mut batches: Vec<String> = Vec::new();
    for statement in statements {
        match batches.last_mut() {
            Some(batch) if batch.len() + statement.len() < MAX_BATCH_BYTES => {
                batch.push('\n');
                batch.push_str(statement);
            }
            _ => batches.push(statement.clone()),
        }
    }
    batches
}

fn column(table: &CitusTable) -> String {
    table
        .column
        .as_deref()
        .map_or_else(|| "NULL".to_owned(), literal)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_recreated_statement_by_statement() {
        let citus: CitusTables = serde_json::from_str(
            r#"{"version": "12.1", "tables": [
            {"schema": "public", "name": "countries", "type": "reference", "column": null, "colocation": 2, "shards": 1},
            {"schema": "public", "name": "events", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
            {"schema": "public", "name": "it's \"odd\"", "type": "distributed", "column": "the tenant", "colocation": 4, "shards": 8},
            {"schema": "public", "name": "lines", "type": "distributed", "column": "tenant", "colocation": 5, "shards": 32},
            {"schema": "public", "name": "local", "type": "local", "column": null, "colocation": 0, "shards": 1},
            {"schema": "public", "name": "one", "type": "distributed", "column": null, "colocation": 6, "shards": 1},
            {"schema": "shop", "name": "a", "type": "schema", "column": null, "colocation": 7, "shards": 1},
            {"schema": "shop", "name": "b", "type": "schema", "column": null, "colocation": 7, "shards": 1}],
            "functions": [{"signature": "public.f(integer)", "argument": "it's", "table": "public.lines", "force_delegation": true},
            {"signature": "public.g(integer)", "argument": "$1", "table": null}]}"#,
        )
        .unwrap();
        let statements = citus.statements();
        let (views, statements) = statements.split_last().unwrap();
        assert!(views.starts_with("DO $sidecar$") && views.contains("CREATE OR REPLACE VIEW"));
        assert_eq!(
            statements,
            [
                r#"SELECT pg_catalog.create_reference_table('"public"."countries"');"#,
                r#"SELECT pg_catalog.create_distributed_table('"public"."it''s ""odd"""', 'the tenant', colocate_with => 'none', shard_count => 8);"#,
                r#"SELECT pg_catalog.create_distributed_table('"public"."events"', 'tenant', colocate_with => 'none', shard_count => 32);"#,
                r#"SELECT pg_catalog.create_distributed_table('"public"."one"', NULL, colocate_with => 'none');"#,
                r#"SELECT pg_catalog.create_distributed_table('"public"."lines"', 'tenant', colocate_with => '"public"."events"');"#,
                r#"SELECT pg_catalog.citus_schema_distribute('"shop"');"#,
                r#"SELECT pg_catalog.citus_add_local_table_to_metadata('"public"."local"');"#,
                r#"SELECT pg_catalog.create_distributed_function('public.f(integer)', 'it''s', colocate_with => 'public.lines', force_delegation => true);"#,
                r#"SELECT pg_catalog.create_distributed_function('public.g(integer)', '$1');"#,
            ]
        );
        assert_eq!(citus.unsupported_tables().count(), 0);
    }

    #[test]
    fn a_kind_that_is_not_supported_is_named() {
        let citus: CitusTables = serde_json::from_str(
            r#"{"version": null, "tables": [{"schema": "s", "name": "t", "type": "append",
                "column": "c", "colocation": 1, "shards": 1}]}"#,
        )
        .unwrap();
        assert_eq!(
            citus.unsupported_tables().collect::<Vec<_>>(),
            [r#""s"."t""#]
        );
    }

    #[test]
    fn many_statements_are_split_into_batches_in_order() {
        let statements: Vec<String> = (0..2000).map(|i| format!("SELECT {i:0100};")).collect();
        let batches = batches(&statements);
        assert!(batches.len() > 1 && batches.iter().all(|batch| batch.len() <= 64 << 10));
        assert_eq!(batches.join("\n"), statements.join("\n"));
    }
}
