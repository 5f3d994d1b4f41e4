//! Sets what is in a database aside, within the transaction that brings the new: schemas get another name;
//! of a schema in which an extension lives, what is not the extension's moves out one by one. A rollback
//! undoes all of it. Such a schema is never renamed and never dropped.

use sidecar_sdk::choices;

use super::sql::literal;

/// The schemas that a restore has set aside, as a condition in SQL on the schema `n`.
const ASIDE: &str = "(n.nspname ~ '^sidecar_old_[a-z0-9]{10}_[0-9]+$'
    AND coalesce(obj_description(n.oid, 'pg_namespace'), '') LIKE 'sidecar old of=%')";

/// Whether an extension lives in the schema `n`, or has brought it.
const OF_EXTENSION: &str = "(EXISTS (SELECT FROM pg_depend e
        JOIN pg_depend s ON s.classid = e.classid AND s.objid = e.objid AND s.objsubid = 0
        WHERE e.deptype = 'e' AND s.refclassid = 'pg_namespace'::regclass AND s.refobjid = n.oid)
    OR EXISTS (SELECT FROM pg_extension x WHERE x.extnamespace = n.oid)
    OR EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e'
        AND e.classid = 'pg_namespace'::regclass AND e.objid = n.oid))";

/// What of the schema `n` can move to another schema, with its catalogue and number. What belongs to a table, a
/// column or a type goes along with it.
const MOVABLE: &str = "
    SELECT o.classid, o.objid FROM (
        SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid, relnamespace AS schema FROM pg_class c
            WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
            OR relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, t.oid, typnamespace FROM pg_type t
            WHERE typtype IN ('b', 'd', 'e', 'r', 'm') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
        UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation
        UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
        UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_opclass
        UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
        UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace FROM pg_ts_parser
        UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace FROM pg_ts_template) o
    WHERE o.schema = n.oid AND o.objid >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e')";

/// The statements that set everything aside. They wait for others no longer than `lock_timeout` says.
pub(super) fn set_aside() -> String {
    format!(
        "SET LOCAL search_path = pg_catalog;
SET LOCAL sidecar.id = {};
DO $sidecar$
DECLARE
    n record; one record; aside text; number int := 0; extension boolean; filled boolean;
BEGIN
    -- What is in no schema goes at once: it holds no data.
    FOR one IN SELECT format('DROP %s %I CASCADE', word, name) AS sql FROM (
            SELECT 'EVENT TRIGGER' AS word, evtname AS name, 'pg_event_trigger'::regclass AS class, oid FROM pg_event_trigger
            UNION ALL SELECT 'PUBLICATION', pubname, 'pg_publication'::regclass, oid FROM pg_publication
            UNION ALL SELECT 'SERVER', srvname, 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
            UNION ALL SELECT 'FOREIGN DATA WRAPPER', fdwname, 'pg_foreign_data_wrapper'::regclass, oid
                FROM pg_foreign_data_wrapper) global
        WHERE NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = global.class AND d.objid = global.oid AND d.deptype = 'e')
    LOOP EXECUTE one.sql; END LOOP;
    FOR one IN SELECT format('DROP CAST (%s AS %s)', castsource::regtype, casttarget::regtype) AS sql FROM pg_cast c
        WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a'))
        AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = c.casttarget AND t.typtype = 'm')
    LOOP EXECUTE one.sql; END LOOP;
    PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;
    -- What new tables are granted would be granted to those that come.
    FOR one IN SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I', pg_get_userbyid(defaclrole)) AS start,
            CASE WHEN defaclnamespace <> 0 THEN format('IN SCHEMA %I', s.nspname) ELSE '' END AS place,
            CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS kind,
            pg_get_userbyid(defaclrole) AS owner,
            ARRAY(SELECT DISTINCT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
                FROM aclexplode(defaclacl)) AS grantees
        FROM pg_default_acl LEFT JOIN pg_namespace s ON s.oid = defaclnamespace
    LOOP
        FOREACH aside IN ARRAY one.grantees LOOP
            EXECUTE format('%s %s REVOKE ALL ON %s FROM %s', one.start, one.place, one.kind, aside);
        END LOOP;
        CONTINUE WHEN one.place <> '';
        EXECUTE format('%s GRANT ALL ON %s TO %I', one.start, one.kind, one.owner);
        IF one.kind IN ('FUNCTIONS', 'TYPES') THEN
            EXECUTE format('%s GRANT ALL ON %s TO PUBLIC', one.start, one.kind);
        END IF;
    END LOOP;

    FOR n IN EXECUTE $schemas$SELECT oid, nspname FROM pg_namespace n
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND NOT {ASIDE} ORDER BY nspname$schemas$
    LOOP
        extension := {OF_EXTENSION};
        filled := EXISTS ({MOVABLE});
        CONTINUE WHEN NOT filled AND (extension OR n.nspname = 'public');
        number := number + 1;
        aside := 'sidecar_old_' || current_setting('sidecar.id') || '_' || number;
        IF extension THEN
            -- The functions of a range type belong to the server's own role.
            IF current_setting('is_superuser') <> 'on' AND EXISTS (SELECT FROM pg_type t
                WHERE t.typnamespace = n.oid AND t.typtype = 'r' AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')) THEN
                RAISE EXCEPTION 'only a superuser can set aside the range types in the schema % beside an extension', n.nspname;
            END IF;
            EXECUTE format('CREATE SCHEMA %I', aside);
            FOR one IN SELECT i.type, i.identity FROM ({MOVABLE}) m, pg_identify_object(m.classid, m.objid, 0) i
            LOOP
                EXECUTE format('ALTER %s %s SET SCHEMA %I', CASE one.type WHEN 'composite type' THEN 'TYPE'
                    WHEN 'statistics object' THEN 'STATISTICS' ELSE upper(one.type) END, one.identity, aside);
            END LOOP;
        ELSE
            EXECUTE format('ALTER SCHEMA %I RENAME TO %I', n.nspname, aside);
            -- As initdb makes it: a dump takes that for granted.
            IF n.nspname = 'public' AND int4in(textout(current_setting('server_version_num'))) >= 150000 THEN
                CREATE SCHEMA public AUTHORIZATION pg_database_owner;
                GRANT USAGE ON SCHEMA public TO PUBLIC;
            ELSIF n.nspname = 'public' THEN
                CREATE SCHEMA public;
                GRANT ALL ON SCHEMA public TO PUBLIC;
            END IF;
            IF n.nspname = 'public' THEN
                COMMENT ON SCHEMA public IS 'standard public schema';
            END IF;
        END IF;
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', aside, 'sidecar old of=' || n.nspname);
    END LOOP;
END $sidecar$;",
        literal(&choices::id())
    )
}

