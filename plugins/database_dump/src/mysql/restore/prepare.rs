//! What is known of a restore before it changes anything: what is there, what the account may do, and what
//! the operator has to accept.

use std::collections::BTreeSet;

use sidecar_sdk::{Failure, Result, choices};

use crate::mysql::contents::Contents;
use crate::mysql::existing::ExistingObjects;
use crate::mysql::grants::Grants;
use crate::mysql::script::{Retained, Script};
use crate::mysql::server::{MysqlProperties, MysqlServer};
use crate::mysql::swap::{SwapNames, refuse_foreign_keys, require_private, require_space};
use crate::selection::SelectedDatabase;
use sidecar_sdk::restore::Part;

/// Accepts that a database is emptied before it is filled.
const IN_PLACE: &str = "in-place";
/// Accepts that all code belongs to the account that restores.
const OWN_DEFINER: &str = "own-definer";

/// The account that restores.
pub(super) struct RestoreAccount {
    name: String,
    grants: Grants,
    is_mariadb: bool,
    has_comments: bool,
}

/// How a database is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Beside, then the tables change places.
    Swap,
    /// Into the database itself, which is empty, or is emptied.
    Inside,
    /// As the client loads it, where the server cannot execute definitions that are stored.
    Plain,
}

/// A database that can be restored.
pub(super) struct Prepared {
    pub(super) target: String,
    pub(super) part: Part,
    pub(super) names: SwapNames,
    pub(super) script: Script,
    pub(super) properties: MysqlProperties,
    pub(super) way: Way,
    pub(super) retained: Retained,
    pub(super) exists: bool,
    pub(super) has_objects: bool,
    /// What failed after its tables were restored.
    pub(super) late: Vec<Failure>,
}

/// Fails if a database that was empty has been filled meanwhile.
pub(super) fn require_empty(server: &MysqlServer, target: &str) -> Result<()> {
    ExistingObjects::of(server, target)?.require_none(target)
}

pub(super) fn account(server: &MysqlServer) -> Result<RestoreAccount> {
    Ok(RestoreAccount {
        name: server.query("SELECT CURRENT_USER()")?,
        grants: server.grants()?,
        is_mariadb: server.is_mariadb()?,
        has_comments: server.has_comments()?,
    })
}

pub(super) fn prepare(
    server: &MysqlServer,
    account: &RestoreAccount,
    selected: &SelectedDatabase,
    properties: &MysqlProperties,
    names: SwapNames,
    replace: bool,
) -> Result<Prepared> {
    let target = server.canonical(&selected.target)?;
    let existing = ExistingObjects::of(server, &target)?;
    let has_objects = existing.any();
    if !replace {
        existing.require_none(&target)?;
    }
    let way = account.way(&names);
    if way == Way::Swap {
        require_private(server, &names)?;
        require_space(server, &target, selected.part.length)?;
    }
    let script = match way {
        Way::Plain => Script::default(),
        _ => Script::read(&selected.part)?,
    };
    if let (Some(contents), true) = (&properties.contents, way != Way::Plain) {
        let place = format!("the dump of {}", selected.part.name);
        contents.require_in(&Contents::of_script(&script), &place)?;
    }
    if has_objects {
        refuse_foreign_keys(server, &target)?;
        if way != Way::Swap && !choices::accepted(IN_PLACE) {
            return Err(Failure::new(
                "not-beside",
                format!(
                    "the account may not create {}: {target} can only be dropped and filled again, and a failure then leaves it incomplete",
                    names.new_database()
                ),
            )
            .hint(format!(
                "GRANT ALL ON `sidecar\\_%`.* TO the account, or --accept {IN_PLACE}; --only NAME=NEW restores beside"
            )));
        }
    }
    let keep_definers = !choices::accepted(OWN_DEFINER);
    if keep_definers {
        account.may_set_definers(&target, &script)?;
    }
    let comment = properties.comment.as_ref();
    let comment = comment.filter(|_| account.has_comments);
    Ok(Prepared {
        names: match way {
            Way::Swap => names,
            _ => names.inside(&target),
        },
        target,
        part: selected.part.clone(),
        script,
        properties: MysqlProperties {
            comment: comment.cloned(),
            ..properties.clone()
        },
        way,
        retained: Retained {
            definers: keep_definers,
            qualifiers: selected.has_original_name(),
        },
        exists: existing.exists > 0,
        has_objects,
        late: Vec::new(),
    })
}

impl Prepared {
    /// For the report.
    pub(super) fn note(&self) -> String {
        if self.has_objects {
            format!("replaced {}", self.target)
        } else {
            format!("restored as {}", self.target)
        }
    }
}

impl RestoreAccount {
    fn way(&self, names: &SwapNames) -> Way {
        let may = |right: &str| {
            [names.new_database(), names.old_database()]
                .iter()
                .all(|database| self.grants.on_database(database, right))
        };
        let rights = ["CREATE", "DROP", "ALTER", "INSERT", "SELECT", "UPDATE"];
        match (self.is_mariadb, rights.into_iter().all(may)) {
            (false, _) => Way::Plain,
            (true, false) => Way::Inside,
            (true, true) => Way::Swap,
        }
    }

    fn may_set_definers(&self, target: &str, script: &Script) -> Result<()> {
        let may = ["SUPER", "SET USER"];
        if may.iter().any(|right| self.grants.everywhere(right)) {
            return Ok(());
        }
        let objects = script.objects.iter();
        let definers = objects.filter_map(|object| object.definition.definer.as_ref());
        let definers = definers.map(|(_, account)| account.as_str());
        let others: BTreeSet<&str> = definers.filter(|account| *account != self.name).collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<&str> = others.into_iter().collect();
        Err(Failure::new(
            "definers",
            format!(
                "views or code of {target} run with the rights of {}, and {} may not make such for others",
                others.join(", "),
                self.name
            ),
        )
        .hint(format!(
            "GRANT SET USER ON *.* TO the account, or --accept {OWN_DEFINER}: they then run with the rights of the account that restores"
        )))
    }
}
