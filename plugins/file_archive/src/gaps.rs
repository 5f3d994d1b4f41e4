//! The gaps of a run: the operator's are reported, any other fails the run, and all of them are named.

use std::collections::BTreeSet;

use sidecar_sdk::files::{self, File};
use sidecar_sdk::{Failure, Findings, Result, log, omissions};

use crate::gap::{Gap, GapReason};
use crate::settings::Settings;

/// Gaps that the failure names; each is logged.
const MAX_NAMED: usize = 20;

/// Allowed gaps that are remembered.
const MAX_REMEMBERED: usize = 1000;

/// What was found so far.
pub(crate) struct Gaps<'a> {
    settings: &'a Settings,
    refused: Vec<Gap>,
    /// Refused ones that are not kept.
    more: usize,
    /// The keys that would allow what was refused.
    keys: BTreeSet<&'static str>,
    /// What is allowed, where nothing is archived and no run reports it.
    found: Option<Vec<Gap>>,
    /// Paths of the first that were allowed: none is said twice.
    said: BTreeSet<Vec<u8>>,
}

impl<'a> Gaps<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            refused: Vec::new(),
            more: 0,
            keys: BTreeSet::new(),
            found: None,
            said: BTreeSet::new(),
        }
    }

    /// Those of a check: nothing is reported.
    pub(crate) fn of_check(settings: &'a Settings) -> Self {
        Self {
            found: Some(Vec::new()),
            ..Self::new(settings)
        }
    }

    /// What a check has found: what a run would fail for, and what it would leave out.
    pub(crate) fn findings(self) -> Findings {
        let mut findings = Findings {
            failures: self.refused.iter().map(Gap::failure).collect(),
            warnings: Vec::new(),
        };
        if self.more > 0 {
            let message = format!("the backup would lack {} more", self.more);
            findings.failures.push(Failure::new("incomplete", message));
        }
        let allowed = self.found.unwrap_or_default();
        let warnings = allowed.iter().take(MAX_NAMED);
        findings.warnings = warnings
            .map(|gap| Failure::new(gap.code(), gap.message()))
            .collect();
        if let Some(more @ 1..) = allowed.len().checked_sub(MAX_NAMED) {
            let message = format!("the backup will lack {more} more, as strategy.config allows");
            findings.warnings.push(Failure::new("allowed", message));
        }
        findings
    }

    /// Reports a gap that is allowed, and remembers any other.
    pub(crate) fn add(&mut self, path: &[u8], reason: GapReason) {
        self.take(Gap::new(path, reason));
    }

    pub(crate) fn take(&mut self, gap: Gap) {
        if gap.is_allowed(self.settings) {
            if self.said.contains(&gap.path) {
                return;
            }
            if self.said.len() < MAX_REMEMBERED {
                self.said.insert(gap.path.clone());
            }
            match &mut self.found {
                Some(found) => found.push(gap),
                None => omissions::report(gap.what(), gap.code(), gap.message()),
            }
            return;
        }
        if self.refused.iter().any(|known| known.path == gap.path) {
            return;
        }
        if self.found.is_none() {
            log::error(&gap.message());
        }
        self.keys.insert(gap.key());
        if self.refused.len() < MAX_NAMED {
            self.refused.push(gap);
        } else {
            self.more += 1;
        }
    }

    /// For a call of the host that failed: a gap, if the entry cannot be read or is gone; otherwise the
    /// run cannot go on.
    pub(crate) fn failed(&mut self, path: &[u8], failure: Failure) -> Result<()> {
        let reason = match failure.code.as_str() {
            "permission-denied" => GapReason::Unreadable(failure),
            "not-granted" => GapReason::LeadsOut(failure),
            "not-found" => GapReason::Vanished,
            "not-a-file" | "not-a-directory" => GapReason::Replaced,
            _ => return Err(failure),
        };
        self.add(path, reason);
        Ok(())
    }

    /// Notes how a file that was read has changed meanwhile; `short` if bytes were missing.
    pub(crate) fn note_change(&mut self, path: &[u8], file: &File, short: bool) {
        let change = match short {
            true => Some(GapReason::Shrank),
            false => files::changed(file).map(|change| match change.as_str() {
                "grew" => GapReason::Grew,
                _ => GapReason::Rewritten,
            }),
        };
        if let Some(reason) = change {
            self.add(path, reason);
        }
    }

    /// Fails if there is a gap that the operator does not allow.
    pub(crate) fn verdict(&self) -> Result<()> {
        let Some(first) = self.refused.first() else {
            return Ok(());
        };
        if self.refused.len() == 1 && self.more == 0 {
            return Err(first.failure());
        }
        let named: Vec<String> = self.refused.iter().map(Gap::message).collect();
        let more = match self.more {
            0 => String::new(),
            more => format!("; and {more} more, which the log names"),
        };
        let all = self.refused.len() + self.more;
        let message = format!("the backup would lack {all}: {}{more}", named.join("; "));
        let keys: Vec<_> = self.keys.iter().copied().collect();
        Err(Failure::new("incomplete", message).hint(format!(
            "check that volumes are mounted and readable for the sidecar; what may be missing is named under strategy.config.{}",
            keys.join(", strategy.config.")
        )))
    }
}
