//! How a snapshot comes back: beside what the server has, and then in its place.

use sidecar_sdk::{Command, Failure, Result, choices, log};

use super::answer::unexpected;
use super::command_lines::{BESIDE, IN_PLACE, INFO, TIDY};
use super::drill_notes::taken;
use super::target::Target;
use crate::client::Client;
use crate::scratch::not_scratch;
use crate::selection::SelectedDatabase;

/// Anything but empty: the target has something of which a snapshot is kept.
const REPLACE: &str = "SIDE_CAR_REPLACE";
/// What the folders and the marks of this restore are named by.
const ID: &str = "SIDE_CAR_ID";
/// What may be taken away: `any`thing, nothing (`empty`), or what a `drill` has made.
const MODE: &str = "SIDE_CAR_MODE";
/// The operator's word for a restore that cannot be made beside what the target has.
pub(super) const ACCEPT_IN_PLACE: &str = "in-place";

pub(super) const COMMANDS: [&str; 4] = [INFO, TIDY, BESIDE, IN_PLACE];
pub(super) const VARIABLES: [&str; 3] = [REPLACE, ID, MODE];

/// What became of an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Attempt {
    Done,
    /// What the target had is in this file.
    Saved(String),
    /// Nothing was changed: the target has keys by now that may not be taken away.
    Taken(String),
    /// Nothing was changed: there are too few databases without keys.
    NoSpare,
    /// Nothing was changed: it does not fit into `maxmemory`.
    NoMemory {
        used: u64,
        more: u64,
        max: u64,
    },
}

/// Fails if a snapshot cannot be restored to the client's server, or not without `replace`.
pub(super) fn require_free(
    client: &Client,
    snapshot: &SelectedDatabase,
    replace: bool,
) -> Result<()> {
    if !snapshot.has_original_name() {
        return Err(
            Failure::new("cannot-rename", "a snapshot of Redis has no other name")
                .hint("write --into redis://other-server/ to restore it elsewhere"),
        );
    }
    inspect(client)?.require_free(client.server(), replace)
}

/// Restores a snapshot to the client's server.
pub(super) fn restore(
    client: &Client,
    snapshot: &SelectedDatabase,
    replace: bool,
) -> Result<String> {
    // Before anything is touched: also what a killed restore has left stays until it may be replaced.
    require_free(client, snapshot, replace)?;
    client.run(&command(client, TIDY))?;
    let target = inspect(client)?;
    target.require_free(client.server(), replace)?;
    snapshot.part.lay_out()?;
    let saved = match beside(client, &target, mode(replace))? {
        Attempt::Saved(path) => format!("; what the server had is in {path}"),
        Attempt::Taken(what) => return Err(taken_meanwhile(client.server(), what)),
        _ => String::new(),
    };
    Ok(format!("{} keys{saved}", inspect(client)?.keys))
}

/// What the server has now.
fn inspect(client: &Client) -> Result<Target> {
    let answer = client.capture(&client.command(INFO))?;
    Target::parse(&answer).ok_or_else(|| unexpected(client, &answer))
}

/// Beside what is there; in its place only if that takes nothing away, or is accepted.
fn beside(client: &Client, target: &Target, mode: &str) -> Result<Attempt> {
    let reason = if target.is_cluster {
        "it is a node of a cluster, which has no database beside the one in use".to_owned()
    } else {
        match outcome(&client.capture(&command(client, BESIDE).env(MODE, mode))?)? {
            Attempt::NoSpare => {
                "it has too few databases without keys to load the backup into".to_owned()
            }
            Attempt::NoMemory { used, more, max } => {
                format!(
                    "it has {used} bytes in memory, the backup needs {more} more, and maxmemory is {max}"
                )
            }
            done => return Ok(done),
        }
    };
    // Nothing of a drill's is worth keeping, and what no drill has made is refused there too.
    if !target.is_empty() && !choices::is_drill() && !choices::accepted(ACCEPT_IN_PLACE) {
        return Err(refused(client.server(), &reason));
    }
    log::info(&format!(
        "{} is restored in place: {reason}",
        client.server()
    ));
    match attempt_in_place(client, target, mode)? {
        Attempt::NoMemory { more, max, .. } => Err(Failure::new(
            "no-memory",
            format!(
                "the backup needs {more} bytes in {}, and maxmemory is {max}",
                client.server()
            ),
        )
        .hint("raise maxmemory, or restore to a larger server (--into)")),
        done => Ok(done),
    }
}

