//! The way back: the roles, then each database on its own, so that one that fails leaves the others
//! as they should be.

use sidecar_sdk::Result;
use sidecar_sdk::restore::{Outcome, Part};

use super::catalogue::Facts;
use super::lines::{CONTENTS, GLOBALS_BACK, RESTORE, RESTORE_NEW, SECTIONS};
use super::target::{self, Target};
use super::{Postgres, citus};
use crate::chosen::{Chosen, Restored};
use crate::layout::{GLOBALS, Index};
use crate::system::{each, occupied, outcome};

pub(super) fn run(postgres: &Postgres, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
    let index: Index<Facts> = Index::read(&chosen.index, super::NAME)?;
    let target = Target::look(postgres)?;
    let mut outcomes = Vec::new();
    if let Some(part) = &chosen.globals {
        outcomes.push(outcome(GLOBALS, globals(postgres, part)));
    }
    outcomes.extend(each(chosen, &index, |restored, facts| {
        one(postgres, &target, restored, facts, replace)
    }));
    Ok(outcomes)
}

fn globals(postgres: &Postgres, part: &Part) -> Result<String> {
    part.feed(&postgres.command(GLOBALS_BACK, &postgres.door))?;
    Ok("roles; the one that restores is left as it was".to_owned())
}

/// Restores a database: nothing is changed before it is known that this can be done.
fn one(
    postgres: &Postgres,
    target: &Target,
    restored: &Restored,
    facts: &Facts,
    replace: bool,
) -> Result<String> {
    let name = &restored.target;
    part_is_readable(postgres, &restored.part)?;
    let there = target.objects(postgres, name)?;
    if let Some(objects) = &there
        && !objects.is_empty()
        && !replace
    {
        return Err(occupied(name, objects.tables, objects.others));
    }

    // Citus keeps in a database which servers it is spread over: that must stay.
    let stays = *name == postgres.door || name == "postgres" || facts.citus.is_some();
    let exists = match &there {
        None => false,
        Some(objects) if stays => {
            if !objects.is_empty() {
                target.empty(postgres, name)?;
            }
            true
        }
        Some(_) => {
            target.drop(postgres, name)?;
            false
        }
    };
    if !exists && restored.keeps_its_name() && facts.citus.is_none() {
        feed(postgres, &restored.part, RESTORE_NEW, &postgres.door)?;
    } else {
        if !exists {
            target::create(postgres, name, facts)?;
        }
        let filled = fill(postgres, restored, facts);
        // Also after an error: what could be restored shall belong to its owner.
        filled.and(target::adopt(postgres, name, facts))?;
    }
    Ok(match there {
        Some(objects) if !objects.is_empty() => format!("replaced {name}"),
        Some(_) => format!("restored into {name}, which was empty"),
        None => format!("restored as {name}"),
    })
}

/// Rows of a distributed table go where they belong only if it is one before they come.
fn fill(postgres: &Postgres, restored: &Restored, facts: &Facts) -> Result<()> {
    let name = &restored.target;
    let Some(citus) = &facts.citus else {
        return feed(postgres, &restored.part, RESTORE, name);
    };
    let [definitions, rows, rest] = SECTIONS;
    feed(postgres, &restored.part, definitions, name)?;
    for statements in citus::in_pieces(&citus.statements()) {
        target::run(postgres, name, &statements)?;
    }
    feed(postgres, &restored.part, rows, name)?;
    feed(postgres, &restored.part, rest, name)
}

/// An archive from a newer pg_dump is found out before anything is changed.
fn part_is_readable(postgres: &Postgres, part: &Part) -> Result<()> {
    part.feed(&postgres.client.command(CONTENTS))
        .map(drop)
        .map_err(|failure| {
            failure.hint("pg_restore must not be older than the pg_dump that made the backup: the index names it")
        })
}

fn feed(postgres: &Postgres, part: &Part, line: &str, database: &str) -> Result<()> {
    part.feed(&postgres.command(line, database)).map(drop).map_err(|failure| {
        failure.hint("what could be restored was; the log has each error. A role that is missing comes with --only globals")
    })
}