/// The question which schemas stay, because an extension lives in them: the archive must not make them.
pub(super) fn staying_schemas() -> String {
    format!(
        "SET search_path = pg_catalog;
         SELECT coalesce(json_agg(nspname), '[]') FROM pg_namespace n WHERE nspname !~ '^pg_'
         AND nspname <> 'information_schema' AND {OF_EXTENSION}"
    )
}

/// The question which schemas a restore has set aside that has ended before it could drop them.
pub(super) fn left_schemas() -> String {
    format!(
        "SELECT coalesce(json_agg(nspname ORDER BY nspname), '[]') FROM pg_namespace n WHERE {ASIDE}"
    )
}

/// Drops what was set aside, by this restore or by one that was killed. Nothing of it is needed by what
/// stays, or else it stays too.
pub(super) fn drop_aside() -> String {
    format!(
        "SET lock_timeout = '30s'; SET client_min_messages = warning;
DO $sidecar$
DECLARE schemas text; before bigint; after bigint;
BEGIN
    SELECT string_agg(quote_ident(nspname), ', ') INTO schemas FROM pg_namespace n WHERE {ASIDE} AND NOT {OF_EXTENSION};
    IF schemas IS NULL THEN RETURN; END IF;
    {COUNT_OTHERS} INTO before;
    EXECUTE 'DROP SCHEMA ' || schemas || ' CASCADE';
    {COUNT_OTHERS} INTO after;
    IF after <> before THEN
        RAISE EXCEPTION 'something outside of % needs what is in it', schemas;
    END IF;
END $sidecar$;",
        COUNT_OTHERS = count_others()
    )
}

fn count_others() -> String {
    format!(
        "SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE nspname !~ '^pg_toast' AND NOT {ASIDE})
        + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE NOT {ASIDE})
        + (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT attisdropped AND nspname !~ '^pg_toast' AND NOT {ASIDE})
        + (SELECT count(*) FROM pg_extension)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_marked_and_of_no_extension_is_dropped() {
        let sql = drop_aside();
        assert!(sql.contains(&format!("WHERE {ASIDE} AND NOT {OF_EXTENSION};")));
        assert!(set_aside().contains("SET LOCAL sidecar.id = '0123456789';"));
    }
}
