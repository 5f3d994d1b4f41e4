SET search_path = pg_catalog;
\set ON_ERROR_STOP 0
SELECT coalesce(json_agg(spcname), '[]') AS sidecar_present FROM pg_tablespace \gset
SET sidecar.present = :'sidecar_present';
SELECT format('CREATE TABLESPACE %I LOCATION %L', t.name, t.location)
FROM jsonb_to_recordset(current_setting('sidecar.globals')::jsonb -> 'tablespaces') AS t (name text, location text)
WHERE t.location <> '' AND coalesce(current_setting('sidecar.tablespaces', true), '') <> 'off'
AND NOT EXISTS (SELECT FROM pg_tablespace p WHERE p.spcname = t.name) \gexec
\set ON_ERROR_STOP 1
BEGIN;
DO $sidecar$
DECLARE
    facts CONSTANT jsonb := current_setting('sidecar.globals')::jsonb;
    replacing CONSTANT boolean := coalesce(current_setting('sidecar.replace', true), '') = 'on';
    present CONSTANT jsonb := current_setting('sidecar.present')::jsonb;
    version CONSTANT int := pg_catalog.int4in(pg_catalog.textout(current_setting('server_version_num')));
    myself CONSTANT text := current_user;
    bootstrap CONSTANT text := (SELECT rolname FROM pg_roles WHERE oid = 10);
    made text[] := '{}';
    changed text[];
    pending jsonb;
    left_over jsonb;
    item record;
    statement text;
    trouble text;
