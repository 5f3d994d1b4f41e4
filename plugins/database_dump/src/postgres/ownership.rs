//! What the server or the account that restores does not have: roles that own something, tablespaces.

use serde::Deserialize;
use sidecar_sdk::{Command, Failure, Result, choices};

use super::catalogue::PostgresProperties;
use super::server::PostgresServer;
use super::sql::literal;

/// What the operator accepts (`--accept`): what the account may not do for other roles is left out, and said.
pub(super) const NO_OWNER: &str = "no-owner";

/// Makes `pg_restore` give everything to the account.
pub(super) const WITHOUT_OWNERS: &str = "SIDE_CAR_WITHOUT_OWNERS";
/// Makes `pg_restore` lay everything into the database's tablespace.
pub(super) const WITHOUT_TABLESPACES: &str = "SIDE_CAR_WITHOUT_TABLESPACES";

/// What the server lacks of that.
#[derive(Debug, Deserialize)]
struct Lacking {
    account: String,
    /// Roles that are not there.
    unknown: Vec<String>,
    /// Roles that the account is no member of, so that it cannot give them anything.
    foreign: Vec<String>,
    tablespaces: Vec<String>,
}

const LACKING: &str = "
WITH owners (name, oid) AS (
    SELECT o, r.oid FROM json_array_elements_text(current_setting('sidecar.owners')::json) AS o
    LEFT JOIN pg_roles r ON r.rolname = o)
SELECT json_build_object(
    'account', current_user,
    'unknown', coalesce((SELECT json_agg(name) FROM owners WHERE oid IS NULL), '[]'),
    'foreign', coalesce((SELECT json_agg(name) FROM owners WHERE NOT pg_has_role(oid, 'MEMBER')), '[]'),
    'tablespaces', coalesce((SELECT json_agg(t) FROM json_array_elements_text(current_setting('sidecar.tablespaces')::json) AS t
        LEFT JOIN pg_tablespace p ON p.spcname = t
        WHERE NOT coalesce(has_tablespace_privilege(p.oid, 'CREATE'), false)), '[]'))";

/// How a restore is adapted to the server.
#[derive(Debug, Default)]
pub(super) struct Adapted {
    variables: Vec<&'static str>,
    /// Who owns everything, if not those of the backup.
    pub(super) owner: Option<String>,
    /// What is left out, in words.
    pub(super) left_out: Vec<String>,
}

impl Adapted {
    /// Compares what a database needs with what the server has. Fails where what belongs to one role would become
    /// another's, and that is not accepted.
    pub(super) fn find(
        server: &PostgresServer,
        entry: &str,
        properties: &PostgresProperties,
    ) -> Result<Self> {
        let mut owners = properties.needs.owners.clone();
        owners.push(properties.owner.clone());
        owners.dedup();
        let mut tablespaces = properties.needs.tablespaces.clone();
        let own = properties
            .row
            .as_ref()
            .and_then(|row| row.tablespace.clone());
        tablespaces.extend(own.filter(|name| !name.starts_with("pg_")));
        tablespaces.sort_unstable();
        tablespaces.dedup();
        let lacking: Lacking = server.query(
            entry,
            &format!(
                "SET sidecar.owners = {}; SET sidecar.tablespaces = {};{LACKING}",
                list(&owners)?,
                list(&tablespaces)?
            ),
        )?;
        let mut adapted = Self::default();
        if !lacking.unknown.is_empty() || !lacking.foreign.is_empty() {
            if !choices::accepted(NO_OWNER) {
                return Err(refusal(&lacking));
            }
            let others = [&lacking.unknown[..], &lacking.foreign[..]].concat();
            adapted.left_out.push(format!(
                "the owners ({}) and all grants: everything belongs to {}",
                others.join(", "),
                lacking.account
            ));
            adapted.owner = Some(lacking.account);
            adapted.variables.push(WITHOUT_OWNERS);
        }
        if !lacking.tablespaces.is_empty() {
            adapted.left_out.push(format!(
                "the tablespaces {}, which are not there for it: what lay in them is in the default",
                lacking.tablespaces.join(", ")
            ));
            adapted.variables.push(WITHOUT_TABLESPACES);
        }
        Ok(adapted)
    }

    /// The command, adapted.
    pub(super) fn command(&self, command: Command) -> Command {
        let names = self.variables.iter();
        names.fold(command, |command, name| command.env(*name, "yes"))
    }

    /// The properties of a database that is created here.
    pub(super) fn properties(&self, properties: &PostgresProperties) -> PostgresProperties {
        let mut properties = properties.clone();
        if let Some(owner) = &self.owner {
            properties.owner = owner.clone();
            if let Some(row) = &mut properties.row {
                row.acl = serde_json::Value::Null;
            }
        }
        properties
    }
}

fn list(names: &[String]) -> Result<String> {
    let json = serde_json::to_string(names)
        .map_err(|error| Failure::new("internal", format!("cannot write the names: {error}")))?;
    Ok(literal(&json))
}

fn refusal(lacking: &Lacking) -> Failure {
    let mut reasons = Vec::new();
    if !lacking.unknown.is_empty() {
        let names = lacking.unknown.join(", ");
        reasons.push(format!("the server has no role {names}"));
    }
    if !lacking.foreign.is_empty() {
        let (account, names) = (&lacking.account, lacking.foreign.join(", "));
        reasons.push(format!("{account} may not give anything to {names}"));
    }
    Failure::new(
        "owners-missing",
        format!(
            "what belongs to other roles cannot become theirs: {}",
            reasons.join("; ")
        ),
    )
    .hint(format!(
        "restore the roles first (--only globals), or as a superuser; or accept that everything belongs to {}: --accept {NO_OWNER}",
        lacking.account
    ))
}
