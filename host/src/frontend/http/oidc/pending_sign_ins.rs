//! Sign-ins that have left for the provider and have not come back. Each comes back once, to the browser that left.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use parking_lot::Mutex;

use crate::error::{Error, Kind, Result};
use crate::frontend::http::cookie::{Cookie, SameSite};
use crate::frontend::http::secret_id::{self, digest};
use crate::frontend::http::throttle::network;

/// How long a person may take at the provider.
const LIFETIME: Duration = Duration::from_secs(600);
/// Sign-ins on their way at a time; with more, the oldest is forgotten.
const MAX_PENDING: usize = 1000;
/// Those of one network: with more, its oldest is forgotten, so that it takes no other one's place.
const MAX_OF_NETWORK: usize = 50;

/// What has to be remembered until the browser comes back.
pub(super) struct PendingSignIn {
    /// What the ID token has to hold.
    pub(super) nonce: String,
    /// What the code is exchanged with (RFC 7636).
    pub(super) code_verifier: String,
    /// Where the provider sends the browser, and what the exchange has to repeat.
    pub(super) redirect_url: String,
    /// Where the browser goes then, below `/`.
    pub(super) next: String,
}

impl PendingSignIn {
    pub(super) fn new(redirect_url: String, next: &str) -> Self {
        Self {
            nonce: secret_id::new(),
            code_verifier: secret_id::new(),
            redirect_url,
            next: next.to_owned(),
        }
    }
}

/// The sign-ins by the digest of their `state`.
pub(super) struct PendingSignIns {
    cookie: Cookie,
    pending: Mutex<HashMap<[u8; 32], SignInEntry>>,
}

struct SignInEntry {
    sign_in: PendingSignIn,
    /// The digest of the cookie of the browser that left.
    browser: [u8; 32],
    network: IpAddr,
    since: Instant,
}

impl PendingSignIns {
    /// With `secure`, cookies that only TLS carries.
    pub(super) fn new(secure: bool) -> Self {
        Self {
            // A redirect of the provider brings the browser back: no strict cookie would come with it.
            cookie: Cookie::new("sidecar-sign-in", SameSite::Lax, secure),
            pending: Mutex::default(),
        }
    }

    /// Remembers one; its `state`, and the value of `Set-Cookie`.
    pub(super) fn begin(
        &self,
        sign_in: PendingSignIn,
        from: IpAddr,
        now: Instant,
    ) -> (String, String) {
        let (state, browser, network) = (secret_id::new(), secret_id::new(), network(from));
        let mut pending = self.pending.lock();
        pending.retain(|_, entry| now.duration_since(entry.since) < LIFETIME);
        let of_network = pending
            .values()
            .filter(|entry| entry.network == network)
            .count();
        if of_network >= MAX_OF_NETWORK {
            forget_oldest(&mut pending, |entry| entry.network == network);
        } else if pending.len() >= MAX_PENDING {
            forget_oldest(&mut pending, |_| true);
        }
        let entry = SignInEntry {
            sign_in,
            browser: digest(&browser),
            network,
            since: now,
        };
        pending.insert(digest(&state), entry);
        (state, self.cookie.set(&browser, LIFETIME.as_secs()))
    }

    /// The sign-in of a `state` that has come back, which cannot come again. `headers` are the browser's.
    pub(super) fn take(
        &self,
        state: &str,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<PendingSignIn> {
        let entry = self.pending.lock().remove(&digest(state));
        let Some(entry) = entry.filter(|entry| now.duration_since(entry.since) < LIFETIME) else {
            let message = "no sign-in is on its way with this `state`: it is over, or took more than 10 minutes";
            return Err(
                Error::new(Kind::Forbidden, "oidc-unknown-state", message).hint("sign in again")
            );
        };
        let browser = self.cookie.value(headers).map(digest);
        if browser != Some(entry.browser) {
            let message = "this sign-in was begun in another browser, or in another tab since";
            return Err(Error::new(Kind::Forbidden, "oidc-other-browser", message)
                .hint("sign in again, here and in one tab; if you did not begin it, another person did"));
        }
        Ok(entry.sign_in)
    }

    /// The value of `Set-Cookie` with which the browser forgets.
    pub(super) fn forget(&self) -> String {
        self.cookie.set("", 0)
    }
}

fn forget_oldest(
    pending: &mut HashMap<[u8; 32], SignInEntry>,
    among: impl Fn(&SignInEntry) -> bool,
) {
    let among = pending.iter().filter(|(_, entry)| among(entry));
    let oldest = among
        .min_by_key(|(_, entry)| entry.since)
        .map(|(state, _)| *state);
    oldest.and_then(|state| pending.remove(&state));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    fn begin(pending: &PendingSignIns, from: &str, now: Instant) -> (String, HeaderMap) {
        let sign_in = PendingSignIn::new("https://here".to_owned(), "ui/runs");
        let (state, cookie) = pending.begin(sign_in, from.parse().unwrap(), now);
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.split(';').next().unwrap().parse().unwrap());
        (state, headers)
    }

    fn refused(pending: &PendingSignIns, state: &str, headers: &HeaderMap, now: Instant) -> String {
        let taken = pending.take(state, headers, now).map(|_| ());
        taken.unwrap_err().code().to_owned()
    }

    #[test]
    fn a_sign_in_comes_back_once_and_to_its_own_browser() {
        let (pending, now) = (PendingSignIns::new(false), Instant::now());
        let (state, headers) = begin(&pending, "10.0.0.1", now);
        assert_eq!(pending.take(&state, &headers, now).unwrap().next, "ui/runs");
        assert_eq!(
            refused(&pending, &state, &headers, now),
            "oidc-unknown-state"
        );

        let (state, _) = begin(&pending, "10.0.0.1", now);
        assert_eq!(
            refused(&pending, &state, &headers, now),
            "oidc-other-browser"
        );
        let (state, _) = begin(&pending, "10.0.0.1", now);
        assert_eq!(
            refused(&pending, &state, &HeaderMap::new(), now),
            "oidc-other-browser"
        );
        assert_eq!(
            refused(&pending, &state, &headers, now),
            "oidc-unknown-state"
        );
        assert_eq!(refused(&pending, "", &headers, now), "oidc-unknown-state");
    }

    #[test]
    fn a_person_has_ten_minutes() {
        let (pending, now) = (PendingSignIns::new(true), Instant::now());
        let (state, headers) = begin(&pending, "10.0.0.1", now);
        assert_eq!(
            refused(&pending, &state, &headers, now + LIFETIME),
            "oidc-unknown-state"
        );
    }

    #[test]
    fn memory_is_bounded_and_no_network_takes_another_ones_place() {
        let (pending, start) = (PendingSignIns::new(false), Instant::now());
        let (first, first_headers) = begin(&pending, "10.0.0.1", start);
        for second in 1..=2 * MAX_OF_NETWORK as u64 {
            begin(&pending, "10.0.0.2", start + Duration::from_secs(second));
        }
        assert_eq!(pending.pending.lock().len(), 1 + MAX_OF_NETWORK);
        let now = start + Duration::from_secs(200);
        assert!(pending.take(&first, &first_headers, now).is_ok());
        for host in 0..MAX_PENDING as u32 + 5 {
            begin(
                &pending,
                &std::net::Ipv4Addr::from_bits(host).to_string(),
                now,
            );
        }
        assert_eq!(pending.pending.lock().len(), MAX_PENDING);
    }
}
