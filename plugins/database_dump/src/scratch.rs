//! What a drill may replace: nothing but what a drill has made.
//!
//! A name proves nothing: a person may have made something of that name anew. So a drill plants a mark in the thing
//! itself, in the step that gives it its name, and the mark says which thing it is of. It is looked for before a drill
//! begins, and again right before the thing is replaced. What earlier versions noted (names) counts for nothing:
//! what their drills have made has to be removed once, by a person.

use sidecar_sdk::{Failure, Result, log};

use crate::engine::Engine;
use crate::selection::RestoreSelection;

/// Fails if something else is in the way, and lets the engine note what this drill is about to make.
pub(crate) fn reserve(target: &dyn Engine, selection: &RestoreSelection) -> Result<()> {
    let databases = selection.databases.iter();
    let names: Vec<&str> = databases.map(|database| database.target.as_str()).collect();
    let others = target.made_by_others(&names)?;
    if !others.is_empty() {
        return Err(not_scratch(target.server(), &others));
    }
    if let Err(failure) = target.note_for_drills(&names) {
        log::warn(&format!(
            "the next drill will not know what this one has made: {}",
            failure.message
        ));
    }
    Ok(())
}

/// The failure for what bears no mark of a drill.
pub(crate) fn not_scratch(server: &str, others: &[String]) -> Failure {
    let message = format!(
        "{server} has data that no drill has made: {}",
        others.join(", ")
    );
    Failure::new("not-scratch", message).hint(
        "name a server or file that only drills use in drill.into; if it is one, remove there what is in the way: \
         what was made anew since the last drill, or by a drill of an earlier version, bears no mark",
    )
}
