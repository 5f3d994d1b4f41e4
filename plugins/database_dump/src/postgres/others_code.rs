//! Functions of roles without rights that are called while a database is restored: with the rights of the session that
//! restores it, whatever that role may do. PostgreSQL itself gives them those of the owner of the table only in indexes,
//! statistics and materialized views.

use serde::{Deserialize, Serialize};
use sidecar_sdk::{Failure, Result, choices, log};

use super::server::PostgresServer;

/// What the operator accepts (`--accept`): that they run with the rights of a superuser.
pub(super) const ACCEPT: &str = "others-code";

/// Whose they are: "name(type) of role".
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OthersCode {
    /// Called for each row that comes: in checks and domains.
    pub(super) rows: Vec<String>,
    /// Called when a table or a foreign key is made: in generated columns, keys and checks of partitions, and casts.
    pub(super) definitions: Vec<String>,
}

/// Functions that are called while rows come, as a table: `oid`, `proowner`, `rolname`.
pub(super) const CALLED_BY_ROWS: &str = "(
    SELECT DISTINCT p.oid, p.proowner, r.rolname
    FROM pg_depend d
    JOIN pg_proc p ON p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid
        WHEN 'pg_operator'::regclass THEN (SELECT oprcode FROM pg_operator o WHERE o.oid = d.refobjid) END
    JOIN pg_roles r ON r.oid = p.proowner AND NOT r.rolsuper
    WHERE p.oid >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
    AND d.classid = 'pg_constraint'::regclass
    AND EXISTS (SELECT FROM pg_constraint c WHERE c.oid = d.objid AND contype = 'c'))";

// With arguments that are constant, a function in a generated column, in the key of partitions or in a check of one is called
// when the table is made or attached. Of a foreign key, the casts are called: those of the type of a column, or of what its domain is of.
const CALLED_BY_DEFINITIONS: &str = "(
    SELECT DISTINCT p.oid, r.rolname
    FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner AND NOT r.rolsuper
    WHERE p.oid >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
    AND (EXISTS (SELECT FROM pg_depend d
        WHERE p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid
            WHEN 'pg_operator'::regclass THEN (SELECT oprcode FROM pg_operator o WHERE o.oid = d.refobjid) END
        AND CASE d.classid
            WHEN 'pg_class'::regclass THEN EXISTS (SELECT FROM pg_partitioned_table t WHERE t.partrelid = d.objid)
            WHEN 'pg_constraint'::regclass THEN EXISTS (SELECT FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
                WHERE c.oid = d.objid AND c.contype = 'c' AND t.relispartition)
            WHEN 'pg_attrdef'::regclass THEN EXISTS (SELECT FROM pg_attrdef a
                JOIN pg_attribute t ON attrelid = adrelid AND attnum = adnum
                WHERE a.oid = d.objid AND to_jsonb(t) ->> 'attgenerated' <> '')
            ELSE false END)
    OR EXISTS (SELECT FROM pg_cast k JOIN pg_type t ON k.castsource IN (t.oid, t.typbasetype)
        JOIN pg_attribute a ON a.atttypid = t.oid
        JOIN pg_constraint c ON c.conrelid = a.attrelid AND c.contype = 'f' AND a.attnum = ANY (c.conkey)
        WHERE k.castfunc = p.oid AND k.castcontext = 'i')))";

/// The question, as one JSON value.
pub(super) fn question() -> String {
    let named = |functions: &str| {
        format!(
            "coalesce((SELECT json_agg(DISTINCT format('%s of %s', f.oid::regprocedure, f.rolname)) FROM {functions} AS f), '[]')"
        )
    };
    format!(
        "json_build_object('rows', {}, 'definitions', {})",
        named(CALLED_BY_ROWS),
        named(CALLED_BY_DEFINITIONS)
    )
}

impl OthersCode {
    /// What is in a database.
    pub(super) fn of(server: &PostgresServer, database: &str) -> Result<Self> {
        server.query(database, &format!("SELECT {}", question()))
    }

    /// Fails if something of this is there that would run with the rights of the superuser `account`, and that is not
    /// accepted: `why` it cannot have less.
    pub(super) fn require_accepted(&self, database: &str, account: &str, why: &str) -> Result<()> {
        if self.rows.is_empty() && self.definitions.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{database}: code of others would run with the rights of the superuser {account}: {}",
            self.shown()
        );
        if choices::accepted(ACCEPT) {
            log::warn(&format!("accepted: {message}"));
            return Ok(());
        }
        Err(Failure::new("others-code", format!("{message}; {why}")).hint(format!(
            "look at these functions, and accept them: --accept {ACCEPT}; or restore with an account that is no superuser and has \
             CREATEDB: --into postgresql://account@…/ --accept no-owner"
        )))
    }

    /// The first of them.
    pub(super) fn shown(&self) -> String {
        const SHOWN: usize = 5;
        let all: Vec<&str> = self
            .rows
            .iter()
            .chain(&self.definitions)
            .map(String::as_str)
            .collect();
        let shown = all[..all.len().min(SHOWN)].join(", ");
        match all.len() {
            more if more > SHOWN => format!("{shown} and {} more", more - SHOWN),
            _ => shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        let code = OthersCode {
            rows: (1..=6).map(|n| format!("f{n}() of x")).collect(),
            definitions: vec!["k() of x".to_owned()],
        };
        assert!(code.shown().ends_with("f5() of x and 2 more"));
    }
}
