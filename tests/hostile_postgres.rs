//! An account without any privilege plants texts that shells, `psql` and SQL take for their own, wherever the server lets
//! it write one, and functions that look like the server's. A superuser's backup and restore execute none of it.

use std::path::Path;

use crate::engines_complete::keeping;
use crate::engines_restore::dump;
use crate::harness::{Postgres, Sidecar, sh};

/// What each text tries: it makes `mallory` a superuser, or a file, or a process.
fn hostile(mark: &Path) -> Vec<String> {
    let super_ = "ALTER ROLE mallory SUPERUSER;";
    let touch = format!("touch {}", mark.display());
    vec![
        format!("x\n{super_}\n"),
        format!("';{super_}--"),
        format!("\";{super_}--"),
        format!("$$;{super_}--"),
        format!("$sidecar$;{super_}--"),
        format!("$sidecar_facts$;{super_}--"),
        format!("\\';{super_}--"),
        format!("*/;{super_}--"),
        format!("x\nCOMMIT;\n\\! {touch}\n"),
        format!("x\r\n\\! {touch}\r\n"),
        format!("\\! {touch}"),
        format!("\\g |{touch}"),
        format!("$({touch})"),
        format!("`{touch}`"),
        "x\n\\! sleep 86417 &\n".to_owned(),
        "\n\\connect - - - 1\n".to_owned(),
        "\n\\unrestrict x\n\\q\n".to_owned(),
        "\\.\n\\q\n".to_owned(),
        ":'facts' :\"facts\" :x".to_owned(),
        "%I %L %s %1$s {} ${SIDE_CAR_SQL}".to_owned(),
        "--only --replace=x -c".to_owned(),
        "\u{1}\u{2}\u{1b}[31m\u{7f}\t".to_owned(),
        "ALTER ROLE backup WITH x".to_owned(),
    ]
}

/// Each text, everywhere: `h` is the text, `n` its number.
const EVERYWHERE: &str = r#"
DO $plant$
DECLARE h text; n int; i text;
BEGIN
FOR h, n IN SELECT text, ordinality FROM unnest(current_setting('plant.texts')::text[]) WITH ORDINALITY AS t (text, ordinality) LOOP
    -- A name is at most 63 bytes long.
    i := n || h;
    EXECUTE format('ALTER DATABASE app SET application_name TO %L', h);
    EXECUTE format('ALTER DATABASE app SET default_tablespace TO %L', h);
    EXECUTE format('ALTER ROLE mallory IN DATABASE app SET application_name TO %L', h);
    EXECUTE format('COMMENT ON DATABASE app IS %L', h);
    EXECUTE format('CREATE SCHEMA %I', i);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', i, h);
    EXECUTE format('CREATE TYPE %I.%I AS ENUM (%L)', i, 'e' || i, left(h, 15));
    EXECUTE format('COMMENT ON TYPE %I.%I IS %L', i, 'e' || i, h);
    EXECUTE format('CREATE TYPE %I.%I AS (%I int)', i, 'c' || i, i);
    EXECUTE format('CREATE DOMAIN %I.%I AS text DEFAULT %L CONSTRAINT %I CHECK (VALUE <> %L)', i, 'd' || i, h, i, h || 'x');
    EXECUTE format('CREATE SEQUENCE %I.%I', i, 's' || i);
    EXECUTE format('CREATE TABLE %I.%I (%I text DEFAULT %L, b text GENERATED ALWAYS AS (%L) STORED, CONSTRAINT %I CHECK (%I <> %L))',
        i, i, i, h, h, 'k' || i, i, h || 'x');
    EXECUTE format('INSERT INTO %I.%I VALUES (%L)', i, i, h);
    EXECUTE format('COMMENT ON TABLE %I.%I IS %L', i, i, h);
    EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', i, i, i, h);
    EXECUTE format('COMMENT ON CONSTRAINT %I ON %I.%I IS %L', 'k' || i, i, i, h);
    EXECUTE format('CREATE INDEX %I ON %I.%I ((%I || %L))', 'x' || i, i, i, i, h);
    EXECUTE format('COMMENT ON INDEX %I.%I IS %L', i, 'x' || i, h);
    EXECUTE format('CREATE STATISTICS %I.%I ON %I, b FROM %I.%I', i, 't' || i, i, i, i);
    EXECUTE format('CREATE VIEW %I.%I AS SELECT %L AS %I', i, 'v' || i, h, i);
    EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS SELECT %L::text AS %I', i, 'm' || i, h, i);
    EXECUTE format('CREATE FUNCTION %I.%I(%I text DEFAULT %L) RETURNS text LANGUAGE sql AS %L', i, 'f' || i, i, h,
        format('SELECT %L::text', h));
    EXECUTE format('ALTER FUNCTION %I.%I(text) SET application_name TO %L', i, 'f' || i, h);
    EXECUTE format('COMMENT ON FUNCTION %I.%I(text) IS %L', i, 'f' || i, h);
    EXECUTE format('CREATE FUNCTION %I.%I() RETURNS trigger LANGUAGE plpgsql AS %L', i, 'g' || i, 'BEGIN RETURN NEW; END');
    EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I.%I FOR EACH ROW EXECUTE FUNCTION %I.%I(%L)', i, i, i, i, 'g' || i, h);
    EXECUTE format('COMMENT ON TRIGGER %I ON %I.%I IS %L', i, i, i, h);
    EXECUTE format('CREATE RULE %I AS ON UPDATE TO %I.%I DO ALSO SELECT %L', i, i, i, h);
    EXECUTE format('CREATE POLICY %I ON %I.%I USING (%I <> %L)', i, i, i, i, h);
    EXECUTE format('CREATE PUBLICATION %I FOR TABLE %I.%I', i, i, i);
    EXECUTE format('COMMENT ON PUBLICATION %I IS %L', i, h);
    EXECUTE format('CREATE TEXT SEARCH DICTIONARY %I.%I (template = simple)', i, 'y' || i);
    EXECUTE format('CREATE COLLATION %I.%I (locale = %L)', i, 'o' || i, 'C');
    EXECUTE format('CREATE AGGREGATE %I.%I (text) (sfunc = textcat, stype = text, initcond = %L)', i, 'a' || i, h);
    PERFORM lo_from_bytea(9000 + n, convert_to(h, 'UTF8'));
    EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', 9000 + n, h);
