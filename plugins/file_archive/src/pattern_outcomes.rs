//! What the walk has found for each pattern: one without a match, or without a file in what matched, is
//! a gap.

use crate::gap::GapReason;
use crate::gaps::Gaps;
use crate::pattern::root;

/// What is known of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PatternOutcome {
    NoMatch,
    /// What matched is a directory, and no file was seen in it yet.
    Empty,
    /// As `Empty`, and `exclude` took what was seen in it.
    Excluded,
    /// Only files without a byte were seen in it.
    ZeroLength,
    /// A file was seen, or the pattern is a gap already.
    Decided,
}

/// Of all patterns, in the order of `paths`.
pub(crate) struct PatternOutcomes(Vec<PatternOutcome>);

impl PatternOutcomes {
    pub(crate) fn new(patterns: usize) -> Self {
        Self(vec![PatternOutcome::NoMatch; patterns])
    }

    /// Notes what was seen of these patterns.
    pub(crate) fn seen(&mut self, patterns: &[usize], outcome: PatternOutcome) {
        for pattern in patterns {
            let known = &mut self.0[*pattern];
            *known = outcome.max(*known);
        }
    }

    /// What the operator excludes and names in `paths` as well is no gap.
    pub(crate) fn excluded(&mut self, paths: &[String], excluded: &[u8]) {
        for (path, known) in paths.iter().zip(&mut self.0) {
            let below = path.as_bytes().strip_prefix(excluded);
            let is_below = below.is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
            if is_below && root(path) == *path {
                *known = PatternOutcome::Decided;
            }
        }
    }

    /// Once everything was seen.
    pub(crate) fn judge(&self, paths: &[String], gaps: &mut Gaps<'_>) {
        for (path, outcome) in paths.iter().zip(&self.0) {
            let reason = match outcome {
                PatternOutcome::Decided => continue,
                PatternOutcome::ZeroLength => GapReason::ZeroLength,
                PatternOutcome::Empty => GapReason::Empty,
                PatternOutcome::Excluded => GapReason::Excluded,
                PatternOutcome::NoMatch => GapReason::NoMatch,
            };
            gaps.add(path.as_bytes(), reason);
        }
    }
}
