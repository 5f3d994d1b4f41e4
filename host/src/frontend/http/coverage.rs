//! Which parts of an artifact have been fetched: a download that was resumed is complete too.

use std::collections::HashMap;
use std::ops::Range;

use parking_lot::Mutex;

/// Artifacts to remember; with more, all are forgotten, and a resumed download counts anew.
const MAX_ARTIFACTS: usize = 1000;

/// By job: the bytes that were sent, as sorted ranges that do not touch.
#[derive(Default)]
pub(super) struct Coverage(Mutex<HashMap<String, Vec<Range<u64>>>>);

impl Coverage {
    /// Adds a range that was sent. Returns whether all `size` bytes were sent by now, and then forgets the
    /// job.
    pub(super) fn add(&self, id: &str, sent: Range<u64>, size: u64) -> bool {
        let mut all = self.0.lock();
        if all.len() >= MAX_ARTIFACTS {
            all.clear();
        }
        let ranges = all.entry(id.to_owned()).or_default();
        merge(ranges, sent);
        let complete = ranges.first().is_some_and(|first| *first == (0..size));
        if complete {
            all.remove(id);
        }
        complete
    }
}

fn merge(ranges: &mut Vec<Range<u64>>, mut new: Range<u64>) {
    ranges.retain(|old| {
        let apart = old.end < new.start || new.end < old.start;
        if !apart {
            new = old.start.min(new.start)..old.end.max(new.end);
        }
        apart
    });
    ranges.push(new);
    ranges.sort_by_key(|range| range.start);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined() {
        let coverage = Coverage::default();
        assert!(!coverage.add("a", 0..10, 30));
        assert!(!coverage.add("a", 20..30, 30));
        assert!(!coverage.add("b", 10..20, 30));
        assert!(coverage.add("a", 5..20, 30));
        // It was forgotten: the next download counts for itself.
        assert!(!coverage.add("a", 20..30, 30));
        assert!(coverage.add("b", 0..30, 30));
        assert!(coverage.add("empty", 0..0, 0));
    }
}
