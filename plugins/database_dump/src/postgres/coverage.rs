//! What a dump would lack. `pg_dump` fails at a table that the account may not read, after an hour perhaps:
//! here that is found before. What it leaves out and goes on (subscriptions, rows of unlogged tables on
//! a standby, options of user mappings) only shows here.

use serde::Deserialize;
use sidecar_sdk::{Result, log};

use super::aside;
use super::catalogue::{self, ClosedDatabase, ServerInfo};
use super::command_lines::VERSION;
use super::server::PostgresServer;
use super::sql::identifier;
use super::version;
use crate::config::DatabaseFilter;
use crate::coverage::{Content, Gap};
use crate::emptiness::empty_gaps;

/// A server that the dump tool can dump.
pub(super) struct Ready {
    pub(super) client_version: String,
    pub(super) info: ServerInfo,
}

/// Asks the server what it is. Fails if the dump tool is older.
pub(super) fn ready(server: &PostgresServer) -> Result<Ready> {
    let client_version = server.client.capture(&server.client.command(VERSION))?;
    let info = catalogue::server_info(server)?;
    version::check(&client_version, &info.version, info.number)?;
    Ok(Ready {
        client_version,
        info,
    })
}

/// What the account cannot have of a database.
#[derive(Debug, Deserialize)]
struct Unreadable {
    /// Schemas without USAGE.
    schemas: Vec<String>,
    /// Tables and sequences without SELECT.
    relations: Vec<String>,
    /// Tables of which row-level security hides rows.
    filtered: Vec<String>,
    large_objects: u64,
    /// With options that are hidden.
    user_mappings: u64,
    /// On a standby.
    unlogged: u64,
    subscriptions: u64,
    ignores_damage: bool,
    /// Damaged pages that the server has met.
    checksum_failures: u64,
    /// Tables, routines, large objects, schemas and extensions of the user.
    objects: u64,
    /// Tables with rows that belong to an extension, which has not marked them: "TABLE of EXTENSION".
    unmarked: Vec<String>,
}

// `pg_dump` locks and reads tables and sequences; of an extension's tables only those that the extension has
// marked. From version 16 on, `pg_read_all_data` may include large objects: there pg_dump decides.
const UNREADABLE: &str = "
SET search_path = pg_catalog;
WITH brought AS (
    SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass
    AND objid NOT IN (SELECT unnest(extconfig) FROM pg_extension WHERE extconfig IS NOT NULL)),
own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
relations AS (
    SELECT c.oid, c.relkind, c.relpersistence, n.oid AS schema, n.nspname,
        format('%I.%I', n.nspname, c.relname) AS name, has_schema_privilege(n.oid, 'USAGE') AS usable
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'S')
    AND c.oid NOT IN (SELECT objid FROM brought))
