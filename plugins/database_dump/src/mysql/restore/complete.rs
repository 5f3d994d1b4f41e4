//! Views and code, after the tables of all databases and the users; then what was replaced goes.

use std::collections::BTreeSet;

use sidecar_sdk::{Failure, Result, log};

use super::inside;
use super::prepare::{Prepared, Way};
use crate::mysql::catalogue::Catalogue;
use crate::mysql::contents::Contents;
use crate::mysql::server::MysqlServer;
use crate::mysql::swap::{events, routines, tidy_up, views};

/// Completes each database whose tables are restored. One that fails gets its failure.
pub(super) fn complete(server: &MysqlServer, results: &mut [(&str, Result<Prepared>)]) {
    let restored: Vec<&Prepared> = results
        .iter()
        .filter_map(|(_, result)| result.as_ref().ok())
        .filter(|database| database.way != Way::Plain)
        .collect();
    let of_each = |make: Step| -> Vec<(String, Result<Vec<Failure>>)> {
        let made = restored.iter();
        made.map(|database| {
            let made = make(server, &database.names, &database.target);
            (database.target.clone(), made)
        })
        .collect()
    };
    let mut made = in_rounds(|| of_each(routines));
    // A view may be of one of another database, which comes later.
    made.extend(in_rounds(|| of_each(views)));
    made.extend(of_each(events));
    let tidied = restored.iter().map(|database| {
        let tidied = match database.way {
            Way::Swap => tidy_up(
                server,
                &database.names,
                &database.target,
                &database.properties,
            ),
            _ => inside::tidy_up(server, database).map(|()| Vec::new()),
        };
        (database.target.clone(), tidied)
    });
    made.extend(tidied.collect::<Vec<_>>());
    for database in &restored {
        warn_of_definers(server, database);
    }
    made.extend(
        restored
            .iter()
            .map(|database| (database.target.clone(), Ok(database.late.clone()))),
    );
    for (_, result) in results.iter_mut() {
        let Ok(database) = result else { continue };
        let of_this = made.iter().filter(|(target, _)| *target == database.target);
        let mut failures: Vec<Failure> = of_this
            .flat_map(|(_, made)| match made {
                Ok(failures) => failures.clone(),
                Err(failure) => vec![failure.clone()],
            })
            .collect();
        if failures.is_empty() {
            failures.extend(compare(server, database).err());
        }
        if let Some(failure) = joined(failures) {
            *result = Err(failure);
        }
    }
}

type Step = fn(&MysqlServer, &crate::mysql::swap::SwapNames, &str) -> Result<Vec<Failure>>;

/// Makes what may need one another until no more of it succeeds.
fn in_rounds(
    make: impl Fn() -> Vec<(String, Result<Vec<Failure>>)>,
) -> Vec<(String, Result<Vec<Failure>>)> {
    let open = |made: &[(String, Result<Vec<Failure>>)]| -> usize {
        let open = made
            .iter()
            .map(|(_, made)| made.as_ref().map_or(1, Vec::len));
        open.sum()
    };
    let mut made = make();
    while open(&made) > 0 {
        let again = make();
        if open(&again) >= open(&made) {
            return again;
        }
        made = again;
    }
    made
}

/// Fails if a restored database holds less than was dumped.
fn compare(server: &MysqlServer, database: &Prepared) -> Result<()> {
    let wanted = match (&database.properties.contents, database.way) {
        (Some(contents), _) => contents.clone(),
        (None, Way::Plain) => return Ok(()),
        (None, _) => Contents::of_script(&database.script),
    };
    let found = Catalogue::read(server, &database.target)?.contents();
    wanted.require_in(&found, &database.target)
}

/// The tables are there; each thing that is not, with its reason.
fn joined(failures: Vec<Failure>) -> Option<Failure> {
    let messages: Vec<String> = failures
        .iter()
        .map(|failure| failure.message.clone())
        .collect();
    let first = failures.into_iter().next()?;
    Some(
        Failure::new(first.code, messages.join("; ")).hint(
            "the tables and their rows are restored, and what is named is not: what does it need that is not here?",
        ),
    )
}

/// What has a definer that the server does not know is restored with it, and fails when it is used.
fn warn_of_definers(server: &MysqlServer, database: &Prepared) {
    // An account that may not read the accounts cannot know.
    let Ok(known) = server.query_lines::<String>(
        "SELECT JSON_QUOTE(IF(Host = '', User, CONCAT(User, '@', Host))) FROM mysql.user",
        "its users",
    ) else {
        return;
    };
    let objects = database.script.objects.iter();
    let definers = objects.filter_map(|object| object.definition.definer.as_ref());
    let missing: BTreeSet<&str> = definers
        .map(|(_, account)| account.as_str())
        .filter(|account| database.retained.definers && !known.iter().any(|known| known == account))
        .collect();
    for account in missing {
        log::warn(&format!(
            "views or code of {} run with the rights of {account}, which this server does not have: they fail until it is created",
            database.target
        ));
    }
}