fn refused(server: &str, reason: &str) -> Failure {
    Failure::new(
        "in-place",
        format!("the backup cannot be loaded beside what {server} has: {reason}"),
    )
    .hint(format!(
        "give it databases (databases in redis.conf) or memory, or restore to another server (--into); or overwrite what it has after a \
         snapshot of it was kept: --accept {ACCEPT_IN_PLACE}"
    ))
}

/// What may be taken away on the target.
fn mode(replace: bool) -> &'static str {
    match replace {
        _ if choices::is_drill() => "drill",
        true => "any",
        false => "empty",
    }
}

/// The application has started, or a person has filled it.
fn taken_meanwhile(server: &str, what: String) -> Failure {
    if choices::is_drill() {
        return not_scratch(server, &[what]);
    }
    Failure::new(
        "exists",
        format!(
            "{server} was empty when the restore began and has {what} now: nothing was changed"
        ),
    )
    .hint("stop what writes there; or --replace removes them, --into restores to another server")
}

fn attempt_in_place(client: &Client, target: &Target, mode: &str) -> Result<Attempt> {
    let save = if target.is_empty() { "" } else { "yes" };
    let command = command(client, IN_PLACE).env(REPLACE, save).env(MODE, mode);
    outcome(&client.capture(&command)?)
}

fn command(client: &Client, line: &str) -> Command {
    client.command(line).env(ID, choices::id())
}

/// The last line that a script prints.
fn outcome(printed: &str) -> Result<Attempt> {
    let line = printed.lines().last().unwrap_or_default();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let unexpected_end = || {
        Failure::new(
            "unexpected-answer",
            format!("the restore ended with {line:?}"),
        )
    };
    let numbers: Vec<u64> = rest
        .split(' ')
        .filter_map(|number| number.parse().ok())
        .collect();
    match (word, &numbers[..]) {
        ("in-place", _) if !rest.is_empty() => Ok(Attempt::Saved(rest.to_owned())),
        ("swapped" | "in-place", _) => Ok(Attempt::Done),
        ("taken", _) => taken(line).map(Attempt::Taken).ok_or_else(unexpected_end),
        ("no-spare", _) => Ok(Attempt::NoSpare),
        ("no-memory", &[used, more, max]) => Ok(Attempt::NoMemory { used, more, max }),
        _ => Err(unexpected_end()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_became_of_it() {
        assert_eq!(outcome("swapped").unwrap(), Attempt::Done);
        assert_eq!(outcome("in-place").unwrap(), Attempt::Done);
        let saved = Attempt::Saved("/data dir/old.rdb".to_owned());
        assert_eq!(outcome("in-place /data dir/old.rdb").unwrap(), saved);
        assert_eq!(outcome("no-spare").unwrap(), Attempt::NoSpare);
        let no_memory = Attempt::NoMemory {
            used: 1,
            more: 2,
            max: 3,
        };
        assert_eq!(outcome("no-memory 1 2 3").unwrap(), no_memory);
        let taken = Attempt::Taken("3 keys in database 0".to_owned());
        assert_eq!(outcome("taken 0 3").unwrap(), taken);
        assert!(outcome("taken x").is_err());
        assert!(outcome("").is_err() && outcome("no-memory 1").is_err());
    }

    #[test]
    fn a_refusal_names_the_word_that_takes_it_back() {
        let refused = refused("redis at db:6379", "it is full");
        assert!(refused.hint.unwrap().contains("--accept in-place"));
    }
}
