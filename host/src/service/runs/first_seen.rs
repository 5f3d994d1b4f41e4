//! How long this process has known of something, by the monotonic clock.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock;

/// When each key was first asked for.
#[derive(Debug)]
pub(in crate::service) struct FirstSeen<K>(Mutex<HashMap<K, Duration>>);

impl<K> Default for FirstSeen<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> FirstSeen<K> {
    /// How long ago it was seen for the first time; nothing if that is now.
    pub(in crate::service) fn age(&self, key: K) -> Duration {
        let now = clock::monotonic();
        let mut seen = self.0.lock();
        now.saturating_sub(*seen.entry(key).or_insert(now))
    }

    /// It is gone.
    pub(in crate::service) fn forget(&self, key: &K) {
        let mut seen = self.0.lock();
        seen.remove(key);
    }
}
