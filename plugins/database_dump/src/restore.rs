//! What the restores of all engines share.

use serde::de::DeserializeOwned;
use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Failure, Result, log};

use crate::layout::Index;
use crate::selection::{RestoreSelection, SelectedDatabase};

/// Restores each database on its own: one that fails does not keep the others from being restored.
pub(crate) fn each_database<P: DeserializeOwned>(
    selection: &RestoreSelection,
    index: &Index<P>,
    restore: impl Fn(&SelectedDatabase, &P) -> Result<String>,
) -> Vec<Outcome> {
    let restore = |selected: &SelectedDatabase| {
        let part = &selected.part.name;
        log::info(&format!("restoring the database {}", selected.target));
        let result = index
            .database(part)
            .and_then(|database| restore(selected, &database.properties));
        outcome(part, result)
    };
    selection.databases.iter().map(restore).collect()
}

/// Why databases would not be restored: what `check` says of each.
pub(crate) fn refused<P: DeserializeOwned>(
    selection: &RestoreSelection,
    index: &Index<P>,
    check: impl Fn(&SelectedDatabase, &P) -> Result<()>,
) -> Vec<Failure> {
    let check = |selected: &SelectedDatabase| {
        let database = index.database(&selected.part.name);
        database.and_then(|database| check(selected, &database.properties))
    };
    let checked = selection.databases.iter().map(check);
    checked.filter_map(Result::err).collect()
}

/// The outcome of a part; a success carries a note.
pub(crate) fn outcome(part: &str, result: Result<String>) -> Outcome {
    match result {
        Ok(note) => Outcome::done(part, note),
        Err(failure) => Outcome::failed(part, failure),
    }
}

/// The failure for a target that has data, without `--replace`.
pub(crate) fn not_empty(database: &str, tables: u64, others: u64) -> Failure {
    Failure::new(
        "exists",
        format!("the database {database} is there already, with {tables} tables and {others} other objects"),
    )
    .hint("--replace overwrites it; --only NAME=NEW restores beside it")
}
