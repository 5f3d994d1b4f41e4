//! How it went: what was restored of each selection, and what could not be.

use sidecar_sdk::restore::{Outcome, Selection};
use sidecar_sdk::{Failure, Result, log};

use crate::format::shown;

/// Failures that are told one by one.
const TOLD: u64 = 20;

/// One count for each selection; one for all without any.
#[derive(Debug)]
pub(crate) struct Tally(Vec<Count>);

#[derive(Debug)]
struct Count {
    name: String,
    chosen: bool,
    done: u64,
    failed: u64,
    first: Option<(String, Failure)>,
}

impl Tally {
    pub(crate) fn new(only: &[Selection]) -> Self {
        let count = |name: &str, chosen| Count {
            name: name.to_owned(),
            chosen,
            done: 0,
            failed: 0,
            first: None,
        };
        Self(match only {
            [] => vec![count("everything", false)],
            only => only.iter().map(|one| count(&one.name, true)).collect(),
        })
    }

    /// Counts a member, and tells the first ones that failed.
    pub(crate) fn count(&mut self, selection: usize, name: &[u8], made: Result<()>) {
        let count = &mut self.0[selection];
        let Err(failure) = made else {
            count.done += 1;
            return;
        };
        count.failed += 1;
        let name = shown(name);
        if count.failed <= TOLD {
            log::error(&format!("{name} is not restored: {}", failure.message));
        }
        count.first.get_or_insert((name, failure));
    }

    pub(crate) fn outcomes(self) -> Vec<Outcome> {
        self.0.into_iter().map(Count::outcome).collect()
    }
}

impl Count {
    fn outcome(self) -> Outcome {
        let Some((name, first)) = self.first else {
            if self.done == 0 && self.chosen {
                let missing = format!("nothing in the archive is called {}", self.name);
                let failure = Failure::new("no-match", missing).hint(
                    "names are those in the archive: relative to base_dir, without a leading slash",
                );
                return Outcome::failed(self.name, failure);
            }
            let note = match self.done {
                1 => "1 entry".to_owned(),
                done => format!("{done} entries"),
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
