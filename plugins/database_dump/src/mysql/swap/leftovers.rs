//! What a killed restore has left: finished if its tables were swapped, and else removed.

use sidecar_sdk::{Failure, Result, choices, log};

use super::discard::discard;
use super::exchange::{put_back, triggers};
use super::marked::{has_marker, marked};
use super::names::SwapNames;
use super::private::require_private;
use super::state::Swap;
use super::{finish, foreign_keys, state};
use crate::mysql::server::{MysqlServer, lock_name};
use crate::mysql::sql::text;

/// A swap that was killed, or is at work, after it had begun to change what is live.
pub(in crate::mysql) struct Unfinished {
    pub(in crate::mysql) target: String,
    /// The databases of which something may be missing: the target, and those whose foreign keys are to be made again.
    pub(in crate::mysql) databases: Vec<String>,
}

/// The swaps that have changed something and are not finished.
pub(in crate::mysql) fn unfinished(server: &MysqlServer) -> Result<Vec<Unfinished>> {
    let mut found = Vec::new();
    for names in marked(server)? {
        let swap = match state::read(server, &names) {
            // No restore has made such a table.
            Err(failure) if failure.message.contains("ERROR 1054 ") => continue,
            swap => swap?,
        };
        let Some(swap) = swap else { continue };
        let live = format!("SELECT COUNT(*) FROM {} WHERE is_live", names.objects());
        if !state::is_swapped(server, &names)? && server.query(&live)? == "0" {
            continue;
        }
        let mut databases = foreign_keys::databases(server, &names)?;
        databases.push(swap.target.clone());
        found.push(Unfinished {
            target: swap.target,
            databases,
        });
    }
    Ok(found)
}

/// Finishes or undoes every swap that was killed. What has no marker is left alone, and named.
pub(in crate::mysql) fn finish_leftovers(server: &MysqlServer) -> Result<()> {
    for database in server.own_databases()? {
        let Some(names) = SwapNames::of_old(&database) else {
            continue;
        };
        if !has_marker(server, &names)? {
            log::warn(&format!(
                "{database} has the name of a database that a restore makes, and no marker of one: it is left alone"
            ));
            continue;
        }
        wait_for_its_end(server, &names)?;
        if has_marker(server, &names)? {
            require_private(server, &names)?;
            finish_one(server, &names)?;
        }
    }
    Ok(())
}

fn finish_one(server: &MysqlServer, names: &SwapNames) -> Result<()> {
    let Some(Swap { target, properties }) = state::read(server, names)? else {
        return discard(server, names);
    };
    if !state::is_swapped(server, names)? {
        log::info(&format!(
            "removing what an unfinished restore of {target} has left"
        ));
        put_back(server, names, &target)?;
        return discard(server, names);
    }
    log::info(&format!("finishing a restore of {target} that was killed"));
    triggers(server, names, &target)?;
    let mut failures = finish::routines(server, names, &target)?;
    failures.extend(finish::views(server, names, &target)?);
    failures.extend(finish::events(server, names, &target)?);
    failures.extend(finish::tidy_up(server, names, &target, &properties)?);
    for failure in failures {
        log::warn(&failure.message);
    }
    Ok(())
}

/// A restore that is at work has a session with its lock nearly always. One of a killed restore
/// may still wait for a lock; it ends by itself.
fn wait_for_its_end(server: &MysqlServer, names: &SwapNames) -> Result<()> {
    let rounds = choices::wait().as_secs().max(2);
    let mut quiet = 0;
    for _ in 0..rounds * 2 {
        quiet = if is_at_work(server, names)? {
            0
        } else {
            quiet + 1
        };
        if quiet == 3 {
            return Ok(());
        }
        server.query("DO SLEEP(0.3)")?;
    }
    Err(Failure::new(
        "in-use",
        format!(
            "another restore is at work in {}, or a session of a killed one is still waiting",
            names.old_database()
        ),
    )
    .hint("wait for its end, or end its sessions: SHOW PROCESSLIST shows them"))
}

/// Whether a session of the restore that these names are of is at work.
fn is_at_work(server: &MysqlServer, names: &SwapNames) -> Result<bool> {
    let lock = text(&lock_name(names.id()));
    Ok(server.query(&format!("SELECT IS_USED_LOCK({lock}) IS NOT NULL"))? == "1")
}
