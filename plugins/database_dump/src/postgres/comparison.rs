//! Whether a restored database has all that the archive lists: the server compares both, kind by kind.

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result};

use super::command_lines::COMPARE;
use super::server::PostgresServer;
use crate::client::SQL;

// A line of the list: number; the catalogue's own number, the object's, its kind, schema, name, owner. An object of the
// server's own is not in the archive; of what an extension has brought, neither.
const MISSING: &str = r#"
SET search_path = pg_catalog, pg_temp;
DO $sidecar$
DECLARE missing text;
BEGIN
    WITH brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
    own AS (SELECT c.oid, c.relkind FROM pg_class c WHERE c.oid >= 16384
        AND ('pg_class'::regclass::oid, c.oid) NOT IN (SELECT classid, objid FROM brought)),
    counted (word, class, kind, n) AS (VALUES
        ('tables', 'pg_class'::regclass, 'TABLE', (SELECT count(*) FROM own WHERE relkind IN ('r', 'p'))),
        ('foreign tables', 'pg_class', 'FOREIGN TABLE', (SELECT count(*) FROM own WHERE relkind = 'f')),
        ('views', 'pg_class', 'VIEW', (SELECT count(*) FROM own WHERE relkind = 'v')),
        ('materialized views', 'pg_class', 'MATERIALIZED VIEW', (SELECT count(*) FROM own WHERE relkind = 'm')),
        ('sequences', 'pg_class', 'SEQUENCE', (SELECT count(*) FROM own WHERE relkind = 'S')),
        ('indexes', 'pg_class', 'INDEX', (SELECT count(*) FROM own WHERE relkind IN ('i', 'I'))),
        ('keys', 'pg_constraint', 'CONSTRAINT', (SELECT count(*) FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))),
        ('foreign keys', 'pg_constraint', 'FK CONSTRAINT', (SELECT count(*) FROM pg_constraint WHERE contype = 'f')),
        ('checks', 'pg_constraint', 'CHECK CONSTRAINT', (SELECT count(*) FROM pg_constraint WHERE contype = 'c')),
        ('functions', 'pg_proc', '(FUNCTION|PROCEDURE|AGGREGATE)', (SELECT count(*) FROM pg_proc WHERE oid >= 16384)),
        ('types', 'pg_type', '(TYPE|DOMAIN)', (SELECT count(*) FROM pg_type WHERE oid >= 16384)),
        ('schemas', 'pg_namespace', 'SCHEMA', (SELECT count(*) FROM pg_namespace)),
        ('extensions', 'pg_extension', 'EXTENSION', (SELECT count(*) FROM pg_extension)),
        ('triggers', 'pg_trigger', 'TRIGGER', (SELECT count(*) FROM pg_trigger)),
        ('rules', 'pg_rewrite', 'RULE', (SELECT count(*) FROM pg_rewrite WHERE oid >= 16384)),
        ('policies', 'pg_policy', 'POLICY', (SELECT count(*) FROM pg_policy)),
        ('defaults', 'pg_attrdef', 'DEFAULT', (SELECT count(*) FROM pg_attrdef)),
        ('extended statistics', 'pg_statistic_ext', 'STATISTICS', (SELECT count(*) FROM pg_statistic_ext)),
        ('event triggers', 'pg_event_trigger', 'EVENT TRIGGER', (SELECT count(*) FROM pg_event_trigger)),
        ('publications', 'pg_publication', 'PUBLICATION', (SELECT count(*) FROM pg_publication)),
        ('foreign-data wrappers', 'pg_foreign_data_wrapper', 'FOREIGN DATA WRAPPER',
            (SELECT count(*) FROM pg_foreign_data_wrapper)),
        ('foreign servers', 'pg_foreign_server', 'SERVER', (SELECT count(*) FROM pg_foreign_server)),
        ('casts', 'pg_cast', 'CAST', (SELECT count(*) FROM pg_cast WHERE oid >= 16384)),
        ('collations', 'pg_collation', 'COLLATION', (SELECT count(*) FROM pg_collation WHERE oid >= 16384)),
        ('operators', 'pg_operator', 'OPERATOR', (SELECT count(*) FROM pg_operator WHERE oid >= 16384)),
        ('large objects', 'pg_largeobject', 'BLOB', (SELECT count(*) FROM pg_largeobject_metadata)),
        ('text search configurations', 'pg_ts_config', 'TEXT SEARCH CONFIGURATION',
            (SELECT count(*) FROM pg_ts_config WHERE oid >= 16384))),
    compared AS (
        SELECT c.*, (SELECT count(DISTINCT split_part(line, ' ', 3)) FROM sidecar_list
            WHERE line ~ ('^[0-9]+; ' || c.class::oid || ' [0-9]+ ' || c.kind || ' ')) AS listed FROM counted c)
    SELECT string_agg(format('%s of %s %s', n, listed, word), ', ') INTO missing FROM compared WHERE n < listed;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'the archive lists more than was restored: %', missing;
    END IF;
    IF (SELECT count(*) FROM sidecar_list) = 0 THEN
        RAISE EXCEPTION 'the archive lists nothing';
    END IF;
    SELECT string_agg(indexrelid::regclass::text, ', ') INTO missing FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid AND relkind = 'i' AND indexrelid >= 16384;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'these indexes are not valid: %', missing;
    END IF;
END $sidecar$;
"#;

/// Fails if `database` lacks something that the archive lists.
pub(super) fn compare(server: &PostgresServer, part: &Part, database: &str) -> Result<()> {
    let command = server.command(COMPARE, database).env(SQL, MISSING);
    part.feed(&command).map(drop).map_err(|failure| {
        Failure::new(
            "incomplete",
            format!(
                "{database} is not what the archive lists: {}",
                failure.message
            ),
        )
    })
}
