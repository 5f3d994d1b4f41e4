//! The way back: each database on its own, and at the end the users, because among them may be the
//! one that restores.

use serde::Deserialize;
use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Failure, Result};

use super::sql::{identifier, literal};
use super::{DATABASE, Facts, Mysql};
use crate::chosen::{Chosen, Restored};
use crate::layout::{GLOBALS, Index};
use crate::system::{each, occupied, outcome};

/// What stands in a database; none if it does not exist.
#[derive(Deserialize)]
struct There {
    exists: u64,
    tables: u64,
    others: u64,
}

pub(super) fn run(mysql: &Mysql, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
    let index: Index<Facts> = Index::read(&chosen.index, mysql.name)?;
    let mut outcomes = each(chosen, &index, |restored, facts| {
        one(mysql, restored, facts, replace)
    });
    if let Some(part) = &chosen.globals {
        let command = mysql.client.command(mysql.lines.load);
        let done = part.feed(&command).map(|_| "users".to_owned());
        outcomes.push(outcome(GLOBALS, done));
    }
    Ok(outcomes)
}

fn one(mysql: &Mysql, restored: &Restored, facts: &Facts, replace: bool) -> Result<String> {
    let name = &restored.target;
    let there = look(mysql, name)?;
    if there.tables + there.others > 0 && !replace {
        return Err(occupied(name, there.tables, there.others));
    }
    if there.exists > 0 {
        mysql
            .query(&format!("DROP DATABASE {}", identifier(name)))
            .run()?;
    }
    let create = format!(
        "CREATE DATABASE {} CHARACTER SET {} COLLATE {}",
        identifier(name),
        facts.charset,
        facts.collation
    );
    mysql.query(&create).run()?;
    restored
        .part
        .feed(&mysql.client.command(mysql.lines.load).env(DATABASE, name))?;
    Ok(if there.tables + there.others > 0 {
        format!("replaced {name}")
    } else {
        format!("restored as {name}")
    })
}

fn look(mysql: &Mysql, database: &str) -> Result<There> {
    let name = literal(database);
    let answer = mysql.ask(&format!(
        "SELECT JSON_OBJECT(
            'exists', (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {name}),
            'tables', (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {name}),
            'others', (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {name})
                + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {name}))"
    ))?;
    serde_json::from_str(&answer).map_err(|error| {
        Failure::new(
            "unexpected-answer",
            format!("the server's answer about {database} cannot be understood: {error}"),
        )
    })
}
