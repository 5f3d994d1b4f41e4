//! Lets running modules be interrupted: the engine's epoch moves on while there are any, and a
//! sidecar that has nothing to do does nothing.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use crate::error::{Error, Result};

/// How often a running module can be interrupted.
const TICK_INTERVAL: Duration = Duration::from_millis(10);

/// Moves the epoch of one engine; clones move the same one.
#[derive(Clone)]
pub(super) struct Ticker {
    engine: wasmtime::Engine,
    beat: Arc<Mutex<Beat>>,
}

#[derive(Default)]
struct Beat {
    /// Modules at work.
    running: usize,
    /// Whether a thread is moving the epoch.
    ticks: bool,
}

/// A module is at work.
pub(super) struct Ticking(Ticker);

impl Ticker {
    pub(super) fn new(engine: &wasmtime::Engine) -> Self {
        Self {
            engine: engine.clone(),
            beat: Arc::default(),
        }
    }

    /// Moves the epoch for as long as the result is there.
    pub(super) fn tick(&self) -> Result<Ticking> {
        let mut beat = self.lock();
        if !beat.ticks {
            let ticker = self.clone();
            std::thread::Builder::new()
                .name("epoch".to_owned())
                .spawn(move || ticker.tick_while_running())
                .map_err(|error| {
                    Error::run(
                        "no-thread",
                        format!("cannot start the epoch thread: {error}"),
                    )
                })?;
            beat.ticks = true;
        }
        beat.running += 1;
        Ok(Ticking(self.clone()))
    }

    fn tick_while_running(&self) {
        loop {
            std::thread::sleep(TICK_INTERVAL);
            let mut beat = self.lock();
            if beat.running == 0 {
                beat.ticks = false;
                return;
            }
            self.engine.increment_epoch();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock()
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// Waits until the thread has ended, or is there.
    fn until(ticker: &Ticker, ticks: bool) {
        while ticker.lock().ticks != ticks {
            std::thread::yield_now();
        }
    }

    #[test]
    fn it_ticks_while_a_module_is_at_work_and_no_longer() {
        let ticker = Ticker::new(&wasmtime::Engine::default());
        for _ in 0..2 {
            let (one, other) = (ticker.tick().unwrap(), ticker.clone().tick().unwrap());
            drop(one);
            std::thread::sleep(3 * TICK_INTERVAL);
            assert!(ticker.lock().ticks, "another one is at work");
            drop(other);
            until(&ticker, false);
        }
    }
}