SELECT json_build_object(
    'schemas', coalesce((SELECT json_agg(DISTINCT nspname) FROM relations WHERE NOT usable), '[]'),
    'relations', coalesce((SELECT json_agg(name ORDER BY name) FROM relations
        WHERE usable AND NOT has_table_privilege(oid, 'SELECT')), '[]'),
    'filtered', coalesce((SELECT json_agg(name ORDER BY name) FROM relations
        WHERE relkind IN ('r', 'p') AND usable AND row_security_active(oid)), '[]'),
    'large_objects', (SELECT count(*) FROM pg_largeobject_metadata
        WHERE current_setting('lo_compat_privileges') = 'off' AND NOT pg_has_role(lomowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM aclexplode(lomacl) a WHERE a.privilege_type = 'SELECT'
            AND CASE WHEN a.grantee = 0 THEN true ELSE pg_has_role(a.grantee, 'USAGE') END)
        AND NOT (int4in(textout(current_setting('server_version_num'))) >= 160000
            AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data' AND pg_has_role(oid, 'USAGE')))),
    'user_mappings', (SELECT count(*) FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
        WHERE m.umoptions IS NULL AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        AND NOT CASE WHEN m.umuser = 0 THEN pg_has_role(s.srvowner, 'USAGE')
            ELSE m.usename = current_user
                AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')) END),
    'unlogged', (SELECT count(*) FROM relations
        WHERE pg_is_in_recovery() AND relpersistence = 'u' AND relkind = 'r'),
    'subscriptions', (SELECT count(subname) FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)),
    'objects', (SELECT count(*) FROM pg_class WHERE relnamespace IN (SELECT oid FROM own)
            AND oid NOT IN (SELECT objid FROM brought))
        + (SELECT count(*) FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own)
            AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_proc'::regclass))
        + (SELECT count(*) FROM pg_type WHERE typnamespace IN (SELECT oid FROM own) AND typtype <> 'b')
        + (SELECT count(*) FROM pg_largeobject_metadata)
        + (SELECT count(*) FROM own WHERE nspname <> 'public')
        + (SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'),
    'unmarked', coalesce((SELECT json_agg(format('%I.%I of %I', n.nspname, c.relname, e.extname) ORDER BY 1)
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
        JOIN pg_class c ON c.oid = d.objid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND c.relkind = 'r' AND e.extname <> 'citus'
        AND c.oid <> ALL (coalesce(e.extconfig, '{}')) AND pg_relation_size(c.oid) > 0), '[]'),
    'ignores_damage', 'on' IN (current_setting('zero_damaged_pages'), current_setting('ignore_checksum_failure')),
    'checksum_failures', coalesce((SELECT (to_jsonb(d) ->> 'checksum_failures')::bigint
        FROM pg_stat_database d WHERE d.datname = current_database()), 0))";

/// Servers before 10 have no such catalogue.
const NO_SUBSCRIPTIONS: &str = "FROM (SELECT NULL::name AS subname, NULL::oid AS subdbid) none";

pub(super) fn gaps(server: &PostgresServer) -> Result<Vec<Gap>> {
    let Ready { info, .. } = ready(server)?;
    let account = identifier(&info.account);
    let closed = closed_databases(server, &info, &account);
    if !info.checksums {
        log::info("the server keeps no data checksums: damage on its disk may go unnoticed");
    }
    // A named one that is closed is not among those that can be looked into.
    if server.filter != DatabaseFilter::All && !closed.is_empty() {
        return Ok(closed);
    }
    let mut gaps = closed;
    if server.filter == DatabaseFilter::All {
        let left = info.left.iter();
        gaps.extend(left.map(|name| left_by_restore(format!("the database {name}"))));
    }
    if !info.passwords {
        gaps.push(Gap::new(
            Content::RolePasswords,
            "the passwords of the roles",
            "the account may not read pg_authid",
            format!("GRANT SELECT ON pg_catalog.pg_authid TO {account}, or use a superuser"),
        ));
    }
    let question = if info.number >= 100_000 {
        UNREADABLE.to_owned()
    } else {
        UNREADABLE.replace("FROM pg_subscription", NO_SUBSCRIPTIONS)
    };
    let databases = server
        .filter
        .apply(info.databases, |database| &database.name)?;
    let mut empty = Vec::new();
    let count = databases.len();
    for database in databases {
        let aside: Vec<String> = server.query(&database.name, &aside::left_schemas())?;
        let left = aside
            .iter()
            .map(|schema| format!("the schema {schema} of {}", database.name));
        gaps.extend(left.map(left_by_restore));
        let unreadable: Unreadable = server.query(&database.name, &question)?;
        if unreadable.checksum_failures > 0 {
            log::warn(&format!(
                "the server has met {} damaged pages in {}: see pg_stat_database",
                unreadable.checksum_failures, database.name
            ));
        }
        let of_database = database_gaps(&database.name, &account, info.number, &unreadable);
        gaps.extend(of_database.into_iter().map(|gap| gap.of(&database.name)));
        if unreadable.objects == 0 {
            empty.push(database.name);
        }
    }
    gaps.extend(empty_gaps(&server.filter, empty, count));
    Ok(gaps)
}

/// What a restore has put aside is no data of the server's any more.
fn left_by_restore(what: String) -> Gap {
    Gap::said(
        what,
        "a restore that goes on, or did not end, has made it; the next one of that database drops it",
    )
}

/// The databases that are to be dumped and cannot be connected to.
fn closed_databases(server: &PostgresServer, info: &ServerInfo, account: &str) -> Vec<Gap> {
    let gap = |database: &ClosedDatabase| {
        let name = &database.name;
        let (reason, remedy) = if database.invalid {
            (
                "an interrupted DROP DATABASE has made it invalid",
                format!("DROP DATABASE {}", identifier(name)),
            )
        } else if database.open {
            (
                "the account may not connect to it",
                format!(
                    "GRANT CONNECT ON DATABASE {} TO {account}",
                    identifier(name)
                ),
            )
        } else {
            (
                "it allows no connections",
                format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", identifier(name)),
            )
        };
        let what = format!("the database {name}");
        match &server.filter {
            // Its data cannot be had from any server: it keeps no other from being saved.
            DatabaseFilter::All if database.invalid => {
                log::warn(&format!("not in the backup: {what} ({reason})"));
                None
            }
            DatabaseFilter::All => {
                Some(Gap::new(Content::Databases, what, reason, remedy).of(name))
            }
            DatabaseFilter::Named(names) => names
                .contains(name)
                .then(|| Gap::required(what, reason, remedy)),
        }
    };
    info.closed.iter().filter_map(gap).collect()
}

fn database_gaps(database: &str, account: &str, number: u32, unreadable: &Unreadable) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for schema in &unreadable.schemas {
        gaps.push(Gap::required(
            format!("the schema {schema} of {database}"),
            "the account has no USAGE",
            format!(
                "GRANT USAGE ON SCHEMA {} TO {account} in {database}",
                identifier(schema)
            ),
        ));
    }
    if !unreadable.relations.is_empty() {
        let remedy = if number >= 140_000 {
            format!("GRANT pg_read_all_data TO {account}")
        } else {
            format!("GRANT SELECT ON ALL TABLES (and SEQUENCES) IN SCHEMA … TO {account}")
        };
        gaps.push(Gap::required(
            format!("{} of {database}", some_of(&unreadable.relations)),
            "the account has no SELECT",
            remedy,
        ));
    }
    if !unreadable.filtered.is_empty() {
        gaps.push(Gap::required(
            format!("rows of {} of {database}", some_of(&unreadable.filtered)),
            "row-level security applies to the account",
            format!("ALTER ROLE {account} BYPASSRLS"),
        ));
    }
    let counted = [
        (
            unreadable.user_mappings,
            Content::UserMappings,
            "options of user mappings",
            "only a superuser may read them",
            "use a superuser",
        ),
        (
            unreadable.subscriptions,
            Content::Subscriptions,
            "subscriptions",
            "pg_dump saves them for superusers only",
            "use a superuser",
        ),
        (
            unreadable.unlogged,
            Content::UnloggedRows,
            "unlogged tables' rows",
            "a standby does not have them",
            "back up the primary",
        ),
        (
            u64::from(unreadable.ignores_damage),
            Content::DamagedPages,
            "rows on damaged pages",
            "zero_damaged_pages or ignore_checksum_failure is on",
            "set both to off",
        ),
    ];
    if !unreadable.unmarked.is_empty() {
        gaps.push(Gap::said(
            format!("rows of {}, in {database}", some_of(&unreadable.unmarked)),
            "the extension has not marked the table for dumps (pg_extension_config_dump)",
        ));
    }
    if unreadable.large_objects > 0 {
        gaps.push(Gap::required(
            format!("{} large objects of {database}", unreadable.large_objects),
            "the account has no SELECT",
            format!("GRANT SELECT ON LARGE OBJECT … TO {account}, or use a superuser"),
        ));
    }
    for (count, content, what, reason, remedy) in counted {
        if count > 0 {
            gaps.push(Gap::new(
                content,
                format!("{what} of {database}"),
                reason,
                remedy,
            ));
        }
    }
    gaps
}

/// The first names of a list, and how many there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