BEGIN
    FOR item IN SELECT * FROM jsonb_to_recordset(facts -> 'roles') AS w (name text)
        WHERE w.name !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_roles p WHERE p.rolname = w.name)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I', item.name);
            made := made || item.name;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'the role % is left out: %', item.name, SQLERRM;
        END;
    END LOOP;

    -- Those whose attributes become the backup's. A new password of the connected role would lock the restore out.
    SELECT coalesce(array_agg(w.name), '{}') INTO changed
    FROM jsonb_to_recordset(facts -> 'roles') AS w (name text)
    JOIN pg_roles p ON p.rolname = w.name
    WHERE w.name = ANY (made) OR (replacing AND w.name <> myself AND w.name !~ '^pg_');

    FOR item IN
        WITH wanted AS (
            SELECT * FROM jsonb_to_recordset(facts -> 'roles') AS w (
                name text, superuser boolean, inherit boolean, createrole boolean, createdb boolean, login boolean,
                replication boolean, bypassrls boolean, "limit" int, password text, valid_until timestamptz,
                comment text, labels jsonb)
            WHERE w.name = ANY (changed))
        SELECT w.name, s.statement FROM wanted w JOIN pg_roles p ON p.rolname = w.name, LATERAL (VALUES
            (1, CASE WHEN w.inherit <> p.rolinherit THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.inherit THEN 'INHERIT' ELSE 'NOINHERIT' END) END),
            (2, CASE WHEN w.createrole <> p.rolcreaterole THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.createrole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END) END),
            (3, CASE WHEN w.createdb <> p.rolcreatedb THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.createdb THEN 'CREATEDB' ELSE 'NOCREATEDB' END) END),
            (4, CASE WHEN w.login <> p.rolcanlogin THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.login THEN 'LOGIN' ELSE 'NOLOGIN' END) END),
            (5, CASE WHEN w.replication <> p.rolreplication THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.replication THEN 'REPLICATION' ELSE 'NOREPLICATION' END) END),
            (6, CASE WHEN w.bypassrls <> p.rolbypassrls THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.bypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END) END),
            (7, CASE WHEN w."limit" <> p.rolconnlimit THEN
                format('ALTER ROLE %I CONNECTION LIMIT %s', w.name, w."limit") END),
            (8, CASE WHEN w.password IS NOT NULL THEN
                format('ALTER ROLE %I PASSWORD %L', w.name, w.password) END),
            (9, CASE WHEN w.valid_until IS DISTINCT FROM p.rolvaliduntil THEN
                format('ALTER ROLE %I VALID UNTIL %L', w.name, coalesce(w.valid_until, 'infinity')) END),
            (10, CASE WHEN w.comment IS DISTINCT FROM shobj_description(p.oid, 'pg_authid') THEN
                CASE WHEN w.comment IS NULL THEN format('COMMENT ON ROLE %I IS NULL', w.name)
                    ELSE format('COMMENT ON ROLE %I IS %L', w.name, w.comment) END END),
            -- The last.
            (12, CASE WHEN w.superuser <> p.rolsuper THEN
                format('ALTER ROLE %I %s', w.name, CASE WHEN w.superuser THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END) END)
        ) AS s (position, statement)
        WHERE s.statement IS NOT NULL
        UNION ALL
        SELECT w.name, format('SECURITY LABEL FOR %I ON ROLE %I IS %L', l.provider, w.name, l.label)
        FROM wanted w, LATERAL jsonb_to_recordset(coalesce(w.labels, '[]')) AS l (provider text, label text)
    LOOP
        BEGIN
            EXECUTE item.statement;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'an attribute of the role % is left out: %', item.name, SQLERRM;
        END;
    END LOOP;

    -- A grantor must have been given the role with ADMIN before: as many rounds as it takes, the last without grantors.
    SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]') INTO pending
    FROM jsonb_to_recordset(facts -> 'memberships') AS m (
        role text, member text, grantor text, admin boolean, inherit boolean, set boolean)
    WHERE (replacing OR m.role = ANY (made) OR m.member = ANY (made))
    AND EXISTS (SELECT FROM pg_roles p WHERE p.rolname = m.role)
    AND EXISTS (SELECT FROM pg_roles p WHERE p.rolname = m.member);
    SELECT coalesce(jsonb_agg(CASE WHEN p ->> 'grantor' = facts ->> 'bootstrap'
        THEN p || jsonb_build_object('grantor', bootstrap) ELSE p END), '[]') INTO pending
    FROM jsonb_array_elements(pending) AS p;
    WHILE jsonb_array_length(pending) > 0 LOOP
        left_over := '[]';
        trouble := NULL;
        FOR item IN SELECT m.*, to_jsonb(m) AS fact FROM jsonb_to_recordset(pending) AS m (
            role text, member text, grantor text, admin boolean, inherit boolean, set boolean, anyone boolean)
        LOOP
            statement := format('GRANT %I TO %I', item.role, item.member);
            IF version >= 160000 THEN
                statement := statement || format(' WITH ADMIN %s', item.admin::text)
                    || CASE WHEN item.inherit IS NULL THEN '' ELSE format(', INHERIT %s', item.inherit::text) END
                    || CASE WHEN item.set IS NULL THEN '' ELSE format(', SET %s', item.set::text) END;
            ELSIF item.admin THEN
                statement := statement || ' WITH ADMIN OPTION';
            END IF;
            IF item.grantor IS NOT NULL AND item.anyone IS NULL THEN
                statement := statement || format(' GRANTED BY %I', item.grantor);
            END IF;
            BEGIN
                EXECUTE statement;
            EXCEPTION WHEN OTHERS THEN
                trouble := SQLERRM;
                IF item.anyone THEN
                    RAISE WARNING '% is left out as a member of %: %', item.member, item.role, SQLERRM;
                ELSE
                    left_over := left_over || jsonb_build_array(item.fact);
                END IF;
            END;
        END LOOP;
        IF jsonb_array_length(left_over) = jsonb_array_length(pending) THEN
            SELECT jsonb_agg(p || '{"anyone": true}') INTO left_over FROM jsonb_array_elements(left_over) AS p;
        END IF;
        pending := left_over;
    END LOOP;

    IF replacing THEN
        FOR item IN SELECT name FROM unnest(changed) AS c (name) WHERE name <> ALL (made) LOOP
            BEGIN
                EXECUTE format('ALTER ROLE %I RESET ALL', item.name);
            EXCEPTION WHEN OTHERS THEN
                RAISE WARNING 'the settings of % are not replaced: %', item.name, SQLERRM;
            END;
        END LOOP;
    END IF;
    FOR item IN SELECT * FROM jsonb_to_recordset(facts -> 'settings') AS w (role text, name text, value text)
        WHERE w.role = ANY (changed) OR (w.role IS NULL AND (replacing OR NOT EXISTS (
            SELECT FROM pg_db_role_setting s, LATERAL unnest(s.setconfig) AS c (config)
            WHERE s.setdatabase = 0 AND s.setrole = 0 AND split_part(c.config, '=', 1) = w.name)))
    LOOP
        statement := format('ALTER ROLE %s SET %I', CASE WHEN item.role IS NULL THEN 'ALL' ELSE quote_ident(item.role) END,
            item.name);
        BEGIN
            -- These are stored as lists in SQL: the server takes the value over as it is, and it is never read as SQL.
            IF item.name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') THEN
                statement := statement || ' FROM CURRENT';
                PERFORM pg_catalog.set_config(item.name, item.value, true);
                EXECUTE statement;
            ELSE
                EXECUTE statement || format(' TO %L', item.value);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'the setting % of % is left out: %', item.name, coalesce(item.role, 'all roles'), SQLERRM;
        END;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
    END LOOP;

    FOR item IN
        SELECT t.name, s.statement FROM jsonb_to_recordset(facts -> 'tablespaces') AS t (
            name text, owner text, options jsonb, comment text, grants jsonb)
        JOIN pg_tablespace p ON p.spcname = t.name,
        LATERAL (
            SELECT format('ALTER TABLESPACE %I OWNER TO %I', t.name, t.owner)
            WHERE t.owner IS DISTINCT FROM pg_get_userbyid(p.spcowner)
            UNION ALL
            SELECT format('ALTER TABLESPACE %I SET (%I = %L)', t.name, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
            FROM jsonb_array_elements_text(t.options) AS o
            UNION ALL
            SELECT format('COMMENT ON TABLESPACE %I IS %L', t.name, t.comment) WHERE t.comment IS NOT NULL
            UNION ALL
            SELECT format('GRANT CREATE ON TABLESPACE %I TO %s%s', t.name,
                CASE WHEN g.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(g.grantee) END,
                CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM jsonb_to_recordset(t.grants) AS g (grantee text, grantable boolean)
        ) AS s (statement)
        WHERE replacing OR NOT present ? t.name
    LOOP
        BEGIN
            EXECUTE item.statement;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'a property of the tablespace % is left out: %', item.name, SQLERRM;
        END;
    END LOOP;

    FOR item IN SELECT g.*, format('GRANT %s ON PARAMETER %I TO %s%s', g.privilege, g.parameter,
            CASE WHEN g.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(g.grantee) END,
            CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
        FROM jsonb_to_recordset(facts -> 'parameters') AS g (
            parameter text, privilege text, grantee text, grantable boolean)
        WHERE g.privilege IN ('SET', 'ALTER SYSTEM')
        AND (replacing OR g.grantee IS NULL OR g.grantee = ANY (made))
    LOOP
        BEGIN
            EXECUTE item.statement;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'the right of % to the parameter % is left out: %',
                coalesce(item.grantee, 'everyone'), item.parameter, SQLERRM;
        END;
    END LOOP;
END $sidecar$;
COMMIT;