END LOOP;
END $plant$;
"#;

/// A role for each text: it may set these two of its own accord.
const ROLES: &str = r#"
DO $plant$
DECLARE h text; n int;
BEGIN
FOR h, n IN SELECT text, ordinality FROM unnest(current_setting('plant.texts')::text[]) WITH ORDINALITY AS t (text, ordinality) LOOP
    EXECUTE format('CREATE ROLE %I', 'm' || n);
    EXECUTE format('ALTER ROLE %I SET application_name TO %L', 'm' || n, h);
    EXECUTE format('ALTER ROLE %I SET default_tablespace TO %L', 'm' || n, h);
END LOOP;
END $plant$;
"#;

/// What questions about the catalogues call, if the owner of a database has a say in what names mean.
const TRAPS: &str = r#"
CREATE SCHEMA evil;
CREATE FUNCTION evil.spring() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE mallory SUPERUSER; END IF;
END $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.current_setting($1) $$;
CREATE FUNCTION evil.to_json(anyelement) RETURNS json LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.to_json($1) $$;
CREATE FUNCTION evil.quote_ident(text) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.quote_ident($1) $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.format($1, $2) $$;
CREATE FUNCTION evil.format(text, name, name) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.format($1, $2, $3) $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.set_config($1, $2, $3) $$;
CREATE FUNCTION evil.obj_description(oid, name) RETURNS text LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.obj_description($1, $2) $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE sql AS $$ SELECT evil.spring(); SELECT pg_catalog.to_regclass($1) $$;
CREATE FUNCTION evil.same(name, unknown_text text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.spring(); SELECT $1::text OPERATOR(pg_catalog.=) $2 $$;
CREATE OPERATOR evil.= (leftarg = name, rightarg = text, function = evil.same);
CREATE OPERATOR evil.<> (leftarg = name, rightarg = text, function = evil.same);
CREATE VIEW evil.pg_extension AS SELECT evil.spring() IS NULL AS sprung, e.* FROM pg_catalog.pg_extension e;
CREATE VIEW evil.pg_database AS SELECT evil.spring() IS NULL AS sprung, d.* FROM pg_catalog.pg_database d;
CREATE VIEW evil.citus_tables AS SELECT NULL::regclass AS table_name, 'reference' AS citus_table_type,
    '<none>' AS distribution_column, 1 AS colocation_id, 1::bigint AS shard_count FROM evil.spring();
CREATE VIEW public.citus_tables AS SELECT * FROM evil.citus_tables;
CREATE FUNCTION public.create_reference_table(regclass) RETURNS void LANGUAGE sql AS $$ SELECT evil.spring() $$;
ALTER DATABASE app SET search_path = evil, pg_catalog;
ALTER ROLE mallory SET search_path = evil, pg_catalog;
"#;

/// Lists are stored as SQL; what is in them needs no space.
const LIST: &str = r#"
SELECT pg_catalog.set_config('search_path', 'x;ALTER/**/ROLE/**/mallory/**/SUPERUSER;\!\touch\MARK', false);
ALTER ROLE mallory SET search_path FROM CURRENT;
ALTER DATABASE other SET search_path FROM CURRENT;
ALTER ROLE mallory IN DATABASE other SET search_path FROM CURRENT;
"#;

fn as_mallory(postgres: &Postgres, database: &str, script: &str) {
    postgres.sql(
        database,
        &format!("SET SESSION AUTHORIZATION mallory;\n{script}"),
    );
}

/// A server in which every field that an account without privileges may write has been written.
fn planted(mark: &Path) -> Postgres {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE mallory LOGIN PASSWORD 'm'; CREATE DATABASE app OWNER mallory; CREATE DATABASE other OWNER mallory",
    );
    postgres.sql("app", "ALTER SCHEMA public OWNER TO mallory");
    let texts = hostile(mark);
    let quoted: Vec<String> = texts
        .iter()
        .map(|text| format!("$plant_text${text}$plant_text$"))
        .collect();
    let texts = format!(
        "SELECT pg_catalog.set_config('plant.texts', ARRAY[{}]::text, false);",
        quoted.join(",")
    );
    postgres.sql("postgres", &format!("{texts}{ROLES}"));
    as_mallory(&postgres, "app", &format!("{texts}{EVERYWHERE}"));
    as_mallory(&postgres, "app", TRAPS);
    let list = LIST.replace("MARK", &mark.display().to_string());
    as_mallory(&postgres, "other", &list);
    postgres
}

