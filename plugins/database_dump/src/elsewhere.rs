//! Another server than the configured one: that it is another one is asked of the servers, before `sidecar check`
//! is satisfied and before a restore changes anything.

use sidecar_sdk::{Failure, Findings, Result, log};

use crate::engine::Engine;
use crate::identity::{Identity, Relation};
use crate::selection::RestoreSelection;

/// Whether the server at the other end is the one that is backed up.
#[derive(Debug)]
pub(crate) enum Elsewhere {
    /// It is, or the two have the same data.
    Source(Relation),
    /// It is another one.
    Other,
    /// The one that is backed up cannot be asked, and the backup does not tell.
    Unknown(Failure),
}

/// Asks both servers. `source` fails where the one that is backed up cannot be reached: then `recorded` counts, what
/// it told when the backup was made.
pub(crate) fn ask(
    target: &dyn Engine,
    source: Result<Box<dyn Engine>>,
    recorded: Option<&Identity>,
) -> Result<Elsewhere> {
    let theirs = target.identity()?;
    let asked = source.and_then(|source| Ok((source.identity()?, source)));
    match (asked, recorded) {
        (Ok((ours, source)), _) => {
            let relation = match ours.relation(&theirs) {
                Relation::Same => Relation::Same,
                _ if target.is_reached_by(source.client())? => Relation::Same,
                relation => relation,
            };
            if relation == Relation::Copy {
                log::info(&format!(
                    "{} was made of a copy of the disk of the server that is backed up",
                    target.server()
                ));
            }
            Ok(match relation {
                Relation::Same | Relation::Linked => Elsewhere::Source(relation),
                Relation::Copy | Relation::Other => Elsewhere::Other,
            })
        }
        (Err(failure), Some(recorded)) => {
            log::warn(&format!(
                "the server that is backed up cannot be asked, what it told at the backup is compared: {}",
                failure.message
            ));
            Ok(match recorded.may_be(&theirs) {
                true => Elsewhere::Source(Relation::Same),
                false => Elsewhere::Other,
            })
        }
        (Err(failure), None) => Ok(Elsewhere::Unknown(failure)),
    }
}

impl Elsewhere {
    /// Fails unless a drill may replace what is there.
    pub(crate) fn require_scratch(self, target: &dyn Engine) -> Result<()> {
        const WRITE: &str = "name a server of its own in drill.into, such as a container that only drills use: a drill replaces databases by their names";
        let server = target.server();
        match self {
            Self::Other => Ok(()),
            Self::Source(relation) => {
                Err(Failure::new("same-server", describe(server, relation)).hint(WRITE))
            }
            Self::Unknown(failure) => Err(Failure::new(
                "source-unknown",
                format!(
                    "whether {server} is the server that is backed up cannot be told: {}",
                    failure.message
                ),
            )
            .hint("start the server that is backed up, or make a backup with this version of the sidecar, which notes its identity")),
        }
    }

    /// Fails if `--into` would replace what was backed up, under whatever address.
    pub(crate) fn require_not_replaced(
        self,
        target: &dyn Engine,
        selection: &RestoreSelection,
        replace: bool,
    ) -> Result<()> {
        match self {
            Self::Source(relation) if replace && replaces_original(selection) => Err(Failure::new(
                "same-server",
                describe(target.server(), relation),
            )
            .hint("to replace what is there, leave --into out; to restore beside it, write --only NAME=NEW without --replace")),
            Self::Unknown(failure) => {
                log::warn(&format!(
                    "whether {} is the server that was backed up cannot be told: {}",
                    target.server(),
                    failure.message
                ));
                Ok(())
            }
            Self::Source(_) | Self::Other => Ok(()),
        }
    }
}

/// What `sidecar check` says of the scratch target. One that does not answer keeps no backup from being made.
pub(crate) fn findings(target: &dyn Engine, source: Result<Box<dyn Engine>>) -> Findings {
    let mut findings = Findings::default();
    match ask(target, source, None) {
        Ok(elsewhere @ (Elsewhere::Source(_) | Elsewhere::Other)) => {
            findings.note(elsewhere.require_scratch(target));
        }
        Ok(unknown) => findings
            .warnings
            .extend(unknown.require_scratch(target).err()),
        Err(failure) => findings.warnings.push(failure),
    }
    findings
}

fn describe(server: &str, relation: Relation) -> String {
    match relation {
        Relation::Linked => format!(
            "{server} and the server that is backed up hold the same data: what changes there changes here"
        ),
        _ => format!("{server} is the server that is backed up"),
    }
}

fn replaces_original(selection: &RestoreSelection) -> bool {
    let mut databases = selection.databases.iter();
    selection.globals.is_some() || databases.any(|database| database.has_original_name())
}
