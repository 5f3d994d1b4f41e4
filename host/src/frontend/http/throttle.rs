//! An address that sent too many wrong tokens is told to wait. A right one is let in all the same: behind one address
//! there may be others than the one who guesses.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Wrong tokens that an address may send within [`WINDOW`].
const MAX_FAILURES: u32 = 20;
/// Counting begins with the first wrong token, and anew after this time.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses to remember; with more, all are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// Wrong tokens by address.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

struct Failures {
    wrong: u32,
    since: Instant,
}

impl Throttle {
    /// Counts a wrong token. Returns how long its address is told to wait, once it has sent too many.
    pub(super) fn failed(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let mut all = self.0.lock();
        if all.len() >= MAX_ADDRESSES {
            all.retain(|_, failures| now.duration_since(failures.since) < WINDOW);
        }
        if all.len() >= MAX_ADDRESSES {
            all.clear();
        }
        let fresh = || Failures {
            wrong: 0,
            since: now,
        };
        let failures = all.entry(network(address)).or_insert_with(fresh);
        if now.duration_since(failures.since) >= WINDOW {
            *failures = fresh();
        }
        failures.wrong = failures.wrong.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(failures.since));
        (failures.wrong > MAX_FAILURES).then_some(left)
    }
}

/// The network of one customer: in IPv6, each has 2^64 addresses.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        four => four,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// What the last of so many wrong tokens is told.
    fn guess(throttle: &Throttle, address: &str, times: u32, now: Instant) -> Option<Duration> {
        let told = (0..times).map(|_| throttle.failed(address.parse().unwrap(), now));
        told.last().flatten()
    }

    #[test]
    fn too_many_wrong_tokens_have_to_wait() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let guess = |address: &str, times: u32, after: u64| {
            let now = start + Duration::from_secs(after);
            guess(&throttle, address, times, now)
        };
        assert_eq!(guess("10.0.0.1", MAX_FAILURES, 1), None);
        assert_eq!(guess("10.0.0.1", 1, 11), Some(Duration::from_secs(50)));
        assert_eq!(
            guess("::ffff:10.0.0.1", 1, 11),
            Some(Duration::from_secs(50))
        );
        assert_eq!(guess("10.0.0.2", 1, 11), None);
        assert_eq!(guess("10.0.0.1", MAX_FAILURES, 61), None);
        assert!(guess("10.0.0.1", 1, 61).is_some());
    }

    #[test]
    fn a_whole_network_of_addresses_counts_as_one() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for host in 0..MAX_FAILURES {
            let one = format!("2001:db8:1:2::{host:x}");
            assert_eq!(guess(&throttle, &one, 1, start), None);
        }
        assert!(guess(&throttle, "2001:db8:1:2:ffff::1", 1, start).is_some());
        assert_eq!(guess(&throttle, "2001:db8:1:3::1", 1, start), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for host in 0..MAX_ADDRESSES as u32 + 5 {
            throttle.failed(std::net::Ipv4Addr::from_bits(host).into(), start);
        }
        assert_eq!(throttle.0.lock().len(), 5);
    }
}