/// Nothing was executed: by the server for `mallory`, by a shell, or in the background.
fn nothing_happened(postgres: &Postgres, mark: &Path) {
    let supers = "SELECT string_agg(rolname, ',') FROM pg_catalog.pg_roles WHERE rolsuper OR rolcreaterole OR rolreplication";
    assert_eq!(postgres.sql("postgres", supers).stdout.trim(), "backup");
    assert!(!mark.exists(), "a shell has run what was planted");
    let sleeping = sh("ps -eo args | grep -c '^sleep 86417'").stdout;
    assert_eq!(sleeping.trim(), "0");
}

fn sidecar(postgres: &Postgres) -> Sidecar {
    keeping("postgres", &postgres.url(""))
        .set("strategy.config.env.PGPASSWORD", postgres.password())
}

/// Roles with their settings, and the settings of databases.
fn roles(postgres: &Postgres) -> String {
    let globals = "pg_dumpall --globals-only | grep -v '^.\\(un\\)\\?restrict'";
    let settings = "SELECT d.datname, r.rolname, s.setconfig FROM pg_db_role_setting s \
         LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1, 2";
    postgres.client(globals).stdout + &postgres.sql("postgres", settings).stdout
}

#[test]
fn what_an_account_without_privileges_plants_is_text_to_a_backup_and_to_every_restore() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let mark = folder.path().join("m");
    let postgres = planted(&mark);
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    nothing_happened(&postgres, &mark);

    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    nothing_happened(&fresh, &mark);
    assert_eq!(roles(&fresh), roles(&postgres));
    for database in ["app", "other"] {
        assert!(
            dump(&fresh, database) == dump(&postgres, database),
            "{database} is not what it was"
        );
    }

    // On the server itself, where what was planted lies in wait.
    let before = (roles(&postgres), dump(&postgres, "app"));
    sidecar
        .run(&[
            "restore",
            "latest",
            "--only",
            "app",
            "--only",
            "globals",
            "--replace",
        ])
        .succeeds();
    sidecar
        .run(&[
            "restore",
            "latest",
            "--only",
            "other=copy",
            "--only",
            "app=second",
        ])
        .succeeds();
    nothing_happened(&postgres, &mark);
    postgres.sql("postgres", "DROP DATABASE copy; DROP DATABASE second");
    assert!((roles(&postgres), dump(&postgres, "app")) == before);
}

#[test]
fn an_account_without_rights_restores_its_own_range_types() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE limited LOGIN CREATEDB PASSWORD 'l'",
    );
    postgres.sql("postgres", "CREATE DATABASE mine OWNER limited");
    postgres.sql(
        "mine",
        "ALTER SCHEMA public OWNER TO limited; SET ROLE limited; CREATE TYPE span AS RANGE (subtype = float8); \
         CREATE TABLE t (s span); INSERT INTO t VALUES (span(1, 2))",
    );
    let sidecar = sidecar(&postgres);
    sidecar.backup().succeeds();
    let into = postgres.url("").replace("backup@", "limited:l@");
    sidecar
        .run(&["restore", "latest", "--only", "mine=copy", "--into", &into])
        .succeeds();
    assert_eq!(
        postgres.sql("copy", "SELECT s FROM t").stdout.trim(),
        "[1,2)"
    );
}
