//! Builds the new database beside the old one, and looks whether it is whole.

use sidecar_sdk::{Failure, Result};

use super::discard::discard_or_leave;
use super::names::SwapNames;
use super::objects::{StoredObject, run_object, store_objects, stored_objects};
use super::state;
use crate::mysql::load;
use crate::mysql::script::{Kind, Retained, Script};
use crate::mysql::server::{MysqlProperties, MysqlServer};

pub(in crate::mysql) const ROUTINES: [Kind; 4] = [
    Kind::Package,
    Kind::PackageBody,
    Kind::Function,
    Kind::Procedure,
];

/// Builds `target` anew, in the new database of the swap. Nothing else is touched, and a failure leaves nothing.
pub(in crate::mysql) fn build(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    script: &Script,
    properties: &MysqlProperties,
    retained: Retained,
) -> Result<()> {
    state::create(server, names, target, properties)?;
    fill(server, names, script, retained).inspect_err(|_| discard_or_leave(server, names))
}

fn fill(
    server: &MysqlServer,
    names: &SwapNames,
    script: &Script,
    retained: Retained,
) -> Result<()> {
    let new = names.new_database();
    store_objects(server, names, &script.objects, retained)?;
    load::tables(server, &new, script)?;
    load::check(server, &new, script)?;
    try_code(server, names)
}

/// Makes routines and views in the new database, which shows whether they can be made. One that needs
/// another database may have to wait for that.
fn try_code(server: &MysqlServer, names: &SwapNames) -> Result<()> {
    let new = names.new_database();
    let mut failures = Vec::new();
    for kinds in [&ROUTINES[..], &[Kind::View]] {
        let objects = stored_objects(server, names, kinds, false)?;
        failures.extend(run_rounds(server, names, objects, &new));
    }
    // What needs one of these may have to wait as well.
    let waiting: Vec<String> = failures
        .iter()
        .map(|(object, _)| format!("'{new}.{}'", object.name))
        .collect();
    let own = failures.into_iter().find(|(_, failure)| {
        let says = |text: &str| failure.message.contains(text);
        says(&format!("'{new}.")) && !waiting.iter().any(|waiting| says(waiting))
    });
    own.map_or(Ok(()), |(_, failure)| Err(failure))
}

/// Executes definitions that may need one another, until no further one succeeds. Returns the others, and
/// why they failed.
pub(super) fn run_rounds(
    server: &MysqlServer,
    names: &SwapNames,
    mut objects: Vec<StoredObject>,
    database: &str,
) -> Vec<(StoredObject, Failure)> {
    loop {
        let before = objects.len();
        let mut failed = Vec::new();
        for object in objects {
            if let Err(failure) = run_object(server, names, &object, database) {
                failed.push((object, failure));
            }
        }
        if failed.is_empty() || failed.len() == before {
            return failed;
        }
        objects = failed.into_iter().map(|(object, _)| object).collect();
    }
}
