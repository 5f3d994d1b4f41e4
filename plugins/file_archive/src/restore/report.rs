//! The report of a restore: how many entries of each selection were restored, and how many failed.

use sidecar_sdk::restore::{Outcome, Selection};
use sidecar_sdk::target::attributed::Refused;
use sidecar_sdk::{Failure, Result, log};

use super::member::ArchiveMember;
use crate::path::display;

/// Failures that are logged one by one, for each selection.
const MAX_LOGGED: u64 = 20;

/// The counts of each selection; a single one when everything is restored.
#[derive(Debug)]
pub(crate) struct RestoreReport(Vec<SelectionCounts>);

#[derive(Debug)]
struct SelectionCounts {
    name: String,
    /// Whether the operator named it; false for everything.
    selected: bool,
    done: u64,
    failed: u64,
    first_failure: Option<(String, Failure)>,
    /// Extended attributes that entries did not get.
    unset: u64,
    first_unset: Option<String>,
}

impl RestoreReport {
    pub(crate) fn new(only: &[Selection]) -> Self {
        let count = |name: &str, selected| SelectionCounts {
            name: name.to_owned(),
            selected,
            done: 0,
            failed: 0,
            first_failure: None,
            unset: 0,
            first_unset: None,
        };
        Self(match only {
            [] => vec![count("everything", false)],
            only => only
                .iter()
                .map(|selection| count(&selection.name, true))
                .collect(),
        })
    }

    /// Counts a member, and logs the first failures.
    pub(crate) fn count(&mut self, selection: usize, name: &[u8], result: Result<()>) {
        let count = &mut self.0[selection];
        let Err(failure) = result else {
            count.done += 1;
            return;
        };
        count.failed += 1;
        let name = display(name);
        if count.failed <= MAX_LOGGED {
            log::error(&format!("{name} is not restored: {}", failure.message));
        }
        count.first_failure.get_or_insert((name, failure));
    }

    /// Notes the extended attributes that a restored member did not get, and logs the first ones.
    pub(crate) fn unset(&mut self, selection: usize, member: &ArchiveMember, refused: &[Refused]) {
        let foreign = member.unreadable_attributes.iter().map(|name| {
            let reason = "it names users that this machine does not know by number";
            (display(name), reason.to_owned())
        });
        let refused = refused
            .iter()
            .map(|refused| (display(&refused.name), refused.reason.clone()));
        let count = &mut self.0[selection];
        for (attribute, reason) in foreign.chain(refused) {
            let text = format!("{attribute} of {}: {reason}", display(&member.node.name));
            count.unset += 1;
            if count.unset <= MAX_LOGGED {
                log::warn(&format!("an extended attribute is not set: {text}"));
            }
            count.first_unset.get_or_insert(text);
        }
    }

    pub(crate) fn outcomes(self) -> Vec<Outcome> {
        self.0.into_iter().map(SelectionCounts::outcome).collect()
    }
}

impl SelectionCounts {
    fn outcome(self) -> Outcome {
        let Some((name, first)) = self.first_failure else {
            if self.done == 0 && self.selected {
                let missing = format!("nothing in the archive is called {}", self.name);
                let failure = Failure::new("no-match", missing).hint(
                    "names are those in the archive: relative to base_dir, without a leading slash",
                );
                return Outcome::failed(self.name, failure);
            }
            if self.done == 0 {
                let empty = Failure::new("nothing-restored", "the archive holds nothing")
                    .hint("take another backup (`sidecar list`), and find out what made this one");
                return Outcome::failed(self.name, empty);
            }
            let note = match self.done {
                1 => "1 entry".to_owned(),
                done => format!("{done} entries"),
            };
            let note = match self.first_unset {
                None => note,
                Some(first) => format!(
                    "{note}, without {} extended attributes that cannot be set here, the first {first}",
                    self.unset
                ),
            };
            return Outcome::done(self.name, note);
        };
        let all = self.done + self.failed;
        let message = format!(
            "{} of {all} entries are not restored; the first is {name}: {}",
            self.failed, first.message
        );
        let mut failure = Failure::new(first.code, message);
        failure.hint = first.hint;
        Outcome::failed(self.name, failure)
    }
}
