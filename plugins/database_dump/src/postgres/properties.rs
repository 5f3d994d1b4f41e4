//! What belongs to a database and is not in its dump: how a new one is created, and what it gets once it is
//! filled. A limit on statements, or a default of read-only, would hit the load.

use sidecar_sdk::{Failure, Result};

use super::catalogue::PostgresProperties;
use super::own_names::UNMARKED_LIMIT;
use super::server::PostgresServer;
use super::sql::{identifier, literal};

/// The statement that creates a database with the encoding and the locale of the original.
pub(super) fn create_statement(
    database: &str,
    properties: &PostgresProperties,
    tablespaces: &[String],
) -> String {
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {}",
        identifier(database),
        literal(&properties.encoding)
    );
    let mut add = |word: &str, value: Option<&String>| {
        if let Some(value) = value {
            sql.push_str(&format!(" {word} {}", literal(value)));
        }
    };
    add("LC_COLLATE", properties.collate.as_ref());
    add("LC_CTYPE", properties.ctype.as_ref());
    let locale = properties.locale.as_ref();
    let row = properties.row.as_ref();
    match properties.provider.as_deref() {
        Some("i") => {
            add("ICU_LOCALE", locale);
            add("ICU_RULES", row.and_then(|row| row.rules.as_ref()));
            sql.push_str(" LOCALE_PROVIDER icu");
        }
        Some("b") => {
            add("BUILTIN_LOCALE", locale);
            sql.push_str(" LOCALE_PROVIDER builtin");
        }
        _ => {}
    }
    let tablespace = row.and_then(|row| row.tablespace.as_ref());
    if let Some(tablespace) = tablespace.filter(|name| tablespaces.contains(name)) {
        sql.push_str(&format!(" TABLESPACE {}", identifier(tablespace)));
    }
    format!("{sql} CONNECTION LIMIT {UNMARKED_LIMIT};")
}

/// The words for a tablespace that the server does not have, or the account may not use.
pub(super) fn missing_tablespace(
    properties: &PostgresProperties,
    tablespaces: &[String],
) -> Option<String> {
    let wanted = properties.row.as_ref()?.tablespace.as_ref()?;
    let missing = !tablespaces.contains(wanted);
    missing.then(|| format!("the tablespace {wanted}, which is not there"))
}

/// Fails if the server is too old for the kind of locale.
pub(super) fn check_locale(properties: &PostgresProperties, number: u32) -> Result<()> {
    let (needed, kind) = match properties.provider.as_deref() {
        Some("i") => (150_000, "ICU"),
        Some("b") => (170_000, "builtin"),
        _ => return Ok(()),
    };
    if number >= needed {
        return Ok(());
    }
    let message = format!("the server is too old for the database's {kind} locale");
    Err(Failure::new("server-too-old", message).hint(format!(
        "restore into PostgreSQL {} or newer",
        needed / 10_000
    )))
}

/// Gives a database the owner, grants, limit and settings of `properties`. Returns what could not be
/// carried over, in words; an owner that cannot be had is a failure.
pub(super) fn apply(
    server: &PostgresServer,
    entry: &str,
    database: &str,
    properties: &PostgresProperties,
) -> Result<Vec<String>> {
    let facts = serde_json::to_string(properties).map_err(|error| {
        Failure::new("internal", format!("cannot write the properties: {error}"))
    })?;
    server
        .query(entry, &apply_script(database, &facts))
        .map_err(|failure| failure.hint("a role that is missing comes with --only globals"))
}

fn apply_script(database: &str, facts: &str) -> String {
    format!(
        "SET sidecar.database = {}; SET sidecar.facts = {};
         {APPLY}",
        literal(database),
        literal(facts)
    )
}

// No text is cast: a database may have casts of its own from it. A setting that is a list is stored in SQL syntax, and would be SQL when pasted: it is set here as a value, and
// taken over. Any other could change who goes on (`role`), and is written as one text.
const APPLY: &str = r#"
DO $sidecar$
DECLARE
    me text := current_setting('sidecar.database');
    facts jsonb := current_setting('sidecar.facts')::jsonb;
    properties jsonb := facts -> 'row';
    account text := current_user;
    lists text[] := '{search_path,temp_tablespaces,local_preload_libraries,session_preload_libraries}';
    left_out text[] := '{}';
    entry record;
    target text;
    setting text;
    setting_value text;
    statement text;
    refused text[];
    refused_before int := -1;
