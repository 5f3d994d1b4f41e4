//! An address that sent too many wrong tokens has to wait, so that guessing takes for ever.

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
    /// How long this address has to wait, if at all.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let failures = self.0.lock();
        let failures = failures.get(&network(address))?;
        let left = WINDOW.checked_sub(now.duration_since(failures.since))?;
        (failures.wrong >= MAX_FAILURES).then_some(left)
    }

    /// Counts a wrong token.
    pub(super) fn failed(&self, address: IpAddr, now: Instant) {
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
        failures.wrong += 1;
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

    fn guess(throttle: &Throttle, address: &str, times: u32, now: Instant) {
        (0..times).for_each(|_| throttle.failed(address.parse().unwrap(), now));
    }

    #[test]
    fn too_many_wrong_tokens_have_to_wait() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let wait = |address: &str, after: u64| {
            throttle.wait(address.parse().unwrap(), start + Duration::from_secs(after))
        };
        guess(&throttle, "10.0.0.1", MAX_FAILURES - 1, start);
        assert_eq!(wait("10.0.0.1", 1), None);
        guess(&throttle, "10.0.0.1", 1, start + Duration::from_secs(1));
        assert_eq!(wait("10.0.0.1", 10), Some(Duration::from_secs(50)));
        assert_eq!(wait("::ffff:10.0.0.1", 10), Some(Duration::from_secs(50)));
        assert_eq!(wait("10.0.0.2", 10), None);
        assert_eq!(wait("10.0.0.1", 61), None);
        guess(&throttle, "10.0.0.1", 1, start + Duration::from_secs(61));
        assert_eq!(wait("10.0.0.1", 62), None);
    }

    #[test]
    fn a_whole_network_of_addresses_counts_as_one() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for host in 0..MAX_FAILURES {
            guess(&throttle, &format!("2001:db8:1:2::{host:x}"), 1, start);
        }
        assert!(
            throttle
                .wait("2001:db8:1:2:ffff::1".parse().unwrap(), start)
                .is_some()
        );
        assert_eq!(
            throttle.wait("2001:db8:1:3::1".parse().unwrap(), start),
            None
        );
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
