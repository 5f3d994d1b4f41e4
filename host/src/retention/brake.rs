//! What holds deletions back after everything was decided.

use super::arrival::Arrivals;
use super::decide::Decision;
use super::reason::{Retain, Verdict};

/// How many more backups a run deletes than it added, unless the operator says yes to all.
pub const ALLOWANCE: usize = 3;

/// The clock is not trusted, for this reason: nothing is deleted.
pub fn doubt(decisions: &mut [Decision<'_>], why: &'static str) {
    for decision in doomed(decisions) {
        decision.verdict = Verdict::Keep(Retain::Doubt(why));
    }
}

/// A policy that was shortened, or a mistake of ours, takes a store away a few at a time: of what is to
/// go, `at_most` go now, damaged ones and those that arrived first before others. Returns how many wait.
pub fn brake(decisions: &mut [Decision<'_>], at_most: usize) -> usize {
    let order = Arrivals::new(decisions.iter().map(|decision| decision.record.arrival()));
    let mut doomed: Vec<_> = doomed(decisions).collect();
    doomed.sort_by_key(|decision| {
        let record = decision.record;
        (record.good, order.place(record.arrival()))
    });
    let waiting = doomed.iter_mut().skip(at_most);
    waiting
        .map(|decision| decision.verdict = Verdict::Keep(Retain::Brake))
        .count()
}

fn doomed<'d, 'a>(decisions: &'d mut [Decision<'a>]) -> impl Iterator<Item = &'d mut Decision<'a>> {
    decisions
        .iter_mut()
        .filter(|decision| !decision.verdict.keeps())
}
