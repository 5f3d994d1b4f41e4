//! The globals, read from the catalogues.

use sidecar_sdk::Result;

use super::facts::Globals;
use crate::postgres::rows_role;
use crate::postgres::server::PostgresServer;

// Roles whose names begin with `pg_` are the server's own. The columns of catalogues differ between versions: as JSON,
// one that is missing is null.
const GLOBALS: &str = "
SELECT json_build_object(
    'bootstrap', (SELECT rolname FROM pg_roles WHERE oid = 10),
    'roles', coalesce((
        SELECT json_agg(json_build_object(
            'name', r.rolname, 'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole,
            'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
            'bypassrls', r.rolbypassrls, 'limit', r.rolconnlimit, 'password', PASSWORD,
            'valid_until', to_json(r.rolvaliduntil), 'comment', shobj_description(r.oid, 'pg_authid'),
            'labels', coalesce((
                SELECT json_agg(json_build_object('provider', l.provider, 'label', l.label) ORDER BY l.provider)
                FROM pg_shseclabel l WHERE l.classoid = 'pg_authid'::regclass AND l.objoid = r.oid), '[]')
        ) ORDER BY r.rolname)
        FROM pg_roles r WHERE r.rolname !~ '^pg_' AND NOT OURS), '[]'),
    'memberships', coalesce((
        SELECT json_agg(json_build_object(
            'role', r.rolname, 'member', u.rolname, 'grantor', g.rolname, 'admin', m.admin_option,
            'inherit', to_jsonb(m) -> 'inherit_option', 'set', to_jsonb(m) -> 'set_option'
        ) ORDER BY r.rolname, u.rolname, g.rolname)
        FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid
        JOIN pg_roles u ON u.oid = m.member
        LEFT JOIN pg_roles g ON g.oid = m.grantor
        WHERE NOT (r.rolname ~ '^pg_' AND u.rolname ~ '^pg_')), '[]'),
    'settings', coalesce((
        SELECT json_agg(json_build_object(
            'role', r.rolname, 'name', split_part(c.config, '=', 1),
            'value', substr(c.config, strpos(c.config, '=') + 1)
        ) ORDER BY r.rolname, c.position)
        FROM pg_db_role_setting s
        LEFT JOIN pg_roles r ON r.oid = s.setrole,
        LATERAL unnest(s.setconfig) WITH ORDINALITY AS c (config, position)
        WHERE s.setdatabase = 0 AND (s.setrole = 0 OR r.rolname IS NOT NULL)), '[]'),
    'tablespaces', coalesce((
        SELECT json_agg(json_build_object(
            'name', t.spcname, 'owner', pg_get_userbyid(t.spcowner), 'location', pg_tablespace_location(t.oid),
            'options', coalesce(to_json(t.spcoptions), '[]'),
            'comment', shobj_description(t.oid, 'pg_tablespace'),
            'grants', coalesce((
                SELECT json_agg(json_build_object('grantee', r.rolname, 'grantable', a.is_grantable) ORDER BY r.rolname)
                FROM aclexplode(t.spcacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                WHERE a.grantee <> t.spcowner AND (a.grantee = 0 OR r.rolname IS NOT NULL)), '[]')
        ) ORDER BY t.spcname)
        FROM pg_tablespace t
        WHERE t.spcname !~ '^pg_'), '[]'),
    'parameters', PARAMETERS)";

/// Servers before 15 have no such catalogue.
const PARAMETERS: &str = "coalesce((
        SELECT json_agg(json_build_object('parameter', p.parname, 'privilege', a.privilege_type,
            'grantee', r.rolname, 'grantable', a.is_grantable)
            ORDER BY p.parname, a.privilege_type, r.rolname)
        FROM pg_parameter_acl p, LATERAL aclexplode(p.paracl) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE a.grantee <> 10 AND (a.grantee = 0 OR r.rolname IS NOT NULL)), '[]')";

const PASSWORD: &str = "(SELECT a.rolpassword FROM pg_authid a WHERE a.oid = r.oid)";

/// Reads them through `database`; the passwords only where that is wanted and allowed.
pub(in crate::postgres) fn read(
    server: &PostgresServer,
    database: &str,
    number: u32,
    passwords: bool,
) -> Result<Globals> {
    let parameters = if number >= 150_000 {
        PARAMETERS
    } else {
        "'[]'::json"
    };
    let password = if passwords { PASSWORD } else { "NULL" };
    let question = GLOBALS
        .replace("PARAMETERS", parameters)
        .replace("PASSWORD", password)
        .replace("OURS", rows_role::OURS);
    server.query(database, &question)
}
