//! The server that is restored to, and the database that is there under the name of one that is restored.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::catalogue::{PROPERTIES, PostgresProperties};
use super::citus;
use super::maintenance::MaintenanceDatabases;
use super::own_names::{UNMARKED_LIMIT, unmarked};
use super::server::PostgresServer;
use super::sql::literal;

/// The server before the restore changes anything.
#[derive(Debug, Deserialize)]
pub(super) struct TargetServer {
    pub(super) version: String,
    pub(super) number: u32,
    pub(super) account: String,
    pub(super) superuser: bool,
    /// Whether the account may have all written down that is only in memory and in the log.
    pub(super) checkpoints: bool,
    /// Whether the account may create databases, and rename its own.
    pub(super) creates: bool,
    pub(super) tablespaces: Vec<String>,
}

const SERVER: &str = "
SELECT json_build_object(
    'version', current_setting('server_version'),
    'number', int4in(textout(current_setting('server_version_num'))),
    'account', current_user,
    'superuser', (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
    'checkpoints', EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper
        OR rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')),
    'creates', (SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
    'tablespaces', coalesce((SELECT json_agg(spcname) FROM pg_catalog.pg_tablespace
        WHERE has_tablespace_privilege(oid, 'CREATE')), '[]'))";

/// A database that is there already.
#[derive(Debug, Deserialize)]
pub(super) struct LiveDatabase {
    pub(super) name: String,
    /// The server's own: no other database gets it, under whatever name.
    pub(super) number: u64,
    /// Whether the account may do what its owner may.
    pub(super) owned: bool,
    /// Null where the account may not know.
    pub(super) size: Option<u64>,
    /// What an interrupted DROP DATABASE has left: nothing can be read in it any more.
    pub(super) invalid: bool,
    pub(super) open: bool,
    /// Prepared transactions, by their identifiers.
    pub(super) prepared: Vec<String>,
    pub(super) subscriptions: Vec<String>,
    /// Logical replication slots.
    pub(super) slots: Vec<String>,
    pub(super) properties: PostgresProperties,
    /// What is in it, in words: "tables (3)".
    #[serde(skip)]
    pub(super) objects: Vec<String>,
    #[serde(skip)]
    pub(super) citus: bool,
    /// The server that is named by the mark of the drill that made it; none without one.
    #[serde(skip)]
    pub(super) drilled_on: Option<String>,
}

/// Which extensions are nothing to lose.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extensions<'a> {
    /// Those that the backup brings: "name version".
    Of(&'a [String]),
    Any,
}

impl TargetServer {
    pub(super) fn read(server: &PostgresServer, entry: &str) -> Result<Self> {
        server.query(entry, SERVER)
    }
}

impl LiveDatabase {
    /// The database of this name; none if there is none.
    pub(super) fn find(
        server: &PostgresServer,
        entries: &MaintenanceDatabases,
        name: &str,
        extensions: Extensions<'_>,
    ) -> Result<Option<Self>> {
        let mut found: Option<Self> = server.query(entries.first(), &question(name))?;
        if let Some(live) = &mut found {
            live.take_mark();
        }
        if let Some(live) = &mut found
            && !live.invalid
        {
            if live.open {
                live.objects = server.query(name, &objects_question(extensions))?;
                live.citus = citus::present(server, name)?;
            } else {
                live.objects =
                    vec!["it allows no connections, so that none can look into it".to_owned()];
            }
        }
        Ok(found)
    }

    /// The mark of a drill is no part of the comment.
    fn take_mark(&mut self) {
        let Some(row) = &mut self.properties.row else {
            return;
        };
        let comment = row.comment.as_deref().unwrap_or_default();
        if let Some((server, below)) = unmarked(&self.name, self.number, comment) {
            self.drilled_on = Some(server);
            row.comment = below;
        }
    }

    /// Whether it holds nothing that could be lost.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The properties of a database that takes its place. What was set on the server since the backup wins;
    /// an empty one was made for the restore, and only what was set on it expressly counts.
    pub(super) fn properties_after(&self, backup: &PostgresProperties) -> PostgresProperties {
        if self.is_empty() {
            let mut properties = backup.clone();
            if properties.row.is_none() {
                // An earlier version has not saved it.
                properties.row = self.properties.row.clone();
            } else if let (Some(row), Some(own)) = (&mut properties.row, &self.properties.row) {
                if own.limit > -1 && own.limit != UNMARKED_LIMIT {
                    row.limit = own.limit;
                }
                if own.comment.is_some() {
                    row.comment = own.comment.clone();
                }
                if !own.acl.is_null() {
                    row.acl = own.acl.clone();
                    properties.owner = self.properties.owner.clone();
                }
            }
            return properties;
        }
        PostgresProperties {
            owner: self.properties.owner.clone(),
            settings: self.properties.settings.clone(),
            row: self.properties.row.clone(),
            ..backup.clone()
        }
    }
}

fn question(name: &str) -> String {
    format!(
        "SET search_path = pg_catalog;
         SELECT coalesce((SELECT json_build_object(
            'name', d.datname,
            'number', d.oid::bigint,
            'owned', pg_has_role(d.datdba, 'USAGE'),
            'size', CASE WHEN d.datconnlimit <> -2 AND (has_database_privilege(d.oid, 'CONNECT')
                OR pg_has_role('pg_read_all_stats', 'USAGE')) THEN pg_database_size(d.oid) END,
            'invalid', d.datconnlimit = -2,
            'open', d.datallowconn,
            'prepared', coalesce((SELECT json_agg(gid) FROM pg_prepared_xacts WHERE database = d.datname), '[]'),
            'subscriptions', coalesce((SELECT json_agg(subname) FROM pg_subscription WHERE subdbid = d.oid), '[]'),
            'slots', coalesce((SELECT json_agg(slot_name) FROM pg_replication_slots
                WHERE database = d.datname AND NOT temporary), '[]'),
            'properties', json_build_object({PROPERTIES})
         ) FROM pg_database d WHERE d.datname = {}), 'null')",
        literal(name)
    )
}

// What initdb has made has a lower number; what belongs to an extension is not the operator's data, and an
// extension itself only if the backup does not bring it.
const OBJECTS: &str = "
SET search_path = pg_catalog;
WITH brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
found (word, class, oid) AS (
    SELECT CASE WHEN relkind IN ('r', 'p', 'f') THEN 'tables' WHEN relkind = 'S' THEN 'sequences' ELSE 'views' END,
        'pg_class'::regclass, oid FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL SELECT 'functions', 'pg_proc'::regclass, oid FROM pg_proc
    UNION ALL SELECT 'types', 'pg_type'::regclass, t.oid FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE coalesce(c.relkind, 'c') = 'c' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
    UNION ALL SELECT 'schemas', 'pg_namespace'::regclass, n.oid FROM pg_namespace n
        WHERE nspname !~ '^pg_(toast_)?temp_' AND NOT EXISTS (SELECT FROM pg_depend
            WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid AND deptype = 'n'
            AND (classid, objid) IN (SELECT classid, objid FROM brought))
    UNION ALL SELECT 'schemas with grants', 'pg_namespace'::regclass, 16384 FROM pg_namespace n
        JOIN pg_init_privs i ON i.objoid = n.oid AND i.classoid = 'pg_namespace'::regclass AND i.objsubid = 0
        WHERE n.nspname = 'public' AND i.privtype = 'i' AND n.nspacl IS DISTINCT FROM i.initprivs
    UNION ALL SELECT 'operators', 'pg_operator'::regclass, oid FROM pg_operator
    UNION ALL SELECT 'operator classes', 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'operator families', 'pg_opfamily'::regclass, oid FROM pg_opfamily
    UNION ALL SELECT 'access methods', 'pg_am'::regclass, oid FROM pg_am
    UNION ALL SELECT 'casts', 'pg_cast'::regclass, oid FROM pg_cast
    UNION ALL SELECT 'collations', 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL SELECT 'conversions', 'pg_conversion'::regclass, oid FROM pg_conversion
    UNION ALL SELECT 'text search objects', 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL SELECT 'text search objects', 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
    UNION ALL SELECT 'text search objects', 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
    UNION ALL SELECT 'text search objects', 'pg_ts_template'::regclass, oid FROM pg_ts_template
    UNION ALL SELECT 'event triggers', 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL SELECT 'foreign-data wrappers', 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'foreign servers', 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'publications', 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL SELECT 'languages', 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'transforms', 'pg_transform'::regclass, oid FROM pg_transform
    UNION ALL SELECT 'extended statistics', 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
    UNION ALL SELECT 'default privileges', 'pg_default_acl'::regclass, oid FROM pg_default_acl
    UNION ALL SELECT 'extensions', 'pg_extension'::regclass, oid FROM pg_extension WHERE EXTENSIONS
    -- These are numbered by their makers.
    UNION ALL SELECT 'large objects', 'pg_largeobject'::regclass, 16384 FROM pg_largeobject_metadata
    UNION ALL SELECT 'settings', 'pg_db_role_setting'::regclass, 16384 FROM pg_db_role_setting, unnest(setconfig)
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
counted AS (
    SELECT word, count(*) AS n FROM found
    WHERE oid >= 16384 AND (class::oid, oid) NOT IN (SELECT classid, objid FROM brought) GROUP BY word)
SELECT coalesce(json_agg(format('%s (%s)', word, n) ORDER BY n DESC, word), '[]') FROM counted";

fn objects_question(extensions: Extensions<'_>) -> String {
    let Extensions::Of(extensions) = extensions else {
        return OBJECTS.replace("EXTENSIONS", "false");
    };
    let names = extensions.iter().map(|extension| {
        let name = extension
            .rsplit_once(' ')
            .map_or(extension.as_str(), |(name, _)| name);
        literal(name)
    });
    let mut names: Vec<String> = names.collect();
    names.push("'plpgsql'".to_owned());
    OBJECTS.replace(
        "EXTENSIONS",
        &format!("extname NOT IN ({})", names.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_that_the_backup_brings_is_nothing_to_lose() {
        let brought = ["it's 1.0".to_owned(), "postgis 3.3".to_owned()];
        let question = objects_question(Extensions::Of(&brought));
        assert!(question.contains("extname NOT IN ('it''s', 'postgis', 'plpgsql')"));
    }
}
