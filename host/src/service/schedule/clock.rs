//! Waiting by two clocks.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::clock;
use crate::schedule::Moment;

/// The system's clock may be set: how often it is asked.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// The time of day and the monotonic clock, which tests replace.
pub trait Clock: Sync {
    /// What both show.
    fn moment(&self) -> Moment;

    /// Returns after so long, or earlier.
    fn wait(&self, longest: Duration) -> impl Future<Output = ()> + Send;

    /// The time of day.
    fn now(&self) -> Timestamp {
        self.moment().wall
    }

    /// Returns when the time of day is `at`, or later.
    fn reaches(&self, at: Timestamp) -> impl Future<Output = ()> + Send {
        async move {
            // Less than nothing is left when the time has passed.
            while let Ok(left) = Duration::try_from(at.duration_since(self.now()))
                && !left.is_zero()
            {
                self.wait(left.min(LOOK_INTERVAL)).await;
            }
        }
    }
}

/// The clock of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn moment(&self) -> Moment {
        Moment {
            wall: clock::now(),
            monotonic: clock::monotonic(),
        }
    }

    async fn wait(&self, longest: Duration) {
        sleep(clock::nap(longest)).await;
    }
}
