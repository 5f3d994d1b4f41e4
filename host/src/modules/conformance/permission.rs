//! What the module under test may do for real. A stranger's module runs nothing of its own choice because
//! it is tried: a stand-in runs instead, until the operator allows more.

use crate::config::Allow;
use crate::plan::{AccessRequest, AccessVerdict};

/// Prints a few words, and leaves them in the temporary dump: instead of every command that is not allowed.
pub(super) const STAND_IN: &str =
    "cat >/dev/null; echo stand-in; echo stand-in > \"$SIDE_CAR_TEMP_DUMP\"";

/// What the person who tries a module lets it do.
#[derive(Debug, Clone)]
pub enum Permission {
    /// Whatever it plans: it is part of this program, or the plan was read.
    Planned,
    /// This, and to read what the kit itself has laid out.
    Only(Allow),
}

/// What becomes of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Permitted {
    /// It runs as it is.
    AsPlanned,
    /// A stand-in runs instead of its commands.
    WithStandIns,
    /// It does not run: it asks for something that nothing can stand in for.
    NotAtAll(String),
}

impl Permission {
    /// Everything that a plan asks for, and whether it may have it.
    pub(super) fn verdicts(&self, asks: &AccessRequest, own: &Allow) -> Vec<AccessVerdict> {
        let allow = match self {
            Self::Planned => return asks.all_allowed(),
            Self::Only(allow) => Allow {
                read: [allow.read.clone(), own.read.clone()].concat(),
                ..allow.clone()
            },
        };
        asks.verdicts(&allow)
    }

    /// `own` is what the kit has laid out.
    pub(super) fn of(&self, asks: &AccessRequest, own: &Allow) -> Permitted {
        let verdicts = self.verdicts(asks, own);
        let refused = || verdicts.iter().filter(|verdict| !verdict.allowed);
        let is_command = |verdict: &&AccessVerdict| matches!(verdict.access, "commands" | "argv");
        match refused().find(|verdict| !is_command(verdict)) {
            Some(verdict) => Permitted::NotAtAll(format!("{} {}", verdict.access, verdict.asked)),
            None if refused().next().is_some() => Permitted::WithStandIns,
            None => Permitted::AsPlanned,
        }
    }
}