BEGIN
    IF facts ->> 'owner' <> (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = me) THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO %I', me, facts ->> 'owner');
    END IF;
    FOR entry IN
        SELECT NULL AS role, value AS pair FROM jsonb_array_elements_text(facts -> 'settings')
        UNION ALL
        SELECT r ->> 'role', s.value FROM jsonb_array_elements(properties -> 'role_settings') r,
            jsonb_array_elements_text(r -> 'settings') s
    LOOP
        setting := split_part(entry.pair, '=', 1);
        setting_value := substr(entry.pair, length(setting) + 2);
        target := CASE WHEN entry.role IS NULL THEN format('DATABASE %I', me)
            ELSE format('ROLE %I IN DATABASE %I', entry.role, me) END;
        BEGIN
            IF setting = ANY (lists) THEN
                statement := format('ALTER %s SET %I FROM CURRENT', target, setting);
                PERFORM set_config(setting, setting_value, true);
                EXECUTE statement;
                PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
            ELSE
                EXECUTE format('ALTER %s SET %I TO %L', target, setting, setting_value);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            left_out := left_out || format('the setting %s%s (%s)', setting,
                CASE WHEN entry.role IS NULL THEN '' ELSE ' of the role ' || entry.role END, SQLERRM);
        END;
    END LOOP;
    IF properties IS NULL THEN
        EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', me);
    ELSE
        IF jsonb_typeof(properties -> 'acl') = 'array' THEN
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', me);
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', me, facts ->> 'owner');
            -- Some give on what others have given them: round by round, until no more can be given.
            LOOP
                refused := '{}';
                FOR entry IN SELECT value ->> 'grantor' AS grantor, value ->> 'grantee' AS grantee,
                    value ->> 'privilege' AS privilege, value ->> 'grantable' = 'true' AS grantable
                    FROM jsonb_array_elements(properties -> 'acl')
                    WHERE value ->> 'privilege' ~ '^[A-Z]+$'
                LOOP
                    BEGIN
                        IF entry.grantor <> account THEN
                            EXECUTE format('SET LOCAL ROLE %I', entry.grantor);
                        END IF;
                        EXECUTE format('GRANT %s ON DATABASE %I TO %s%s', entry.privilege, me,
                            CASE WHEN entry.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(entry.grantee) END,
                            CASE WHEN entry.grantable AND entry.grantee IS NOT NULL THEN ' WITH GRANT OPTION' ELSE '' END);
                        EXECUTE format('SET LOCAL ROLE %I', account);
                    EXCEPTION WHEN OTHERS THEN
                        refused := refused || format('%s for %s by %s (%s)', entry.privilege,
                            coalesce(entry.grantee, 'PUBLIC'), entry.grantor, SQLERRM);
                    END;
                END LOOP;
                EXIT WHEN refused_before IN (0, cardinality(refused)) AND refused_before >= cardinality(refused);
                refused_before := cardinality(refused);
            END LOOP;
            left_out := left_out || refused;
        END IF;
        EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT %s', me,
            CASE WHEN properties ->> 'limit' ~ '^[0-9]+$' THEN properties ->> 'limit' ELSE '-1' END);
        IF properties ->> 'template' = 'true' THEN
            EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', me);
        END IF;
    END IF;
    PERFORM set_config('sidecar.left_out', to_json(left_out)::text, false);
END $sidecar$;
SELECT current_setting('sidecar.left_out');
"#;

#[cfg(test)]
mod tests {
    use super::super::catalogue::DatabaseRow;
    use super::super::needs::Needs;
    use super::*;

    fn properties() -> PostgresProperties {
        PostgresProperties {
            owner: "the \"owner\"".to_owned(),
            encoding: "UTF8".to_owned(),
            collate: Some("C".to_owned()),
            ctype: Some("it's".to_owned()),
            provider: Some("c".to_owned()),
            locale: None,
            settings: Vec::new(),
            row: Some(DatabaseRow {
                limit: 7,
                template: false,
                comment: None,
                tablespace: Some("fast".to_owned()),
                rules: None,
                acl: serde_json::Value::Null,
                role_settings: serde_json::Value::Null,
            }),
            needs: Needs::default(),
            extensions: Vec::new(),
            citus: None,
        }
    }

    #[test]
    fn a_copy_is_created_like_its_original() {
        let created = |properties: &PostgresProperties, tablespaces: &[String]| {
            create_statement("a \"copy\"", properties, tablespaces)
        };
        assert_eq!(
            created(&properties(), &[]),
            "CREATE DATABASE \"a \"\"copy\"\"\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'it''s' \
             CONNECTION LIMIT 1815123947;"
        );
        let icu = PostgresProperties {
            provider: Some("i".to_owned()),
            locale: Some("es-u-ks-level2".to_owned()),
            ..properties()
        };
        assert!(created(&icu, &["fast".to_owned()]).ends_with(
            " ICU_LOCALE 'es-u-ks-level2' LOCALE_PROVIDER icu TABLESPACE \"fast\" CONNECTION LIMIT 1815123947;"
        ));
    }

    #[test]
    fn no_property_is_pasted_into_a_statement() {
        let script = apply_script("it's", r#"{"comment": "'; DROP \\ it"}"#);
        assert!(script.contains("SET sidecar.database = 'it''s';"));
        assert!(script.contains(r#"SET sidecar.facts = E'{"comment": "''; DROP \\\\ it"}';"#));
    }
}
