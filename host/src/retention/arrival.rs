//! The order in which backups arrived in a store, which no clock decides where they are numbered.

use jiff::Timestamp;

/// Numbers are given one by one: one that is so far above the number of backups was not.
pub const LARGEST_GAP: u64 = 1_000_000;

/// What a backup says of its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Its number; older sidecars gave none, nor does one that could not list the others.
    pub seq: Option<u64>,
    /// When it was made, and its id.
    pub made: (Timestamp, &'a str),
}

/// Sorts the backups of a store, the first one first: by number, then by time.
pub type ArrivalPlace<'a> = (u64, (Timestamp, &'a str));

/// The numbers of a store.
#[derive(Debug)]
pub struct Arrivals<'a> {
    /// By the time at which they were made, each with the highest number so far.
    highest: Vec<((Timestamp, &'a str), u64)>,
    /// Higher numbers are damage.
    plausible: u64,
}

impl<'a> Arrivals<'a> {
    /// Of all backups that a store holds, or one tier of it.
    pub fn new(all: impl IntoIterator<Item = Arrival<'a>>) -> Self {
        let all: Vec<_> = all.into_iter().collect();
        let number = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let plausible = number.saturating_add(LARGEST_GAP);
        let numbered = all.iter().filter_map(|one| Some((one.made, one.seq?)));
        let mut highest: Vec<_> = numbered.filter(|(_, seq)| *seq <= plausible).collect();
        highest.sort_unstable();
        let mut so_far = 0;
        for (_, seq) in &mut highest {
            so_far = so_far.max(*seq);
            *seq = so_far;
        }
        Self { highest, plausible }
    }

    /// What has no number has its place after the numbered ones that were made before it.
    pub fn place(&self, one: Arrival<'a>) -> ArrivalPlace<'a> {
        let seq = one.seq.filter(|seq| *seq <= self.plausible);
        (seq.unwrap_or_else(|| self.late(one.made)), one.made)
    }

    /// The number of what arrives now.
    pub fn next(&self) -> u64 {
        let highest = self.highest.last().map_or(0, |(_, seq)| *seq);
        highest.saturating_add(1)
    }

    /// The number of what was made earlier than it arrives: it shares that of the one before it.
    pub fn late(&self, made: (Timestamp, &str)) -> u64 {
        let before = self.highest.partition_point(|(other, _)| *other < made);
        let last = before.checked_sub(1).and_then(|at| self.highest.get(at));
        last.map_or(0, |(_, seq)| *seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(seq: Option<u64>, day: i64) -> Arrival<'static> {
        let made = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
        Arrival {
            seq,
            made: (made, ""),
        }
    }

    fn sorted(mut all: Vec<Arrival<'static>>) -> Vec<i64> {
        let order = Arrivals::new(all.clone());
        all.sort_by_key(|one| order.place(*one));
        all.iter()
            .map(|one| one.made.0.as_second() / 86_400)
            .collect()
    }

    #[test]
    fn what_has_no_number_stands_where_its_time_says_among_the_numbered() {
        let all = vec![
            arrival(None, 6),
            arrival(Some(4), 8),
            arrival(None, 1),
            arrival(Some(1), 2),
            arrival(Some(2), 99),
            arrival(Some(3), 4),
            arrival(None, 9),
        ];
        assert_eq!(sorted(all), [1, 2, 99, 4, 6, 8, 9]);
    }

    #[test]
    fn what_is_sent_late_comes_before_what_was_made_after_it() {
        let mut all = vec![arrival(Some(1), 1), arrival(Some(2), 4)];
        for day in [3, 2] {
            let late = arrival(None, day);
            let seq = Arrivals::new(all.clone()).late(late.made);
            assert_eq!(seq, 1);
            all.push(arrival(Some(seq), day));
        }
        assert_eq!(Arrivals::new(all.clone()).next(), 3);
        assert_eq!(sorted(all), [1, 2, 3, 4]);
    }

    #[test]
    fn a_number_that_nobody_gave_counts_for_nothing() {
        for absurd in [u64::MAX, u64::MAX - 1, LARGEST_GAP + 4] {
            let all = vec![
                arrival(Some(absurd), 1),
                arrival(Some(2), 2),
                arrival(Some(3), 3),
            ];
            assert_eq!(Arrivals::new(all.clone()).next(), 4);
            assert_eq!(sorted(all), [1, 2, 3]);
        }
    }
}
