//! The name of a run that is due.

use std::fmt;

use jiff::Timestamp;

/// The nominal time of a scheduled run, without jitter.
///
/// The same for every replica of a sidecar: it is the key of the lease that lets one of them run.
/// Displayed as that key, in UTC: "20231201T030000Z".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(Timestamp);

impl Slot {
    /// The slot of that time, to the second.
    pub fn at(time: Timestamp) -> Self {
        Self(Timestamp::from_second(time.as_second()).unwrap_or(time))
    }

    /// The nominal time.
    pub fn time(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y%m%dT%H%M%SZ"))
    }
}
