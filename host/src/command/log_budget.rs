//! How much of what modules and commands print gets into the log: a flood must not fill the disk that keeps it.

use std::time::Instant;

/// Bytes that may come at once.
const BURST: u64 = 16 << 20;
/// Bytes a second from then on.
const RATE: u64 = 256 << 10;
/// What a log adds to each line.
const OVERHEAD: u64 = 100;

/// A budget of log lines; what does not fit is counted.
#[derive(Debug)]
pub struct LogBudget {
    left: u64,
    refilled: Instant,
    left_out: u64,
}

impl Default for LogBudget {
    fn default() -> Self {
        Self {
            left: BURST,
            refilled: Instant::now(),
            left_out: 0,
        }
    }
}

impl LogBudget {
    /// Whether a line of so many bytes may be logged now. Lines that were left out before it are told first.
    pub fn admits(&mut self, bytes: usize) -> bool {
        self.admits_at(bytes, Instant::now())
    }

    fn admits_at(&mut self, bytes: usize, now: Instant) -> bool {
        let cost = bytes as u64 + OVERHEAD;
        let earned = now.duration_since(self.refilled).as_millis() as u64 * RATE / 1000;
        if earned > 0 {
            self.left = (self.left + earned).min(BURST);
            self.refilled = now;
        }
        // A pause after a flood lets a second of it through, not every other line.
        let wanted = if self.left_out > 0 {
            RATE.max(cost)
        } else {
            cost
        };
        if self.left < wanted {
            self.left_out += 1;
            return false;
        }
        self.left -= cost;
        self.tell();
        true
    }

    /// Tells how many lines were left out.
    fn tell(&mut self) {
        let lines = std::mem::take(&mut self.left_out);
        if lines > 0 {
            tracing::warn!(
                lines,
                "{lines} lines are left out of the log: it takes {} KiB a second",
                RATE >> 10
            );
        }
    }
}

impl Drop for LogBudget {
    fn drop(&mut self) {
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_counted_and_a_trickle_is_not_held_back() {
        let mut budget = LogBudget::default();
        let start = Instant::now();
        let admitted = (0..100_000)
            .filter(|_| budget.admits_at(900, start))
            .count();
        assert_eq!(admitted, (BURST / 1000) as usize);
        assert_eq!(budget.left_out, 100_000 - admitted as u64);
        // A line every millisecond gets through for as long as its bytes are within the rate.
        let later = start + Duration::from_secs(100);
        let admitted = (0..10_000)
            .filter(|n| budget.admits_at(100, later + Duration::from_millis(*n)))
            .count();
        assert_eq!(admitted, 10_000);
        assert_eq!(budget.left_out, 0);
    }
}
