//! The server that is restored to: what is there already, and what has to be said to make room.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::Postgres;
use super::catalogue::Facts;
use super::sql::{identifier, literal};
use crate::client::SQL;

/// What a restore has to know before it changes anything.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    number: u32,
    databases: Vec<String>,
}

const TARGET: &str = "
SELECT json_build_object(
    'number', current_setting('server_version_num')::int,
    'databases', (SELECT json_agg(datname) FROM pg_catalog.pg_database))";

// What an extension brought is not the operator's.
const OBJECTS: &str = "
WITH schemas AS (
    SELECT oid FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
brought AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e')
SELECT json_build_object(
    'tables', (
        SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM schemas)
        AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND ('pg_class'::regclass, oid) NOT IN (SELECT classid, objid FROM brought)),
    'others', (
        SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM schemas)
        AND ('pg_proc'::regclass, oid) NOT IN (SELECT classid, objid FROM brought)
    ) + (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata))";

/// What stands in a database.
#[derive(Debug, Deserialize)]
pub(super) struct Objects {
    /// Tables, views, sequences.
    pub(super) tables: u64,
    /// Functions, large objects.
    pub(super) others: u64,
}

impl Objects {
    pub(super) fn is_empty(&self) -> bool {
        self.tables == 0 && self.others == 0
    }
}

impl Target {
    pub(super) fn look(postgres: &Postgres) -> Result<Self> {
        postgres.query(&postgres.door, TARGET)
    }

    /// What is in the database; none if it does not exist.
    pub(super) fn objects(&self, postgres: &Postgres, database: &str) -> Result<Option<Objects>> {
        if !self.databases.iter().any(|name| name == database) {
            return Ok(None);
        }
        postgres.query(database, OBJECTS).map(Some)
    }

    /// Removes a database, and ends the sessions in it where the server can do that.
    pub(super) fn drop(&self, postgres: &Postgres, database: &str) -> Result<()> {
        let force = if self.number >= 130_000 {
            " WITH (FORCE)"
        } else {
            ""
        };
        let sql = format!("DROP DATABASE {}{force}", identifier(database));
        run(postgres, &postgres.door, &sql)
    }

    /// Takes everything out of a database that has to stay.
    pub(super) fn empty(&self, postgres: &Postgres, database: &str) -> Result<()> {
        // As initdb makes it.
        let public = if self.number >= 150_000 {
            "CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;"
        } else {
            "CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC;"
        };
        run(
            postgres,
            database,
            &format!(
                "BEGIN; {EMPTY} {public} COMMENT ON SCHEMA public IS 'standard public schema'; COMMIT"
            ),
        )
    }
}

// Schemas of extensions, such as those of Citus, are left alone: they may hold what belongs to the
// cluster.
const EMPTY: &str = "
DO $sidecar$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_catalog.pg_namespace n
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
            WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e')
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
    PERFORM lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;
END $sidecar$;";

/// Makes a database with the encoding and the locale that a copy needs to hold the same.
pub(super) fn create(postgres: &Postgres, database: &str, facts: &Facts) -> Result<()> {
    run(postgres, &postgres.door, &create_statement(database, facts))
}

/// Gives it the owner and the settings of the original.
pub(super) fn adopt(postgres: &Postgres, database: &str, facts: &Facts) -> Result<()> {
    run(postgres, &postgres.door, &adopt_statements(database, facts))
}

fn create_statement(database: &str, facts: &Facts) -> String {
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {}",
        identifier(database),
        literal(&facts.encoding)
    );
    let mut add = |word: &str, value: Option<&String>| {
        if let Some(value) = value {
            sql.push_str(&format!(" {word} {}", literal(value)));
        }
    };
    add("LC_COLLATE", facts.collate.as_ref());
    add("LC_CTYPE", facts.ctype.as_ref());
    let locale = facts.locale.as_ref();
    match facts.provider.as_deref() {
        Some("i") => {
            add("ICU_LOCALE", locale);
            sql.push_str(" LOCALE_PROVIDER icu");
        }
        Some("b") => {
            add("BUILTIN_LOCALE", locale);
            sql.push_str(" LOCALE_PROVIDER builtin");
        }
        _ => {}
    }
    sql
}

fn adopt_statements(database: &str, facts: &Facts) -> String {
    let name = identifier(database);
    let mut sql = format!(
        "ALTER DATABASE {name} OWNER TO {};",
        identifier(&facts.owner)
    );
    for setting in &facts.settings {
        if let Some((setting, value)) = setting.split_once('=') {
            sql.push_str(&format!(
                " ALTER DATABASE {name} SET {} TO {};",
                identifier(setting),
                setting_value(setting, value)
            ));
        }
    }
    sql
}

/// Lists are stored as they are written; everything else is one text.
fn setting_value(setting: &str, value: &str) -> String {
    const LISTS: [&str; 6] = [
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ];
    match (LISTS.contains(&setting), value) {
        (true, "" | "\"\"") => "''".to_owned(),
        (true, list) => list.to_owned(),
        (false, text) => literal(text),
    }
}

/// Says something that has no answer.
pub(super) fn run(postgres: &Postgres, database: &str, sql: &str) -> Result<()> {
    postgres
        .command(super::lines::QUERY, database)
        .env(SQL, sql)
        .run()
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            owner: "the \"owner\"".to_owned(),
            encoding: "UTF8".to_owned(),
            collate: Some("C".to_owned()),
            ctype: Some("it's".to_owned()),
            provider: Some("c".to_owned()),
            locale: None,
            settings: [
                "search_path=\"$user\", \"Ñ\"",
                "work_mem=8MB",
                "app.text=a'b=c",
                "temp_tablespaces=\"\"",
            ]
            .map(str::to_owned)
            .to_vec(),
            extensions: Vec::new(),
            citus: None,
        }
    }

    #[test]
    fn a_copy_is_made_like_its_original() {
        assert_eq!(
            create_statement("a \"copy\"", &facts()),
            "CREATE DATABASE \"a \"\"copy\"\"\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'it''s'"
        );
        let icu = Facts {
            provider: Some("i".to_owned()),
            locale: Some("es-u-ks-level2".to_owned()),
            ..facts()
        };
        assert!(
            create_statement("x", &icu)
                .ends_with(" ICU_LOCALE 'es-u-ks-level2' LOCALE_PROVIDER icu")
        );
    }

    #[test]
    fn a_copy_has_the_owner_and_the_settings_of_its_original() {
        assert_eq!(
            adopt_statements("copy", &facts()),
            "ALTER DATABASE \"copy\" OWNER TO \"the \"\"owner\"\"\"; \
             ALTER DATABASE \"copy\" SET \"search_path\" TO \"$user\", \"Ñ\"; \
             ALTER DATABASE \"copy\" SET \"work_mem\" TO '8MB'; \
             ALTER DATABASE \"copy\" SET \"app.text\" TO 'a''b=c'; \
             ALTER DATABASE \"copy\" SET \"temp_tablespaces\" TO '';"
        );
    }
}
