//! A gap: what belongs in the archive and is not in it, or not as it was.

use sidecar_sdk::Failure;

use crate::path::display;
use crate::settings::{AllowedGaps, Settings};

/// What is not in the archive, and why.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    /// A path, or a pattern of `paths`: absolute.
    pub(crate) path: Vec<u8>,
    pub(crate) reason: GapReason,
}

#[derive(Debug, Clone)]
pub(crate) enum GapReason {
    /// Nothing is at a path of `paths`.
    NotFound,
    /// Nothing matches a pattern of `paths`.
    NoMatch,
    /// A link at a path of `paths` leads to nothing.
    Dangling,
    /// A link at a path of `paths` leads out of what may be read. With the host's reason.
    LeadsOut(Failure),
    /// Every file in what a path or pattern of `paths` names has no byte.
    ZeroLength,
    /// No file is in what a path or pattern of `paths` names.
    Empty,
    /// `exclude` takes every file in what a path or pattern of `paths` names.
    Excluded,
    /// With the host's reason.
    Unreadable(Failure),
    /// The format cannot hold this kind of entry.
    Special(String),
    /// It was there when its directory was listed.
    Vanished,
    /// It is of another kind than when its directory was listed.
    Replaced,
    /// It became shorter while it was read; the rest is zeros.
    Shrank,
    /// It was written to while it was read, and is as long as before.
    Rewritten,
    /// It became longer while it was read. What was appended is not in the archive; that is no reason to fail.
    Grew,
}

impl Gap {
    pub(crate) fn new(path: &[u8], reason: GapReason) -> Self {
        Self {
            path: path.to_owned(),
            reason,
        }
    }

    /// Whether the operator allows it.
    pub(crate) fn is_allowed(&self, settings: &Settings) -> bool {
        matches!(self.reason, GapReason::Grew) || self.list(settings).contain(&self.path)
    }

    fn list<'a>(&self, settings: &'a Settings) -> &'a AllowedGaps {
        match self.key() {
            "allow_empty" => &settings.allow_empty,
            "allow_changed" => &settings.allow_changed,
            _ => &settings.allow_missing,
        }
    }

    /// The key that allows it.
    pub(crate) fn key(&self) -> &'static str {
        match self.reason {
            GapReason::Empty | GapReason::Excluded | GapReason::ZeroLength => "allow_empty",
            GapReason::Vanished
            | GapReason::Replaced
            | GapReason::Shrank
            | GapReason::Rewritten
            | GapReason::Grew => "allow_changed",
            GapReason::NotFound
            | GapReason::Dangling
            | GapReason::LeadsOut(_)
            | GapReason::NoMatch
            | GapReason::Unreadable(_)
            | GapReason::Special(_) => "allow_missing",
        }
    }

    /// What is missing, by its name.
    pub(crate) fn what(&self) -> String {
        let path = display(&self.path);
        match self.reason {
            GapReason::Grew => format!("what was appended to {path}"),
            _ => path,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self.reason {
            GapReason::NotFound | GapReason::Dangling => "not-found",
            GapReason::NoMatch => "no-match",
            GapReason::Empty | GapReason::Excluded | GapReason::ZeroLength => "empty",
            GapReason::Unreadable(_) | GapReason::LeadsOut(_) => "not-readable",
            GapReason::Special(_) => "not-supported",
            GapReason::Vanished => "vanished",
            GapReason::Replaced => "replaced",
            GapReason::Shrank => "shrank",
            GapReason::Rewritten => "rewritten",
            GapReason::Grew => "grew",
        }
    }

    /// A clause without a full stop.
    pub(crate) fn message(&self) -> String {
        let path = display(&self.path);
        match &self.reason {
            GapReason::NotFound => format!("nothing matches {path}: it does not exist"),
            GapReason::NoMatch => format!("nothing matches {path}"),
            GapReason::Empty => format!("{path} is empty: no file is in it"),
            GapReason::Excluded => format!("no file of {path} is left: exclude takes all of them"),
            GapReason::Dangling => format!("{path} is a symbolic link that leads nowhere"),
            GapReason::ZeroLength => format!("{path} is empty: no file that it names has a byte"),
            GapReason::Rewritten => {
                format!(
                    "{path} was written to while it was read: what was read may never have been in it at one moment"
                )
            }
            GapReason::Grew => {
                format!(
                    "{path} became longer while it was read: what was appended is not in the archive"
                )
            }
            GapReason::Unreadable(failure) | GapReason::LeadsOut(failure) => {
                failure.message.clone()
            }
            GapReason::Special(kind) => {
                format!("{path} is a {kind}, which the archive cannot hold")
            }
            GapReason::Vanished => format!("{path} vanished while it was archived"),
            GapReason::Replaced => format!("{path} became something else while it was archived"),
            GapReason::Shrank => {
                format!("{path} became shorter while it was read: its end is zeros")
            }
        }
    }

    /// It alone, as the reason why a run fails.
    pub(crate) fn failure(&self) -> Failure {
        let advice = match &self.reason {
            GapReason::NotFound
            | GapReason::NoMatch
            | GapReason::Empty
            | GapReason::ZeroLength
            | GapReason::Dangling => "check that its volume is mounted in the sidecar",
            GapReason::LeadsOut(_) => {
                "name the place that it leads to in strategy.config.paths, or set strategy.config.follow_symlinks"
            }
            GapReason::Excluded => "check strategy.config.exclude",
            GapReason::Unreadable(failure) => match &failure.hint {
                Some(hint) => hint,
                None => "make it readable for the sidecar",
            },
            GapReason::Special(_) => "name it in strategy.config.exclude",
            GapReason::Vanished
            | GapReason::Replaced
            | GapReason::Shrank
            | GapReason::Rewritten
            | GapReason::Grew => "back up while the application rests, or a snapshot",
        };
        let hint = format!("{advice}; or allow it under strategy.config.{}", self.key());
        Failure::new(self.code(), self.message()).hint(hint)
    }
}
