//! What time it is, as far as that can be known, and what is said when it cannot.
//!
//! A time that was sure is remembered while the sidecar runs, and goes on by the monotonic clock. After a
//! start the youngest backup and the journal are the bound.

use std::time::Duration;

use jiff::Timestamp;

use parking_lot::{Mutex, MutexGuard};

use crate::clock::{self, Doubt, PlausibleTime, Readings};

/// Judges the clocks for everything that deletes, forgets or takes something as done.
#[derive(Default)]
pub(super) struct Timekeeper(Mutex<Clocks>);

#[derive(Default)]
struct Clocks {
    /// The last sure time, and the monotonic clock then.
    sure: Option<(Timestamp, Duration)>,
    /// What a store's clock has last shown, and the monotonic clock then.
    store: Option<(Timestamp, Duration)>,
    /// What was last found.
    doubt: Option<Doubt>,
    /// Whether the receivers of notifications have yet to hear of it.
    unheard: bool,
}

impl Timekeeper {
    /// What time it is. `store` is the store's own clock, if it was just asked; `youngest` the youngest
    /// backup that is known, without the one that is being made.
    pub(super) fn judge(
        &self,
        store: Option<Timestamp>,
        youngest: Option<Timestamp>,
    ) -> PlausibleTime {
        let mut clocks = self.clocks();
        let (wall, monotonic) = (clock::now(), clock::monotonic());
        let run_on =
            |(at, then): (Timestamp, Duration)| clock::after(at, monotonic.saturating_sub(then));
        if let Some(store) = store {
            clocks.store = Some((store, monotonic));
        }
        let time = clock::plausible(Readings {
            wall,
            run_on: clocks.sure.map(run_on),
            store: clocks.store.map(run_on),
            at_least: youngest.max(clocks.sure.map(|(sure, _)| sure)),
        });
        if time.doubt.is_none() {
            clocks.sure = Some((time.now, monotonic));
        }
        clocks.note(time.doubt, wall);
        time
    }

    /// What was found when the clocks were last judged, if an operator should hear of it.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        self.clocks().doubt
    }

    /// The same for the receivers of notifications, which hear of it once.
    pub(super) fn unheard(&self) -> Option<Doubt> {
        let mut clocks = self.clocks();
        let doubt = clocks.doubt;
        doubt.filter(|_| std::mem::take(&mut clocks.unheard))
    }

    fn clocks(&self) -> MutexGuard<'_, Clocks> {
        self.0.lock()
    }
}

impl Clocks {
    /// Each doubt is logged once, and its end.
    fn note(&mut self, doubt: Option<Doubt>, wall: Timestamp) {
        let doubt = doubt.filter(|doubt| doubt.is_news());
        if doubt == self.doubt {
            return;
        }
        match doubt {
            Some(doubt) => tracing::warn!(
                code = doubt.code(),
                hint = "correct the clock of this machine; backups go on, old ones stay until then",
                "the clock shows {wall:.0}, which is not trusted: {doubt}"
            ),
            None => tracing::info!("the clock shows {wall:.0}, which is trusted again"),
        }
        self.unheard = doubt.is_some();
        self.doubt = doubt;
    }
}
